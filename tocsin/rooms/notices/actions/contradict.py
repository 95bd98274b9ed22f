"""Ask again whoever said that a notice does not concern them, when what is known later says that it does."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.rooms.notices import knowledge, queries
from tocsin.rooms.notices.actions.answer import close_if_settled
from tocsin.rooms.notices.actions.hold import hold_part
from tocsin.rooms.notices.actions.tell import anybody_heard, tell
from tocsin.rooms.notices.models import Notice, Part, Share, Telling
from tocsin.rooms.notices.queries.facts import Fact, Kept, kept, key
from tocsin.rooms.notices.queries.planning import content_of, words_of
from tocsin.rooms.notices.queries.values import Value

WATCHED = timedelta(days=90)
MOST = 10_000  # parts a run, the last answered first


def contradict() -> int:
    """Look at every part answered as not concerned in the last ninety days; give how many were opened again."""
    now = timezone.now()
    watched = (Notice.State.OPEN, Notice.State.CLOSED)
    denied = Part.objects.filter(
        state=Part.State.NOT_APPLICABLE, answered_at__gte=now - WATCHED, notice__state__in=watched
    )
    parts = list(denied.select_related("notice", "organisation").order_by("-answered_at")[:MOST])
    return sum(_reopen(part, facts, now) for part, facts in _contradicted(parts, now))


def _contradicted(parts: Sequence[Part], now: datetime) -> list[tuple[Part, list[Kept]]]:
    """Give the parts with what they hold that they were not told of, and with what was seen since they answered.

    Inventory and lake are asked once, for all of them.
    """
    about = {part.pk: {Value(sort, text) for sort, text in part.notice.values} for part in parts}
    values = list(dict.fromkeys(value for part in parts for value in about[part.pk]))
    if not values:
        return []
    since = min(part.answered_at or now for part in parts)
    codes = {part.organisation.code for part in parts}
    found = queries.affected(values, at=now, within=codes, since=since).organisations
    told = {share.part_id: share.facts for share in Share.objects.filter(part__in=parts, edition__in=_editions(parts))}
    contradicted = []
    for part in parts:
        known = {key(fact) for fact in told.get(part.pk, ())}
        own = (fact for fact in found.get(part.organisation.code, ()) if fact.value in about[part.pk])
        new = [kept(fact) for fact in own if _is_news(fact, part.answered_at or now, known)]
        if new:
            contradicted.append((part, new))
    return contradicted


def _is_news(fact: Fact, answered: datetime, known: Collection[tuple[str, str]]) -> bool:
    seen_later = fact.seen is not None and fact.seen.last is not None and fact.seen.last > answered
    return seen_later or (bool(fact.held_as) and (fact.value.text, fact.held_as) not in known)


def _editions(parts: Sequence[Part]) -> set[int]:
    return {part.edition_id for part in parts if part.edition_id}


@transaction.atomic
def _reopen(part: Part, facts: list[Kept], now: datetime) -> bool:
    current = hold_part(part.pk)
    edition, known = current.edition, queries.directory()
    place = known.places.get(current.organisation.code)
    if current.state != Part.State.NOT_APPLICABLE or edition is None or place is None:
        return False
    share, _made = Share.objects.get_or_create(part=current, edition=edition)
    share.facts = list({key(fact): fact for fact in (*share.facts, *facts)}.values())
    share.save(update_fields=["facts"])
    current.state, current.settled, current.overdue, current.rung = Part.State.TOLD, False, False, 0
    current.round += 1
    current.told_at, current.due_at = now, now + timedelta(hours=current.notice.due_hours)
    current.next_step_at = queries.next_step(current, now)
    edition.notice = current.notice
    routed = queries.resolve(current.notice.kind, current.notice.severity, place, now, known, knowledge.routes())
    content = content_of(share.facts, None)
    words = words_of(routed.reached, current, edition, content, known, routed.route, now)
    troubles = tell(actor=None, words=words, why=Telling.Why.REOPENED).get(current.pk, [])
    if not anybody_heard(words, troubles):
        why = "; ".join(troubles) or _("Nobody there or above can be reached.")
        current.state, current.trouble = Part.State.UNREACHED, why[:300]
    current.save()
    values = [fact["value"] for fact in facts]
    audit.record(None, "notice.reopen", current.notice, {"part": current.reference, "values": values})
    close_if_settled(current.notice)
    return True
