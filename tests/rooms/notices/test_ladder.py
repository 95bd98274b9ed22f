"""Silence climbs the ladder by itself; an answer stops it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.rooms.notices.conftest import contact, part
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Mandate, Membership, Organisation, Team
from tocsin.rooms.notices import actions, knowledge
from tocsin.rooms.notices.actions import Said
from tocsin.rooms.notices.models import Notice, Part, Telling

Write = Callable[..., Notice]


@pytest.fixture
def notice(sent: Write, outsider: Person) -> Notice:
    """Send one to department A alone, with everybody of the ladder there."""
    contact("DEPA", "deputy", "deputy@a.example")
    contact("DEPA", "head", "head@a.example")
    Membership.objects.create(person=outsider, role="board_member", organisation=Organisation.objects.get(code="INST"))
    return sent("192.0.2.7")


def pass_time(notice: Notice, share: float) -> None:
    """Let a share of the time until the answer is due have passed since it was told."""
    own = part(notice, "DEPA")
    assert own.told_at is not None
    assert own.due_at is not None
    span = own.due_at - own.told_at
    told = timezone.now() - span * share
    Part.objects.filter(pk=own.pk).update(told_at=told, due_at=told + span, next_step_at=timezone.now())


def told(notice: Notice) -> list[tuple[str, str]]:
    rows = Telling.objects.filter(part__notice=notice).order_by("pk")
    return [(telling.why, telling.address.partition("@")[0]) for telling in rows]


def test_silence_leads_from_the_officer_to_the_board(notice: Notice) -> None:
    seen = [("first", "officer_a")]
    for share, why, whom in (
        (0.55, "reminder", "officer_a"),
        (1.05, "escalation", "deputy"),
        (1.3, "escalation", "head"),
        (1.55, "escalation", "ciso"),
        (2.05, "escalation", "outsider"),
    ):
        pass_time(notice, share - 0.2)
        actions.step_due()
        assert told(notice) == seen
        pass_time(notice, share)
        actions.step_due()
        seen.append((why, whom))
        assert told(notice) == seen
        assert part(notice, "DEPA").overdue == (share > 1)
    pass_time(notice, 9)
    assert actions.step_due() in {0, 1}
    assert told(notice) == seen
    assert part(notice, "DEPA").next_step_at is None


def test_however_late_one_rung_a_run(notice: Notice) -> None:
    pass_time(notice, 5)
    actions.step_due()
    actions.step_due()
    assert told(notice) == [("first", "officer_a"), ("reminder", "officer_a")]
    assert part(notice, "DEPA").overdue


def test_whoever_acknowledged_has_until_the_due_time(notice: Notice) -> None:
    actions.answer(part=part(notice, "DEPA"), said=Said("acknowledged", "page", "x"))
    pass_time(notice, 0.7)
    actions.step_due()
    assert told(notice) == [("first", "officer_a")]
    pass_time(notice, 1.1)
    actions.step_due()
    assert told(notice)[-1] == ("reminder", "officer_a")
    assert part(notice, "DEPA").overdue


def test_whoever_named_a_day_has_until_then(notice: Notice) -> None:
    day = (timezone.now() + timedelta(days=30)).date()
    actions.answer(part=part(notice, "DEPA"), said=Said("planned", "page", "x", planned_for=day))
    pass_time(notice, 1.5)
    actions.step_due()
    assert told(notice) == [("first", "officer_a")]
    assert part(notice, "DEPA").overdue  # later than was asked for


def test_a_refusal_goes_to_the_ciso_at_once(notice: Notice) -> None:
    actions.answer(part=part(notice, "DEPA"), said=Said("refused", "page", "x", text="no budget"))
    actions.step_due()
    assert told(notice) == [("first", "officer_a"), ("escalation", "ciso")]
    actions.step_due()
    assert len(told(notice)) == 2


def test_what_is_settled_climbs_no_more(notice: Notice) -> None:
    actions.answer(part=part(notice, "DEPA"), said=Said("done", "page", "x"))
    Part.objects.update(next_step_at=timezone.now())
    assert actions.step_due() == 0


def test_whoever_stands_in_is_told_when_mail_comes_back(notice: Notice) -> None:
    first = Telling.objects.get()
    actions.not_reached(telling=first, reason="550 no such user")
    actions.not_reached(telling=first, reason="550 no such user")  # the same report twice
    assert told(notice) == [("first", "officer_a"), ("instead", "deputy")]
    actions.not_reached(telling=Telling.objects.get(address="deputy@a.example"), reason="550 no such user")
    assert part(notice, "DEPA").state == "unreached"


def test_whoever_is_away_is_stood_in_for_and_has_not_answered(notice: Notice) -> None:
    actions.out_of_office(telling=Telling.objects.get())
    assert told(notice) == [("first", "officer_a"), ("instead", "deputy")]
    assert part(notice, "DEPA").state == "told"


def climb_to_the_top(notice: Notice) -> None:
    for _rung in range(12):
        pass_time(notice, 5)
        actions.step_due()


def test_a_rung_on_which_nobody_hears_is_said_and_the_next_is_climbed(sent: Write) -> None:
    notice = sent("192.0.2.7")  # no deputy, no head and no board member anywhere
    for _rung in range(2):
        pass_time(notice, 5)
        actions.step_due()
    assert (part(notice, "DEPA").rung, part(notice, "DEPA").state) == (2, "told")
    assert "Nobody could be told on rung 2" in part(notice, "DEPA").trouble
    climb_to_the_top(notice)
    assert [address for why, address in told(notice) if why == "escalation"] == ["ciso"]
    assert (part(notice, "DEPA").rung, part(notice, "DEPA").next_step_at) == (5, None)


def test_an_organisation_that_ended_meanwhile_is_said(notice: Notice) -> None:
    Organisation.objects.filter(code="DEPA").update(active=False)
    climb_to_the_top(notice)
    assert len(told(notice)) == 1
    assert part(notice, "DEPA").trouble


def test_whoever_left_is_not_reminded_and_whoever_came_is(notice: Notice, officer_a: Person, officer_b: Person) -> None:
    Membership.objects.filter(person=officer_a).update(person=officer_b)
    pass_time(notice, 0.6)
    actions.step_due()
    assert told(notice) == [("first", "officer_a"), ("reminder", "officer_b")]


def test_a_ladder_without_rungs_only_says_what_is_overdue(notice: Notice, monkeypatch: pytest.MonkeyPatch) -> None:
    without = knowledge.routes().model_copy(update={"ladder": ()})
    monkeypatch.setattr("tocsin.rooms.notices.queries.ladder.routes", lambda: without)
    actions.answer(part=part(notice, "DEPA"), said=Said("refused", "page", "x", text="no budget"))
    climb_to_the_top(notice)
    assert len(told(notice)) == 1
    assert (part(notice, "DEPA").overdue, part(notice, "DEPA").next_step_at) == (True, None)


def test_whoever_is_told_later_takes_the_organisation_off_the_list(sent: Write) -> None:
    notice = sent("192.0.2.7")
    Membership.objects.filter(role__in=("officer", "ciso")).delete()
    actions.not_reached(telling=Telling.objects.get(), reason="550 no such user")
    assert part(notice, "DEPA").state == "unreached"
    contact("DEPA", "deputy", "deputy@a.example")
    for _rung in range(2):
        pass_time(notice, 1.1)
        actions.step_due()
    assert set(told(notice)[1:]) == {("reminder", "deputy"), ("escalation", "deputy")}
    assert (part(notice, "DEPA").state, part(notice, "DEPA").trouble) == ("told", "")


def test_whoever_was_told_nothing_and_answered_is_overdue_in_time(sent: Write) -> None:
    Membership.objects.filter(role__in=("officer", "ciso")).delete()
    notice = sent("192.0.2.7")
    actions.answer(part=part(notice, "DEPA"), said=Said("acknowledged", "telephone", "x"))
    Part.objects.update(due_at=timezone.now(), next_step_at=timezone.now())
    assert actions.step_due() == 1
    assert (part(notice, "DEPA").overdue, part(notice, "DEPA").next_step_at) == (True, None)


def test_whoever_holds_a_role_in_a_team_is_reached_where_it_serves(notice: Notice, outsider: Person) -> None:
    team = Team.objects.create(code="BOARD", name="Board", organisation=Organisation.objects.get(code="OTHER"))
    Mandate.objects.create(team=team, organisation=Organisation.objects.get(code="INST"))
    Membership.objects.filter(role="board_member").update(organisation=None, team=team)
    climb_to_the_top(notice)
    assert told(notice)[-1] == ("escalation", "outsider")


def test_what_follows_stands_below_the_first_mail(notice: Notice) -> None:
    pass_time(notice, 0.55)
    actions.step_due()
    first, reminder = (telling.message for telling in Telling.objects.select_related("message").order_by("pk"))
    assert first is not None
    assert reminder is not None
    assert first.headers == {}
    assert reminder.headers == {"In-Reply-To": first.message_id, "References": first.message_id}


def test_only_what_is_no_duty_offers_to_be_declined(sent: Write) -> None:
    for kind, offered in (("advisory", True), ("indicators", False), ("legal", False)):
        telling = Telling.objects.select_related("message").get(part__notice=sent("192.0.2.7", kind=kind), rule__gt="",
                                                                role="officer")  # fmt: skip
        assert telling.message is not None
        assert ("List-Unsubscribe" in telling.message.headers) == offered
