"""What one person is sent: subject, text in their language, facts of their organisation, how to answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.core.signing import BadSignature, Signer
from django.template.loader import get_template
from django.utils import translation

from tocsin import config
from tocsin.pipeline.mail.own_words import REPLY_ABOVE
from tocsin.platform.outbox import Attachment
from tocsin.rooms.notices.knowledge import asks, kind_name, written
from tocsin.rooms.notices.models import Channel, Edition, Notice, Part, Telling
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
    """A message as it will be read: of a mail, before marking; the body of what goes to a tool is JSON."""

    subject: str
    body: str
    attachments: tuple[Attachment, ...] = ()


def write(telling: Telling, notice: Notice, part: Part, edition: Edition, content: Content, due: datetime) -> Written:
    """Write what one telling says, by its channel."""
    if telling.channel == Channel.WEBHOOK:
        return Written("", _json(telling, notice, part, edition, content, due))
    if telling.channel == Channel.SMS:
        return Written("", _short(telling, notice, part, edition, content, due))
    return _mail(telling, notice, part, edition, content, due)


def _mail(telling: Telling, notice: Notice, part: Part, edition: Edition, content: Content, due: datetime) -> Written:
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
                "asks": _asks(notice, edition, content),
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


def _short(telling: Telling, notice: Notice, part: Part, edition: Edition, content: Content, due: datetime) -> str:
    """Write a short message: which matter it is and where to answer. It travels in clear, so no title and no fact."""
    with translation.override(telling.language):
        given = {"telling": telling, "notice": notice, "part": part, "edition": edition, "due": due}
        kind = kind_name(notice.kind, telling.language)
        body = get_template("notices/sms.txt").render(
            {**given, "kind": kind, "asks": _asks(notice, edition, content), "link": link(telling)}
        )
    return " ".join(body.split())


def _json(telling: Telling, notice: Notice, part: Part, edition: Edition, content: Content, due: datetime) -> str:
    """Write what a tool is posted: type, time and data, as Standard Webhooks 1.0 recommends."""
    told = {
        "part": str(part.uuid),
        "reference": part.reference,
        "notice": str(notice.uuid),
        "organisation": part.organisation.code,
        "title": notice.title,
        "kind": notice.kind,
        "severity": notice.severity,
        "tlp": notice.tlp,
        "why": telling.why,
        "edition": edition.number,
        "edition_kind": edition.kind,
        "text": _text(edition.texts, notice, telling.language)["text"],
        "changes": edition.changes.get(telling.language) or edition.changes.get("en", ""),
        "facts": content.facts,
        "came": content.came,
        "went": content.went,
        "asks": _asks(notice, edition, content),
        "due_at": due,
        "answer": link(telling),
    }
    return orjson.dumps({"type": f"notice.{telling.why}", "timestamp": telling.told_at, "data": told}).decode()


def _asks(notice: Notice, edition: Edition, content: Content) -> bool:
    """Tell whether an answer is asked for."""
    return asks(notice.kind) and edition.kind != Edition.Kind.WITHDRAWAL and not (content.went and not content.facts)


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
