"""Who would be told of an edition, and who could not be, worked out afresh: what the preview shows is what is sent."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from tocsin import config
from tocsin.platform import gate, mime, webhooks
from tocsin.platform.gate import Item, Kind, Recipient
from tocsin.platform.ways import ACTIONS
from tocsin.rooms.notices.knowledge import routes
from tocsin.rooms.notices.models import Channel, Edition, Notice, Part, Share, Telling
from tocsin.rooms.notices.queries.directory import Desk, Directory, Way, directory
from tocsin.rooms.notices.queries.facts import difference, key
from tocsin.rooms.notices.queries.letters import Content, Written, link, write
from tocsin.rooms.notices.queries.routing import Routed, Told, resolve


@dataclass(frozen=True, slots=True)
class Word:
    """One person, or one tool of theirs, to be told something of one part."""

    part: Part
    edition: Edition
    content: Content
    name: str
    address: str
    language: str
    role: str
    at_organisation: str
    rule: str
    key: str
    recipient: Recipient
    refusal: str = ""  # why the gate would not let it out
    stale_key: bool = False  # a key is known and has expired: it would go in clear
    channel: str = Channel.MAIL

    @property
    def shown(self) -> str:
        """Give the address without what may be a secret in it."""
        return webhooks.shown(self.address)

    @property
    def person(self) -> bool:
        """Tell whether a person is told: an organisation whose tool alone is told has not been told."""
        return self.channel != Channel.WEBHOOK


@dataclass(frozen=True, slots=True)
class Row:
    """One organisation of the plan: its facts, whom they go to, or why to nobody."""

    part: Part
    content: Content
    words: Sequence[Word]
    routed: Routed | None
    trouble: str
    again: Sequence[Word] = ()  # those of ``words`` who were told before

    @property
    def anew(self) -> bool:
        """Tell whether an answer is asked for anew: of whoever was not told yet, and where something came."""
        part = self.part
        return part.edition_id is None or part.state == Part.State.UNREACHED or bool(self.content.came)

    @property
    def people(self) -> Sequence[Word]:
        """Give what people would be told, and not their tools alone."""
        return [word for word in self.words if word.person]

    @property
    def reached(self) -> Sequence[Word]:
        """Give what would be told to people."""
        return [word for word in self.people if not word.refusal]

    @property
    def persons(self) -> int:
        """Count the people who would be told, by however many ways."""
        return len({(word.at_organisation, word.role, word.name) for word in self.reached})


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything an edition would lead to. ``digest`` changes with whatever a person ought to look at again."""

    edition: Edition
    rows: Sequence[Row]
    warnings: Sequence[str]
    digest: str

    @property
    def unreached(self) -> list[Row]:
        """Give the organisations that could not be told."""
        return [row for row in self.rows if not row.reached]


UNTOLD = Q(part__state=Part.State.UNREACHED) | Q(part__missed=True)


def item_of(notice: Notice, part: Part) -> Item:
    """Describe one organisation's part to the gate."""
    place = part.organisation
    return Item(
        type="notice",
        uuid=part.uuid,
        title=notice.title,
        tlp=notice.tlp,
        organisations=frozenset({place.code}),
        sealed=notice.sealed,
        named=notice.named_addresses,
        names=frozenset(filter(None, (place.name, place.name_fr))),
    )


def recipient_of(way: Way, name: str, at_organisation: str, part: Part, known: Directory) -> Recipient:
    """Describe somebody who answers for a part's organisation, there or at one above it; a tool is no person."""
    place = known.places.get(at_organisation)
    lineage = frozenset(place.lineage[1:]) if place else frozenset()
    serves = frozenset({part.organisation.code})
    kind: Kind = "organisation" if way.channel == Channel.WEBHOOK else "named_person"
    return Recipient(way.address, at_organisation, kind, name, lineage, serves)


