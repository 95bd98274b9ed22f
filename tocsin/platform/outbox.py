"""The one way mail leaves: asked for at the gate, marked, kept, tried until it is through or a person must look.

A message in flight when its sender dies becomes `uncertain`. It is never sent again by itself: a person confirms that
it arrived or sends it again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from tocsin import config
from tocsin.platform import addresses, audit, gate, mailboxes, mime, openpgp, smtp
from tocsin.platform.gate import Action, Decision, Item, Recipient, Refused
from tocsin.platform.identity import new_uuid
from tocsin.platform.models import OutboxAttachment, OutboxMessage

__all__ = [
    "Attachment",
    "Mail",
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
AT_ONCE = 500
HEADERS = frozenset({"In-Reply-To", "References", "List-Unsubscribe"})

State = OutboxMessage.State
HandOver = Callable[[OutboxMessage], None]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A text file to go with a mail: its name, what sort of text it is (``csv``, ``plain``), its content."""

    name: str
    subtype: str
    text: str


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to send. ``headers`` are those of `HEADERS`; ``key`` is the recipient's OpenPGP key, when known."""

    item: Item
    recipient: Recipient
    subject: str
    body: str
    language: str = "en"
    attachments: Sequence[Attachment] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    key: str = ""


def send(*, actor: Any, mail: Mail) -> OutboxMessage:
    """Put one mail on its way, marked with its TLP; `Refused`, kept in the ledger, when the gate says no."""
    addresses.checked(mail.recipient.address)
    if not gate.may_send(mail.item, mail.recipient, Action.MAIL).allowed:
        raise Refused(gate.ask(actor, mail.item, mail.recipient, Action.MAIL))
    (message,) = send_many(actor=actor, mails=[mail])
    if isinstance(message, Decision):  # the gate changed its mind in between
        raise Refused(message)
    return message


@transaction.atomic
def send_many(*, actor: Any, mails: Sequence[Mail]) -> list[OutboxMessage | Decision]:
    """Put mails on their way together; in the place of one that the gate refuses stands its decision.

    Raises ValidationError, and sends none, when an address is none.
    """
    to = [addresses.checked(mail.recipient.address) for mail in mails]
    decisions = gate.ask_many(actor, [(mail.item, mail.recipient) for mail in mails], Action.MAIL)
    posted: list[OutboxMessage | Decision] = [
        _message(mail, address, decision) if decision.allowed else decision
        for mail, address, decision in zip(mails, to, decisions, strict=True)
    ]
    messages = [each for each in posted if isinstance(each, OutboxMessage)]
    OutboxMessage.objects.bulk_create(messages, batch_size=AT_ONCE)
    OutboxAttachment.objects.bulk_create(
        (
            OutboxAttachment(
                message=message,
                name=each.name,
                subtype=each.subtype,
                text=gate.redact(each.text, mail.item, decision.redactions),
            )
            for mail, decision, message in zip(mails, decisions, posted, strict=True)
            if isinstance(message, OutboxMessage)
            for each in mail.attachments
        ),
        batch_size=AT_ONCE,
    )
    audit.record_many(actor, "outbox.send", messages)
    return posted


def _message(mail: Mail, address: str, decision: Decision) -> OutboxMessage:
    if unknown := set(mail.headers) - HEADERS:
        raise ValueError(f"no header of a mail of ours: {', '.join(sorted(unknown))}")
    with translation.override(mail.language):
        plain = (gate.redact(text, mail.item, decision.redactions) for text in (mail.subject, mail.body))
        subject, body = mime.marked(mail.item, *plain)
    identity = new_uuid()
    return OutboxMessage(
        uuid=identity,
        decision_id=decision.entry,
        message_id=f"<{identity}@{config.load().tocsin_mail_from.rpartition('@')[2]}>",
        recipient=address,
        subject=subject,
        body=body,
        language=mail.language,
        headers={name: " ".join(value.split()) for name, value in mail.headers.items()},
        key=mail.key,
        next_attempt_at=timezone.now(),
    )


