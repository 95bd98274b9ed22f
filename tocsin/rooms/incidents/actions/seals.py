"""Seal an incident to named people, and open it again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents.actions.record import note, require_handler
from tocsin.rooms.incidents.models import HandOff, Incident, InsiderCase, Seal
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.rota import actions as rota

OnSeal = Callable[[Collection[Incident]], None]
_LISTENERS: dict[str, OnSeal] = {}


def hear_of_seals(name: str, listener: OnSeal) -> None:
    """Let a room above stop what it does with incidents that are being sealed, in the same transaction."""
    _LISTENERS[name] = listener


@transaction.atomic
def seal(*, actor: Person, incident: Incident, people: Iterable[Person]) -> Incident:
    """Let only the named people know of the incident; the actor is always among them."""
    notices.hold_about([incident.uuid])
    require_handler(actor, incident)
    incident.refresh_from_db(from_queryset=Incident.objects.select_for_update())  # nobody offers it meanwhile
    named = {person.pk: person for person in (*people, actor)}
    if InsiderCase.objects.filter(incident=incident, subject__in=named).exists():
        raise ValidationError(_("The person concerned cannot be one of those who may know."))
    if HandOff.objects.filter(incident=incident, state=HandOff.State.OFFERED).exists():
        raise ValidationError(_("Something handed over waits for an answer; withdraw it before sealing."))
    sealed = (incident, *incident.merged_from.order_by("pk"))  # what was merged into it tells of it
    for each in sealed:
        _seal(each, named, actor)
    notices.seal_about(matter=incident.uuid, named=list(named))
    rota.seal_about(matter=incident.uuid, named=list(named))
    for listener in _LISTENERS.values():
        listener(sealed)
    audit.record(actor, "incident.seal", incident, {"people": sorted(str(person.uuid) for person in named.values())})
    note(incident, "sealed", number=len(named), author=actor)
    return incident


def _seal(incident: Incident, named: Mapping[int, Person], actor: Person) -> None:
    incident.seals.exclude(person__in=named).delete()
    for person in named.values():
        Seal.objects.get_or_create(incident=incident, person=person, defaults={"named_by": actor})
    incident.sealed = True
    incident.save(update_fields=["sealed", "updated_at"])


@transaction.atomic
def unseal(*, actor: Person, incident: Incident) -> Incident:
    """Open a sealed incident to everyone whose role reaches it."""
    notices.hold_about([incident.uuid])
    require_handler(actor, incident)
    if InsiderCase.objects.filter(incident=incident).exists():
        raise ValidationError(_("An incident about an insider stays sealed."))
    for each in (incident, *incident.merged_from.order_by("pk")):
        each.seals.all().delete()
        each.sealed = False
        each.save(update_fields=["sealed", "updated_at"])
    notices.seal_about(matter=incident.uuid, named=None)
    rota.seal_about(matter=incident.uuid, named=None)
    audit.record(actor, "incident.unseal", incident)
    note(incident, "unsealed", author=actor)
    return incident
