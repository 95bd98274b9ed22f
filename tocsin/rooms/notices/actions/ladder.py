"""What happens by itself: reminders, escalation, whoever stands in for somebody not reached, the overdue."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.rooms.notices import knowledge, queries
from tocsin.rooms.notices.actions.hold import hold_due, hold_part
from tocsin.rooms.notices.actions.tell import anybody_heard, tell
from tocsin.rooms.notices.models import Channel, Edition, Notice, Part, Share, Telling
from tocsin.rooms.notices.queries.directory import Directory, Place
from tocsin.rooms.notices.queries.letters import Content
from tocsin.rooms.notices.queries.planning import Word, content_of, word_again, words_of

BATCH = 200
BREATH = timedelta(minutes=5)  # between two rungs, however far behind: people must have time to answer
FIELDS = ("rung", "overdue", "next_step_at", "trouble", "state", "updated_at")


def step_due() -> int:
    """Let every part that is due take its next step; give how many there were."""
    stepped = 0
    while count := _step_batch():
        stepped += count
    return stepped


@transaction.atomic
def _step_batch() -> int:
    now = timezone.now()
    parts = hold_due(now, BATCH)
    if not parts:
        return 0
    climbing = [part for part in parts if _climbs(part, now)]
    heard: dict[int, bool] = {}
    for why, words in _words(climbing, now).items():
        for rung, told in _by_rung(words).items():
            _climb(told, tell(actor=None, words=told, why=why, rung=rung), heard)
    for part in climbing:
        _climbed(part, heard.get(part.pk, False))
    for part in parts:
        part.updated_at = now
        part.overdue = part.overdue or (part.due_at is not None and part.due_at <= now)
        part.next_step_at = queries.next_step(part, now + BREATH)
    Part.objects.bulk_update(parts, FIELDS, batch_size=BATCH)
    notices = {part.notice_id: part.notice for part in parts}
    Notice.objects.filter(pk__in=notices).update(updated_at=now)
    audit.record_many(None, "notice.step", [part.notice for part in climbing])
    return len(parts)


def _climb(told: Sequence[Word], troubles: Mapping[int, Sequence[str]], heard: dict[int, bool]) -> None:
    """Note of each part whether anybody heard, and why somebody did not."""
    words: dict[int, list[Word]] = defaultdict(list)
    for word in told:
        words[word.part.pk].append(word)
    for part, said in words.items():
        missed = troubles.get(part, ())
        climbing = said[0].part
        # Reminded of what they know: that they have not heard the newest stands on.
        climbing.trouble = "; ".join(missed)[:300] or (climbing.trouble if climbing.missed else "")
        heard[part] = anybody_heard(said, missed)


def _climbed(part: Part, heard: bool) -> None:
    """Take a rung; one on which nobody hears is said, and the next is climbed all the same."""
    part.rung += 1
    if not heard:
        part.trouble = part.trouble or _("Nobody could be told on rung %s of the ladder.") % part.rung
    elif part.state == Part.State.UNREACHED:
        part.state = Part.State.TOLD


def _climbs(part: Part, now: datetime) -> bool:
    due = queries.rung_at(part) if part.edition_id else None  # whoever was told nothing is reminded of nothing
    return due is not None and due <= now


def _words(parts: Sequence[Part], now: datetime) -> dict[str, list[Word]]:
    """Give whom the next rung of each part tells: those already told, or the roles the rung names."""
    known = queries.directory()
    facts = _facts(parts)
    told = _told(parts)
    words: dict[str, list[Word]] = defaultdict(list)
    for part in parts:
        rung, edition = queries.next_rung(part), part.edition
        content = content_of(facts.get(part.pk, ()), None)
        place = known.places.get(part.organisation.code)
        if rung is None or edition is None or place is None:
            continue
        edition.notice = part.notice
        if rung.to:
            found = queries.reach(rung.to, place, now, known, also=rung.also)
            words[Telling.Why.ESCALATION] += words_of(found, part, edition, content, known, _rule(part), now)
            continue
        again = [each for each in told.get(part.pk, ()) if known.answers(place, each.address)]
        reminded = [word_again(each, part, edition, content, known, now) for each in again]
        words[Telling.Why.REMINDER] += reminded
        if not any(word.person for word in reminded):  # all have left or were not reached: whoever answers now
            words[Telling.Why.REMINDER] += _now(part, place, edition, content, known, now)
    return words


def _now(part: Part, place: Place, edition: Edition, content: Content, known: Directory, now: datetime) -> list[Word]:
    notice = part.notice
    routed = queries.resolve(notice.kind, notice.severity, place, now, known, knowledge.routes())
    return words_of(routed.reached, part, edition, content, known, routed.route, now)


def _rule(part: Part) -> str:
    return f"ladder {part.rung + 1}"


def _by_rung(words: Iterable[Word]) -> dict[int, list[Word]]:
    found: dict[int, list[Word]] = defaultdict(list)
    for word in words:
        found[word.part.rung + 1].append(word)
    return found


def _facts(parts: Sequence[Part]) -> dict[int, list[dict[str, object]]]:
    shares = Share.objects.filter(part__in=parts, edition__in={part.edition_id for part in parts})
    editions = {part.pk: part.edition_id for part in parts}
    rows = shares.values_list("part_id", "edition_id", "facts")
    return {part: facts for part, edition, facts in rows if editions[part] == edition}


def _told(parts: Sequence[Part]) -> dict[int, list[Telling]]:
    """Give who was told first and was reached, each address once."""
    rows = Telling.objects.filter(part__in=parts, failed_at=None).exclude(channel=Channel.TELEPHONE).order_by("pk")
    found: dict[int, dict[str, Telling]] = defaultdict(dict)
    for telling in rows:
        if telling.rung == 0:
            found[telling.part_id].setdefault(telling.address.lower(), telling)
    return {part: list(by_address.values()) for part, by_address in found.items()}


@transaction.atomic
def not_reached(*, telling: Telling, reason: str) -> None:
    """Note that a telling did not arrive and tell whoever stands in; nobody left is a state, and not silence."""
    now = timezone.now()
    part = hold_part(telling.part_id)
    if not Telling.objects.filter(pk=telling.pk, failed_at=None).update(failed_at=now, failure=reason[:300]):
        return
    telling.failure = reason[:300]
    audit.record(None, "notice.not_reached", part.notice, {"part": part.reference, "address": telling.shown})
    Notice.objects.filter(pk=part.notice_id).update(updated_at=now)
    over = telling.edition_id != part.edition_id or _answered_since(part, telling)
    if not over and telling.channel != Channel.WEBHOOK and not _reached_otherwise(telling):
        _tell_instead(part, telling, now)


def _answered_since(part: Part, telling: Telling) -> bool:
    """Tell whether somebody there has ended the matter after this telling: whom else it did not reach is no trouble."""
    return part.settled and part.answers.filter(said_at__gte=telling.told_at).exists()


def _reached_otherwise(telling: Telling) -> bool:
    """Tell whether the same desk has been told by another way, and that did arrive."""
    others = Telling.objects.filter(part=telling.part_id, edition=telling.edition_id, failed_at=None, role=telling.role)
    same = others.filter(at_organisation=telling.at_organisation, name=telling.name).exclude(pk=telling.pk)
    return same.exclude(channel=Channel.WEBHOOK).exclude(address=telling.address).exists()


@transaction.atomic
def out_of_office(*, telling: Telling) -> None:
    """Tell whoever stands in for somebody who is away; what they were told stays told."""
    part = hold_part(telling.part_id)
    if part.state == Part.State.TOLD:
        _tell_instead(part, telling, timezone.now())


def _tell_instead(part: Part, telling: Telling, now: datetime) -> None:
    known = queries.directory()
    place, edition = known.places.get(part.organisation.code), part.edition
    if place is None or edition is None:
        return
    edition.notice = part.notice
    told = Telling.objects.filter(part=part).exclude(channel=Channel.WEBHOOK).order_by("pk")
    rows = list(told.values_list("channel", "address", "edition", "failed_at"))
    avoid = frozenset(address.lower() for channel, address, *_rest in rows if channel != Channel.TELEPHONE)
    last = {(channel, address.lower()): failed for channel, address, of, failed in rows if of == edition.pk}
    content = content_of(_facts([part]).get(part.pk, ()), None)
    found = queries.reach((telling.role,), place, now, known, knowledge.routes().fallback, avoid)
    words = words_of(found, part, edition, content, known, telling.rule, now)
    troubles = tell(actor=None, words=words, why=Telling.Why.INSTEAD, rung=telling.rung).get(part.pk, [])
    reached = anybody_heard(words, troubles) or None in last.values()
    if not reached:
        part.trouble = ("; ".join(troubles) or telling.failure or "")[:300]
        if part.state == Part.State.TOLD and not part.settled:
            part.state = Part.State.UNREACHED
        else:
            part.missed = True
    part.save(update_fields=["trouble", "state", "missed", "updated_at"])
