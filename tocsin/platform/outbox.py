"""The one way messages leave: asked for at the gate, marked, kept, tried until it is through or a person must look.

A message in flight when its sender dies becomes `uncertain`. It is never sent again by itself: a person confirms that
it arrived or sends it again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from tocsin import config
from tocsin.platform import audit, gate, mailboxes, mime, ways
from tocsin.platform.gate import Decision, Item, Recipient, Refused
from tocsin.platform.handover import Lost, NotTaken, Unknown
from tocsin.platform.identity import new_uuid
from tocsin.platform.models import OutboxAttachment, OutboxMessage
from tocsin.platform.ways import ACTIONS, CHECKED

__all__ = [
    "Attachment",
    "Message",
    "Refused",
    "confirm",
    "deliver_due",
    "look_up",
    "send",
    "send_again",
    "send_many",
    "unsettled",
]

logger = logging.getLogger(__name__)

WAITS = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 480, 720, 1440)]  # then it has failed
IN_FLIGHT = timedelta(minutes=20)  # longer than any session with a relay
BATCH, ROUNDS = 100, 50
SIDE_BY_SIDE = 10
AT_ONCE = 500
HEADERS = frozenset({"Auto-Submitted", "In-Reply-To", "References", "List-Unsubscribe"})

State = OutboxMessage.State
Channel = OutboxMessage.Channel


@dataclass(frozen=True, slots=True)
class Attachment:
    """A text file to go with a mail: its name, what sort of text it is (``csv``, ``plain``), its content."""

    name: str
    subtype: str
    text: str


@dataclass(frozen=True, slots=True)
class Message:
    """One message to send by ``channel``: a mail, JSON to a URL, a short text to a number.

    Subject, attachments, ``headers`` (those of `HEADERS`) and ``key`` (the recipient's OpenPGP key, when known) are for
    mail alone.
    """

    item: Item
    recipient: Recipient
    subject: str
    body: str
    language: str = "en"
    attachments: Sequence[Attachment] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    channel: str = Channel.MAIL


def send(*, actor: Any, message: Message) -> OutboxMessage:
    """Put one message on its way; `Refused`, kept in the ledger, when the gate says no."""
    action = ACTIONS[message.channel]
    _address(message)
    if not gate.may_send(message.item, message.recipient, action).allowed:
        raise Refused(gate.ask(actor, message.item, message.recipient, action))
    (posted,) = send_many(actor=actor, messages=[message])
    if isinstance(posted, Decision):  # the gate changed its mind in between
        raise Refused(posted)
    return posted


@transaction.atomic
def send_many(*, actor: Any, messages: Sequence[Message]) -> list[OutboxMessage | Decision]:
    """Put messages on their way together; in the place of one that the gate refuses stands its decision.

    Raises ValidationError, and sends none, when an address is none.
    """
    to = [_address(message) for message in messages]
    asked = [(each.item, each.recipient, ACTIONS[each.channel]) for each in messages]
    decisions = gate.ask_many(actor, asked)
    posted: list[OutboxMessage | Decision] = [
        _message(message, address, decision) if decision.allowed else decision
        for message, address, decision in zip(messages, to, decisions, strict=True)
    ]
    leaving = [each for each in posted if isinstance(each, OutboxMessage)]
    OutboxMessage.objects.bulk_create(leaving, batch_size=AT_ONCE)
    OutboxAttachment.objects.bulk_create(
        (
            OutboxAttachment(
                message=row,
                name=each.name,
                subtype=each.subtype,
                text=gate.redact(each.text, message.item, decision.redactions),
            )
            for message, decision, row in zip(messages, decisions, posted, strict=True)
            if isinstance(row, OutboxMessage)
            for each in message.attachments
        ),
        batch_size=AT_ONCE,
    )
    audit.record_many(actor, "outbox.send", leaving)
    return posted


def _address(message: Message) -> str:
    return CHECKED[message.channel](message.recipient.address)


def _message(message: Message, address: str, decision: Decision) -> OutboxMessage:
    if unknown := set(message.headers) - HEADERS:
        raise ValueError(f"no header of a mail of ours: {', '.join(sorted(unknown))}")
    with translation.override(message.language):
        subject, body = (
            gate.redact(text, message.item, decision.redactions) for text in (message.subject, message.body)
        )
        if message.channel == Channel.MAIL:
            subject, body = mime.marked(message.item, subject, body)
    identity = new_uuid()
    return OutboxMessage(
        uuid=identity,
        decision_id=decision.entry,
        message_id=f"<{identity}@{config.load().tocsin_mail_from.rpartition('@')[2]}>",
        channel=message.channel,
        recipient=address,
        subject=subject,
        body=body,
        language=message.language,
        headers={name: " ".join(value.split()) for name, value in message.headers.items()},
        key=message.key,
        next_attempt_at=timezone.now(),
    )


def deliver_due(channel: str = Channel.MAIL) -> int:
    """Try every message of a channel that is due; give how many went out."""
    all_of_it = OutboxMessage.objects.filter(channel=channel)
    lost = all_of_it.filter(state=State.SENDING, next_attempt_at__lt=timezone.now())
    if lost.exists():
        _look_after(lost, channel)
    waiting = all_of_it.filter(state=State.QUEUED, next_attempt_at__lte=timezone.now())
    deliver = _deliver_side_by_side if channel == Channel.WEBHOOK else _deliver
    sent = 0
    for _round in range(ROUNDS):
        known = waiting.order_by("next_attempt_at").select_related("decision").prefetch_related("attachments")
        due = list(known[:BATCH])
        if not due:
            break
        sent += deliver(due, channel)
    return sent


def _look_after(lost: QuerySet[OutboxMessage], channel: str) -> None:
    """Decide about messages whose sender died: what the other side keeps once is handed over again."""
    if ways.kept_once(channel):
        lost.update(state=State.QUEUED, next_attempt_at=timezone.now())
        return
    lost.update(state=State.UNCERTAIN, error="its sender died while handing it over; look whether it arrived")


def look_up() -> int:
    """Look for uncertain messages in the copy the relay keeps; give how many did arrive there.

    One that is not there stays uncertain: its copy may only be late, and nothing is ever sent twice blindly.
    """
    archive = config.load().tocsin_mail_archive
    uncertain = OutboxMessage.objects.filter(channel=Channel.MAIL, state=State.UNCERTAIN)
    wanted = list(uncertain.values_list("message_id", flat=True)) if archive else []
    if not wanted:
        return 0
    with mailboxes.opened(archive, "TOCSIN_MAIL_ARCHIVE") as copy:
        found = copy.holding(wanted)
    arrived = uncertain.filter(message_id__in=found)
    with transaction.atomic():
        audit.record_many(None, "outbox.found", list(arrived))
        return arrived.update(state=State.SENT, sent_at=timezone.now(), error="")


def _deliver(due: Sequence[OutboxMessage], channel: str) -> int:
    """Hand over in one session; give how many were taken. Those behind one that broke it wait for the next session."""
    sent = 0
    try:
        with ways.way_out(channel) as hand_over:
            for message in due:
                sent += _try(message, hand_over)
    except (Lost, Unknown):
        return sent
    except NotTaken as error:  # nobody opened
        for message in filter(_claim, due):
            _postpone(message, error)
    return sent


def _deliver_side_by_side(due: Sequence[OutboxMessage], channel: str) -> int:
    """Hand over to many at a time, so that one who is slow keeps nobody waiting; give how many were taken."""
    claimed = [message for message in due if _claim(message)]
    with ways.way_out(channel) as hand_over, ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        ends = list(pool.map(partial(_end_of, hand_over), claimed))  # they ask the database nothing
    for message, error in zip(claimed, ends, strict=True):
        if error is None:
            _settle(message, State.SENT)
        else:
            _postpone(message, error)
    return ends.count(None)


def _end_of(hand_over: ways.HandOver, message: OutboxMessage) -> NotTaken | None:
    try:
        hand_over(message)
    except NotTaken as error:
        return error
    return None


def _try(message: OutboxMessage, hand_over: ways.HandOver) -> bool:
    if not _claim(message):
        return False
    try:
        hand_over(message)
    except Lost as error:
        _postpone(message, error)
        raise
    except NotTaken as error:
        _postpone(message, error)
        return False
    except Unknown as error:
        _settle(message, State.UNCERTAIN, str(error))
        raise
    _settle(message, State.SENT)
    return True


def _claim(message: OutboxMessage) -> bool:
    """Take the message, unless another sender was faster; from here on a crash leaves it uncertain."""
    claimed = OutboxMessage.objects.filter(pk=message.pk, state=State.QUEUED).update(
        state=State.SENDING, attempts=F("attempts") + 1, next_attempt_at=timezone.now() + IN_FLIGHT
    )
    message.attempts += claimed
    return bool(claimed)


def _settle(message: OutboxMessage, state: OutboxMessage.State, error: str = "") -> None:
    if error:
        logger.warning("message %s is %s: %s", message.uuid, state, error)
    OutboxMessage.objects.filter(pk=message.pk, state=State.SENDING).update(
        state=state, error=error[:500], sent_at=timezone.now() if state == State.SENT else None
    )


def _postpone(message: OutboxMessage, error: NotTaken) -> None:
    if error.permanent or message.attempts > len(WAITS):
        _settle(message, State.FAILED, str(error))
        return
    OutboxMessage.objects.filter(pk=message.pk, state=State.SENDING).update(
        state=State.QUEUED, error=str(error)[:500], next_attempt_at=timezone.now() + WAITS[message.attempts - 1]
    )


def unsettled() -> QuerySet[OutboxMessage]:
    """Give what waits for a person or for its next attempt, the newest first."""
    return OutboxMessage.objects.exclude(state=State.SENT).order_by("-id")


def confirm(message: OutboxMessage, *, actor: Any) -> None:
    """Note that an uncertain message did arrive."""
    _decide(message, actor, "outbox.confirm", state=State.SENT, sent_at=timezone.now(), error="")


def send_again(message: OutboxMessage, *, actor: Any) -> None:
    """Send a message once more that a person found not to have arrived."""
    _decide(
        message, actor, "outbox.send_again", state=State.QUEUED, attempts=0, next_attempt_at=timezone.now(), error=""
    )


def _decide(message: OutboxMessage, actor: Any, verb: str, **change: Any) -> None:
    with transaction.atomic():
        waiting = OutboxMessage.objects.filter(pk=message.pk, state__in=(State.UNCERTAIN, State.FAILED))
        if not waiting.update(**change):
            raise ValidationError(_("Somebody else has already decided about this message."))
        audit.record(actor, verb, message)
    message.refresh_from_db()
