"""What one person is sent: subject, text in their language, facts of their organisation, how to answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.core.signing import BadSignature, Signer
from django.template.loader import get_template
from django.utils import translation

from tocsin import config
from tocsin.pipeline.mail.own_words import REPLY_ABOVE
from tocsin.platform.outbox import Attachment
from tocsin.rooms.notices.knowledge import written
from tocsin.rooms.notices.models import Edition, Notice, Part, Telling
from tocsin.rooms.notices.queries import facts as known

SHOWN = 20
_SIGNER = Signer(sep=".", salt="tocsin.notices.answer")


@dataclass(frozen=True, slots=True)
class Content:
    """What is told of one part: its facts, and what came and went since the edition before."""

    facts: Sequence[dict[str, Any]]
    came: Sequence[dict[str, Any]] = ()
    went: Sequence[dict[str, Any]] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """A mail as it will be read, before marking."""

    subject: str
    body: str
    attachments: tuple[Attachment, ...]


def write(telling: Telling, notice: Notice, part: Part, edition: Edition, content: Content, due: datetime) -> Written:
    """Write the mail of one telling."""
    with translation.override(telling.language):
        text = _text(edition.texts, notice, telling.language)
        body = get_template("notices/mail.txt").render(
            {
                "telling": telling,
                "notice": notice,
                "part": part,
                "edition": edition,
                "text": text["text"],
                "changes": edition.changes.get(telling.language) or edition.changes.get("en", ""),
                "content": content,
                "asks": edition.kind != Edition.Kind.WITHDRAWAL and not (content.went and not content.facts),
                "shown": [(known.shown(fact), fact) for fact in content.facts[:SHOWN]],
                "came": [known.shown(fact) for fact in content.came[:SHOWN]],
                "went": [known.shown(fact) for fact in content.went[:SHOWN]],
                "due": due,
                "link": link(telling),
                "reply_above": REPLY_ABOVE.get(telling.language, REPLY_ABOVE["en"]),
            }
        )
    subject = f"[{part.reference}] {text['subject']}"
    files = (Attachment(f"{part.reference}.csv", "csv", known.as_table(content.facts)),) if content.facts else ()
    return Written(subject, body, files)


@dataclass(frozen=True, slots=True)
class Read:
    """What one organisation was told last, for a page: no more than its mail says."""

    text: str
    changes: str
    facts: Sequence[dict[str, Any]]


def read_content(part: Part, language: str) -> Read:
    """Give what a part was told last, in a language."""
    edition = part.edition
    if edition is None:
        return Read("", "", ())
    share = part.shares.filter(edition=edition).first()
    changes = edition.changes.get(language) or edition.changes.get("en", "")
    return Read(_text(edition.texts, part.notice, language)["text"], changes, share.facts if share else ())


def _text(texts: Mapping[str, Mapping[str, str]], notice: Notice, language: str) -> Mapping[str, str]:
    return texts.get(language) or texts.get("en") or written(notice.kind, notice.title)["en"]


def link(telling: Telling) -> str:
    """Give the address where whoever was told answers without signing in."""
    return f"{config.load().url}/answer/{_SIGNER.sign(telling.uuid.hex)}/"


def uuid_of(token: str) -> str:
    """Give the id of the telling a link was made for; empty when the link was not made here."""
    try:
        return _SIGNER.unsign(token)
    except BadSignature:
        return ""
