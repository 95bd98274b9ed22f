"""One act on many incidents at once: looked at before, done in one transaction, taken back for a day."""

from __future__ import annotations

from tocsin.rooms.incidents.actions.many.deciding import Order, Plan, Why, plan_many
from tocsin.rooms.incidents.actions.many.doing import change_many
from tocsin.rooms.incidents.actions.many.undoing import undo_many

__all__ = ["Order", "Plan", "Why", "change_many", "plan_many", "undo_many"]
