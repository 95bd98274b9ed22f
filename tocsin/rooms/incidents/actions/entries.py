"""What people write into the timelines: events with their time, corrections that keep the old text, the key ones."""

from __future__ import annotations

import re
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents.actions.record import hold, note, require_handler, require_part
from tocsin.rooms.incidents.actions.sightings import see_entries
from tocsin.rooms.incidents.actions.telling import tell_named
from tocsin.rooms.incidents.models import Audience, Incident, IncidentEntity, TimelineEntry, Version

TECHNIQUE = re.compile(r"T\d{4}(?:\.\d{3})?", re.ASCII)
EVENTS = (TimelineEntry.Kind.ATTACK, TimelineEntry.Kind.RESPONSE)


@transaction.atomic
def add_event(
    *,
    actor: Person,
    incident: Incident,
    kind: str,
    time: datetime,
    text: str,
    technique: str = "",
    entity: IncidentEntity | None = None,
    audience: str = Audience.TEAM,
) -> TimelineEntry:
    """Write what the attacker did, or what was done about it, with the time when it happened."""
    require_handler(actor, incident)
    require_part(incident, entity)
    if kind not in EVENTS:
        raise ValidationError(_("An event is the attacker's or the response's."))
    if entity is None and audience == Audience.ENTITY:
        raise ValidationError(_("Say which organisation this is for."))
    _check(time, text)
    written = note(
        incident, text=text.strip(), author=actor, kind=kind, entity=entity, audience=audience, time=time,
        technique=known_technique(technique),
    )  # fmt: skip
    tell_named(written)
    audit.record(actor, "incident.event", incident, {"entry": str(written.uuid), "kind": kind})
    return written


def known_technique(written: str) -> str:
    """Give a technique of ATT&CK as it is written there; refuse what has not that shape."""
    technique = written.strip().upper()
    if technique and not TECHNIQUE.fullmatch(technique):
        raise ValidationError(_("A technique of ATT&CK reads like T1566 or T1566.001."))
    return technique


def _check(time: datetime, text: str) -> None:
    if not text.strip():
        raise ValidationError(_("Say what happened."))
    if time > timezone.now():
        raise ValidationError(_("This time is yet to come."))


@transaction.atomic
def correct(
    *, actor: Person, entry: TimelineEntry, text: str, time: datetime | None = None, technique: str = ""
) -> TimelineEntry:
    """Correct what one wrote oneself; what it said before is kept beside it."""
    incident = hold(entry.incident_id)
    current = TimelineEntry.objects.select_for_update(of=("self",)).get(pk=entry.pk)
    visible = Incident.objects.visible_to(actor).filter(pk=incident.pk).exists()
    if not (visible and current.author_id == actor.pk and not current.event):
        raise PermissionDenied(_("One corrects what one wrote oneself."))
    dated = time if time is not None and current.kind in EVENTS else current.time
    if dated == current.time.replace(microsecond=0):  # as a form can carry it
        dated = current.time
    _check(dated, text)
    after = (text.strip(), dated, known_technique(technique) if current.kind in EVENTS else "")
    if after == (current.text, current.time, current.technique):
        return current
    Version.objects.create(entry=current, time=current.time, text=current.text, technique=current.technique)
    before = current.text
    current.text, current.time, current.technique = after
    current.corrected_at = timezone.now()
    current.save(update_fields=["text", "time", "technique", "corrected_at"])
    see_entries(incident, [current])
    tell_named(current, before=before)
    Incident.objects.filter(pk=incident.pk).update(updated_at=timezone.now())
    audit.record(actor, "incident.correct", incident, {"entry": str(current.uuid)})
    return current


@transaction.atomic
def pin(*, actor: Person, entry: TimelineEntry, pinned: bool) -> TimelineEntry:
    """Mark an entry as one of the key ones, or no longer."""
    require_handler(actor, entry.incident)
    hold(entry.incident_id)
    entry.pinned = pinned
    entry.save(update_fields=["pinned"])
    audit.record(actor, "incident.pin" if pinned else "incident.unpin", entry.incident, {"entry": str(entry.uuid)})
    return entry
