"""Institutions answer from their own tools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.architecture.test_routes import bearer
from tests.rooms.notices.conftest import part
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.notices.models import Notice

Write = Callable[..., Notice]


def program(person: Person) -> Client:
    return Client(headers=bearer(person))


def answer(client: Client, uuid: Any, **given: Any) -> Any:
    return client.post(f"/api/notice-parts/{uuid}/answer", given, content_type="application/json")


def test_the_house_reads_how_a_notice_stands(sent: Write, analyst: Person) -> None:
    notice, client = sent(), program(analyst)
    (listed,) = client.get("/api/notices").json()["items"]
    assert listed["standing"] == "Of 2 told, 0 have answered; 2 silent."
    assert client.get(f"/api/notices/{notice.uuid}").json() == listed
    parts = client.get(f"/api/notices/{notice.uuid}/parts").json()
    assert [(each["organisation"], each["state"]) for each in parts] == [("DEPA", "told"), ("DEPB", "told")]


def test_an_institution_reads_its_own_and_answers(sent: Write, officer_a: Person, officer_b: Person) -> None:
    own = part(sent(), "DEPA")
    mine, other = program(officer_a), program(officer_b)
    (listed,) = mine.get("/api/notice-parts").json()["items"]
    assert listed["uuid"] == str(own.uuid)
    told = mine.get(f"/api/notice-parts/{own.uuid}").json()
    assert [fact["value"] for fact in told["facts"]] == ["192.0.2.7"]
    assert "192.0.2.200" not in str(told)
    assert other.get(f"/api/notice-parts/{own.uuid}").status_code == 404
    assert answer(other, own.uuid, kind="done").status_code == 404
    assert mine.get("/api/notices").status_code == 403
    assert answer(mine, own.uuid, kind="done", text="reinstalled").json()["state"] == "done"
    assert mine.get("/api/notice-parts?settled=false").json()["items"] == []
    assert len(mine.get("/api/notice-parts?settled=true").json()["items"]) == 1


@pytest.mark.parametrize(
    ("given", "status"),
    [({"kind": "planned"}, 409), ({"kind": "refused"}, 409), ({"kind": "nonsense"}, 422), ({}, 422),
     ({"kind": "done", "text": "x" * 6000}, 422)],
)  # fmt: skip
def test_an_answer_that_is_none_is_refused(sent: Write, officer_a: Person, given: dict[str, Any], status: int) -> None:
    own = part(sent(), "DEPA")
    assert answer(program(officer_a), own.uuid, **given).status_code == status
    own.refresh_from_db()
    assert own.state == "told"
