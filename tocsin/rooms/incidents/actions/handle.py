"""Open an incident, join alerts and organisations to it, comment on it, take it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.access import require, require_any, scope_of
from tocsin.platform.markings import TLP
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts import actions as alert_actions
from tocsin.rooms.alerts.actions.errors import AlertError
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents import knowledge
from tocsin.rooms.incidents.actions.entries import TECHNIQUE
from tocsin.rooms.incidents.actions.hand_over import offer
from tocsin.rooms.incidents.actions.record import hold, note, note_many, require_handler, require_own_part, require_part
from tocsin.rooms.incidents.actions.rises import settle_owner
from tocsin.rooms.incidents.actions.sightings import see_text
from tocsin.rooms.incidents.actions.telling import tell_named
from tocsin.rooms.incidents.models import (
    Audience,
    Incident,
    IncidentEntity,
    Severity,
    TimelineEntry,
)


@transaction.atomic
def open_incident(
    *,
    actor: Person,
    title: str,
    organisations: Iterable[Organisation],
    severity: int = Severity.MEDIUM,
    tlp: str = TLP.AMBER,
    summary: str = "",
    rsit_type: str = "",
    alerts: Iterable[Alert] = (),
    offer_to: Team | None = None,
    occurred_at: datetime | None = None,
) -> Incident:
    """Open an incident with one part per organisation; ``alerts`` are escalated into it, ``offer_to`` is offered it."""
    concerned, joined = list(organisations), list(alerts)
    require(actor, "incidents.open")
    if rsit_type and rsit_type not in knowledge.class_of():
        raise ValidationError(_("The taxonomy has no such type."))
    for organisation in concerned:
        require(actor, "incidents.open", organisation.pk)
    incident = Incident.objects.create(
        title=title,
        summary=summary,
        severity=severity,
        tlp=tlp,
        rsit_class=knowledge.class_of().get(rsit_type, ""),
        rsit_type=rsit_type,
        opened_by=actor,
        owner=actor,
        owner_team=_team_of(actor),
        occurred_at=occurred_at or min((alert.first_seen for alert in joined), default=None),
    )
    for organisation in concerned:
        IncidentEntity.objects.create(incident=incident, organisation=organisation)
    audit.record(actor, "incident.open", incident, {"title": title, "organisations": [o.code for o in concerned]})
    note(incident, "opened", author=actor, kind=TimelineEntry.Kind.RESPONSE)
    see_text(incident, f"{title}\n{summary}")
    if joined:
        join_alerts(actor=actor, incident=incident, alerts=joined)
    if offer_to is not None and offer_to.pk != incident.owner_team_id:
        offer(actor=actor, incident=incident, team=offer_to)
    return incident


def _team_of(actor: Person) -> Team | None:
    return Team.objects.filter(pk__in=scope_of(actor).teams("incidents.open")).order_by("pk").first()


@transaction.atomic
def join_alerts(*, actor: Person, incident: Incident, alerts: Iterable[Alert]) -> None:
    """Escalate alerts into an incident; their organisations become parts of it, their first sighting its history."""
    require_handler(actor, incident, "incidents.open")
    joined = list({alert.pk: alert for alert in alerts}.values())
    try:
        alert_actions.escalate_many(actor=actor, alerts=joined)
    except AlertError as error:  # somebody else was first
        raise ValidationError(str(error)) from error
    incident.alerts.add(*joined)
    places = {alert.organisation_id for alert in joined if alert.organisation_id}
    IncidentEntity.objects.bulk_create(
        (IncidentEntity(incident=incident, organisation_id=place) for place in sorted(places)), ignore_conflicts=True
    )
    parts: dict[int | None, IncidentEntity] = {
        part.organisation_id: part for part in incident.entities.filter(organisation__in=places)
    }
    note_many(incident, (_sighting(incident, alert, parts.get(alert.organisation_id)) for alert in joined))
    audit.record(actor, "incident.join_alerts", incident, {"alerts": [str(alert.uuid) for alert in joined]})


def _sighting(incident: Incident, alert: Alert, part: IncidentEntity | None) -> TimelineEntry:
    return TimelineEntry(
        incident=incident,
        entity=part,
        kind=TimelineEntry.Kind.ATTACK,
        audience=Audience.ENTITY if part else Audience.TEAM,
        time=alert.first_seen,
        event="alert",
        text=f"{alert.title} ({alert.subject})" if alert.subject else alert.title,
        technique=next(filter(TECHNIQUE.fullmatch, alert.techniques), ""),
    )


@transaction.atomic
def add_organisation(
    *, actor: Person, incident: Incident, organisation: Organisation, summary: str = ""
) -> IncidentEntity:
    """Make an organisation's part; what was written of one that is concerned already is never overwritten."""
    require_handler(actor, incident)
    require(actor, "incidents.open", organisation.pk)
    entity, made = IncidentEntity.objects.get_or_create(
        incident=incident, organisation=organisation, defaults={"summary": summary}
    )
    if not made and summary.strip() not in {"", entity.summary.strip()}:
        raise ValidationError(_("%s is concerned already; change what is written of it there.") % organisation)
    if not made:
        return entity
    audit.record(actor, "incident.add_organisation", incident, {"organisation": organisation.code})
    note(incident, "concerned", organisation=organisation, author=actor, entity=entity, audience=Audience.ENTITY)
    return entity


@transaction.atomic
def comment(
    *, actor: Person, incident: Incident, text: str, entity: IncidentEntity | None = None, audience: str = Audience.TEAM
) -> TimelineEntry:
    """Say something: handlers to whom they choose, an officer within the part of the own organisation."""
    incident = hold(incident.pk)
    if Incident.objects.handled_by(actor).filter(pk=incident.pk).exists():
        require_any(actor, ("incidents.view", "incidents.part"))
        require_part(incident, entity)
    else:
        require_own_part(actor, incident, entity)
        audience = Audience.ENTITY
    if entity is None and audience == Audience.ENTITY:
        raise ValidationError(_("Say which organisation this is for."))
    audit.record(actor, "incident.comment", incident, {"audience": audience})
    said = note(incident, text=text, author=actor, kind=TimelineEntry.Kind.COMMENT, entity=entity, audience=audience)
    tell_named(said)
    return said


@transaction.atomic
def take(*, actor: Person, incident: Incident, shown: str | None = None) -> Incident:
    """Make the actor the owner; refuse when the owner is not the one ``shown`` (a username, empty for nobody)."""
    require_handler(actor, incident)
    incident = hold(incident.pk)
    owner = incident.owner.username if incident.owner else ""
    if shown is not None and owner not in {shown, actor.username}:
        raise ValidationError(_("%s has taken it meanwhile.") % (incident.owner or "–"))
    incident.owner = actor
    incident.save(update_fields=["owner", "updated_at"])
    settle_owner(incident, actor)
    audit.record(actor, "incident.take", incident)
    note(incident, "taken", person=actor, author=actor, kind=TimelineEntry.Kind.RESPONSE)
    return incident
