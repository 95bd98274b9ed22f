"""Write a version of a playbook with its steps, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from tocsin.rooms.playbooks import knowledge
from tocsin.rooms.playbooks.models import Playbook, PlaybookVersion, Step

AT_ONCE = 500


def add_version(playbook: Playbook, lines: Iterable[knowledge.Line], **values: Any) -> PlaybookVersion:
    """Make the next version the newest one; the caller holds the playbook's row."""
    last = playbook.versions.order_by("-number").values_list("number", flat=True).first() or 0
    version: PlaybookVersion = PlaybookVersion.objects.create(playbook=playbook, number=last + 1, **values)
    steps = (Step(version=version, position=place, **asdict(line)) for place, line in enumerate(lines))
    Step.objects.bulk_create(steps, batch_size=AT_ONCE)
    playbook.current, playbook.name, playbook.tlp = version, version.name, version.tlp
    playbook.save()
    return version
