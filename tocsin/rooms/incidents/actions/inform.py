"""Tell an organisation's security officer about their part; it leaves as a notice, through the gate or not at all."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from tocsin.platform import audit
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents.actions.record import note, require_handler, require_part
from tocsin.rooms.incidents.models import Audience, Incident, IncidentEntity, TimelineEntry
from tocsin.rooms.incidents.queries import matter_of
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices.models import Letter, Part


def note_letter(matter: UUID, letter: Letter) -> None:
    """Write into the timeline what an organisation wrote back about an incident, for those who read its part."""
    found = Incident.objects.select_related("merged_into").filter(uuid=matter).first()
    if found is None or letter.part is None:
        return
    incident = found.merged_into or found
    entity = incident.entities.filter(organisation=letter.part.organisation_id).first()
    note(
        incident,
        "wrote",
        name=letter.sender,
        text=letter.own or letter.text,
        author=None,
        kind=TimelineEntry.Kind.RESPONSE,
        entity=entity,
        audience=Audience.ENTITY if entity else Audience.TEAM,
        time=letter.received_at,
    )


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
