"""Take in what is written in a ticket there: as text alone, once, and never anything that we wrote ourselves."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.pipeline.mail.markup import to_text
from tocsin.platform import audit
from tocsin.rooms.exchange import knowledge
from tocsin.rooms.exchange.actions.dialect import PER_PAGE, Dialect, Text, Transaction
from tocsin.rooms.exchange.models import ForeignDesk, Passing, Ticket
from tocsin.rooms.incidents.actions import note
from tocsin.rooms.incidents.actions.record import hold
from tocsin.rooms.incidents.models import Audience, Incident, IncidentEntity, TimelineEntry
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices.actions.answer import Said
from tocsin.rooms.notices.models import Answer, Part

WROTE, STATE = frozenset({"Create", "Correspond"}), "Status"
SYSTEM = frozenset({"RT_System", "Nobody"})
MARKER = re.compile(r"-- Tocsin (\S+) ([0-9a-f]{16})\b")
QUOTE = re.compile(r"^[>\s]+", re.MULTILINE)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MAILS = 50
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
Way = Passing.Way


def hear(desk: ForeignDesk, rt: Dialect, ticket: Ticket) -> int:
    """Take in what is new in a ticket; give how much. Raise Trouble; what was taken in until then stays."""
    taken, seen = 0, ticket.read // PER_PAGE * PER_PAGE
    for heard in rt.history(ticket.number, ticket.read):
        seen += 1
        if heard.number <= ticket.last_heard:
            continue
        text = rt.text(heard.number) if heard.type in WROTE else Text()
        if not _take(desk, ticket, heard, text, seen):
            break
        ticket.last_heard, ticket.read = heard.number, seen
        taken += 1
    return taken


def too_much(ticket: Ticket) -> bool:
    """Let a ticket rest through which too much passed within the hour: the last guard against loops."""
    most = knowledge.desks().most_in_an_hour
    since = max(ticket.counted_from, timezone.now() - HOUR)
    if ticket.passings.filter(created_at__gte=since).count() < most:
        return False
    said = _("More than %d things passed within an hour. Look whether something answers by itself, then mirror again.")
    Ticket.objects.filter(pk=ticket.pk).update(state=Ticket.State.RESTING, trouble=said % most)
    audit.record(None, "exchange.ticket_rests", ticket, {"reference": ticket.reference, "most": most})
    return True


@transaction.atomic
def _take(desk: ForeignDesk, ticket: Ticket, heard: Transaction, text: Text, seen: int) -> bool:
    """Take one transaction in, with its place; False when the ticket is not listened to any more."""
    if heard.type == STATE and desk.answers:  # notices are held before what they are about
        notices.hold_about(list(Incident.objects.filter(pk=ticket.incident_id).values_list("uuid", flat=True)))
    try:
        incident = hold(ticket.incident_id)
    except ValidationError:
        return False
    current = Ticket.objects.select_for_update(of=("self",)).get(pk=ticket.pk)
    if incident.sealed or current.state != Ticket.State.LIVE or current.incident_id != incident.pk:
        return False
    if too_much(current):
        return False
    if current.last_heard < heard.number:
        if heard.type in WROTE:
            _take_text(desk, current, incident, heard, text)
        elif heard.type == STATE and heard.now:
            _take_state(desk, current, incident, heard)
        current.last_heard, current.read = heard.number, seen
        current.save(update_fields=["last_heard", "read", "state_there", "last_in_at"])
    return True


def _take_text(desk: ForeignDesk, ticket: Ticket, incident: Incident, heard: Transaction, text: Text) -> None:
    plain = to_text(text.text)[0] if text.markup else text.text
    if _ours(desk, ticket, heard, plain):
        return
    written = _clean(plain, text.names)
    if not written:
        return
    if _came_by_mail(ticket, incident, plain):
        _keep(ticket, heard, written, [])
        return
    entry = note(
        incident, "ticket_wrote", name=heard.creator, ticket=ticket.number, text=written, author=None,
        kind=TimelineEntry.Kind.RESPONSE, entity=_part(ticket), audience=Audience.ENTITY,
        time=min(heard.created, timezone.now()),
    )  # fmt: skip
    _keep(ticket, heard, written, [entry])


def _came_by_mail(ticket: Ticket, incident: Incident, plain: str) -> bool:
    """Tell whether the ticket system has sent the same by mail, so that it stands in the timeline already."""
    mails = incident.timeline.filter(event="wrote", entity=ticket.entity_id, time__gte=timezone.now() - DAY)
    return any(_bare(text) == _bare(plain) for text in mails.order_by("-id").values_list("text", flat=True)[:MAILS])


def _ours(desk: ForeignDesk, ticket: Ticket, heard: Transaction, plain: str) -> bool:
    """Tell whether we wrote this: our account did, or somebody sends back what we wrote and nothing else."""
    markers = [marker for _reference, marker in MARKER.findall(plain)][-20:]
    mine = list(ticket.passings.filter(way=Way.OUT, marker__in=markers)) if markers else []
    if heard.creator == (desk.account or heard.creator) and mine:
        _recognise(mine[-1], heard)
        return True
    return heard.creator == desk.account or any(_bare(passing.text) == _bare(plain) for passing in mine)


def _recognise(passing: Passing, heard: Transaction) -> None:
    """Note that something of ours arrived there, and as which transaction."""
    if passing.transaction:
        return
    passing.transaction, passing.state = str(heard.number), Passing.State.DONE
    passing.done_at = passing.done_at or timezone.now()
    passing.save(update_fields=["transaction", "state", "done_at"])


def _bare(text: str) -> str:
    """Give the words of a text alone, without the marks of quotes and however its lines are broken."""
    return " ".join(QUOTE.sub("", text).split())


def _clean(plain: str, names: Sequence[str]) -> str:
    """Give a text that may be kept and shown: no control characters, no longer than is read, names of files below."""
    longest = knowledge.desks().longest
    text = CONTROL.sub("", plain).strip()
    if len(text) > longest:
        text = f"{text[:longest]}\n{_('[cut; the rest is in the ticket]')}"
    if names:
        text = f"{text}\n{_('Attached there:')} {', '.join(CONTROL.sub('', name) for name in names)}".strip()
    return text


def _take_state(desk: ForeignDesk, ticket: Ticket, incident: Incident, heard: Transaction) -> None:
    """Note another state of the ticket; what people of the organisation made it may be their answer."""
    was, ticket.state_there = ticket.state_there, heard.now
    if heard.creator == desk.account or was == heard.now:
        return
    entry = note(
        incident, "ticket_state", ticket=ticket.number, was=was, now=heard.now, author=None,
        entity=_part(ticket), audience=Audience.ENTITY, time=min(heard.created, timezone.now()),
    )  # fmt: skip
    _keep(ticket, heard, f"{was} → {heard.now}", [entry])
    meaning = knowledge.theirs(desk.kind, desk.states).get(heard.now)
    if desk.answers and meaning and heard.creator not in SYSTEM:
        _answer(ticket, incident, heard, meaning)


def _answer(ticket: Ticket, incident: Incident, heard: Transaction, meaning: str) -> None:
    """Let what the organisation was asked about the incident follow the state of its ticket."""
    waiting = Part.objects.filter(
        notice__matter=incident.uuid, organisation=ticket.entity.organisation_id, settled=False, told_at__isnull=False
    )
    why = _("Ticket %(ticket)s is “%(state)s”.") % {"ticket": ticket.number, "state": heard.now}
    for part in waiting.select_related("notice").order_by("notice_id"):
        said = Said(meaning, Answer.Via.TICKET, heard.creator, why)
        try:
            with transaction.atomic():
                notices.answer(part=part, said=said)
        except notices.NoticeError:  # withdrawn, or over: nothing is asked any more
            continue


def _keep(ticket: Ticket, heard: Transaction, text: str, entries: Sequence[TimelineEntry]) -> None:
    kept = Passing.objects.create(
        ticket=ticket, way=Way.IN, state=Passing.State.DONE, transaction=str(heard.number), text=text,
        done_at=timezone.now(),
    )  # fmt: skip
    kept.entries.set(entries)
    ticket.last_in_at = kept.done_at


def _part(ticket: Ticket) -> IncidentEntity:
    return IncidentEntity.objects.get(pk=ticket.entity_id)
