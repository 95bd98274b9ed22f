"""Programs deliver with a token bound to a source, and read the receipts they may see."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from tests.rooms.intake.logs import sshd, windows
from tocsin.pipeline.enrich.ownership import Ownership
from tocsin.pipeline.lake.errors import StorageFull
from tocsin.rooms.accounts.actions import make_token
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.intake import actions, queries
from tocsin.rooms.intake.models import Receipt, Source

Ask = Callable[..., Any]


@pytest.fixture
def key(admin: Person, source: Source) -> str:
    return make_token(actor=admin, person=admin, name="agent", source=source.uuid)[1]


def post(key: str, body: bytes, content_type: str = "application/x-ndjson", **headers: Any) -> Any:
    return Client().post(
        "/api/intake", data=body, content_type=content_type, headers={"Authorization": f"Bearer {key}"} | headers
    )


def get(key: str, path: str) -> Any:
    return Client().get(f"/api{path}", headers={"Authorization": f"Bearer {key}"})


def reading(person: Person) -> str:
    return make_token(actor=person, person=person, name="reader", verbs=["intake.view", "alerts.view"])[1]


def test_what_is_answered_is_on_the_disk_and_becomes_a_receipt(key: str, analyst: Person) -> None:
    answer = post(key, windows(0, 5))
    assert answer.status_code == 200
    told = answer.json()["receipt"]
    assert queries.waiting()
    assert Receipt.objects.count() == 0
    actions.take_journal()
    seen = get(reading(analyst), f"/receipts/{told}").json()
    assert (seen["uuid"], seen["records"], seen["events"], seen["status"]) == (told, 5, 5, "done")


def test_raw_lines_are_taken_too(key: str) -> None:
    assert post(key, sshd(0, 3), "text/plain").status_code == 200
    actions.take_journal()
    assert Receipt.objects.get().format == "syslog"


def test_the_same_key_is_the_same_delivery(key: str) -> None:
    told = {post(key, sshd(0, 3), "text/plain", **{"Idempotency-Key": "a"}).json()["receipt"] for _ in range(3)}
    assert len(told) == 1
    assert len({post(key, sshd(0, 3), "text/plain").json()["receipt"] for _ in range(2)}) == 2
    actions.take_journal()
    assert Receipt.objects.count() == 3


def test_no_token_and_a_wrong_one_are_told(key: str) -> None:
    assert Client().post("/api/intake", data=b"x", content_type="text/plain").status_code == 401
    assert post("toc_wrong", b"x").status_code == 401


def test_a_token_bound_to_no_source_may_not_deliver(analyst: Person) -> None:
    answer = post(reading(analyst), sshd(0, 1), "text/plain")
    assert (answer.status_code, "bound to no source" in answer.json()["detail"]) == (403, True)


def test_a_source_that_was_ended_takes_nothing(key: str, source: Source) -> None:
    Source.objects.update(active=False)
    assert post(key, sshd(0, 1), "text/plain").status_code == 403


def test_a_token_bound_to_a_source_reads_nothing(key: str) -> None:
    assert get(key, "/receipts").status_code == 403


@pytest.mark.parametrize(
    ("body", "content_type", "headers", "status"),
    [
        (b"\x00\x01\x02", "text/plain", {}, 415),
        (b"<xml/>", "application/xml", {}, 415),
        (b"x", "text/plain", {"Content-Encoding": "gzip"}, 415),
        (b"x" * (16 * 1024 * 1024 + 1), "text/plain", {}, 413),
        (b"x" * (33 * 1024 * 1024), "text/plain", {}, 413),
        (b" \n", "text/plain", {}, 400),
    ],
)
def test_what_cannot_be_taken_is_refused_clearly(
    body: bytes, content_type: str, headers: dict[str, str], status: int, key: str
) -> None:
    answer = post(key, body, content_type, **headers)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert not queries.waiting()


def test_a_full_disk_is_told_and_nothing_acknowledged(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(payload: bytes) -> None:
        raise StorageFull("No room left.")

    monkeypatch.setattr(queries.journal(), "append", full)
    answer = post(key, sshd(0, 1), "text/plain")
    assert (answer.status_code, "send it again" in answer.json()["detail"]) == (503, True)


def test_receipts_come_page_by_page_and_only_those_in_reach(
    tmp_path: Path, analyst: Person, officer_a: Person, outsider: Person, source: Source
) -> None:
    for number in range(5):
        path = tmp_path / f"log{number}"
        path.write_bytes(sshd(number * 10, 3))
        actions.take_file(path, source=source)
    first = get(reading(analyst), "/receipts?limit=3").json()
    rest = get(reading(analyst), f"/receipts?limit=3&cursor={first['next']}").json()
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [3, 2, None]
    later = rest["items"][-1]["updated_at"].replace("+", "%2B")
    assert len(get(reading(analyst), f"/receipts?updated_since={later}").json()["items"]) == 1
    uuid = first["items"][0]["uuid"]
    for person in (officer_a, outsider):
        assert get(reading(person), "/receipts").status_code == 403
    assert get(reading(analyst), f"/receipts/{uuid4()}").status_code == 404
    assert get(reading(analyst), f"/receipts/{uuid}").status_code == 200


def test_rejected_records_and_events_are_read_one_by_one(
    tmp_path: Path, analyst: Person, officer_a: Person, officer_b: Person, source: Source, ownership: Ownership
) -> None:
    path = tmp_path / "log"
    path.write_bytes(sshd(0, 2) + b"x" * 2_000_000)
    receipt = actions.take_file(path, source=source, ownership=ownership)
    (found,) = get(reading(analyst), f"/receipts/{receipt.uuid}/rejected").json()
    assert found["record"] == 3
    assert "raw" not in found
    event = get(reading(officer_a), f"/receipts/{receipt.uuid}/events/1").json()
    assert event["raw"] == sshd(0, 1).decode().strip()
    assert event["fields"]["tocsin.organisations"] == ["DEPA"]
    assert get(reading(officer_b), f"/receipts/{receipt.uuid}/events/1").status_code == 404
    assert get(reading(officer_a), f"/receipts/{receipt.uuid}/events/99").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_many_senders_at_once_are_all_kept(source: Source) -> None:
    with ThreadPoolExecutor(20) as pool:
        told = list(pool.map(lambda n: actions.deliver(source=source, body=sshd(n, 1)), range(200)))
    assert len(set(told)) == 200
    assert actions.take_journal() == 200


def test_what_cannot_be_taken_is_told_in_words_for_programs(key: str) -> None:
    nobody = post(key, b"hello\n", "text/plain")
    assert (nobody.status_code, "--format" in nobody.json()["detail"]) == (415, False)
    packed = post(key, gzip.compress(sshd(0, 3)), "text/plain")
    assert (packed.status_code, packed.json()["detail"]) == (415, "This is gzip; send it unpacked.")


def test_a_delivery_in_chunks_is_told_to_give_its_length(key: str) -> None:
    answer = Client().generic(
        "POST", "/api/intake", headers={"Authorization": f"Bearer {key}", "Transfer-Encoding": "chunked"}
    )
    assert (answer.status_code, "Content-Length" in answer.json()["detail"]) == (411, True)
