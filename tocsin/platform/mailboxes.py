"""Mailboxes the house reads: by IMAP, or a Maildir on this machine. Nothing is deleted in them.

What was taken is marked: in a Maildir it moves from new to cur, by IMAP it gets a keyword, or is marked as seen where
the server knows no keywords.
"""

from __future__ import annotations

import contextlib
import imaplib
import re
import ssl
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit

from tocsin.config import ConfigError

LIMIT = 8 * 1024 * 1024  # of a mail longer than this the rest stays in the mailbox
TIMEOUT = 60
BATCH = 200
KEYWORD = "TocsinTaken"
HEAD = 64 * 1024
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
_BLANK = re.compile(rb"\r?\n\r?\n")
_MESSAGE_ID = re.compile(rb"(?im)^message-id:\s*(<[^<>\s]+>)")


class Unreachable(Exception):
    """The mailbox cannot be read now; the message says why."""


@dataclass(frozen=True, slots=True)
class Held:
    """One mail that waits: its name in the mailbox, its first bytes, its whole size."""

    key: str
    content: bytes
    size: int


class Mailbox(Protocol):
    """What both kinds can do."""

    def waiting(self) -> Iterator[Held]:
        """Give the mails that were not taken yet."""

    def taken(self, key: str) -> None:
        """Mark a mail as taken."""

    def holding(self, message_ids: Collection[str]) -> set[str]:
        """Give those of these Message-IDs whose mail lies here."""


@contextmanager
def opened(url: str, setting: str) -> Iterator[Mailbox]:
    """Open ``imaps://user:password@host/FOLDER``, ``imap://...`` or ``maildir:/folder``; Unreachable when it fails."""
    parts = urlsplit(url)
    if parts.scheme == "maildir" and parts.path:
        yield Folder(Path(parts.path))
        return
    if parts.scheme not in {"imap", "imaps"} or not parts.hostname or not parts.username:
        raise ConfigError(f"{setting} must look like imaps://user:password@host/INBOX or maildir:/folder")
    try:
        with _session(url) as session:
            yield Remote(session, unquote(parts.path.strip("/")) or "INBOX")
    except (OSError, imaplib.IMAP4.error) as error:
        raise Unreachable(f"{parts.hostname}: {error}") from error


@contextmanager
def _session(url: str) -> Iterator[imaplib.IMAP4]:
    parts = urlsplit(url)
    host, context = parts.hostname or "", ssl.create_default_context()
    session: imaplib.IMAP4
    if parts.scheme == "imaps":
        session = imaplib.IMAP4_SSL(host, parts.port or 993, ssl_context=context, timeout=TIMEOUT)
    else:
        session = imaplib.IMAP4(host, parts.port or 143, timeout=TIMEOUT)
    try:
        if parts.scheme == "imap" and host not in {"127.0.0.1", "::1", "localhost"}:
            session.starttls(context)  # a password travels in clear within this machine only
        session.login(unquote(parts.username or ""), unquote(parts.password or ""))
        yield session
    finally:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            session.logout()


class Remote:
    """A folder of an IMAP server (RFC 9051)."""

    def __init__(self, session: imaplib.IMAP4, folder: str) -> None:
        self._session = session
        self._expect(session.select(_quoted(folder)))
        _code, flags = session.response("PERMANENTFLAGS")
        self._keywords = bool(flags and flags[0] and b"\\*" in flags[0])

    def waiting(self) -> Iterator[Held]:
        """Give the mails that were not taken yet, without marking them as seen."""
        for uid in self._search(f"UNKEYWORD {KEYWORD}" if self._keywords else "UNSEEN")[:BATCH]:
            held = self._fetched(uid.decode())
            if held is not None:
                yield held

    def _fetched(self, uid: str) -> Held | None:
        """Give one mail; None when somebody deleted it meanwhile."""
        data = self._expect(self._session.uid("FETCH", uid, f"(RFC822.SIZE BODY.PEEK[]<0.{LIMIT}>)"))
        found = next((part for part in data if isinstance(part, tuple)), None)
        if found is None:
            return None
        head, content = found
        size = _SIZE.search(head)
        return Held(uid, content, int(size[1]) if size else len(content))

    def taken(self, key: str) -> None:
        """Mark a mail as taken."""
        self._expect(self._session.uid("STORE", key, "+FLAGS", f"({KEYWORD if self._keywords else chr(92) + 'Seen'})"))

    def holding(self, message_ids: Collection[str]) -> set[str]:
        """Give those of these Message-IDs whose mail lies here."""
        return {each for each in message_ids if self._search("HEADER", "Message-ID", _quoted(each))}

    def _search(self, *wanted: str) -> list[bytes]:
        (found,) = self._expect(self._session.uid("SEARCH", *wanted))
        return (found or b"").split()

    @staticmethod
    def _expect(reply: tuple[str, list[Any]]) -> list[Any]:
        code, data = reply
        if code != "OK":
            raise imaplib.IMAP4.error(f"the server said {code} {data!r}"[:300])
        return data


def _quoted(text: str) -> str:
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


class Folder:
    """A Maildir."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def waiting(self) -> Iterator[Held]:
        """Give what lies in new."""
        for path in sorted((self._path / "new").glob("*"))[:BATCH]:
            if path.is_file() and not path.is_symlink():
                with contextlib.suppress(FileNotFoundError), path.open("rb") as file:  # somebody may read it as well
                    yield Held(path.name, file.read(LIMIT), path.stat().st_size)

    def taken(self, key: str) -> None:
        """Move a mail from new to cur."""
        (self._path / "cur").mkdir(exist_ok=True, mode=0o700)
        with contextlib.suppress(FileNotFoundError):
            (self._path / "new" / key).rename(self._path / "cur" / f"{key}:2,S")

    def holding(self, message_ids: Collection[str]) -> set[str]:
        """Give those of these Message-IDs whose mail lies here; each mail is looked into once."""
        paths = (path for part in ("new", "cur") for path in (self._path / part).glob("*") if path.is_file())
        return {found for path in paths for found in _message_ids(path)} & set(message_ids)


def _message_ids(path: Path) -> list[str]:
    with contextlib.suppress(OSError), path.open("rb") as file:
        head = _BLANK.split(file.read(HEAD), maxsplit=1)[0]
        return [found.decode("ascii", "replace") for found in _MESSAGE_ID.findall(head)]
    return []
