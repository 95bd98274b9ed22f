"""Tell single people of the house what is no notice: a page to whoever is on call, a change of their office."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.core.exceptions import ValidationError
from django.db import transaction
from django.template.loader import get_template
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin import config
from tocsin.platform import outbox
from tocsin.platform.gate import Decision, Item, Recipient
from tocsin.platform.markings import TLP
from tocsin.platform.models import OutboxMessage
from tocsin.platform.ways import CHECKED
from tocsin.rooms.notices.models import Channel

Posted = OutboxMessage | str


@dataclass(frozen=True, slots=True)
class Paging:
    """What may be said of a page, whatever it is about: no title, no reason, no fact of the matter.

    ``organisation`` is the code of where the team stands; ``named`` are the addresses of those a sealed one is for.
    """

    item: Any  # the page, by its uuid
    reference: str
    team: str
    organisation: str
    severity: int
    began_at: datetime
    sealed: bool = False
    named: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Paged:
    """One person (no name: a tool) who is paged by a channel at an address, and where they answer."""

    channel: str
    address: str
    name: str
    language: str
    link: str


@dataclass(frozen=True, slots=True)
class Told:
    """One person told of their own office in a mail: ``template`` is filled with ``content`` in their language."""

    address: str
    name: str
    language: str
    organisation: str
    subject: str  # as it is written in the code, for translation
    template: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NewsLine:
    """One thing that waits for a person: no title and no fact of it, only what sort of thing happened to which."""

    kind: str
    says: Any  # put into words in the reader's language
    reference: str
    url: str
    count: int


@dataclass(frozen=True, slots=True)
class Digest:
    """What waits for one person, told in one message by mail or to their own tool (``signed_for`` them alone).

    ``organisation`` is the code of where they serve; ``sealed`` when one of the things is, which this person may know.
    """

    item: Any  # one of the lines, by its uuid
    channel: str
    address: str
    name: str
    language: str
    organisation: str
    sealed: bool
    lines: Sequence[NewsLine]
    signed_for: str = ""


@transaction.atomic
def page_people(*, actor: Any, paging: Paging, paged: Sequence[Paged]) -> list[Posted]:
    """Page people together; in the place of one who cannot be paged stands why."""
    return _post(actor, [_page(paging, each) for each in paged])


@transaction.atomic
def tell_people(*, actor: Any, item: Any, told: Sequence[Told]) -> list[Posted]:
    """Tell people by mail what concerns their own office; in the place of one who cannot be told stands why."""
    return _post(actor, [_letter(item, each) for each in told])


@transaction.atomic
def tell_digest(*, digest: Digest) -> Posted:
    """Tell one person what waits for them, in one message; or give why they cannot be told."""
    return _post(None, [_digest(digest)])[0]


def _post(actor: Any, messages: Sequence[outbox.Message]) -> list[Posted]:
    troubles = [_trouble(message) for message in messages]
    leaving = [message for message, trouble in zip(messages, troubles, strict=True) if not trouble]
    posted = iter(outbox.send_many(actor=actor, messages=leaving))
    return [trouble or _outcome(next(posted)) for trouble in troubles]


def _outcome(posted: OutboxMessage | Decision) -> Posted:
    return posted.reason if isinstance(posted, Decision) else posted


def _trouble(message: outbox.Message) -> str:
    try:
        CHECKED[message.channel](message.recipient.address)
    except ValidationError:
        return _("No address is known that could be told.")
    return ""


def _page(paging: Paging, to: Paged) -> outbox.Message:
    item = Item(
        type="page",
        uuid=paging.item,
        title=paging.reference,
        tlp=TLP.AMBER,
        organisations=frozenset({paging.organisation}),
        sealed=paging.sealed,
        named=paging.named,
        naming_agreed=True,
    )
    kind = "organisation" if to.channel == Channel.WEBHOOK else "named_person"
    with translation.override(to.language):
        return outbox.Message(
            channel=to.channel,
            item=item,
            # Whoever is on call in a team is called as one of the house where it stands.
            recipient=Recipient(to.address, paging.organisation, kind, to.name),  # type: ignore[arg-type]
            subject=_("Page %(reference)s for %(team)s") % {"reference": paging.reference, "team": paging.team},
            body=_body(paging, to),
            language=to.language,
        )


def _body(paging: Paging, to: Paged) -> str:
    if to.channel == Channel.WEBHOOK:
        told = {
            "page": str(paging.item),
            "reference": paging.reference,
            "team": paging.team,
            "severity": paging.severity,
            "began_at": paging.began_at,
            "answer": to.link,
        }
        return orjson.dumps({"type": "page", "timestamp": timezone.now(), "data": told}).decode()
    template = "notices/page_sms.txt" if to.channel == Channel.SMS else "notices/page_mail.txt"
    written = get_template(template).render({"paging": paging, "to": to})
    return " ".join(written.split()) if to.channel == Channel.SMS else written


def _letter(item: Any, to: Told) -> outbox.Message:
    code = to.organisation
    with translation.override(to.language):
        return outbox.Message(
            item=Item("membership", item, code, TLP.AMBER, frozenset({code}), naming_agreed=True),
            recipient=Recipient(to.address, code, "named_person", to.name),
            subject=_(to.subject),
            body=get_template(to.template).render({"to": to, **to.content}),
            language=to.language,
        )


def _digest(to: Digest) -> outbox.Message:
    code, hook = to.organisation, to.channel == Channel.WEBHOOK
    item = Item(
        "notification", to.item, "", TLP.AMBER, frozenset({code}), sealed=to.sealed,
        named=frozenset({to.address}) if to.sealed else frozenset(), naming_agreed=True,
    )  # fmt: skip
    with translation.override(to.language):
        count = sum(line.count for line in to.lines)
        return outbox.Message(
            channel=to.channel,
            item=item,
            recipient=Recipient(to.address, code, "organisation" if hook else "named_person", to.name),
            subject=ngettext("%(count)d thing waits for you", "%(count)d things wait for you", count)
            % {"count": count},
            body=_news(to) if hook else get_template("notices/digest_mail.txt").render(_worded(to)),
            language=to.language,
            key=to.signed_for if hook else "",
        )


def _worded(to: Digest) -> dict[str, Any]:
    base = config.load().url
    lines = [(str(line.says), line.reference, line.count, f"{base}{line.url}") for line in to.lines]
    return {"to": to, "lines": lines, "wishes": f"{base}/notifications/wishes/"}


def _news(to: Digest) -> str:
    base = config.load().url
    told = [
        {"kind": line.kind, "reference": line.reference, "count": line.count, "url": f"{base}{line.url}"}
        for line in to.lines
    ]
    return orjson.dumps({"type": "notifications", "timestamp": timezone.now(), "data": {"lines": told}}).decode()
