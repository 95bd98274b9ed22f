"""Let an incident advance from state to state, as `states.yaml` has it; reject what is none."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.platform import audit
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import knowledge
from tocsin.rooms.incidents.actions.record import hold, note
from tocsin.rooms.incidents.models import Audience, Disposition, Incident, TimelineEntry
from tocsin.rooms.incidents.queries import lets

ASKED: Mapping[str, Promise] = {
    "closing": gettext_lazy("Say what the cause was, what the impact, and what is learnt."),
    "disposition": gettext_lazy("Say why it is no incident."),
    "incident": gettext_lazy("Say into which incident."),
}


def advance(*, actor: Person, incident: Incident, event: str) -> Incident:
    """Let ``event`` happen; a clear refusal says what can happen instead.

    What must be said with some events they have actions of their own for: `close`, `reject`, `merge`.
    """
    if asked := knowledge.machine().asks(event):
        raise ValidationError(str(ASKED[asked]))
    return go_on(actor=actor, incident=incident, event=event)


@transaction.atomic
def reject(*, actor: Person, incident: Incident, disposition: str, near_miss: bool = False, text: str = "") -> Incident:
    """Put an incident away that is none, with why; a near miss is one that was only just prevented."""
    if disposition not in Disposition.values:
        raise ValidationError(str(ASKED["disposition"]))
    current = go_on(actor=actor, incident=incident, event="not_incident")
    current.disposition, current.near_miss = disposition, near_miss
    current.save(update_fields=["disposition", "near_miss", "updated_at"])
    note(current, "rejected", disposition=disposition, near_miss=near_miss, text=text.strip(), author=actor)
    return current


@transaction.atomic
def go_on(*, actor: Person, incident: Incident, event: str) -> Incident:
    """Let ``event`` happen, whatever must be said with it; for the actions that see to that."""
    if not Incident.objects.visible_to(actor).filter(pk=incident.pk).exists():
        raise PermissionDenied(_("You do not handle this incident."))
    current = hold(incident.pk)
    step = _step(actor, current, event)
    for need in sorted(step.needs):
        if trouble := NEEDS[need](current):
            raise ValidationError(trouble)
    before, current.state = current.state, step.target
    current.open = not knowledge.is_terminal(step.target)
    current.closed_at = None if current.open else timezone.now()
    current.disposition, current.near_miss = "", False
    current.save(update_fields=["state", "open", "closed_at", "disposition", "near_miss", "updated_at"])
    audit.record(actor, f"incident.{event}", current, {"state": [before, step.target]})
    note(
        current,
        "state",
        before=before,
        after=step.target,
        author=actor,
        kind=TimelineEntry.Kind.RESPONSE,
        audience=Audience.ALL,
    )
    return current


def _step(actor: Person, current: Incident, event: str) -> knowledge.Transition:
    handler = Incident.objects.handled_by(actor).filter(pk=current.pk).exists()
    step = knowledge.machine().transition(current.state, event)
    if step is not None and lets(actor, current, step.roles, handler=handler):
        return step
    if step is not None:
        raise PermissionDenied(_("Your role does not let this happen. It is for: %s.") % ", ".join(sorted(step.roles)))
    labels = [str(knowledge.EVENT_LABELS[each]) for each in knowledge.events_from(current.state)]
    raise ValidationError(
        _("In the state %(state)s this cannot happen; possible: %(possible)s.")
        % {"state": current.get_state_display(), "possible": ", ".join(labels) or _("nothing")}
    )


def _classified(incident: Incident) -> str:
    return "" if incident.rsit_class else _("Choose a class of the taxonomy first.")


def _concerns_somebody(incident: Incident) -> str:
    return "" if incident.entities.exists() else _("Say first which organisation is concerned.")


def _recent(incident: Incident) -> str:
    days = knowledge.machine().reopen_days
    ended = incident.closed_at or incident.updated_at
    if timezone.now() - ended <= timedelta(days=days):
        return ""
    return _("It ended more than %d days ago. Open a new incident and link it to this one.") % days


NEEDS: Mapping[str, Callable[[Incident], str]] = {
    "class": _classified,
    "organisation": _concerns_somebody,
    "recent": _recent,
}
