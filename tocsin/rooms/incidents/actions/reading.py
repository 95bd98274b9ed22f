"""Read the text of evidence whose adder agreed to it, for the search and for what it names."""

from __future__ import annotations

import logging

from django.core.exceptions import ValidationError
from django.db import transaction

from tocsin.pipeline.content.errors import Refused
from tocsin.pipeline.content.texts import text_of
from tocsin.platform.stream_cipher import Damaged
from tocsin.rooms.artefacts import actions as artefacts
from tocsin.rooms.incidents.actions.sightings import see
from tocsin.rooms.incidents.models import Evidence, Incident

logger = logging.getLogger(__name__)

AT_ONCE = 20


def read_waiting() -> int:
    """Read what waits, the oldest first; give how many were. Read twice, it ends the same."""
    waiting = Evidence.objects.filter(reading=Evidence.Reading.WAITING).select_related("incident", "artefact")
    found = list(waiting.order_by("id")[:AT_ONCE])
    for evidence in found:
        _read(evidence)
    return len(found)


def _read(evidence: Evidence) -> None:
    text, problem = "", ""
    try:
        with artefacts.open_for_search(artefact=evidence.artefact, about=evidence.incident) as content:
            text = text_of(content)
    except Refused as error:
        problem = error.why
    except Damaged:
        logger.exception("evidence %s cannot be read", evidence.uuid)
        problem = "damaged"
    except ValidationError:  # destroyed meanwhile
        return
    with transaction.atomic():
        _keep(evidence, text, problem)


def _keep(evidence: Evidence, text: str, problem: str) -> None:
    incident = Incident.objects.select_for_update().get(pk=evidence.incident_id)  # before anything of it, as always
    current = Evidence.objects.select_for_update().get(pk=evidence.pk)
    if current.reading != Evidence.Reading.WAITING or current.incident_id != incident.pk:
        return  # destroyed meanwhile; or moved, and read once more
    current.text, current.text_problem = text, problem
    current.reading = Evidence.Reading.REFUSED if problem else Evidence.Reading.DONE
    current.save(update_fields=["text", "text_problem", "reading", "updated_at"])
    if text:
        see(incident, [(text, (current.entity_id, current.audience))])
