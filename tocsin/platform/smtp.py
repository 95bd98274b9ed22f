"""Hand one message to the relay and tell three ends apart: taken, certainly not taken, nobody knows."""

from __future__ import annotations

import contextlib
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote, urlsplit

from tocsin.config import ConfigError
from tocsin.platform.handover import Lost, NotTaken, Unknown

TIMEOUT = 30
CONTENT_TIMEOUT = 600  # RFC 5321, section 4.5.3.2.6: a filter may look at the content for long
HANGING_UP = 421


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mail is handed over, as TOCSIN_SMTP_URL says."""

    host: str
    port: int
    user: str = ""
    password: str = ""
    tls: bool = False

    @classmethod
    def of(cls, url: str) -> Self:
        """Read ``smtp://user:password@host:25`` or ``smtps://...``."""
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise ConfigError("TOCSIN_SMTP_URL must look like smtp://user:password@host:25 or smtps://host:465")
        tls = parts.scheme == "smtps"
        port = parts.port or (465 if tls else 25)
        return cls(parts.hostname, port, unquote(parts.username or ""), unquote(parts.password or ""), tls)


@contextmanager
def connected(relay: Relay) -> Iterator[smtplib.SMTP]:
    """Open a session, encrypted where the relay offers it; a password never travels in clear."""
    with ExitStack() as stack:
        try:
            session = _connection(relay)
            stack.callback(session.close)
            _introduce(session, relay)
        except (OSError, smtplib.SMTPException) as error:
            raise NotTaken(f"{relay.host}:{relay.port}: {error}") from error
        yield session
        with contextlib.suppress(OSError, smtplib.SMTPException):
            session.quit()


def _connection(relay: Relay) -> smtplib.SMTP:
    if relay.tls:
        return smtplib.SMTP_SSL(relay.host, relay.port, timeout=TIMEOUT, context=ssl.create_default_context())
    return smtplib.SMTP(relay.host, relay.port, timeout=TIMEOUT)


def _introduce(session: smtplib.SMTP, relay: Relay) -> None:
    session.ehlo_or_helo_if_needed()
    if not relay.tls and session.has_extn("starttls"):
        session.starttls(context=_context(relay))
        session.ehlo()
    if relay.user:
        if not isinstance(session.sock, ssl.SSLSocket):
            raise smtplib.SMTPException("the relay offers no STARTTLS, and the password is not sent in clear")
        session.login(relay.user, relay.password)


def _context(relay: Relay) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if not relay.user:  # RFC 7435: some protection is better than none; a password asks for a true certificate
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who sends, who gets it, and the id by which reports of delivery name it (RFC 3461)."""

    sender: str
    recipient: str
    identity: str


def hand_over(session: smtplib.SMTP, envelope: Envelope, content: bytes) -> None:
    """Give the message to the relay, asking for a report of its delivery; NotTaken or Unknown when that fails."""
    reports = session.has_extn("dsn")
    try:
        session.rset()
        _expect(session.mail(envelope.sender, ["RET=HDRS", f"ENVID={envelope.identity}"] if reports else ()))
        _expect(session.rcpt(envelope.recipient, ["NOTIFY=SUCCESS,FAILURE,DELAY"] if reports else ()))
    except (OSError, smtplib.SMTPException) as error:
        raise Lost(str(error)) from error
    if session.sock is not None:
        session.sock.settimeout(CONTENT_TIMEOUT)
    try:
        _expect(session.data(content))
    except smtplib.SMTPDataError as error:  # the relay refused before any content
        _expect((error.smtp_code, error.smtp_error))
    except (OSError, smtplib.SMTPException) as error:
        raise Unknown(f"the connection broke while the content was handed over: {error}") from error


def _expect(reply: tuple[int, bytes | str]) -> None:
    code, text = reply
    if not 200 <= code < 300:
        said = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        if code == HANGING_UP:
            raise Lost(f"the relay said {code} {said}")
        raise NotTaken(f"the relay said {code} {said}", permanent=code >= 500)


def reachable(relay: Relay) -> str:
    """Tell why the relay cannot be used; nothing when it can."""
    try:
        with connected(relay) as session:
            session.noop()
    except (NotTaken, smtplib.SMTPException) as error:
        return str(error)
    return ""
