"""Split an incident: what turns out to be another matter goes to an incident of its own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.locks import one_at_a_time
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.incidents.actions.family import FAMILY, tie
from tocsin.rooms.incidents.actions.moving import Passage, movers
from tocsin.rooms.incidents.actions.record import hold, note, require_handler
from tocsin.rooms.incidents.actions.sightings import see_entries, see_text
from tocsin.rooms.incidents.models import Incident, IncidentEntity, Relation, Seal, Task, TimelineEntry
from tocsin.rooms.notices import actions as notices

COPIED = ("severity", "tlp", "rsit_class", "rsit_type", "state", "sealed", "owner_team", "occurred_at", "targeted",
          "criminal_suspected", "personal_data", "euci_involved", "inquiry_needed")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chosen:
    """What goes to the new incident. With a part goes all that belongs to it, alerts of its organisation included."""

    parts: Collection[IncidentEntity] = ()
    alerts: Collection[Alert] = ()
    tasks: Collection[Task] = ()
    entries: Collection[TimelineEntry] = ()

    def __bool__(self) -> bool:
        return bool(self.parts or self.alerts or self.tasks or self.entries)


@transaction.atomic
def split(*, actor: Person, incident: Incident, title: str, chosen: Chosen, reason: str = "") -> Incident:
    """Make a new incident of what was chosen; the two are linked, and nothing else of the old one changes."""
    one_at_a_time(FAMILY)
    notices.hold_about([incident.uuid])
    current = hold(incident.pk)
    require_handler(actor, current)
    _check(current, title, chosen)
    made = _made(actor, current, title.strip())
    for part in chosen.parts:
        IncidentEntity.objects.filter(pk=part.pk, incident=current).update(incident=made)
    passage = Passage(actor, current, made, {part.pk: part.pk for part in chosen.parts}, whole=False)
    for mover in movers():
        mover.move(passage)
    _move_single(current, made, chosen)
    relation = tie(actor, current, made, Relation.Kind.SPLIT, reason.strip())
    audit.record_many(actor, "incident.split", [current, made], {"tie": relation.uuid})
    note(current, "split_off", other=made, text=reason.strip(), author=actor)
    note(made, "split_from", other=current, text=reason.strip(), author=actor)
    see_text(made, made.title)
    return made


def _check(current: Incident, title: str, chosen: Chosen) -> None:
    if not current.open:
        raise ValidationError(_("%s has ended; open it again first.") % current.reference)
    if not title.strip():
        raise ValidationError(_("Give the new incident a title."))
    if not chosen:
        raise ValidationError(_("Choose what goes to the new incident."))
    things: list[Any] = [*chosen.parts, *chosen.tasks, *chosen.entries]
    foreign = [each for each in things if each.incident_id != current.pk]
    ids = {alert.pk for alert in chosen.alerts}
    if foreign or current.alerts.filter(pk__in=ids).count() < len(ids):
        raise ValidationError(_("Somebody else has moved some of this meanwhile. Look at it again."))
    if chosen.parts and not current.entities.exclude(pk__in=[part.pk for part in chosen.parts]).exists():
        raise ValidationError(_("One organisation must stay. Choose what is another matter, not all of it."))


def _made(actor: Person, current: Incident, title: str) -> Incident:
    copied = {name: getattr(current, name) for name in COPIED}
    made = Incident.objects.create(title=title, opened_by=actor, owner=actor, **copied)
    if current.sealed:
        named = current.seals.values_list("person", flat=True)
        Seal.objects.bulk_create([Seal(incident=made, person_id=person, named_by=actor) for person in named])
    if not Incident.objects.handled_by(actor).filter(pk=made.pk).exists():
        raise PermissionDenied(_("You do not handle this incident."))
    return made


def _move_single(current: Incident, made: Incident, chosen: Chosen) -> None:
    """Move what was chosen one by one; what belongs to a part that stays gets a part there as well."""
    twins: dict[int, int] = {}
    kinds: list[tuple[Any, Collection[Any]]] = [(Task, chosen.tasks), (TimelineEntry, chosen.entries)]
    for model, rows in kinds:
        for row in model.objects.filter(pk__in=[each.pk for each in rows], incident=current).select_related("entity"):
            there = None if row.entity is None else _twin(row.entity, made, twins)
            model.objects.filter(pk=row.pk).update(incident=made, entity=there)
    ids = [alert.pk for alert in chosen.alerts]
    for part in current.entities.filter(organisation__in=[a.organisation_id for a in chosen.alerts]):
        _twin(part, made, twins)
    made.alerts.add(*ids)
    current.alerts.remove(*ids)
    see_entries(made, made.timeline.filter(pk__in=[entry.pk for entry in chosen.entries]))


def _twin(part: IncidentEntity, made: Incident, twins: dict[int, int]) -> int:
    if part.pk not in twins:
        known = made.entities.filter(organisation=part.organisation_id).first()
        same = {"role": part.role, "aware_at": part.aware_at}
        twin = known or IncidentEntity.objects.create(incident=made, organisation_id=part.organisation_id, **same)
        twins[part.pk] = twin.pk
    return twins[part.pk]
