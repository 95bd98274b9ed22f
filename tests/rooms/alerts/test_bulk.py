"""Many alerts at once: shown before, done to all that match, taken back afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.rooms.alerts.conftest import rule
from tocsin.platform.models import AuditEntry
from tocsin.rooms.accounts.models import Person as Somebody
from tocsin.rooms.alerts import actions, queries
from tocsin.rooms.alerts.actions import bulk
from tocsin.rooms.alerts.models import Alert, AlertComment, BulkChange
from tocsin.rooms.alerts.schemas import Filters

if TYPE_CHECKING:
    from django.test import Client

    from tocsin.rooms.accounts.models import Person

AlertOf = Callable[..., Alert]
ClientOf = Callable[["Person"], "Client"]
CLOSE = {"do": "dispose", "disposition": "benign", "reason": "Patch day."}


@pytest.fixture
def many(alert_of: AlertOf, analyst: Person) -> list[Alert]:
    made = [alert_of(rule=rule(id=str(n), title=f"rule {n}"), subject=f"host{n}") for n in range(6)]
    actions.take(actor=analyst, alert=made[1])
    actions.ask(actor=analyst, alert=made[2], question="Yours?")
    actions.dispose(actor=analyst, alert=made[5], disposition="duplicate", reason="Told before.")
    return made


def snapshot() -> Mapping[int, tuple[Any, ...]]:
    rows = Alert.objects.values_list("pk", "state", "open", "assignee", "disposition", "acknowledged_at", "closed_at")
    return {row[0]: row[1:] for row in rows}


def preview(client: Client, back: str = "/alerts/?state=all", **given: str) -> tuple[str, dict[str, str]]:
    page = client.post(reverse("alerts_bulk"), {**CLOSE, "whole": "1", "back": back, **given}).content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page))
    return page, {name: value for name, value in hidden.items() if name != "csrfmiddlewaretoken"}


def close_all(analyst: Person, upto: int | None = None) -> BulkChange:
    found = queries.to_change(analyst, Filters(state="all"), queries.newest() if upto is None else upto)
    return actions.change_all(actor=analyst, found=found, **CLOSE)


def test_a_preview_counts_and_changes_nothing(client_of: ClientOf, many: list[Alert], analyst: Person) -> None:
    before = snapshot()
    page, hidden = preview(client_of(analyst))
    assert "Close 5 alerts as benign?" in page
    assert "1 more match and are passed over" in page
    assert "DEPA" in page
    assert hidden["reason"] == "Patch day."
    assert snapshot() == before


def test_what_was_shown_is_done_and_nothing_that_came_later(
    client_of: ClientOf, many: list[Alert], analyst: Person, alert_of: AlertOf
) -> None:
    client = client_of(analyst)
    _page, hidden = preview(client)
    late = alert_of(rule=rule(id="late"), subject="late")
    answer = client.post(reverse("alerts_bulk"), hidden)
    assert answer["Location"] == "/alerts/?state=all"
    assert set(Alert.objects.filter(open=True)) == {late}
    assert {a.disposition for a in Alert.objects.filter(state="closed_benign")} == {"Patch day."}
    assert AlertComment.objects.filter(event="benign", text="Patch day.").count() == 5
    assert AuditEntry.objects.filter(verb="alert.benign").count() == 5


def test_the_filter_of_the_list_decides(client_of: ClientOf, many: list[Alert], analyst: Person) -> None:
    client = client_of(analyst)
    page, hidden = preview(client, back="/alerts/?state=triage")
    assert "Close 1 alert as benign?" in page
    client.post(reverse("alerts_bulk"), hidden)
    assert Alert.objects.filter(state="closed_benign").count() == 1


def test_only_where_one_may_work(client_of: ClientOf, many: list[Alert], officer_a: Person) -> None:
    before = snapshot()
    answer = client_of(officer_a).post(reverse("alerts_bulk"), {**CLOSE, "whole": "1", "back": "/alerts/"})
    assert answer.status_code == 302  # nothing to do: an officer triages nothing
    assert snapshot() == before


@pytest.mark.parametrize(
    "given",
    [
        {"reason": ""},
        {"disposition": "escalate"},
        {"do": "nonsense"},
        {"upto": "forged", "back": "/alerts/?state=all"},
        {"upto": "forged", "back": "/alerts/?state=bogus&level=99"},
        {"back": "/alerts/?state=bogus&level=99"},
        {"back": "/alerts/?state=closed"},
        {"back": "https://elsewhere.example/?state=closed", "reason": " "},
    ],
)
def test_what_makes_no_sense_is_refused(
    client_of: ClientOf, many: list[Alert], analyst: Person, given: Mapping[str, str]
) -> None:
    before = snapshot()
    data = {**CLOSE, "whole": "1", "back": "/alerts/?state=closed", **given}
    assert client_of(analyst).post(reverse("alerts_bulk"), data).status_code == 302
    assert snapshot() == before


def test_it_is_taken_back(client_of: ClientOf, many: list[Alert], analyst: Person) -> None:
    before = snapshot()
    change = close_all(analyst)
    assert snapshot() != before
    page = client_of(analyst).get(reverse("alerts_bulk_change", args=[change.uuid]))
    assert b"Take it back" in page.content
    client_of(analyst).post(reverse("alerts_bulk_change", args=[change.uuid]))
    assert snapshot() == before
    assert AlertComment.objects.filter(event="undo").count() == 5
    with pytest.raises(actions.StepNotPossible):
        actions.undo(actor=analyst, change=change)


def test_taking_many_is_taken_back(many: list[Alert], analyst: Person, responder: Person) -> None:
    before = snapshot()
    found = queries.to_change(responder, Filters(), queries.newest())
    change = actions.change_all(actor=responder, found=found, do="take", disposition="", reason="")
    # What a colleague has taken, or waits for an answer to, is nobody's to take in bulk.
    assert Alert.objects.filter(assignee=responder).count() == 3
    assert Alert.objects.get(pk=many[1].pk).assignee == analyst
    assert actions.undo(actor=responder, change=change) == 3
    assert snapshot() == before


def test_what_somebody_touched_since_stays(many: list[Alert], analyst: Person, responder: Person) -> None:
    change = close_all(analyst)
    actions.reopen(actor=responder, alert=Alert.objects.get(pk=many[0].pk), reason="It is not.")
    actions.comment(actor=responder, alert=Alert.objects.get(pk=many[1].pk), text="Really?")
    assert actions.undo(actor=analyst, change=change) == 3
    assert Alert.objects.get(pk=many[0].pk).assignee == responder
    assert Alert.objects.get(pk=many[1].pk).state == "closed_benign"


def test_a_group_with_a_later_alert_open_stays_closed(many: list[Alert], analyst: Person, alert_of: AlertOf) -> None:
    change = close_all(analyst)
    again = alert_of(rule=rule(id="0", title="rule 0"), subject="host0")
    assert again.generation == 2
    assert actions.undo(actor=analyst, change=change) == 4
    assert Alert.objects.get(pk=many[0].pk).state == "closed_benign"


def test_it_is_nobody_elses_to_take_back(
    client_of: ClientOf, many: list[Alert], analyst: Person, responder: Person
) -> None:
    change = close_all(analyst)
    assert client_of(responder).post(reverse("alerts_bulk_change", args=[change.uuid])).status_code == 404
    with pytest.raises(actions.StepNotPossible):
        actions.undo(actor=responder, change=change)


def test_after_a_day_it_stays(many: list[Alert], analyst: Person) -> None:
    change = close_all(analyst)
    BulkChange.objects.update(done_at=timezone.now() - timedelta(hours=25))
    with pytest.raises(actions.StepNotPossible):
        actions.undo(actor=analyst, change=change)


def test_a_hundred_cost_hardly_more_questions_than_ten(alert_of: AlertOf, analyst: Person) -> None:
    asked: list[int] = []
    alert_of(rule=rule(id="first"))
    close_all(analyst)  # from now on it is known what the person may do
    for size in (10, 100):
        for n in range(size):
            alert_of(rule=rule(id=f"{size}-{n}"), subject=f"{size}-{n}")
        with CaptureQueriesContext(connection) as made:
            actions.undo(actor=analyst, change=close_all(analyst))
        asked.append(len(made))
        close_all(analyst)
    assert asked[1] - asked[0] <= 4  # SQLite takes about 1,000 values a statement


def test_those_ticked_are_taken_back_too(client_of: ClientOf, many: list[Alert], analyst: Person) -> None:
    before, client = snapshot(), client_of(analyst)
    client.post(reverse("alerts_bulk"), {**CLOSE, "selected": [str(many[0].uuid), str(many[3].uuid)]})
    page = client.get(reverse("alerts")).content.decode()
    change = BulkChange.objects.get()
    assert f'<a href="{reverse("alerts_bulk_change", args=[change.uuid])}"' in page
    actions.undo(actor=analyst, change=change)
    assert snapshot() == before


def test_above_the_most_the_ones_shown_are_the_ones_changed(
    client_of: ClientOf, alert_of: AlertOf, analyst: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "MOST", 3)
    monkeypatch.setattr(actions, "MOST", 3)
    for number in range(8):
        level = "critical" if number % 3 == 0 else "low"
        alert_of(rule=rule(id=f"m{number}", level=level), subject=f"m{number}")
    client = client_of(analyst)
    page, hidden = preview(client)
    assert "Close 3 alerts as benign?" in page
    assert "More match than can be changed at once" in page
    client.post(reverse("alerts_bulk"), hidden)
    assert set(Alert.objects.filter(state="closed_benign").values_list("level", flat=True)) == {4}


def test_what_arrives_while_the_preview_is_made_is_left_alone(
    client_of: ClientOf, many: list[Alert], analyst: Person, alert_of: AlertOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = queries.summed

    def summed(*given: Any) -> Any:
        result = counted(*given)
        alert_of(rule=rule(id="race"), subject="race")
        return result

    monkeypatch.setattr(queries, "summed", summed)
    client = client_of(analyst)
    _page, hidden = preview(client)
    client.post(reverse("alerts_bulk"), hidden)
    assert [alert.subject for alert in Alert.objects.filter(open=True)] == ["race"]


@pytest.mark.parametrize("other", [{"disposition": "false_positive"}, {"do": "take"}, {"back": "/alerts/?state=new"}])
def test_a_preview_allows_only_what_it_showed(
    client_of: ClientOf, many: list[Alert], analyst: Person, other: dict[str, str]
) -> None:
    client, before = client_of(analyst), snapshot()
    _page, hidden = preview(client)
    client.post(reverse("alerts_bulk"), hidden | other)
    assert snapshot() == before


def test_more_than_was_shown_is_shown_again(
    client_of: ClientOf, many: list[Alert], analyst: Person, responder: Person
) -> None:
    client = client_of(analyst)
    _page, hidden = preview(client)
    actions.reopen(actor=responder, alert=Alert.objects.get(pk=many[5].pk), reason="It is not.")
    before = snapshot()
    client.post(reverse("alerts_bulk"), hidden)
    assert snapshot() == before


def test_who_may_no_longer_work_there_takes_nothing_back(many: list[Alert], analyst: Person) -> None:
    change = close_all(analyst)
    before = snapshot()
    analyst.memberships.update(role="officer")
    assert actions.undo(actor=Somebody.objects.get(pk=analyst.pk), change=change) == 0
    assert snapshot() == before


def test_an_alert_goes_back_to_nobody_when_its_holder_is_gone(
    many: list[Alert], analyst: Person, responder: Person
) -> None:
    change = close_all(responder)
    Somebody.objects.filter(pk=analyst.pk).update(is_active=False)
    assert actions.undo(actor=responder, change=change) == 5
    assert Alert.objects.filter(state="triage").get().assignee is None


def test_further_hits_do_not_keep_an_alert_from_going_back(many: list[Alert], responder: Person) -> None:
    found = queries.to_change(responder, Filters(), queries.newest())
    change = actions.change_all(actor=responder, found=found, do="take", disposition="", reason="")
    Alert.objects.filter(assignee=responder).update(count=99, updated_at=timezone.now())
    assert actions.undo(actor=responder, change=change) == 3


def test_a_group_that_opens_at_that_moment_is_told_of(
    many: list[Alert], analyst: Person, alert_of: AlertOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = close_all(analyst)
    looked = bulk._untouched

    def untouched(*given: Any) -> Any:
        found = looked(*given)
        alert_of(rule=rule(id="0", title="rule 0"), subject="host0")
        return found

    monkeypatch.setattr(bulk, "_untouched", untouched)
    with pytest.raises(actions.StepNotPossible, match="New hits arrived"):
        actions.undo(actor=analyst, change=change)
    change.refresh_from_db()
    assert change.undone_at is None
