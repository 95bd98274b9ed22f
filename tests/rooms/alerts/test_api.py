"""Alerts for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.rooms.alerts.conftest import chunk, hits, rule
from tocsin.rooms.accounts.actions import make_token
from tocsin.rooms.alerts import actions
from tocsin.rooms.alerts.models import Alert

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.intake.models import Receipt

AlertOf = Callable[..., Alert]


def asked(person: Person, path: str = "/api/alerts", verbs: tuple[str, ...] = ("alerts.view",), **query: Any) -> Any:
    _token, key = make_token(actor=person, person=person, name="t", verbs=list(verbs), expires_in=timedelta(days=1))
    answer = Client().get(path, query, headers={"Authorization": f"Bearer {key}"})
    return answer.status_code, json.loads(answer.content)


def test_it_lists_what_the_person_may_see(alert_of: AlertOf, officer_a: Person) -> None:
    alert = alert_of()
    alert_of(organisations=("DEPB",))

    status, answer = asked(officer_a)
    assert status == 200
    assert answer["next"] is None
    item = answer["items"][0]
    assert len(answer["items"]) == 1
    assert (item["uuid"], item["organisation"], item["level"]) == (str(alert.uuid), "DEPA", "high")
    assert (item["rule"], item["count"], item["state"]) == (alert.rule_id, 1, "new")
    assert "raw" not in item


def test_it_goes_on_from_a_cursor(receipt: Receipt, analyst: Person) -> None:
    actions.record_hits(receipt, chunk(one for n in range(5) for one in hits(1, start=n + 1, subject=f"h{n}")))
    seen, cursor = [], ""
    while cursor is not None:
        _status, answer = asked(analyst, limit=2, **(dict[str, Any](cursor=cursor) if cursor else {}))
        seen += [item["subject"] for item in answer["items"]]
        cursor = answer["next"]
    assert sorted(seen) == ["h0", "h1", "h2", "h3", "h4"]


def test_it_gives_what_changed_since(alert_of: AlertOf, analyst: Person) -> None:
    old, new = alert_of(subject="old"), alert_of(subject="new")
    Alert.objects.filter(pk=old.pk).update(updated_at=timezone.now() - timedelta(days=2))

    _status, answer = asked(analyst, updated_since=(timezone.now() - timedelta(days=1)).isoformat())
    assert [item["uuid"] for item in answer["items"]] == [str(new.uuid)]


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ({"state": "open"}, {"a"}),
        ({"state": "closed"}, {"b"}),
        ({"level": "3-"}, {"a"}),
        ({"level": "1"}, {"b"}),
        ({"organisation": "DEPB"}, set()),
        ({"subject": "b"}, {"b"}),
        ({"rule": "2"}, {"b"}),
    ],
)
def test_it_filters(alert_of: AlertOf, analyst: Person, query: Mapping[str, Any], seen: set[str]) -> None:
    alert_of(subject="a")
    closed = alert_of(subject="b", rule=rule(id="2", level="low"))
    actions.dispose(actor=analyst, alert=closed, disposition="benign", reason="A test.")

    _status, answer = asked(analyst, **query)
    assert {item["subject"] for item in answer["items"]} == seen


def test_it_refuses_a_state_that_is_none(analyst: Person) -> None:
    assert asked(analyst, state="nonsense")[0] == 422


def test_it_gives_one_in_full(alert_of: AlertOf, analyst: Person, receipt: Receipt) -> None:
    alert = alert_of()
    actions.comment(actor=analyst, alert=alert, text="Seen.")

    status, answer = asked(analyst, f"/api/alerts/{alert.uuid}")
    assert status == 200
    assert [(hit["receipt"], hit["record"], hit["source"]) for hit in answer["hits"]] == [
        (str(receipt.uuid), 1, "sensor")
    ]
    assert [(comment["author"], comment["text"]) for comment in answer["comments"]] == [("analyst", "Seen.")]
    assert "ScriptBlockText" not in json.dumps(answer)


def test_what_may_not_be_seen_is_not_there(alert_of: AlertOf, officer_b: Person) -> None:
    hidden = asked(officer_b, f"/api/alerts/{alert_of().uuid}")
    assert hidden == asked(officer_b, f"/api/alerts/{uuid4()}")
    assert hidden[0] == 404


def test_a_token_without_the_right_is_refused(alert_of: AlertOf, analyst: Person) -> None:
    alert = alert_of()
    assert asked(analyst, verbs=("rules.view",))[0] == 403
    assert asked(analyst, f"/api/alerts/{alert.uuid}", verbs=("rules.view",))[0] == 403


def test_the_list_takes_few_queries(
    receipt: Receipt, analyst: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    actions.record_hits(receipt, chunk(one for n in range(60) for one in hits(1, start=n + 1, subject=f"h{n}")))
    _token, key = make_token(
        actor=analyst, person=analyst, name="t", verbs=["alerts.view"], expires_in=timedelta(days=1)
    )
    with django_assert_max_num_queries(12):
        answer = Client().get("/api/alerts", headers={"Authorization": f"Bearer {key}"})
    assert len(json.loads(answer.content)["items"]) == 60
