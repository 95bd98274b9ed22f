"""Tell an organisation's security officer about their part; it leaves as a notice, through the gate or not at all."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from tocsin.platform import audit
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents.actions.record import note, require_handler, require_part
from tocsin.rooms.incidents.models import Audience, Incident, IncidentEntity, TimelineEntry
from tocsin.rooms.incidents.queries import matter_of
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices.models import Part


def inform(*, actor: Person, incident: Incident, entity: IncidentEntity, subject: str, text: str) -> Part:
    """Send ``text`` to whoever answers for a part's organisation, as a notice about the incident.

    Raises ``Refused`` with the gate's reason; the refusal stands in the ledger all the same.
    """
    require_handler(actor, incident, "incidents.inform")
    require_part(incident, entity)
    try:
        with transaction.atomic():
            incident.refresh_from_db(from_queryset=Incident.objects.select_for_update())  # nobody seals it meanwhile
            require_handler(actor, incident, "incidents.inform")
            told = notices.write_to(
                actor=actor,
                organisation=entity.organisation,
                matter=matter_of(incident),
                subject=f"[{incident.reference}] {subject}",
                text=text,
                severity=incident.severity,
                tlp=incident.tlp,
            )
            audit.record(actor, "incident.inform", incident, {"organisation": entity.organisation.code})
            note(
                incident,
                "told",
                name=", ".join(told.tellings.order_by("pk").values_list("name", flat=True)),
                subject=subject,
                text=text,
                author=actor,
                kind=TimelineEntry.Kind.RESPONSE,
                entity=entity,
                audience=Audience.ENTITY,
            )
    except notices.NoticeError as error:
        raise ValidationError(str(error)) from error
    return told
