"""Playbooks, their versions as checklists, and what was done by them on incidents."""

from __future__ import annotations

from tocsin.rooms.playbooks.models.playbook import Playbook, PlaybookVersion, Step
from tocsin.rooms.playbooks.models.run import Run, StepTask, Tick

__all__ = ["Playbook", "PlaybookVersion", "Run", "Step", "StepTask", "Tick"]
