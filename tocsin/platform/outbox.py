"""The one way mail leaves: asked for at the gate, marked, kept, tried until it is through or a person must look.

A message in flight when its sender dies becomes `uncertain`. It is never sent again by itself: a person confirms that
it arrived or sends it again.
"""

from __future__ import annotations

import logging
import mailbox
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from tocsin import config
from tocsin.platform import audit, gate, smtp
from tocsin.platform.gate import Action, Item, Recipient, Refused
from tocsin.platform.identity import new_uuid
from tocsin.platform.markings import TLP
from tocsin.platform.models import OutboxAttachment, OutboxMessage

__all__ = ["Attachment", "Refused", "confirm", "deliver_due", "send", "send_again", "unsettled"]

logger = logging.getLogger(__name__)

WAITS = [timedelta(minutes=m) for m in (1, 5, 15, 60, 240, 480, 720, 1440)]  # then it has failed
IN_FLIGHT = timedelta(minutes=10)  # longer than any session with a relay
BATCH = 100

State = OutboxMessage.State
HandOver = Callable[[OutboxMessage], None]


@dataclass(frozen=True, slots=True)
class Attachment:
    """A text file to go with a mail: its name, what sort of text it is (``csv``, ``plain``), its content."""

    name: str
    subtype: str
    text: str


def send(
    *,
    actor: Any,
    item: Item,
    recipient: Recipient,
    subject: str,
    body: str,
    language: str = "en",
    attachments: Sequence[Attachment] = (),
) -> OutboxMessage:
    """Put one mail on its way, marked with its TLP; `Refused`, kept in the ledger, when the gate says no."""
    address = _checked(recipient.address)
    if not gate.may_send(item, recipient, Action.MAIL).allowed:
        raise Refused(gate.ask(actor, item, recipient, Action.MAIL))
    with transaction.atomic():
        decision = gate.ask(actor, item, recipient, Action.MAIL)
        with translation.override(language):
            subject, body = _marked(item, *(gate.redact(text, item, decision.redactions) for text in (subject, body)))
        identity = new_uuid()
        message = OutboxMessage.objects.create(
            uuid=identity,
            decision_id=decision.entry,
            message_id=f"<{identity}@{config.load().tocsin_mail_from.rpartition('@')[2]}>",
            recipient=address,
            subject=subject,
            body=body,
            language=language,
            next_attempt_at=timezone.now(),
        )
        OutboxAttachment.objects.bulk_create(
            OutboxAttachment(
                message=message,
                name=each.name,
                subtype=each.subtype,
                text=gate.redact(each.text, item, decision.redactions),
            )
            for each in attachments
        )
        audit.record(actor, "outbox.send", message, {"item": item.uuid, "recipient": address})
    return message


def _checked(address: str) -> str:
    validate_email(address)  # one address and nothing else: no second recipient, no header
    local, _at, domain = address.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError as error:
        raise ValidationError(_("Enter a valid email address."), code="invalid") from error


def _marked(item: Item, subject: str, body: str) -> tuple[str, str]:
    label = TLP(item.tlp).label
    one_line = " ".join(f"[{label}] {subject}".split())[:250]
    note = _("This message is %(tlp)s (FIRST TLP 2.0).") % {"tlp": label}
    return one_line, f"{label}\n\n{body.strip()}\n\n-- \n{note} {_meaning(TLP(item.tlp))}\n{label}\n"


def _meaning(tlp: TLP) -> str:
    return {
        TLP.RED: _("For the eyes of the named recipients only."),
        TLP.AMBER_STRICT: _("Share it inside your organisation only, with those who need to know."),
        TLP.AMBER: _("Share it inside your organisation and with its clients, with those who need to know."),
        TLP.GREEN: _("Share it within the community, not through public channels."),
        TLP.CLEAR: _("It may be shared without limits."),
    }[tlp]


def deliver_due() -> int:
    """Try every message that is due; give how many went out."""
    now = timezone.now()
    lost = OutboxMessage.objects.filter(state=State.SENDING, next_attempt_at__lt=now)
    if lost.exists():
        lost.update(state=State.UNCERTAIN, error="its sender died while handing it over; look whether it arrived")
    waiting = OutboxMessage.objects.filter(state=State.QUEUED, next_attempt_at__lte=now).order_by("next_attempt_at")
    due = list(waiting.prefetch_related("attachments")[:BATCH])
    return _deliver(due) if due else 0


def _deliver(due: list[OutboxMessage]) -> int:
    try:
        with _way_out() as hand_over:
            return sum(_try(message, hand_over) for message in due)
    except smtp.NotTaken as error:  # nobody opened
        for message in filter(_claim, due):
            _postpone(message, error)
        return 0


def _try(message: OutboxMessage, hand_over: HandOver) -> bool:
    if not _claim(message):
        return False
    try:
        hand_over(message)
    except smtp.NotTaken as error:
        _postpone(message, error)
        return False
    except smtp.Unknown as error:
        _settle(message, State.UNCERTAIN, str(error))
        return False
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
        yield lambda message: smtp.hand_over(session, sender, message.recipient, _email(message))


def _keep(folder: Path, message: OutboxMessage) -> None:
    try:
        for part in ("tmp", "new", "cur"):  # the library makes them only together with the folder itself
            (folder / part).mkdir(parents=True, exist_ok=True, mode=0o700)
        mailbox.Maildir(folder).add(_email(message).as_bytes(policy=SMTP.clone(linesep="\n")))
    except OSError as error:
        raise smtp.NotTaken(f"{folder}: {error.strerror or error}") from error


def _email(message: OutboxMessage) -> EmailMessage:
    email = EmailMessage(policy=SMTP)
    local, _at, domain = message.recipient.rpartition("@")
    email["From"] = config.load().tocsin_mail_from
    email["To"] = Address(username=local, domain=domain)
    email["Subject"] = message.subject
    email["Date"] = message.created_at
    email["Message-ID"] = message.message_id
    email["Auto-Submitted"] = "auto-generated"
    email.set_content(message.body)
    for each in message.attachments.all():
        email.add_attachment(each.text, subtype=each.subtype, filename=each.name)
    email["Content-Language"] = message.language  # only now: new content drops what was said about the old
    return email


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
