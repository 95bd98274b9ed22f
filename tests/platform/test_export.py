"""Lists as files: what is in them, for whom, and what the gate and the trail keep of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.architecture.stage import furnish
from tocsin.platform import export
from tocsin.platform.models import AuditEntry, GateEntry
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.models import Incident

if TYPE_CHECKING:
    from django.test import Client

    from tocsin.rooms.accounts.models import Person

ClientOf = Callable[["Person"], "Client"]
Chart = Mapping[str, "Person"]
LISTS = ["alerts", "incidents", "organisations", "intake/receipts", "intake/sources", "rules", "people", "ledger",
         "audit"]  # fmt: skip


def rows(client: Client, path: str) -> list[dict[str, str]]:
    answer = client.get(path)
    assert answer.status_code == 200, path
    assert answer["Content-Disposition"].startswith('attachment; filename="tocsin-')
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]  # a stream
    return list(csv.DictReader(io.StringIO(text)))


@pytest.fixture
def things(chart: Chart) -> Mapping[str, Any]:
    return furnish(chart)


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("name", ["analyst", "responder", "ciso", "officer_a", "admin"])
def test_every_list_is_taken_along_by_those_who_see_it(
    things: Mapping[str, Any], chart: Chart, client_of: ClientOf, path: str, name: str
) -> None:
    client = client_of(chart[name])
    if client.get(f"/{path}/").status_code == 403:
        assert client.get(f"/{path}/?export=csv").status_code == 403
        return
    assert b"export=csv" in client.get(f"/{path}/").content
    rows(client, f"/{path}/?export=csv")
    kept = GateEntry.objects.filter(action="export").get()
    assert (kept.allowed, kept.actor) == (True, chart[name].uuid)
    details = AuditEntry.objects.get(verb="list.export").details or {}
    assert details["list"] == kept.item_type.removeprefix("list.")


def test_it_holds_what_the_page_shows_and_its_filter(
    things: Mapping[str, Any], chart: Chart, client_of: ClientOf
) -> None:
    client = client_of(chart["analyst"])
    (row,) = rows(client, "/alerts/?state=all&export=csv")
    assert (row["title"], row["organisation"], row["level"]) == ("Secret title of A", "DEPA", "high")
    assert row["last_seen"].endswith("Z")
    assert rows(client, "/alerts/?state=closed&export=csv") == []
    (row,) = rows(client, "/incidents/?export=csv")
    assert (row["title"], row["organisations"], row["tlp"]) == ("Secret title of A incident", "DEPA", "AMBER")


def test_others_get_nothing_of_it(things: Mapping[str, Any], chart: Chart, client_of: ClientOf) -> None:
    for name in ("officer_b", "outsider"):
        client = client_of(chart[name])
        for path in LISTS:
            answer = client.get(f"/{path}/?export=csv&state=all")
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content  # type: ignore[attr-defined]
            assert b"Secret title of A" not in body, path
            assert b"secret-host-a" not in body, path


def test_the_strictest_marking_names_the_file(things: Mapping[str, Any], chart: Chart, client_of: ClientOf) -> None:
    Incident.objects.update(tlp="RED")
    answer = client_of(chart["responder"]).get("/incidents/?export=csv")
    assert "-TLP-RED-" in answer["Content-Disposition"]
    assert GateEntry.objects.get(action="export").tlp == "RED"


def test_a_sealed_incident_is_taken_along_by_its_people_only(
    things: Mapping[str, Any], chart: Chart, client_of: ClientOf
) -> None:
    incident = Incident.objects.get()
    incidents.accept(actor=chart["responder"], hand_off=incident.hand_offs.get(moves=True))
    incidents.withdraw(actor=chart["responder"], hand_off=incident.hand_offs.get(moves=False))
    incidents.seal(actor=chart["responder"], incident=incident, people=[])
    assert len(rows(client_of(chart["responder"]), "/incidents/?export=csv")) == 1
    assert rows(client_of(chart["analyst"]), "/incidents/?export=csv") == []


def test_ones_own_files_stand_in_the_ledger_and_all_of_them_at_the_top(
    things: Mapping[str, Any], chart: Chart, client_of: ClientOf
) -> None:
    client_of(chart["officer_a"]).get("/alerts/?state=all&export=csv")
    assert b"alerts (1)" in client_of(chart["ciso"]).get("/ledger/").content


def test_a_list_too_long_is_sent_back_to_be_narrowed(
    things: Mapping[str, Any], chart: Chart, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MOST", 0)
    answer = client_of(chart["analyst"]).get("/alerts/?state=all&export=csv&cursor=x")
    assert answer["Location"] == "/alerts/?state=all"
    assert not GateEntry.objects.filter(action="export").exists()


def test_what_spreadsheets_calculate_is_only_text(things: Mapping[str, Any], chart: Chart, client_of: ClientOf) -> None:
    Alert.objects.update(title='=HYPERLINK("http://x.example","a")', subject="@SUM(A1)")
    (row,) = rows(client_of(chart["analyst"]), "/alerts/?state=all&export=csv")
    assert (row["title"], row["subject"]) == ('\'=HYPERLINK("http://x.example","a")', "'@SUM(A1)")


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""),
        (True, "True"),
        (-3, "-3"),
        (date(2026, 11, 26), "2026-11-26"),
        (datetime(2026, 11, 26, 9, tzinfo=UTC), "2026-11-26T09:00:00Z"),
        (["T1003", "T1059"], "T1003 T1059"),
        (["=1+1"], "'=1+1"),
        ("\tx", "'\tx"),
        ("-1+1", "'-1+1"),
        ("＝1", "'＝1"),
        ("a\0b", "a\ufffdb"),
        ("plain = text", "plain = text"),
        ('x;=HYPERLINK("http://e.example")', 'x;\'=HYPERLINK("http://e.example")'),
        ("a\n=1+1", "a\n'=1+1"),
    ],
)
def test_each_value_is_written_so_that_it_reads_back(value: object, written: str) -> None:
    assert export.cell(value) == written


@given(st.text())
def test_no_text_begins_a_formula(text: str) -> None:
    assert not export.cell(text).startswith(export.FORMULA)
