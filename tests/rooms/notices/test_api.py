"""Institutions answer from their own tools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.architecture.test_routes import bearer
from tests.rooms.notices.conftest import part
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.notices import api, knowledge
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


NEW = {"title": "From a feed", "values": "192.0.2.7\nnonsense", "kind": "exposure", "texts": {"en": "Look."}}


def write(client: Client, **given: Any) -> Any:
    return client.post("/api/notices", NEW | given, content_type="application/json")


def test_a_feed_writes_and_a_person_looks(ranges: None, analyst: Person, officer_a: Person) -> None:
    assert write(program(officer_a)).status_code == 403
    made = write(program(analyst)).json()
    assert (made["state"], made["title"]) == ("draft", "From a feed")
    assert Notice.objects.get().unread == [[2, "nonsense"]]
    assert not OutboxMessage.objects.exists()
    assert write(program(analyst), kind="nonsense").status_code == 422
    assert write(program(analyst), tlp="PINK").status_code == 422
    assert write(program(analyst), values="203.0.113.1").status_code == 409


def test_what_a_policy_sends_by_itself_leaves_at_once(
    ranges: None, analyst: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = knowledge.routes().model_copy(update={"by_itself": {"exposure": "Policy 7"}})
    for module in (knowledge, api):
        monkeypatch.setattr(module, "routes", lambda: known)
    assert write(program(analyst)).json()["state"] == "open"
    assert OutboxMessage.objects.get().recipient == "officer_a@tocsin.example"
    assert write(program(analyst), kind="indicators").json()["state"] == "draft"
