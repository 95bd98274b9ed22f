"""What every action of the room does: check who acts, write the timeline."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform.access import require
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents.models import Audience, Incident, IncidentEntity, TimelineEntry


def require_handler(actor: Person, incident: Incident, verb: str = "incidents.work") -> None:
    """Refuse whoever may not see the incident in full or has no right to ``verb``."""
    require(actor, verb)
    if not Incident.objects.handled_by(actor).filter(pk=incident.pk).exists():
        raise PermissionDenied(_("You do not handle this incident."))


def require_part(incident: Incident, entity: IncidentEntity | None) -> None:
    """Refuse a part of another incident."""
    if entity is not None and entity.incident_id != incident.pk:
        raise ValidationError(_("This organisation is not concerned."))


def note(
    incident: Incident,
    text: str,
    *,
    author: Person | None,
    kind: str = TimelineEntry.Kind.CHANGE,
    entity: IncidentEntity | None = None,
    audience: str = Audience.TEAM,
    time: datetime | None = None,
) -> TimelineEntry:
    """Write one line of the timeline; called by this room's actions and by higher rooms, inside their transaction."""
    entry = TimelineEntry.objects.create(
        incident=incident,
        entity=entity,
        kind=kind,
        audience=audience,
        time=time or timezone.now(),
        text=text,
        author=author,
    )
    Incident.objects.filter(pk=incident.pk).update(updated_at=timezone.now())
    return entry
