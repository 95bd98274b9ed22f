"""What an organisation's ticket system may be told of an incident: what its own officer reads, and nothing else."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.platform import gate
from tocsin.platform.gate import Item, Recipient
from tocsin.platform.markings import TLP
from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.exchange.models import ForeignDesk, Passing, Ticket
from tocsin.rooms.exchange.querysets import DESKS
from tocsin.rooms.incidents.knowledge import label, said
from tocsin.rooms.incidents.models import Audience, HandOff, Incident, IncidentEntity, TimelineEntry
from tocsin.rooms.notices.models import Part, ThreadMail
from tocsin.rooms.notices.queries.facts import shown
from tocsin.rooms.notices.queries.tags import Tagged

FROM_THEM = ("ticket_opened", "ticket_wrote", "ticket_state", "wrote", "stranger_wrote")
AT_ONCE, FACTS = 20, 200
LONGEST_ENTRY = 20_000
State = Ticket.State


def told(entity: IncidentEntity) -> bool:
    """Tell whether an organisation knows of an incident from us: it was told, written to, or handed something."""
    matter, place = entity.incident.uuid, entity.organisation_id
    return (
        Part.objects.filter(notice__matter=matter, organisation=place, told_at__isnull=False).exists()
        or ThreadMail.objects.filter(thread__matter=matter, thread__organisation=place).exists()
        or HandOff.objects.filter(incident=entity.incident_id, to_organisation=place)
        .exclude(state__in=(HandOff.State.REFUSED, HandOff.State.WITHDRAWN))
        .exists()
    )


def to_open(desk: ForeignDesk) -> QuerySet[IncidentEntity]:
    """Give the parts that the organisation was told of since its desk began, and that have no ticket yet."""
    matter = OuterRef("incident__uuid")
    parts = Part.objects.filter(organisation=desk.organisation_id, told_at__gte=desk.since, notice__matter=matter)
    mails = ThreadMail.objects.filter(
        thread__matter=matter, thread__organisation=desk.organisation_id, created_at__gte=desk.since
    )
    handed = HandOff.objects.filter(
        incident=OuterRef("incident"), to_organisation=desk.organisation_id, created_at__gte=desk.since
    ).exclude(state__in=(HandOff.State.REFUSED, HandOff.State.WITHDRAWN))
    known = Ticket.objects.filter(entity=OuterRef("pk"))
    found = IncidentEntity.objects.filter(
        Q(Exists(parts)) | Q(Exists(mails)) | Q(Exists(handed)),
        ~Exists(known),
        organisation=desk.organisation_id,
        incident__sealed=False,
        incident__open=True,
    )
    return found.select_related("incident").order_by("pk")


def to_carry(desk: ForeignDesk, now: Any) -> QuerySet[Ticket]:
    """Give the tickets of a desk for which something waits to be sent, that longest due first."""
    sending = Passing.objects.filter(ticket=OuterRef("pk"), way=Passing.Way.OUT, state=Passing.State.SENDING)
    waits = Q(carried_at=None) | Q(incident__updated_at__gt=F("carried_at")) | Q(Exists(sending))
    going = desk.tickets.filter(waits, state__in=Ticket.GOING, incident__sealed=False, next_attempt_at__lte=now)
    return going.order_by("next_attempt_at", "pk")


def to_hear(desk: ForeignDesk) -> QuerySet[Ticket]:
    """Give the tickets of a desk that are listened to."""
    return desk.tickets.filter(state=State.LIVE, incident__sealed=False).exclude(number="").order_by("pk")


def entries_for(ticket: Ticket) -> QuerySet[TimelineEntry]:
    """Give what the organisation may read of the timeline, that came from us, names nobody else, and did not go yet."""
    own = Q(entity=ticket.entity_id, audience__in=(Audience.ENTITY, Audience.ALL))
    common = Q(entity=None, audience=Audience.ALL)
    gone = Passing.entries.through.objects.filter(passing__ticket=ticket, timelineentry=OuterRef("pk"))
    found = TimelineEntry.objects.filter(own | common, ~Exists(gone), incident=ticket.incident_id, other=None)
    return found.exclude(event__in=FROM_THEM).select_related("author").order_by("id")


@dataclass(frozen=True, slots=True)
class Telling:
    """What the gate is asked for a ticket, and what withholds the names of the others concerned from its texts."""

    item: Item
    recipient: Recipient
    others: Item

    def withheld(self, text: str) -> str:
        """Give a text without the names of the others concerned."""
        return gate.redact(text, self.others, ("organisations",))


def telling(ticket: Ticket) -> Telling:
    """Describe the part of an incident, and the system it would go to, to the gate."""
    incident, place = ticket.incident, ticket.entity.organisation
    item = Item("incident", incident.uuid, incident.title, TLP(incident.tlp), frozenset({place.code}), incident.sealed)
    others = [
        each.organisation for each in incident.entities.exclude(pk=ticket.entity_id).select_related("organisation")
    ]
    named = frozenset(name for other in others for name in (other.name, other.name_fr) if name)
    above = frozenset(constituency.lineage(place))
    return Telling(
        item,
        Recipient(ticket.desk.base_url, place.code, "organisation", place.name, above),
        Item("incident", None, "", TLP.AMBER, frozenset(other.code for other in others), names=named),
    )


def field_values(ticket: Ticket) -> dict[str, str]:
    """Give what the custom fields of a ticket shall hold, by their names: codes, which are the same in any language."""
    incident = ticket.incident
    known = {
        "reference": ticket.reference,
        "severity": str(incident.severity),
        "marking": incident.tlp,
        "class": incident.rsit_class,
        "type": incident.rsit_type,
        "state": incident.state,
        "organisation": ticket.desk.organisation.code,
    }
    return {name: known[fact] for name, fact in ticket.desk.fields.items() if fact in known}


def subject(ticket: Ticket, about: Telling) -> str:
    """Give the subject of a ticket; the reference in it is how it is found again."""
    title = " ".join(about.withheld(ticket.incident.title).split())
    return f"[Tocsin {ticket.reference}] {title}"[:200]


def opening(ticket: Ticket, about: Telling, entries: Sequence[TimelineEntry], marker: str) -> str:
    """Give the text with which a ticket begins: the facts of this organisation alone, and what was said so far."""
    incident, entity = ticket.incident, ticket.entity
    with translation.override(entity.organisation.language):
        lines = [
            f"{_('Incident')}: {incident.reference}",
            f"{_('Marking')}: {TLP(incident.tlp).label}",
            f"{_('Severity')}: {incident.get_severity_display()}",
            f"{_('State')}: {incident.get_state_display()}",
        ]
        if known := label(incident.rsit_class, incident.rsit_type):
            lines.append(f"{_('Class')}: {known}")
        if entity.summary:
            lines += ["", about.withheld(entity.summary)]
        if facts := _facts(entity):
            lines += ["", _("What concerns you:"), *facts]
        lines += _written(about, entries)
    return "\n".join([*lines, "", signature(ticket, marker)])


def reply(ticket: Ticket, about: Telling, entries: Sequence[TimelineEntry], marker: str) -> str:
    """Give the text of a reply that tells what was written since."""
    with translation.override(ticket.entity.organisation.language):
        return "\n".join([*_written(about, entries), "", signature(ticket, marker)]).lstrip()


def signature(ticket: Ticket, marker: str) -> str:
    """Give the last line of whatever we write there: by it, it is known again when it comes back."""
    return f"-- Tocsin {ticket.reference} {marker}"


def _facts(entity: IncidentEntity) -> list[str]:
    parts = Part.objects.filter(
        notice__matter=entity.incident.uuid, organisation=entity.organisation_id, told_at__isnull=False
    )
    shares = [share for part in parts for share in part.shares.filter(edition=part.edition_id)]
    values = list(dict.fromkeys(f"- {shown(fact)}" for share in shares for fact in share.facts))
    more = len(values) - FACTS
    left = [ngettext("- and %d more, in the notice", "- and %d more, in the notice", more) % more] if more > 0 else []
    return values[:FACTS] + left


def _written(about: Telling, entries: Sequence[TimelineEntry]) -> list[str]:
    lines = []
    for entry in entries:
        head = f"{entry.time:%Y-%m-%d %H:%M}Z" + (f" {entry.author}" if entry.author is not None else "")
        lines += ["", head, about.withheld(said(entry))[:LONGEST_ENTRY]]
    return lines


def desks(user: Any) -> QuerySet[ForeignDesk]:
    """Give the ticket systems that the person sets up, by organisation."""
    found: QuerySet[ForeignDesk] = ForeignDesk.objects.visible_to(user).select_related("organisation")
    return found.order_by("organisation__code")


def organisations_for_desks(user: Any) -> QuerySet[Organisation]:
    """Give the organisations for which the person may set a desk up, and that have none."""
    found: QuerySet[Organisation] = Organisation.objects.visible_to(user, DESKS)
    return found.filter(active=True, foreign_desk=None).order_by("place")


def desk_or_404(user: Any, uuid: Any) -> ForeignDesk:
    """Give one ticket system that the person sets up."""
    found = desks(user).filter(uuid=uuid).first()
    if found is None:
        raise Http404("desk")
    return found


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """How one part of an incident is mirrored: its desk, its ticket if there is one, what passed last."""

    entity: IncidentEntity
    desk: ForeignDesk
    ticket: Ticket | None
    passed: Sequence[Passing] = ()

    @property
    def url(self) -> str:
        """Give where the ticket is read there."""
        known = self.ticket is not None and self.ticket.number
        return f"{self.desk.base_url}/Ticket/Display.html?id={self.ticket.number}" if known and self.ticket else ""


def elsewhere(incident: Incident, entities: Collection[IncidentEntity]) -> list[Elsewhere]:
    """Give how the shown parts of an incident are mirrored."""
    places = {entity.organisation_id: entity for entity in entities}
    found = {desk.organisation_id: desk for desk in ForeignDesk.objects.filter(organisation__in=places)}
    tickets = list(Ticket.objects.filter(incident=incident, entity__in=entities).select_related("desk").order_by("pk"))
    with_ticket = {ticket.entity_id for ticket in tickets}
    latest = _latest(tickets)
    by_id = {entity.pk: entity for entity in entities}
    shown_ = [Elsewhere(by_id[each.entity_id], each.desk, each, latest.get(each.pk, ())) for each in tickets]
    for place, entity in places.items():
        desk = found.get(place)
        if desk is not None and entity.pk not in with_ticket:
            shown_.append(Elsewhere(entity, desk, None))
    return shown_


def _latest(tickets: Sequence[Ticket]) -> dict[int, list[Passing]]:
    """Give the last ten passings of each ticket; of many tickets the newest alone."""
    found: dict[int, list[Passing]] = {}
    for passing in Passing.objects.filter(ticket__in=tickets).order_by("-id")[:200]:
        kept = found.setdefault(passing.ticket_id, [])
        if len(kept) < 10:
            kept.append(passing)
    return found


def ticket_or_404(incident: Incident, entities: Collection[IncidentEntity], uuid: Any) -> Ticket:
    """Give one ticket of the shown parts."""
    found = Ticket.objects.filter(incident=incident, entity__in=entities, uuid=uuid).select_related("desk").first()
    if found is None:
        raise Http404("ticket")
    return found


@dataclass(frozen=True, slots=True)
class Figures:
    """How many tickets of a desk are mirrored, and how many are not and why; none of what is sealed."""

    live: int
    waiting: int
    refused: int
    resting: int
    troubled: int


def figures_of(desk: ForeignDesk) -> Figures:
    """Count the tickets of a desk."""
    counts = desk.tickets.filter(incident__sealed=False).aggregate(
        **{state: Count("pk", filter=Q(state=state)) for state in ("live", "waiting", "refused", "resting")},
        troubled=Count("pk", filter=Q(failures__gt=0)),
    )
    return Figures(**counts)


def tag_of(matter: UUID, organisation: str) -> str:
    """Give the tag by which an organisation's system knows its mails about an incident; empty when there is none."""
    tickets = Ticket.objects.filter(
        incident__uuid=matter, desk__organisation__code=organisation, desk__active=True, incident__sealed=False
    )
    found = tickets.exclude(number="").exclude(desk__rtname="").select_related("desk").order_by("pk").first()
    return f"[{found.desk.rtname} #{found.number}]" if found is not None else ""


def tagged(name: str, number: str) -> Tagged | None:
    """Give what a tag in the subject of a mail is about, while it is mirrored."""
    tickets = Ticket.objects.filter(number=number, desk__rtname__iexact=name, desk__active=True, state=State.LIVE)
    found = tickets.filter(incident__sealed=False).values_list("incident__uuid", "desk__organisation")[:2]
    return Tagged(*found[0]) if len(found) == 1 else None
