"""Whatever the chart, the routes and the order of things: own facts only, told or on the list, nobody twice."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.rooms.notices import worlds
from tests.rooms.notices.conftest import rest, seen
from tocsin.platform.markings import TLP
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.actions import note_absence, note_bounce
from tocsin.rooms.constituency.models import Contact, Membership, Organisation
from tocsin.rooms.notices import actions
from tocsin.rooms.notices.actions import Said
from tocsin.rooms.notices.models import Notice, Part, Telling

FACT = re.compile(r"10\.(\d)\.0\.\d+")
CHANGES = {"en": {"text": "See below."}}
LISTS = st.lists(st.tuples(worlds.PLACES, st.integers(1, 3)), min_size=1, max_size=6)
SENT = Telling.objects.exclude(channel="telephone")
PEOPLE = Telling.objects.exclude(channel="webhook")
NUMBERS = st.integers(0, 9)
TRIED = settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
pytestmark = pytest.mark.django_db


def written(facts: list[tuple[int, int]]) -> str:
    return "\n".join(f"10.{place}.0.{number}" for place, number in facts)


class Story:
    """One notice in one world, looked at after everything that happens to it."""

    def __init__(self, analyst: Person, facts: list[tuple[int, int]], **given: Any) -> None:
        self.user = analyst
        self.known: defaultdict[tuple[str, str], set[str]] = defaultdict(set)  # address and place: the facts they had
        self.last = 0  # the last mail looked at
        listed = {worlds.code(place) for place, _number in facts}
        self.notice = actions.draft_list(actor=analyst, text=written(facts), title="Command server", **given)
        there = set(Organisation.objects.filter(code__in=listed).values_list("code", flat=True))
        assert set(self.parts().values_list("organisation__code", flat=True)) == there
        self.send()

    @property
    def analyst(self) -> Person:
        return Person.objects.get(pk=self.user.pk)  # rights are read once for each request

    def parts(self) -> Any:
        return Part.objects.filter(notice=self.notice).select_related("notice", "organisation").order_by("pk")

    def send(self) -> None:
        actions.send(actor=self.analyst, notice=self.notice, seen=seen(self.notice))
        edition = self.notice.editions.latest("number")
        for part in self.parts():
            told = PEOPLE.filter(part=part, edition=edition, message__isnull=False).exists()
            if not part.shares.filter(edition=edition).exists():
                assert part.state in {"released", "withdrawn"}, "left out although it is concerned"
                assert not told, "told of what is none of its business"
                continue
            assert told or part.trouble or part.state == "withdrawn", "passed over in silence"
            listed = part.missed or part.state == "unreached"
            assert told or listed or part.state == "withdrawn", "not told, and not on the list"
            assert not told or not listed, "told, and on the list of those who were not"

    def happens(self, step: str, drawn: tuple[Any, ...]) -> None:
        self.notice.refresh_from_db()
        settled = set(self.parts().filter(settled=True).values_list("pk", flat=True))
        over, mails = self.notice.state == "withdrawn", OutboxMessage.objects.count()
        try:
            STEPS[step](self, *drawn)
        except actions.NoticeError:
            assert step not in {"climb", "bounce", "away"}, "nobody is there to read it"
        new = Telling.objects.filter(message__pk__gt=self.last)
        assert not over or OutboxMessage.objects.count() == mails, "sent after the withdrawal"
        assert step != "climb" or not new.filter(part__in=settled).exists(), "reminded although settled"
        self.look()

    def look(self) -> None:
        new = Telling.objects.filter(message__pk__gt=self.last).select_related("message", "part__organisation")
        for telling in new.order_by("message"):
            assert telling.message is not None
            self.last = telling.message.pk
            self.look_at(telling.message, telling.part.organisation)
        rows = [
            (*which, address.lower())
            for *which, address in SENT.values_list("part", "edition", "rung", "channel", "address")
        ]
        assert len(set(rows)) == len(rows) == OutboxMessage.objects.count(), "told twice, or without a trace"
        for part in self.parts():
            assert part.state != "waiting", "neither told nor on the list"
            assert part.trouble or not (part.missed or part.state == "unreached"), "on the list without a reason"
            reached = PEOPLE.filter(part=part, failed_at=None).exists()
            assert reached or part.state != "told", "told, and nothing arrived"
            assert not (part.settled and part.next_step_at), "settled, and it goes on"

    def look_at(self, message: OutboxMessage, place: Organisation) -> None:
        """Look at a message as its recipient does: subject, body and files."""
        files = "".join(file.text for file in message.attachments.all())
        text = f"{message.subject}\n{message.body}\n{files}"
        facts = {found[0] for found in FACT.finditer(text)}
        address = message.recipient.lower()
        assert {worlds.code(int(found[1])) for found in FACT.finditer(text)} <= {place.code}, "another's facts"
        if address not in worlds.answering(place):
            assert facts <= self.known[address, place.code], "new facts for somebody who does not answer for it"
        self.known[address, place.code] |= facts
        sealed = Contact.objects.filter(email__iexact=address, only_encrypted=True, organisation__active=True)
        assert message.key or not sealed.exists(), "in clear although it must be encrypted"
        assert message.channel != "sms" or not (facts or self.notice.title in text), "it travels in clear"
        assert message.channel != "webhook" or self.notice.tlp != TLP.RED, "for named people only"

    def telling(self, number: int) -> Telling | None:
        found = list(Telling.objects.filter(message__isnull=False).order_by("pk"))
        return found[number % len(found)] if found else None

    def answer(self, number: int, kind: str) -> None:
        parts = self.parts()
        day = timezone.now().date() + timedelta(days=number)
        said = Said(kind, "page", "x", text="because", planned_for=day if kind == "planned" else None)
        actions.answer(part=parts[number % len(parts)], said=said)

    def bounce(self, number: int, permanent: bool) -> None:
        if (telling := self.telling(number)) is not None:
            if permanent:
                note_bounce(email=telling.address)
            actions.not_reached(telling=telling, reason="550 no such user")

    def away(self, number: int) -> None:
        if (telling := self.telling(number)) is not None:
            note_absence(email=telling.address, until=timezone.now().date() + timedelta(days=3))
            actions.out_of_office(telling=telling)

    def climb(self, share: float) -> None:
        for part in self.parts().exclude(told_at=None):
            span = timedelta(hours=part.notice.due_hours)
            told = timezone.now() - span * share
            wakes = timezone.now() if part.next_step_at else None
            Part.objects.filter(pk=part.pk).update(told_at=told, due_at=told + span, next_step_at=wakes)
        actions.step_due()

    def correct(self, facts: list[tuple[int, int]]) -> None:
        actions.correct(actor=self.analyst, notice=self.notice, changes=CHANGES, text=written(facts))
        self.send()

    def throw_away(self, facts: list[tuple[int, int]]) -> None:
        before = self.parts().count()
        actions.correct(actor=self.analyst, notice=self.notice, changes=CHANGES, text=written(facts))
        actions.discard(actor=self.analyst, notice=self.notice)
        assert self.parts().count() == before

    def withdraw(self) -> None:
        actions.withdraw(actor=self.analyst, notice=self.notice, changes=CHANGES)
        self.send()

    def rest(self) -> None:
        rest(self.notice, self.analyst)

    def call(self, number: int) -> None:
        part = self.parts()[number % self.parts().count()]
        actions.told_by_telephone(actor=self.analyst, part=part, name="x", number=f"+32{number}", at=timezone.now())

    def chart(self, change: str, drawn: tuple[Any, ...]) -> None:
        CHART[change](*drawn)


def leave(number: int) -> None:
    held = Membership.objects.exclude(role="analyst").order_by("pk")
    if held:
        held[number % len(held)].delete()


def move(number: int, place: int) -> None:
    held, to = Membership.objects.exclude(role="analyst").order_by("pk"), Organisation.objects.filter(
        code=worlds.code(place)
    )  # fmt: skip
    if held and to:
        there = held[number % len(held)]
        if not Membership.objects.filter(person=there.person, role=there.role, organisation=to[0]).exists():
            Membership.objects.filter(pk=there.pk).update(organisation=to[0])


def forget(number: int) -> None:
    contacts = Contact.objects.order_by("pk")
    if contacts:
        contacts[number % len(contacts)].delete()


def turn(number: int) -> None:
    """End an organisation, or open it again."""
    place = Organisation.objects.filter(code=worlds.code(number)).first()
    if place is not None:
        Organisation.objects.filter(pk=place.pk).update(active=not place.active)


def lose_keys(number: int) -> None:
    Contact.objects.filter(pk__in=Contact.objects.order_by("pk")[number % 3 :].values("pk")).update(key="")


CHART: dict[str, Callable[..., None]] = {
    "leave": leave, "move": move, "forget": forget, "turn": turn, "lose_keys": lose_keys,
    "employ": lambda *drawn: worlds.employ(f"new{Person.objects.count()}", *drawn),
    "add": lambda *drawn: worlds.add_contact(f"new{Contact.objects.count()}", *drawn),
}  # fmt: skip
CHANGE = st.one_of(
    st.tuples(st.sampled_from(["leave", "forget", "turn", "lose_keys"]), st.tuples(NUMBERS)),
    st.tuples(st.just("move"), st.tuples(NUMBERS, worlds.PLACES)),
    st.tuples(st.just("employ"), worlds.PEOPLE),
    st.tuples(st.just("add"), worlds.CONTACTS),
)
STEPS: dict[str, Callable[..., None]] = {
    name: getattr(Story, name)
    for name in ("answer", "bounce", "away", "climb", "correct", "throw_away", "withdraw", "rest", "call", "chart")
}
STEP = st.one_of(
    st.tuples(st.just("answer"), st.tuples(NUMBERS, st.sampled_from([*actions.KINDS, "question"]))),
    st.tuples(st.just("bounce"), st.tuples(NUMBERS, st.booleans())),
    st.tuples(st.sampled_from(["away", "call"]), st.tuples(NUMBERS)),
    st.tuples(st.just("climb"), st.tuples(st.sampled_from([0.2, 0.6, 1.1, 3.0, 11.0]))),
    st.tuples(st.sampled_from(["correct", "correct", "throw_away"]), st.tuples(LISTS)),
    st.tuples(st.sampled_from(["rest", "rest", "rest", "withdraw"]), st.just(())),
    st.tuples(st.just("chart"), CHANGE),
)
NOTICE = st.fixed_dictionaries(
    {"kind": st.sampled_from(worlds.KINDS), "severity": st.integers(0, 5), "tlp": st.sampled_from(TLP.values)}
)


@TRIED
@given(world=worlds.worlds(), facts=LISTS, notice=NOTICE, steps=st.lists(STEP, min_size=2, max_size=8))
def test_own_facts_only_everybody_told_or_on_the_list_and_nobody_twice(
    world: worlds.World, facts: list[tuple[int, int]], notice: dict[str, Any], steps: list[tuple[str, Any]]
) -> None:
    facts = [(place % len(world.parents), number) for place, number in facts]
    with worlds.living_in(world) as analyst:
        story = Story(analyst, facts, **notice)
        story.look()
        for step, drawn in steps:
            story.happens(step, drawn)


def outcome(notice: Notice, analyst: Person) -> list[tuple[str, str, bool]]:
    """Say who would get what of whom, by sending and taking it back."""
    with transaction.atomic():
        actions.send(actor=analyst, notice=notice, seen=seen(notice))
        rows = OutboxMessage.objects.values_list("telling__part__organisation__code", "recipient", "key")
        found = sorted((code, address, bool(key)) for code, address, key in rows)
        transaction.set_rollback(True)
    return found


@settings(TRIED, max_examples=100)
@given(world=worlds.worlds(), facts=LISTS, notice=NOTICE, changes=st.lists(CHANGE, min_size=1, max_size=3))
def test_whatever_changes_who_would_be_told_is_looked_at_again(
    world: worlds.World, facts: list[tuple[int, int]], notice: dict[str, Any], changes: list[tuple[str, Any]]
) -> None:
    facts = [(place % len(world.parents), number) for place, number in facts]
    with worlds.living_in(world) as analyst:
        draft = actions.draft_list(actor=analyst, text=written(facts), title="Command server", **notice)
        shown, before = seen(draft), outcome(draft, analyst)
        for change, drawn in changes:
            CHART[change](*drawn)
        if outcome(draft, analyst) == before:
            return
        with pytest.raises(actions.LookAgain), transaction.atomic():
            actions.send(actor=analyst, notice=draft, seen=shown)
        assert not OutboxMessage.objects.exists()
