"""Many incidents at once: what is shown is what is done, with all that the single act leaves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.rooms.incidents.things import everything, fresh
from tocsin.platform.models import AuditEntry
from tocsin.rooms.accounts.models import Person as Somebody
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.actions import Order, Why
from tocsin.rooms.incidents.actions.deadlines import follow
from tocsin.rooms.incidents.models import BulkChange, Deadline, Incident, IncidentEntity, Sighting, TimelineEntry

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person

TEXTS: dict[str, Any] = {
    "cause": "Patch missing on evil.example", "impact": "Two hosts", "lesson": "Patch sooner.",
    "confidentiality": "low", "integrity": "none", "availability": "none",
}  # fmt: skip
CLOSE = Order(act="close", closing=TEXTS)
TAKE = Order(act="take")
RATE = Order(act="severity", severity=4, reason="The same group as in June.")


def opened(by: Person, number: int, place: Organisation, **values: Any) -> list[Incident]:
    made = [actions.open_incident(actor=by, title=f"t{n}", organisations=[place]) for n in range(number)]
    Incident.objects.filter(pk__in=[one.pk for one in made]).update(**values)
    for one in made:
        follow(one)  # they have reached their state
    return [fresh(one) for one in made]


@pytest.fixture
def ready(responder: Person, department_a: Organisation, csirc: Team) -> list[Incident]:
    """Incidents that can be closed."""
    return opened(responder, 4, department_a, state="analysis", rsit_class="malicious-code", owner=None)


def planned(actor: Person, order: Order) -> actions.Plan:
    return actions.plan_many(actor=actor, found=queries.matching(actor, {"state": "all"}), order=order)


def done(actor: Person, order: Order, plan: actions.Plan | None = None) -> BulkChange:
    ids = (plan or planned(actor, order)).able
    return actions.change_many(actor=actor, ids=ids, order=order)[0]


def whys(plan: actions.Plan) -> dict[str, int]:
    return {Why(code).name: number for code, number in plan.why.items()}


def entries(incident: Incident) -> list[tuple[Any, ...]]:
    rows = incident.timeline.order_by("id").values_list("event", "kind", "audience", "text", "author", "details")
    return [row for row in rows if row[0] != "opened"]


def promises(incident: Incident) -> list[tuple[Any, ...]]:
    moment = timedelta(seconds=5)
    return [
        (one.kind, one.severity, one.met_at is None, one.stopped_at is None, one.person_id, one.team_id,
         (one.due_at - incident.created_at) // moment)
        for one in Deadline.objects.filter(incident=incident).order_by("kind", "entity")
    ]  # fmt: skip


# What it does.


@pytest.mark.parametrize("act", ["take", "severity", "close"])
def test_it_leaves_what_the_single_act_leaves(
    act: str, responder: Person, second: Person, ready: list[Incident]
) -> None:
    one, other = ready[:2]
    if act == "take":
        actions.take(actor=responder, incident=one)
        actions.change_many(actor=responder, ids=[other.pk], order=TAKE)
    elif act == "severity":
        actions.change(actor=responder, incident=one, severity=4)
        actions.change_many(actor=responder, ids=[other.pk], order=RATE)
    else:
        actions.close(actor=responder, incident=one, **TEXTS)
        actions.change_many(actor=responder, ids=[other.pk], order=CLOSE)
    told = [[row[:3] + row[4:] for row in entries(each) if row[0] != "deadlines_moved"] for each in (one, other)]
    assert told[0] == told[1]
    assert promises(fresh(one)) == promises(fresh(other))
    alike = ("state", "open", "severity", "owner_id", "closing_cause", "closing_lesson", "breached", "rsit_class")
    assert [getattr(fresh(one), name) for name in alike] == [getattr(fresh(other), name) for name in alike]
    verbs = [
        set(AuditEntry.objects.filter(object_uuid=each.uuid).values_list("verb", flat=True)) for each in (one, other)
    ]
    assert verbs[0] == verbs[1]


def test_the_reason_stands_in_each_timeline(responder: Person, ready: list[Incident]) -> None:
    done(responder, RATE)
    assert TimelineEntry.objects.filter(event="changed", text=RATE.reason, author=responder).count() == 4
    assert set(Incident.objects.values_list("severity", flat=True)) == {4}
    audited = AuditEntry.objects.filter(verb="incident.change").latest("id").details or {}
    assert audited["severity"] == ["2", "4"]
    assert audited["bulk"] == str(BulkChange.objects.get().uuid)


def test_what_the_texts_name_is_noted_once_for_each(responder: Person, ready: list[Incident]) -> None:
    order = Order(act="severity", severity=4, reason="Beacons to evil.example, as in June.")
    done(responder, order)
    done(responder, Order(act="severity", severity=3, reason="evil.example is down."))
    assert Sighting.objects.count() == 4
    assert Sighting.objects.get(incident=ready[0]).observable.seen == 4


def test_they_are_given_to_a_colleague(responder: Person, second: Person, ready: list[Incident]) -> None:
    done(responder, Order(act="assign", person=second))
    assert set(Incident.objects.values_list("owner", flat=True)) == {second.pk}
    assert TimelineEntry.objects.filter(event="assigned", author=responder).count() == 4
    assert AuditEntry.objects.filter(verb="incident.assign").count() == 4


def test_a_class_is_given_to_those_that_have_none(responder: Person, ready: list[Incident]) -> None:
    Incident.objects.filter(pk=ready[0].pk).update(rsit_class="")
    assert whys(planned(responder, CLOSE)) == {"NO_CLASS": 1}
    change = done(responder, Order(act="close", closing=TEXTS, rsit_class="fraud"))
    assert [fresh(one).rsit_class for one in ready] == ["fraud", *["malicious-code"] * 3]
    actions.undo_many(actor=responder, change=change)
    assert fresh(ready[0]).rsit_class == ""


# What it does not.


def test_each_that_cannot_says_why(
    responder: Person, second: Person, analyst: Person, department_a: Organisation, ready: list[Incident]
) -> None:
    early, bare, busy, handed = opened(responder, 4, department_a, state="analysis", rsit_class="fraud")
    Incident.objects.filter(pk=early.pk).update(state="triage")
    Incident.objects.filter(pk=bare.pk).update(rsit_class="")
    actions.add_task(actor=responder, incident=busy, title="Look")
    actions.hand_over(actor=responder, incident=handed, route="H04", receiver=department_a, text="Look")
    above, below = ready[0], ready[1]
    Incident.objects.filter(pk=below.pk).update(parent=above)
    plan = planned(responder, CLOSE)
    assert whys(plan) == {"STATE": 1, "NO_CLASS": 1, "OPEN": 3}
    assert plan.able == [one.pk for one in ready[1:]]
    assert (plan.unable, plan.more) == (5, False)
    Incident.objects.filter(pk=ready[2].pk).update(owner=second)
    Incident.objects.filter(pk=ready[3].pk).update(owner=None)
    assert whys(planned(responder, TAKE)) == {"HELD": 1, "SAME": 4}
    assert whys(planned(responder, Order(act="severity", severity=2, reason="r"))) == {"SAME": 8}
    assert whys(planned(responder, Order(act="assign", person=analyst))) == {"NOT_THEIRS": 8}


def test_merged_ones_are_left(responder: Person, ready: list[Incident]) -> None:
    plan = actions.plan_merge(actor=responder, source=ready[0], target=ready[1])
    actions.merge(actor=responder, source=ready[0], target=ready[1], seen=plan.digest)
    assert whys(planned(responder, RATE)) == {"MERGED": 1}


@pytest.mark.parametrize(
    "given",
    [
        {"act": "delete"},
        {"act": "assign"},
        {"act": "severity", "severity": 4, "reason": " "},
        {"act": "severity", "severity": 9, "reason": "r"},
        {"act": "severity", "severity": None, "reason": "r"},
        {"act": "close", "rsit_class": "none-such"},
    ],
)
def test_an_order_that_makes_no_sense_is_refused(given: dict[str, Any], chart: Mapping[str, Person]) -> None:
    with pytest.raises(ValidationError):
        Order(**given)


@pytest.mark.parametrize("name", ["cause", "impact", "lesson", "integrity"])
def test_closing_asks_for_everything_that_it_asks_of_one(name: str, responder: Person, ready: list[Incident]) -> None:
    order = Order(act="close", closing={**TEXTS, name: ""})
    with pytest.raises(ValidationError):
        done(responder, order)
    with pytest.raises(ValidationError):
        done(responder, Order(act="close", closing={**TEXTS, "lesson": "none"}))
    assert Incident.objects.filter(open=True).count() == 4


def test_outsiders_change_nothing(
    outsider: Person, officer_a: Person, analyst: Person, responder: Person, ready: list[Incident]
) -> None:
    before = [everything(one) for one in ready]
    assert planned(outsider, RATE).why.total() == 0
    for person in (officer_a, analyst):
        assert whys(planned(person, RATE)) == {"NOT_YOURS": 4}
    for person in (outsider, officer_a, analyst):
        with pytest.raises(ValidationError):
            actions.change_many(actor=person, ids=[one.pk for one in ready], order=RATE)
    change = done(responder, RATE)
    with pytest.raises(PermissionDenied):
        actions.undo_many(actor=analyst, change=change)
    with pytest.raises(ValidationError):
        actions.undo_many(actor=Somebody.objects.get(username="ciso"), change=change)
    actions.undo_many(actor=responder, change=change)
    for one, was in zip(ready, before, strict=True):
        assert everything(one)["own"] == was["own"]


def test_a_sealed_one_is_not_even_counted(responder: Person, second: Person, ready: list[Incident]) -> None:
    actions.seal(actor=responder, incident=ready[0], people=[])
    plan = planned(second, RATE)
    assert (len(plan.able), plan.unable) == (3, 0)
    change = done(second, RATE, actions.Plan(able=[one.pk for one in ready]))
    assert (change.count, fresh(ready[0]).severity) == (3, 2)


def test_a_sealed_one_is_closed_by_who_is_named(responder: Person, ready: list[Incident]) -> None:
    actions.seal(actor=responder, incident=ready[0], people=[])
    assert done(responder, CLOSE).count == 4


# Between the look and the act.


def test_what_changed_meanwhile_is_passed_over(responder: Person, second: Person, ready: list[Incident]) -> None:
    plan = planned(responder, CLOSE)
    actions.add_task(actor=second, incident=ready[0], title="Look")
    actions.seal(actor=second, incident=ready[1], people=[])
    change, passed = actions.change_many(actor=responder, ids=plan.able, order=CLOSE)
    assert change.count == 2
    assert passed == {Why.OPEN: 1}
    assert {row["id"] for row in change.before} == {ready[2].pk, ready[3].pk}


def test_all_or_none(responder: Person, second: Person, ready: list[Incident]) -> None:
    plan = planned(responder, CLOSE)
    actions.seal(actor=second, incident=ready[1], people=[])
    with pytest.raises(ValidationError):
        actions.change_many(actor=responder, ids=plan.able, order=CLOSE, all_or_none=True)
    assert not BulkChange.objects.exists()
    assert Incident.objects.filter(open=True).count() == 4


def test_what_came_later_is_not_touched(responder: Person, department_a: Organisation, ready: list[Incident]) -> None:
    plan = planned(responder, RATE)
    late = opened(responder, 1, department_a)[0]
    done(responder, RATE, plan)
    assert fresh(late).severity == 2


# Taken back.


@pytest.mark.parametrize("order", [TAKE, RATE, CLOSE], ids=lambda order: order.act)
def test_it_is_taken_back(order: Order, responder: Person, second: Person, ready: list[Incident]) -> None:
    running = [promises(fresh(one)) for one in ready]
    before = [everything(one)["own"] for one in ready]
    change = done(responder, order)
    assert [everything(one)["own"] for one in ready] != before
    assert actions.undo_many(actor=responder, change=change) == 4
    assert [everything(one)["own"] for one in ready] == before
    assert [promises(fresh(one)) for one in ready] == running
    assert TimelineEntry.objects.filter(event="undone").count() == 4
    assert AuditEntry.objects.filter(verb="incident.undo").count() == 4
    with pytest.raises(ValidationError):
        actions.undo_many(actor=responder, change=change)


def test_a_pause_that_ended_with_the_closing_goes_on(responder: Person, ready: list[Incident]) -> None:
    Deadline.objects.update(may_pause=True)
    promise = ready[0].deadlines.get(kind="contain")
    actions.pause(actor=responder, deadline=promise, reason="Waits for them")
    since = Deadline.objects.get(pk=promise.pk).paused_at
    change = done(responder, CLOSE)
    assert Deadline.objects.get(pk=promise.pk).paused_at is None
    actions.undo_many(actor=responder, change=change)
    again = Deadline.objects.get(pk=promise.pk)
    assert (again.paused_at, again.paused, again.open) == (since, 0, True)


def test_what_somebody_touched_since_stays(responder: Person, second: Person, ready: list[Incident]) -> None:
    change = done(responder, CLOSE)
    actions.advance(actor=second, incident=ready[0], event="reopen")
    actions.comment(actor=second, incident=ready[1], text="Really?")
    actions.note(ready[2], "wrote", author=None, name="somebody outside", text="One more thing")
    assert actions.undo_many(actor=responder, change=change) == 1
    assert [fresh(one).state for one in ready] == ["analysis", "closed", "closed", "analysis"]
    assert [fresh(one).closing_cause for one in ready[1:]] == [TEXTS["cause"], TEXTS["cause"], ""]


def test_what_the_house_notes_by_itself_keeps_nothing(responder: Person, ready: list[Incident]) -> None:
    change = done(responder, RATE)
    actions.note(ready[0], "deadline_late", author=None, promise="contain")
    assert actions.undo_many(actor=responder, change=change) == 4


def test_nothing_goes_back_to_who_is_gone(responder: Person, second: Person, ready: list[Incident]) -> None:
    Incident.objects.filter(pk=ready[0].pk).update(owner=second)
    change = done(responder, Order(act="assign", person=responder))
    Somebody.objects.filter(pk=second.pk).update(is_active=False)
    assert actions.undo_many(actor=responder, change=change) == 4
    assert fresh(ready[0]).owner is None


def test_after_a_day_it_stays(responder: Person, ready: list[Incident]) -> None:
    change = done(responder, RATE)
    BulkChange.objects.update(done_at=timezone.now() - timedelta(hours=25))
    with pytest.raises(ValidationError):
        actions.undo_many(actor=responder, change=change)


# How much it takes.


def _two_thousand(responder: Person, place: Organisation, officer: Person) -> None:
    made = Incident.objects.bulk_create(
        Incident(title=f"t{n}", opened_by=responder, state="analysis", rsit_class="fraud") for n in range(2_000)
    )
    IncidentEntity.objects.bulk_create(IncidentEntity(incident=one, organisation=place) for one in made)


def test_two_thousand_take_few_statements(
    responder: Person, officer_a: Person, department_a: Organisation, csirc: Team
) -> None:
    _two_thousand(responder, department_a, officer_a)
    asked: dict[str, int] = {}
    for order in (TAKE, RATE, CLOSE):
        with CaptureQueriesContext(connection) as made:
            plan = planned(responder, order)
        asked[f"plan {order.act}"] = len(made)
        with CaptureQueriesContext(connection) as made:
            change = done(responder, order, plan)
        asked[order.act] = len(made)
        assert change.count == 2_000
    with CaptureQueriesContext(connection) as made:
        assert actions.undo_many(actor=responder, change=change) == 2_000
    asked["undo"] = len(made)
    assert Incident.objects.filter(open=True).count() == 2_000
    assert max(asked[f"plan {order.act}"] for order in (TAKE, RATE, CLOSE)) < 60
    assert max(asked.values()) < 500  # SQLite takes about 1,000 values a statement, PostgreSQL more


def test_no_more_than_ten_thousand_are_looked_at(
    responder: Person, ready: list[Incident], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tocsin.rooms.incidents.actions.many.deciding.MOST", 3)
    Incident.objects.filter(pk=ready[3].pk).update(severity=5)
    plan = planned(responder, RATE)
    assert plan.more
    assert len(plan.able) == 3
    assert ready[3].pk in plan.able  # the most serious first
    assert plan.first[0] == ready[3]
