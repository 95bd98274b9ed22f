"""What a mail of ours looks like: marking, headers, attachments; encrypted where the recipient's key is known."""

from __future__ import annotations

import re
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from django.utils.translation import gettext as _

from tocsin import config
from tocsin.platform import openpgp
from tocsin.platform.gate import Item
from tocsin.platform.markings import TLP
from tocsin.platform.models import OutboxMessage

POLICY = SMTP.clone(cte_type="7bit")  # every relay takes it, and what is signed must not be changed on the way
# The marking and the reference, before the title, which may begin with a bracket itself
_SHOWN = re.compile(r"\[TLP:[A-Z+]+\]\s*(?:\[[A-Z]{1,3}-\d\d-[2-9A-HJ-NP-Z]{6,8}\]\s*)?")


def marked(item: Item, subject: str, body: str) -> tuple[str, str]:
    """Give subject and body with the marking, in the language that is active."""
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


def written(message: OutboxMessage) -> bytes:
    """Give the bytes that go to the relay; ``openpgp.UnusableKey`` when it must be encrypted and cannot."""
    content = _content(message)
    mail = _encrypted(message, content) if message.key else content
    return mail.as_bytes(policy=POLICY)


def _content(message: OutboxMessage) -> EmailMessage:
    mail = EmailMessage(policy=POLICY)
    _address(mail, message, message.subject)
    mail.set_content(message.body)
    for each in message.attachments.all():
        mail.add_attachment(each.text, subtype=each.subtype, filename=each.name)
    mail["Content-Language"] = message.language  # only now: new content drops what was said about the old
    return mail


def _address(mail: EmailMessage, message: OutboxMessage, subject: str) -> None:
    local, _at, domain = message.recipient.rpartition("@")
    mail["From"] = config.load().tocsin_mail_from
    mail["To"] = Address(username=local, domain=domain)
    mail["Subject"] = subject
    mail["Date"] = message.created_at
    mail["Message-ID"] = message.message_id
    # RFC 3834: no machine answers it, unless a person wrote it; X-Loop is for those that do all the same.
    headers = {"Auto-Submitted": "auto-generated", "X-Loop": config.load().tocsin_mail_from} | message.headers
    for name, value in headers.items():
        mail[name] = value


def _encrypted(message: OutboxMessage, content: EmailMessage) -> EmailMessage:
    """Wrap the mail as RFC 3156 says; outside stand the marking and the reference, and no title."""
    inside = openpgp.sealed(content.as_bytes(policy=POLICY), message.key)
    mail = EmailMessage(policy=POLICY)
    shown = _SHOWN.match(message.subject)
    _address(mail, message, f"{shown[0] if shown else ''}...")
    mail["Content-Type"] = 'multipart/encrypted; protocol="application/pgp-encrypted"'
    mail.attach(_part(b"Version: 1\r\n", "pgp-encrypted"))
    mail.attach(_part(inside, "octet-stream", "encrypted.asc"))
    return mail


def _part(content: bytes, subtype: str, filename: str | None = None) -> EmailMessage:
    part = EmailMessage(policy=POLICY)
    how = "inline" if filename else None
    part.set_content(content, "application", subtype, cte="7bit", disposition=how, filename=filename)
    return part
