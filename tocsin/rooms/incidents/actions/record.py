"""What every action of the room does: check who acts, write the timeline."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.access import require, scope_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents.actions.deadlines import follow, follow_many
from tocsin.rooms.incidents.actions.sightings import see_entries, see_in_many
from tocsin.rooms.incidents.models import Audience, Incident, IncidentEntity, TimelineEntry

AT_ONCE = 500


def require_handler(actor: Person, incident: Incident, verb: str = "incidents.work") -> None:
    """Refuse whoever may not see the incident in full or has no right to ``verb``, and whatever was merged elsewhere.

    In a transaction the incident is held until its end, so that nobody seals or merges it meanwhile.
    """
    require(actor, verb)
    require_handled(actor, incident)


def require_handled(actor: Person, incident: Incident) -> None:
    """Refuse whoever may not see the incident in full, and whatever was merged elsewhere; hold it in a transaction."""
    found = Incident.objects.handled_by(actor).filter(pk=incident.pk)
    if connection.in_atomic_block:
        found = found.select_for_update()
    state = found.values_list("state", flat=True).first()
    if state is None:
        raise PermissionDenied(_("You do not handle this incident."))
    _refuse_merged(state)


def hold(pk: int) -> Incident:
    """Hold an incident for this transaction and give it as it is now; before anything of it is held, always."""
    current: Incident = Incident.objects.select_for_update().get(pk=pk)
    _refuse_merged(current.state)
    return current


def _refuse_merged(state: str) -> None:
    if state == Incident.State.MERGED:
        raise ValidationError(_("This incident was merged into another; go on there."))


def require_part(incident: Incident, entity: IncidentEntity | None) -> None:
    """Refuse a part of another incident."""
    if entity is not None and entity.incident_id != incident.pk:
        raise ValidationError(_("This organisation is not concerned."))


def require_own_part(actor: Person, incident: Incident, entity: IncidentEntity | None) -> None:
    """Refuse an officer anything but the part of an organisation they answer for, in what is not sealed."""
    if entity is None or entity.incident_id != incident.pk:
        raise PermissionDenied(_("You may write in the part of your own organisation."))
    require(actor, "incidents.answer", entity.organisation_id)
    if incident.sealed:
        raise PermissionDenied(_("You may write in the part of your own organisation."))


def note(incident: Incident, event: str = "", *, author: Person | None, **given: Any) -> TimelineEntry:
    """Write one line of the timeline; called by this room's actions and by higher rooms, inside their transaction.

    For what may be given see `line`.
    """
    entry = line(incident, event, author=author, **given)
    note_many(incident, [entry])
    return entry


def line(
    incident: Incident,
    event: str = "",
    *,
    author: Person | None,
    text: str = "",
    kind: str = TimelineEntry.Kind.CHANGE,
    entity: IncidentEntity | None = None,
    audience: str = Audience.TEAM,
    time: datetime | None = None,
    other: Incident | None = None,
    technique: str = "",
    **details: Any,
) -> TimelineEntry:
    """Make one line of the timeline.

    ``event`` is one of `knowledge.SAYINGS`, ``details`` are its values; ``text`` is what a person wrote.
    Whoever may not know of ``other``, an incident the entry is about, does not see the entry.
    """
    return TimelineEntry(
        incident=incident,
        entity=entity,
        kind=kind,
        audience=audience,
        time=time or timezone.now(),
        event=event,
        details={name: _kept(value) for name, value in details.items()},
        text=text,
        author=author,
        other=other,
        technique=technique,
    )


def note_many(incident: Incident, entries: Iterable[TimelineEntry]) -> None:
    """Write lines of the timeline of one incident, and what they name, in a few statements, however many.

    The deadlines follow in the same transaction: call it once what the lines tell of is saved.
    """
    written = TimelineEntry.objects.bulk_create(entries, batch_size=AT_ONCE)
    see_entries(incident, written)
    Incident.objects.filter(pk=incident.pk).update(updated_at=timezone.now())
    if any(entry.event or entry.audience != Audience.TEAM for entry in written):
        answered = {entry.entity_id for entry in written if entry.entity_id is not None and _answers(entry)}
        follow(incident, told=any(map(_tells, written)), answered=answered)


def note_each(incidents: Sequence[Incident], entries: Sequence[TimelineEntry], now: datetime) -> None:
    """Write lines of the timelines of some hundred incidents that are held and saved, as `note_many` does of one."""
    TimelineEntry.objects.bulk_create(entries, batch_size=AT_ONCE)
    see_in_many((each.incident_id, each.text, (each.entity_id, each.audience)) for each in entries if each.text)
    Incident.objects.filter(pk__in=[each.pk for each in incidents]).update(updated_at=now)
    follow_many(incidents, now, told=any(map(_tells, entries)))


def _tells(entry: TimelineEntry) -> bool:
    """Tell whether somebody of the handling teams told those concerned something."""
    said = entry.kind in {TimelineEntry.Kind.RESPONSE, TimelineEntry.Kind.COMMENT} and entry.audience != Audience.TEAM
    return said and entry.author is not None and scope_of(entry.author).allows("incidents.view")


def _answers(entry: TimelineEntry) -> bool:
    """Tell whether an organisation concerned said something: by mail, in its ticket, or its people here."""
    by_others = entry.author is not None and not scope_of(entry.author).allows("incidents.view")
    return entry.audience == Audience.ENTITY and (entry.event in {"wrote", "ticket_wrote"} or by_others)


def _kept(value: Any) -> Any:
    """Keep what is called differently in other languages with all its names."""
    if isinstance(value, Organisation | Team):
        return {"en": value.name, "fr": value.name_fr or value.name}
    return audit.plain(str(value) if isinstance(value, Person) else value)
