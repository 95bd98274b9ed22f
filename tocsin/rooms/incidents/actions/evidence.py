"""Evidence: added, verified, put on hold, handed over, taken along, destroyed; the timeline tells of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _

from tocsin.platform import gate
from tocsin.platform.access import require_any
from tocsin.platform.export import recipient_of
from tocsin.platform.gate import Action
from tocsin.platform.markings import TLP
from tocsin.platform.strongroom import Kept
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.artefacts import actions as artefacts
from tocsin.rooms.artefacts.models import CustodyEntry
from tocsin.rooms.incidents import queries
from tocsin.rooms.incidents.actions.record import hold, note, require_handler, require_own_part, require_part
from tocsin.rooms.incidents.actions.sightings import see
from tocsin.rooms.incidents.models import Audience, Evidence, Incident, IncidentEntity, TimelineEntry

TITLE = 200


@dataclass(frozen=True, slots=True)
class About:
    """What is said of evidence when it is added; of several files at once the same is said of each."""

    title: str = ""
    description: str = ""
    entity: IncidentEntity | None = None
    audience: str = Audience.TEAM
    tlp: str = TLP.AMBER
    collected_at: datetime | None = None
    collected_by: str = ""
    source: str = ""
    searchable: bool = False


@transaction.atomic
def add_evidence(
    *, actor: Person, incident: Incident, files: Sequence[tuple[str, Kept]], about: About
) -> list[Evidence]:
    """Make files (name, what was kept) evidence: handlers for whom they choose, an officer within their own part.

    All or none. Raises ValidationError and PermissionDenied; what was kept is then its receiver's to throw away.
    """
    incident, audience = hold(incident.pk), about.audience
    if Incident.objects.handled_by(actor).filter(pk=incident.pk).exists():
        require_any(actor, queries.ADDING)
        require_part(incident, about.entity)
    else:
        require_own_part(actor, incident, about.entity)
        audience = Audience.ENTITY
    if about.entity is None and audience == Audience.ENTITY:
        raise ValidationError(_("Say which organisation this is for."))
    if not files:
        raise ValidationError(_("Choose at least one file."))
    return [_added(actor, incident, file, about, audience, several=len(files) > 1) for file in files]


def _added(
    actor: Person, incident: Incident, file: tuple[str, Kept], about: About, audience: str, *, several: bool
) -> Evidence:
    name, kept = file
    origin = ", ".join(filter(None, (about.collected_by, about.source)))
    artefact = artefacts.register(actor=actor, kept=kept, name=name, about=incident, reason=origin)
    title = f"{about.title}: {artefact.name}" if several and about.title else about.title or artefact.name
    evidence = Evidence.objects.create(
        incident=incident,
        entity=about.entity,
        audience=audience,
        artefact=artefact,
        title=title[:TITLE],
        description=about.description,
        tlp=about.tlp,
        collected_at=about.collected_at,
        collected_by=about.collected_by,
        source=about.source,
        added_by=actor,
        reading=Evidence.Reading.WAITING if about.searchable else Evidence.Reading.NO,
    )
    _tell(evidence, "evidence_added", actor, digest=artefact.digest)
    if artefact.size:
        see(incident, [(artefact.digest, (evidence.entity_id, audience))])
    return evidence


def _tell(evidence: Evidence, event: str, actor: Person, text: str = "", **details: Any) -> None:
    note(
        evidence.incident,
        event,
        author=actor,
        text=text,
        kind=TimelineEntry.Kind.RESPONSE,
        entity=evidence.entity,
        audience=evidence.audience,
        title=evidence.title,
        **details,
    )


def _seen(actor: Person, evidence: Evidence) -> queries.View:
    """Refuse whoever may not see it, whatever they may do elsewhere in the incident."""
    try:
        view = queries.view_or_404(actor, evidence.incident.uuid)
        queries.evidence_or_404(view, evidence.uuid)
    except Http404 as error:
        raise PermissionDenied(_("You may not see this evidence.")) from error
    return view


def _handled(actor: Person, evidence: Evidence) -> None:
    require_handler(actor, evidence.incident)
    _seen(actor, evidence)


def take_along(*, actor: Person, evidence: Evidence, way: Action = Action.EXPORT) -> artefacts.Outgoing:
    """Open the content for a person or their program, when the gate allows it; the caller closes it.

    Raises `gate.Refused` with the gate's reason, ValidationError when it cannot be opened.
    """
    view = _seen(actor, evidence)
    with transaction.atomic():
        decision = gate.ask(actor, queries.leaving(view, evidence), recipient_of(actor), way)
    if not decision.allowed:
        raise gate.Refused(decision)
    return artefacts.open_content(actor=actor, artefact=evidence.artefact, about=evidence.incident)


def verify_evidence(*, actor: Person, evidence: Evidence) -> CustodyEntry:
    """Read it again and compare its digest and its custody log; the outcome is logged and told."""
    view = _seen(actor, evidence)
    if not queries.may_add_evidence(view):
        raise PermissionDenied(_("You may look at this evidence only."))
    found = artefacts.verify(actor=actor, artefact=evidence.artefact, about=evidence.incident)
    with transaction.atomic():
        hold(evidence.incident.pk)
        event = "evidence_altered" if found.act == CustodyEntry.Act.ALTERED else "evidence_verified"
        _tell(evidence, event, actor, digest=evidence.artefact.digest)
    return found


@transaction.atomic
def hold_evidence(*, actor: Person, evidence: Evidence, reason: str) -> None:
    """Put it on legal hold, with a reason."""
    _handled(actor, evidence)
    artefacts.hold(actor=actor, artefact=evidence.artefact, about=evidence.incident, reason=reason)
    evidence.save(update_fields=["updated_at"])
    _tell(evidence, "evidence_held", actor, reason)


@transaction.atomic
def release_evidence(*, actor: Person, evidence: Evidence, reason: str) -> None:
    """Lift the legal hold, with a reason."""
    _handled(actor, evidence)
    artefacts.release(actor=actor, artefact=evidence.artefact, about=evidence.incident, reason=reason)
    evidence.save(update_fields=["updated_at"])
    _tell(evidence, "evidence_released", actor, reason)


@transaction.atomic
def hand_over_evidence(*, actor: Person, evidence: Evidence, recipient: str, reason: str) -> None:
    """Write down to whom it was handed, and why; nothing is sent."""
    _handled(actor, evidence)
    artefacts.hand_over(
        actor=actor, artefact=evidence.artefact, about=evidence.incident, recipient=recipient, reason=reason
    )
    _tell(evidence, "evidence_handed_over", actor, reason, recipient=recipient)


@transaction.atomic
def destroy_evidence(*, actor: Person, evidence: Evidence, reason: str) -> None:
    """Destroy the file for good, with a reason, and the text that was read in it; refused under legal hold."""
    _handled(actor, evidence)
    artefacts.destroy(actor=actor, artefact=evidence.artefact, about=evidence.incident, reason=reason)
    evidence.text, evidence.reading, evidence.text_problem = "", Evidence.Reading.NO, ""
    evidence.save(update_fields=["text", "reading", "text_problem", "updated_at"])
    _tell(evidence, "evidence_destroyed", actor, reason, digest=evidence.artefact.digest)
