"""Close an incident: with its cause, its class, its impact and what is learnt, and with nothing forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.platform import audit
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents.actions.hand_answer import withdraw
from tocsin.rooms.incidents.actions.record import hold, note, require_handler
from tocsin.rooms.incidents.actions.states import go_on
from tocsin.rooms.incidents.actions.tasks import answer_task
from tocsin.rooms.incidents.models import Degree, HandOff, Incident, Task
from tocsin.rooms.incidents.queries import open_children, open_ends, view_or_404

NOTHING_LEARNT = frozenset({"", "none", "no", "nothing", "n/a", "na", "aucune", "aucun", "néant", "rien", "non"})
QUALITIES = ("confidentiality", "integrity", "availability")
MISSING = {
    "cause": gettext_lazy("Say what the cause was."),
    "impact": gettext_lazy("Say what the impact was."),
    "lesson": gettext_lazy("Say what is learnt, or why there is nothing to learn: “none, because …”."),
    "degree": gettext_lazy("Say how badly confidentiality, integrity and availability were hurt."),
}


@transaction.atomic
def close(
    *,
    actor: Person,
    incident: Incident,
    cause: str,
    impact: str = "",
    lesson: str = "",
    confidentiality: str = "",
    integrity: str = "",
    availability: str = "",
    anyway: bool = False,
) -> Incident:
    """Close an incident; whatever is not said is refused with a sentence on what is missing.

    What is still open, children included, stands in the way unless it is told ``anyway``.
    An offer that nobody has answered is withdrawn then; tasks and requests stay with whoever has them.
    """
    told = {"cause": cause.strip(), "impact": impact.strip(), "lesson": lesson.strip()}
    degrees = {"confidentiality": confidentiality, "integrity": integrity, "availability": availability}
    check_closing(told, degrees)
    current = hold(incident.pk)
    if not anyway:
        _refuse_open(actor, current)
    offered = current.hand_offs.filter(state=HandOff.State.OFFERED, moves=True).first()
    if offered is not None:
        withdraw(actor=actor, hand_off=offered)
    closed = go_on(actor=actor, incident=current, event="close")
    for name, value in (told | degrees).items():
        setattr(closed, f"closing_{name}", value)
    closed.save(update_fields=[*(f"closing_{name}" for name in told | degrees), "updated_at"])
    # The timeline keeps the texts of each closing, also of one that was opened again and closed for other reasons.
    texts: dict[str, Any] = told | degrees
    note(closed, "closing", **texts, author=actor)
    return closed


def check_closing(told: Mapping[str, str], degrees: Mapping[str, str]) -> None:
    """Refuse what does not say why an incident could happen, what it did and what is learnt."""
    troubles = [str(MISSING[name]) for name, text in told.items() if not text]
    if told["lesson"] and told["lesson"].lower().strip(" .!–-") in NOTHING_LEARNT:
        troubles.append(str(MISSING["lesson"]))
    if not set(degrees.values()) <= set(Degree.values):
        troubles.append(str(MISSING["degree"]))
    if troubles:
        raise ValidationError(troubles)


def _refuse_open(actor: Person, current: Incident) -> None:
    view = view_or_404(actor, current.uuid)
    below, ends = open_children(view), open_ends(view)
    names = [*(f"{each.reference} {each.title}" for each in below), *(end.text for end in ends)]
    if names:
        raise ValidationError(
            _("Still open: %s. Settle it, or close nevertheless.") % "; ".join(names[:10] + ["…"] * (len(names) > 10))
        )


@transaction.atomic
def settle(*, actor: Person, incident: Incident, chosen: str) -> None:
    """Settle one open end as `queries.OpenEnd.settle` names it (``done:uuid``), or ``all`` tasks and offers."""
    require_handler(actor, incident)
    view = view_or_404(actor, incident.uuid)
    wanted = [ways[-1][0] for ways in (end.settle for end in open_ends(view)) if ways] if chosen == "all" else [chosen]
    for each in wanted:
        how, _colon, which = each.partition(":")
        try:
            SETTLERS[how](actor, incident, UUID(which))
        except (KeyError, ValueError, Task.DoesNotExist, HandOff.DoesNotExist) as error:
            raise ValidationError(_("Somebody else has settled this already.")) from error
    audit.record(actor, "incident.settle", incident, {"number": len(wanted)})


def _done(actor: Person, incident: Incident, uuid: UUID) -> None:
    answer_task(actor=actor, task=incident.tasks.get(uuid=uuid), state=Task.State.DONE)


def _dropped(actor: Person, incident: Incident, uuid: UUID) -> None:
    why = _("Not needed any more: the incident is being closed.")
    answer_task(actor=actor, task=incident.tasks.get(uuid=uuid), state=Task.State.REFUSED, answer=why)


def _withdrawn(actor: Person, incident: Incident, uuid: UUID) -> None:
    withdraw(actor=actor, hand_off=incident.hand_offs.get(uuid=uuid))


SETTLERS = {"done": _done, "dropped": _dropped, "withdrawn": _withdrawn}
