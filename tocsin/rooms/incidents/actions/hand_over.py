"""Hand something of an incident over to another team or organisation: a frozen copy of it, through the gate."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.markings import TLP, strictest
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents import queries
from tocsin.rooms.incidents.actions.hand_gate import pass_gate
from tocsin.rooms.incidents.actions.record import hold, note, require_handler
from tocsin.rooms.incidents.actions.telling import tell_handed
from tocsin.rooms.incidents.knowledge import routes
from tocsin.rooms.incidents.models import Audience, HandOff, Incident, IncidentEntity, Sighting, TimelineEntry


@dataclass(frozen=True, slots=True)
class Content:
    """What of an incident is handed over besides its title, by outside ids."""

    summary: bool = False
    observables: Collection[UUID] = ()
    tasks: Collection[UUID] = ()
    alerts: Collection[UUID] = ()


@dataclass(frozen=True, slots=True)
class _Copy:
    """What is frozen: the texts and lists, and the organisations whose own parts stand in it."""

    payload: dict[str, Any]
    about: frozenset[int]


def offer(*, actor: Person, incident: Incident, team: Team, text: str = "") -> HandOff:
    """Offer the incident to another team by the route made for the two; it stays until that team accepts."""
    require_handler(actor, incident, "incidents.open")
    owner = Team.objects.filter(incidents=incident).first()
    route = routes.mover(owner.services if owner else (), team.services)
    content = Content(summary=True)
    return hand_over(actor=actor, incident=incident, route=route.id, receiver=team, content=content, text=text)


@transaction.atomic
def hand_over(
    *,
    actor: Person,
    incident: Incident,
    route: str,
    receiver: Team | Organisation,
    sender: Team | Organisation | None = None,
    content: Content = Content(),
    tlp: str = "",
    text: str = "",
) -> HandOff:
    """Hand over by a route what was chosen, as the person sees it now; ``tlp`` (empty: as needed) is never weaker.

    Raises ``Refused`` with the gate's reason; the refusal stands in the ledger all the same.
    """
    view = _held(actor, incident)
    known = queries.way(view, route)
    if known is None:
        raise PermissionDenied(
            _("This route is not open to you here: it is for other teams, or nobody stands at its end.")
        )
    if receiver not in known.receivers:
        raise ValidationError(_("%s is not at the end of this route; choose another receiver.") % receiver)
    sender = sender or known.senders[0]
    if sender not in known.senders:
        raise PermissionDenied(_("You hand over for your own team or organisation."))
    if known.route.moves and view.incident.hand_offs.filter(state=HandOff.State.OFFERED, moves=True).exists():
        raise ValidationError(_("An offer already waits for an answer; withdraw it first."))
    part = queries.part_at(view, sender, receiver)
    copy = _copy(view, part, content, known.route.holds)
    label = _label(view.incident, tlp)
    withheld = pass_gate(actor, view.incident, receiver, part, label, moves=known.route.moves)
    sent = HandOff.objects.create(
        incident=view.incident,
        route=known.route.id,
        object=known.route.object,
        moves=known.route.moves,
        title=withheld(view.incident.title)[:200],
        severity=view.incident.severity,
        payload=_redacted(copy.payload, withheld),
        tlp=label,
        sent_by=actor,
        note=withheld(text),
        due_at=timezone.now() + known.route.answer_within,
        **_ends(sender, receiver),
    )
    sent.about.set(copy.about)
    _tell(sent, actor, part)
    return sent


def _held(actor: Person, incident: Incident) -> queries.View:
    """Hold the incident, so that nobody seals or offers it meanwhile, and give it as the person sees it now."""
    hold(incident.pk)
    if not Incident.objects.visible_to(actor).filter(pk=incident.pk).exists():
        raise PermissionDenied(_("You do not handle this incident."))
    view = queries.view_or_404(actor, incident.uuid)
    if view.incident.sealed:
        raise ValidationError(_("A sealed incident is handed over by naming people in its seal."))
    return view


def _label(incident: Incident, asked: str) -> TLP:
    """Give the marking of what is handed over: that of the incident, or a stricter one that was asked for."""
    needed = strictest([incident.tlp])
    label = TLP(asked) if asked else needed
    if label.rank < needed.rank:
        raise ValidationError(
            _("%(asked)s is weaker than what it holds: mark it %(needed)s or stricter.")
            % {"asked": label.label, "needed": needed.label}
        )
    return label


def _ends(sender: Team | Organisation | None, receiver: Team | Organisation) -> dict[str, Any]:
    return {
        "from_team": sender if isinstance(sender, Team) else None,
        "from_organisation": sender if isinstance(sender, Organisation) else None,
        "to_team": receiver if isinstance(receiver, Team) else None,
        "to_organisation": receiver if isinstance(receiver, Organisation) else None,
    }


def _copy(view: queries.View, part: IncidentEntity | None, content: Content, holds: Collection[str]) -> _Copy:
    """Freeze what was chosen, of what the person may hand over by this route."""
    payload: dict[str, Any] = {}
    about = {part.organisation_id} if part is not None else set()
    if content.summary and "summary" in holds:
        payload["summary"] = queries.summary_for(view, part)
    if "observables" in holds and content.observables:
        observables = _chosen(queries.observables_for(view, part), content.observables)
        payload["observables"] = [{"kind": one.kind, "value": one.value} for one in observables]
        about |= _places_of(view.incident, [one.pk for one in observables]) if part is None else set()
    if "tasks" in holds and content.tasks:
        tasks = _chosen(queries.tasks_for(view, part), content.tasks)
        payload["tasks"] = [{"uuid": t.uuid, "title": t.title, "due_at": _iso(t.due_at)} for t in tasks]
        about |= {task.entity.organisation_id for task in tasks if task.entity is not None}
    if "alerts" in holds and content.alerts:
        alerts = _chosen(queries.alerts_for(view, part), content.alerts)
        payload["alerts"] = [
            {"uuid": a.uuid, "title": a.title, "subject": a.subject, "level": a.level, "at": _iso(a.last_seen)}
            for a in alerts
        ]
        about |= {alert.organisation_id for alert in alerts if alert.organisation_id is not None}
    return _Copy(audit.plain(payload), frozenset(about))


def _iso(when: Any) -> str:
    return when.isoformat() if when is not None else ""


def _chosen(found: QuerySet[Any], wanted: Collection[UUID]) -> list[Any]:
    by_id = {one.uuid: one for one in found}
    if set(wanted) - by_id.keys():
        raise ValidationError(_("Some of what you chose is not there any more; look again and choose anew."))
    return [by_id[uuid] for uuid in dict.fromkeys(wanted)]


def _places_of(incident: Incident, observables: Collection[int]) -> set[int]:
    """Give the organisations in whose parts alone some of these are named."""
    rows = Sighting.objects.filter(incident=incident, observable__in=observables).exclude(audience=Audience.ALL)
    named: dict[int, set[int | None]] = {}
    for observable, place in rows.values_list("observable", "entity__organisation"):
        named.setdefault(observable, set()).add(place)
    return {place for places in named.values() if None not in places for place in places if place is not None}


def _redacted(payload: Any, withheld: Any) -> Any:
    """Give a copy without what the gate withholds from this receiver."""
    if isinstance(payload, dict):
        return {name: _redacted(value, withheld) for name, value in payload.items()}
    if isinstance(payload, list):
        return [_redacted(value, withheld) for value in payload]
    return withheld(payload) if isinstance(payload, str) else payload


def _tell(sent: HandOff, actor: Person, part: IncidentEntity | None) -> None:
    incident = sent.incident
    audit.record(
        actor, "hand_off.offer", incident,
        {"hand_off": str(sent.uuid), "route": sent.route, "to": sent.receiver.code, "tlp": sent.tlp},
    )  # fmt: skip
    tell_handed(sent)
    if sent.moves:
        incident.offered_to = sent.to_team
        incident.save(update_fields=["offered_to", "updated_at"])
        note(incident, "offered", team=sent.receiver, author=actor, kind=TimelineEntry.Kind.RESPONSE)
        return
    tell_part(sent, "handed", actor, part)


def tell_part(sent: HandOff, event: str, author: Person | None, part: IncidentEntity | None, text: str = "") -> None:
    """Write into the timeline what became of a hand-off, for those who read the part it is about."""
    route = routes.route(sent.route)
    note(
        sent.incident,
        event,
        what={"en": route.name.en, "fr": route.name.fr} if route else sent.route,
        receiver=sent.receiver,
        text=text,
        author=author,
        kind=TimelineEntry.Kind.RESPONSE,
        entity=part,
        audience=Audience.ENTITY if part else Audience.TEAM,
    )