def plan(edition: Edition, at: datetime | None = None, *, rest: bool = False) -> Plan:
    """Work out who would be told of an edition now; ``rest`` keeps those who could not be told of it before."""
    at, notice, known = at or datetime.now(UTC), edition.notice, directory()
    shares = (
        Share.objects.filter(UNTOLD if rest else Q(), edition=edition)
        .select_related("part__organisation", "part__edition")
        .order_by("part__organisation__code")
    )
    parts = [(share.part, share.facts) for share in shares]
    given = [part for part, _facts in parts]
    before, last, failed = _before(given), last_facts(given), _failed(edition, given)
    rows = []
    for part, facts in parts:
        avoid = failed.get(part.pk, frozenset())
        earlier = [told for told in before.get(part.pk, ()) if told.address.lower() not in avoid]
        content = content_of(facts, last.get(part.pk))
        rows.append(_row(edition, notice, part, content, earlier, avoid, known, at))
    return Plan(edition, rows, tuple(_warnings(edition, rows)), _digest(edition, rows))


def _row(
    edition: Edition, notice: Notice, part: Part, content: Content, earlier: Sequence[Telling],
    avoid: frozenset[str], known: Directory, at: datetime,
) -> Row:  # fmt: skip
    place = known.places.get(part.organisation.code)
    if place is None:
        return Row(part, content, (), None, _("The organisation has ended."))
    old = _without_news(content)
    again = tuple(
        word_again(each, part, edition, content if known.answers(place, each.address) else old, known, at)
        for each in earlier
    )
    routed: Routed | None = None
    new: tuple[Word, ...] = ()
    people = [word for word in again if word.person]
    if not people or (content.came and not any(known.answers(place, word.address) for word in people)):
        routed = resolve(notice.kind, notice.severity, place, at, known, routes(), avoid)
        had = {(word.channel, word.address) for word in again}
        found = words_of(routed.reached, part, edition, content, known, routed.route, at)
        new = tuple(word for word in found if (word.channel, word.address) not in had)
    words = (*again, *new)
    trouble = "" if any(word.person and not word.refusal for word in words) else _trouble(words, routed)
    return Row(part, content, words, routed, trouble, again)


def _without_news(content: Content) -> Content:
    """Give what may still be told to somebody who does not answer for the organisation any more: what they had."""
    new = {key(fact) for fact in content.came}
    return Content([fact for fact in content.facts if key(fact) not in new], (), content.went)


def _trouble(words: Sequence[Word], routed: Routed | None) -> str:
    refusals = [word.refusal for word in words if word.person and word.refusal]
    if refusals:
        return refusals[0]
    return _("No route fits.") if routed and not routed.told else _("Nobody there or above can be reached.")


def last_facts(parts: Sequence[Part]) -> Mapping[int, Sequence[dict[str, Any]]]:
    """Give the facts that parts were told last, for those told before."""
    told = [part for part in parts if part.edition_id]
    if not told:
        return {}
    wanted = {(part.pk, part.edition_id) for part in told}
    shares = Share.objects.filter(part__in=[p.pk for p in told], edition__in={p.edition_id for p in told})
    rows = shares.values_list("part_id", "edition_id", "facts")
    return {part: facts for part, edition, facts in rows if (part, edition) in wanted}


def content_of(facts: Sequence[dict[str, Any]], last: Sequence[dict[str, Any]] | None) -> Content:
    """Give what is told of a part, with what came and went since it was told last."""
    came, went = ((), ()) if last is None else difference(list(last), list(facts))
    return Content(facts, tuple(came), tuple(went))


def words_of(
    found: Sequence[Told], part: Part, edition: Edition, content: Content, known: Directory, rule: str, at: datetime
) -> list[Word]:
    """Plan to tell the desks that routing found, each by all its ways."""
    return [
        _word(told.desk, way, told.language, part, edition, content, known, rule, at)
        for told in found
        if told.desk is not None
        for way in told.ways
    ]


