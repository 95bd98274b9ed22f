"""Words that stand in data files and that people read, named here so that they are collected for translation."""

from __future__ import annotations

from django.utils.translation import gettext_noop as _

VERBS = (
    _("see alerts and the events behind them"),
    _("assign, comment on, dispose of and escalate alerts"),
    _("see incidents in full"),
    _("see the part of an incident that concerns one's own organisation"),
    _("comment on and do tasks in the part of one's own organisation"),
    _("open incidents"),
    _("change, hand over, accept, seal and close incidents"),
    _("send messages about incidents through the gate"),
    _("see organisations, teams and contacts"),
    _("change organisations, teams, memberships and contacts"),
    _("see sources, receipts and rejected records"),
    _("create sources and their tokens"),
    _("see detection rules and why some cannot run"),
    _("import, enable and disable detection rules"),
    _("see what left, what was refused, and why"),
    _("see the audit trail"),
    _("create accounts and end them"),
)
