"""What is measured, in words: printed beside every figure, made from the service levels that hold."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tocsin.rooms.incidents.knowledge.levels import Begins, levels
from tocsin.rooms.incidents.models import Deadline, Incident

TIMES: Mapping[Deadline.Kind, str | Promise] = {
    Deadline.Kind.ACKNOWLEDGE: _("Time to acknowledge"),
    Deadline.Kind.CONTAIN: _("Time to contain"),
    Deadline.Kind.RECOVER: _("Time to recover"),
}
BEGINS: Mapping[Begins, str | Promise] = {
    Begins.OPENED: _("when the incident was opened"),
    Begins.BEGAN: _("when the attack began, as far as is known, else when the incident was opened"),
    Begins.AWARE: _("when the incident was opened"),  # of the handling team; an organisation's own is not measured here
}


def definition(kind: Deadline.Kind) -> list[str]:
    """Give what is measured of a promise: from when, to when, in which time, without what."""
    known = levels()
    begins = {str(BEGINS[each]) for each in sorted(known.begins(kind))}
    states = [str(Incident.State(state).label) for state in known.reached[kind]]
    return [
        gettext("From: %s.") % gettext(" or ").join(sorted(begins)),
        gettext("To: the first time its state is one of these: %s.") % ", ".join(states),
        gettext("Counted in the hours of the calendar named in the row, without pauses and the time it was closed."),
        gettext("At the severity it had at that moment, or has now. Incidents that ended without are left out."),
        gettext("Half of them took no longer than the median, nine in ten no longer than P90 (nearest rank)."),
        gettext("In time: met before the target, of all that were met or are late by now."),
    ]