def word_again(
    telling: Telling, part: Part, edition: Edition, content: Content, known: Directory, at: datetime
) -> Word:
    """Plan to tell whoever was told before."""
    desks = known.at(telling.at_organisation, telling.role)
    desk = next((desk for desk in desks if desk.holds(telling.address)), None)
    if desk is None:
        key = telling.message.key if telling.message is not None else ""
        desk = Desk(telling.at_organisation, telling.role, telling.name, telling.address, "", telling.language, at,
                    key=key, only_encrypted=bool(key))  # fmt: skip
    way = Way(telling.channel, telling.address)
    return _word(desk, way, telling.language, part, edition, content, known, telling.rule, at)


def _word(
    desk: Desk, way: Way, language: str, part: Part, edition: Edition, content: Content, known: Directory, rule: str,
    at: datetime,
) -> Word:  # fmt: skip
    recipient = recipient_of(way, desk.name, desk.organisation, part, known)
    decision = gate.may_send(item_of(edition.notice, part), recipient, ACTIONS[way.channel])
    refusal = "" if decision.allowed else decision.reason
    by_mail = way.channel == Channel.MAIL
    key = desk.usable_key(at) if by_mail else ""
    if by_mail and desk.only_encrypted and not key:
        refusal = _("Mail to %s must be encrypted, and the key has expired.") % desk.email
    return Word(
        part, edition, content, desk.name, way.address, language, desk.role, desk.organisation, rule,
        key, recipient, refusal, by_mail and bool(desk.key) and not key, way.channel,
    )  # fmt: skip


def _before(parts: Sequence[Part]) -> Mapping[int, list[Telling]]:
    """Give whom each part was told to before, each address once, without those it did not reach and those called."""
    told: dict[int, dict[str, Telling]] = {}
    given = [part.pk for part in parts if part.edition_id]
    if not given:
        return {}
    rows = Telling.objects.filter(part__in=given, failed_at=None).exclude(channel=Channel.TELEPHONE)
    rows = rows.select_related("message").defer("message__body")
    for telling in rows.exclude(message__state="failed").order_by("pk"):
        told.setdefault(telling.part_id, {}).setdefault(telling.address.lower(), telling)
    return {part: list(by_address.values()) for part, by_address in told.items()}


