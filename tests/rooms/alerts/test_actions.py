"""What people do with alerts: allowed to the right ones, possible in the right states, audited, with a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pytest
from django.core.exceptions import PermissionDenied

from tests.rooms.alerts.conftest import rule
from tocsin.platform.models import AuditEntry
from tocsin.rooms.alerts import actions
from tocsin.rooms.alerts.actions.errors import NewerGroupOpen, NotTheirs, ReasonMissing, StepNotPossible
from tocsin.rooms.alerts.models import Alert

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person

AlertOf = Callable[..., Alert]


def test_taking_it_starts_triage(alert_of: AlertOf, analyst: Person) -> None:
    alert = actions.take(actor=analyst, alert=alert_of())

    alert.refresh_from_db()
    assert (alert.state, alert.assignee, alert.open) == ("triage", analyst, True)
    assert alert.acknowledged_at is not None
    assert AuditEntry.objects.get(verb="alert.take").object_uuid == alert.uuid


def test_it_can_be_given_to_a_colleague_but_not_to_an_outsider(
    alert_of: AlertOf, analyst: Person, responder: Person, outsider: Person
) -> None:
    alert = alert_of()
    actions.assign(actor=analyst, alert=alert, assignee=responder)
    assert Alert.objects.get().assignee == responder

    with pytest.raises(NotTheirs):
        actions.assign(actor=analyst, alert=alert, assignee=outsider)


def test_released_it_is_new_again(alert_of: AlertOf, analyst: Person) -> None:
    alert = alert_of()
    actions.take(actor=analyst, alert=alert)
    actions.release(actor=analyst, alert=alert)

    alert.refresh_from_db()
    assert (alert.state, alert.assignee) == ("new", None)


@pytest.mark.parametrize(
    ("disposition", "state"),
    [("false_positive", "closed_false_positive"), ("benign", "closed_benign"), ("duplicate", "closed_duplicate")],
)
def test_it_is_closed_with_a_reason(alert_of: AlertOf, analyst: Person, disposition: str, state: str) -> None:
    alert = actions.dispose(actor=analyst, alert=alert_of(), disposition=disposition, reason=" A planned test. ")

    alert.refresh_from_db()
    assert (alert.state, alert.open, alert.disposition) == (state, False, "A planned test.")
    assert alert.closed_at is not None
    trail = alert.comments.get()
    assert (trail.event, trail.text, trail.author) == (disposition, "A planned test.", analyst)


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_it_is_not_closed_without_a_reason(alert_of: AlertOf, analyst: Person, reason: str) -> None:
    with pytest.raises(ReasonMissing):
        actions.dispose(actor=analyst, alert=alert_of(), disposition="benign", reason=reason)
    assert Alert.objects.get().open


@pytest.mark.parametrize("disposition", ["escalate", "take", "", "nonsense"])
def test_only_dispositions_dispose(alert_of: AlertOf, analyst: Person, disposition: str) -> None:
    with pytest.raises(StepNotPossible):
        actions.dispose(actor=analyst, alert=alert_of(), disposition=disposition, reason="Because.")


def test_it_is_closed_once(alert_of: AlertOf, analyst: Person) -> None:
    alert = alert_of()
    stale = Alert.objects.get()
    actions.dispose(actor=analyst, alert=alert, disposition="benign", reason="A planned test.")

    with pytest.raises(StepNotPossible):
        actions.dispose(actor=analyst, alert=stale, disposition="false_positive", reason="No.")
    assert Alert.objects.get().disposition == "A planned test."


def test_reopened_it_is_in_triage_of_whoever_did(alert_of: AlertOf, analyst: Person) -> None:
    alert = actions.dispose(actor=analyst, alert=alert_of(), disposition="benign", reason="A planned test.")
    actions.reopen(actor=analyst, alert=alert, reason="The test was last week.")

    alert.refresh_from_db()
    assert (alert.state, alert.open, alert.assignee, alert.disposition, alert.closed_at) == (
        "triage",
        True,
        analyst,
        "",
        None,
    )


def test_it_is_not_reopened_while_a_later_one_is_open(alert_of: AlertOf, analyst: Person) -> None:
    alert = actions.dispose(actor=analyst, alert=alert_of(), disposition="benign", reason="A planned test.")
    alert_of()

    with pytest.raises(NewerGroupOpen):
        actions.reopen(actor=analyst, alert=alert, reason="The test was last week.")


def test_it_waits_for_an_answer_of_the_officer(alert_of: AlertOf, analyst: Person, officer_a: Person) -> None:
    alert = actions.ask(actor=analyst, alert=alert_of(), question="Is this your scanner?")
    assert Alert.objects.get().state == "waiting"

    actions.answer(actor=officer_a, alert=alert, text="Yes, it is.")

    alert.refresh_from_db()
    assert (alert.state, alert.assignee) == ("triage", analyst)
    assert [(c.event, c.text) for c in alert.comments.all()] == [
        ("ask", "Is this your scanner?"),
        ("answer", "Yes, it is."),
    ]


def test_escalated_it_leaves_the_queue(alert_of: AlertOf, analyst: Person) -> None:
    alert = actions.escalate(actor=analyst, alert=alert_of())

    alert.refresh_from_db()
    assert (alert.state, alert.open) == ("escalated", False)


def test_a_comment_moves_it_in_the_feed(alert_of: AlertOf, analyst: Person) -> None:
    alert = alert_of()
    before = alert.updated_at
    actions.comment(actor=analyst, alert=alert, text="Seen before at DEPB.")

    alert.refresh_from_db()
    assert alert.updated_at > before
    assert AuditEntry.objects.filter(verb="alert.comment", details__text="Seen before at DEPB.").exists()
    with pytest.raises(ReasonMissing):
        actions.comment(actor=analyst, alert=alert, text=" ")


@pytest.mark.parametrize("name", ["officer_a", "officer_b", "ciso", "admin", "outsider"])
def test_who_may_not_triage_is_refused(alert_of: AlertOf, chart: Mapping[str, Person], name: str) -> None:
    alert, actor = alert_of(), chart[name]
    for attempt in (
        lambda: actions.take(actor=actor, alert=alert),
        lambda: actions.comment(actor=actor, alert=alert, text="x"),
        lambda: actions.dispose(actor=actor, alert=alert, disposition="benign", reason="x"),
        lambda: actions.ask(actor=actor, alert=alert, question="x"),
    ):
        with pytest.raises(PermissionDenied):
            attempt()
    assert Alert.objects.get().state == "new"
    assert not AuditEntry.objects.filter(verb__startswith="alert.").exists()


def test_the_unattributed_are_for_teams_that_see_all(alert_of: AlertOf, analyst: Person, responder: Person) -> None:
    alert = alert_of(organisations=())
    with pytest.raises(PermissionDenied):
        actions.take(actor=responder, alert=alert)
    actions.take(actor=analyst, alert=alert)
    assert Alert.objects.get().assignee == analyst


def test_several_are_closed_at_once_or_none(alert_of: AlertOf, responder: Person) -> None:
    own = [alert_of(rule=rule(id=str(number))) for number in range(3)]
    assert actions.dispose_many(actor=responder, alerts=own, disposition="benign", reason="Patch day.") == 3
    assert not Alert.objects.filter(open=True).exists()

    mixed = [alert_of(rule=rule(id="x")), alert_of(rule=rule(id="y"), organisations=("OTHER",))]
    with pytest.raises(PermissionDenied):
        actions.dispose_many(actor=responder, alerts=mixed, disposition="benign", reason="Patch day.")
    assert Alert.objects.filter(open=True).count() == 2


def test_several_are_taken_at_once(alert_of: AlertOf, analyst: Person) -> None:
    mine = [alert_of(rule=rule(id=str(number))) for number in range(3)]
    assert actions.take_many(actor=analyst, alerts=mine) == 3
    assert Alert.objects.filter(assignee=analyst, state="triage").count() == 3