def deliver_due() -> int:
    """Try every message that is due; give how many went out."""
    lost = OutboxMessage.objects.filter(state=State.SENDING, next_attempt_at__lt=timezone.now())
    if lost.exists():
        _look_after(lost)
    waiting = OutboxMessage.objects.filter(state=State.QUEUED, next_attempt_at__lte=timezone.now())
    sent = 0
    for _round in range(ROUNDS):
        due = list(waiting.order_by("next_attempt_at").prefetch_related("attachments")[:BATCH])
        if not due:
            break
        sent += _deliver(due)
    return sent


def _look_after(lost: QuerySet[OutboxMessage]) -> None:
    """Decide about messages whose sender died: what the house keeps itself is kept once, however often it is tried."""
    if not config.load().tocsin_smtp_url:
        lost.update(state=State.QUEUED, next_attempt_at=timezone.now())
        return
    lost.update(state=State.UNCERTAIN, error="its sender died while handing it over; look whether it arrived")


def look_up() -> int:
    """Look for uncertain messages in the copy the relay keeps; give how many did arrive there.

    One that is not there stays uncertain: its copy may only be late, and nothing is ever sent twice blindly.
    """
    archive = config.load().tocsin_mail_archive
    uncertain = OutboxMessage.objects.filter(state=State.UNCERTAIN)
    wanted = list(uncertain.values_list("message_id", flat=True)) if archive else []
    if not wanted:
        return 0
    with mailboxes.opened(archive, "TOCSIN_MAIL_ARCHIVE") as copy:
        found = copy.holding(wanted)
    arrived = uncertain.filter(message_id__in=found)
    with transaction.atomic():
        audit.record_many(None, "outbox.found", list(arrived))
        return arrived.update(state=State.SENT, sent_at=timezone.now(), error="")


def _deliver(due: list[OutboxMessage]) -> int:
    """Hand over in one session; give how many were taken. Those behind one that broke it wait for the next session."""
    sent = 0
    try:
        with _way_out() as hand_over:
            for message in due:
                sent += _try(message, hand_over)
    except (smtp.Lost, smtp.Unknown):
        return sent
    except smtp.NotTaken as error:  # nobody opened
        for message in filter(_claim, due):
            _postpone(message, error)
    return sent


def _try(message: OutboxMessage, hand_over: HandOver) -> bool:
    if not _claim(message):
        return False
    try:
        hand_over(message)
    except smtp.Lost as error:
        _postpone(message, error)
        raise
    except smtp.NotTaken as error:
        _postpone(message, error)
        return False
    except smtp.Unknown as error:
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


def _postpone(message: OutboxMessage, error: smtp.NotTaken) -> None:
    if error.permanent or message.attempts > len(WAITS):
        _settle(message, State.FAILED, str(error))
        return
    OutboxMessage.objects.filter(pk=message.pk, state=State.SENDING).update(
        state=State.QUEUED, error=str(error)[:500], next_attempt_at=timezone.now() + WAITS[message.attempts - 1]
    )


@contextmanager
def _way_out() -> Iterator[HandOver]:
    url, sender = config.load().tocsin_smtp_url, config.load().tocsin_mail_from
    if not url:
        yield lambda message: _keep(config.load().home / "mail", message)
        return
    with smtp.connected(smtp.Relay.of(url)) as session:
        yield lambda message: smtp.hand_over(
            session, smtp.Envelope(sender, message.recipient, str(message.uuid)), _written(message)
        )


def _written(message: OutboxMessage) -> bytes:
    try:
        return mime.written(message)
    except openpgp.UnusableKey as error:
        raise smtp.NotTaken(str(error), permanent=True) from error


def _keep(folder: Path, message: OutboxMessage) -> None:
    """Lay the message into the Maildir under its own name: kept twice, it is there once."""
    content = _written(message).replace(b"\r\n", b"\n")
    name = f"{message.uuid}.tocsin"
    try:
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(parents=True, exist_ok=True, mode=0o700)
        if message.attempts > 1 and any((folder / "cur").glob(f"{name}*")):
            return
        (folder / "tmp" / name).write_bytes(content)
        (folder / "tmp" / name).replace(folder / "new" / name)
    except OSError as error:
        raise smtp.NotTaken(f"{folder}: {error.strerror or error}") from error


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