def _failed(edition: Edition, parts: Sequence[Part]) -> Mapping[int, frozenset[str]]:
    """Give at which addresses this very edition did not arrive: it is not sent there once more."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    rows = Telling.objects.filter(edition=edition, part__in=parts).exclude(channel=Channel.TELEPHONE)
    for part, address in rows.exclude(failed_at=None).values_list("part_id", "address"):
        found[part].add(address.lower())
    return {part: frozenset(addresses) for part, addresses in found.items()}


def _warnings(edition: Edition, rows: Sequence[Row]) -> Iterator[str]:
    """Say what in the text, which all recipients read, is about single ones."""
    text = " ".join(part for each in edition.texts.values() for part in each.values())
    plain = text.replace("[.]", ".").lower().split()
    words = {*plain, *(word.strip(".,;:()") for word in plain)}
    for value in sorted({fact["value"] for row in rows for fact in row.content.facts}):
        if value.lower() in words:
            yield _("The text names %s, and everyone told reads it.") % value
    text = " ".join(text.split()).lower()
    for place in (row.part.organisation for row in rows if len(rows) > 1):
        if place.name.lower() in text:
            yield _("The text names %s, and everyone told reads it.") % place.name


def _digest(edition: Edition, rows: Sequence[Row]) -> str:
    """Give one value for what the person saw: who is told what, and what is written."""
    seen = [
        [
            row.part.organisation.code,
            row.content.facts,
            sorted((word.channel, word.address, word.refusal, word.language, bool(word.key)) for word in row.words),
        ]
        for row in rows
    ]
    return hashlib.sha256(json.dumps([str(edition.uuid), edition.texts, seen], sort_keys=True).encode()).hexdigest()


def example_of(row: Row) -> tuple[Word, Written]:
    """Give what the first person of a row would get, as they would read it; its link leads nowhere."""
    word = row.people[0]
    telling = Telling(
        channel=word.channel,
        part=row.part,
        edition=word.edition,
        role=word.role,
        name=word.name,
        address=word.address,
        language=word.language,
        why=Telling.Why.FIRST,
    )
    anew = datetime.now(UTC) + timedelta(hours=word.edition.notice.due_hours)
    due = anew if row.anew or row.part.due_at is None else row.part.due_at
    written = write(telling, word.edition.notice, row.part, word.edition, word.content, due)
    body = written.body.replace(link(telling), f"{config.load().url}/answer/…/")  # it is made when the mail is
    if word.channel == Channel.MAIL:
        with translation.override(word.language):
            subject, body = mime.marked(item_of(word.edition.notice, row.part), written.subject, body)
        return word, Written(subject, body)
    return word, Written(written.subject, body)


def preview_of(user: Any, edition: Edition, code: str, *, rest: bool = False) -> dict[str, Any]:
    """Give what the person may see of the plan, with one mail as an example: that to ``code``, else the first.

    With ``rest`` of those alone who could not be told of an edition that was sent.
    """
    planned = plan(edition, rest=rest)
    for name, value in edition.listed.items():  # of the list as it will be
        setattr(edition.notice, name, value)
    seen = set(edition.notice.parts.visible_to(user).values_list("pk", flat=True))
    rows = [row for row in planned.rows if row.part.pk in seen]
    if len(rows) < len(planned.rows):  # of the others they learn nothing
        planned = replace(planned, rows=rows, warnings=tuple(_warnings(edition, rows)))
        edition.notice.unread, edition.notice.nobody = [], 0
    chosen = next((row for row in rows if row.part.organisation.code == code and row.people), None)
    chosen = chosen or next((row for row in rows if row.reached), None)
    return {
        "waiting": edition,
        "rest": rest,
        "plan": planned,
        "rows": rows,
        "people": sum(row.persons for row in rows),
        "nobodys": _nobodys(edition.notice, rows) if len(rows) == len(planned.rows) else (),
        "example": example_of(chosen) if chosen else None,
    }


def _nobodys(notice: Notice, rows: Sequence[Row]) -> list[str]:
    """Give the first of the values that concern nobody."""
    known = {str(fact["value"]) for row in rows for fact in row.content.facts}
    return [text for _sort, text in notice.values if text not in known][:50]


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody to be called: who, the numbers known, and what to read out: the text in their language, their facts."""

    part: Part
    desks: Sequence[Desk]
    text: str
    facts: Sequence[dict[str, Any]]


def calls(user: Any, notice: Notice) -> list[Call]:
    """Give whom to call of each organisation that still has to answer, when mail is down."""
    known, edition = directory(), _told_by_voice(notice)
    parts = notice.parts.visible_to(user, "notices.send").filter(settled=False)
    facts = dict(Share.objects.filter(edition=edition).values_list("part_id", "facts"))
    found = []
    for part in parts.select_related("organisation", "notice").order_by("organisation__code"):
        place = known.places.get(part.organisation.code)
        desks = [
            desk
            for code in (place.lineage if place else ())
            for role in ("duty", "officer", "deputy", "head")
            for desk in known.at(code, role)
            if desk.phone
        ]
        text = edition.texts.get(part.organisation.language) or edition.texts.get("en", {})
        found.append(Call(part, desks, str(text.get("text", "")), facts.get(part.pk, ())))
    return found


def _told_by_voice(notice: Notice) -> Edition:
    """Give the newest edition that was sent; the first, when mail was down from the beginning."""
    told = notice.editions.exclude(kind=Edition.Kind.WITHDRAWAL).order_by("number")
    return told.exclude(sent_at=None).last() or told[0]
