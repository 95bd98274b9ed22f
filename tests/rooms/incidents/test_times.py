"""Times are measured by severity, beside their definition, and every figure leads to its incidents."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from tests.rooms.incidents.policies import NOW, Clock
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.models import Deadline, Incident, IncidentEntity

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Person], Client]
PERIOD = queries.Period(date(2026, 11, 1), date(2026, 11, 30))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def make(opener: Person, minutes: int | None, *, severity: int = 3, code: str = "DEPA", **more: Any) -> Incident:
    """Make an incident whose acknowledgement, due within an hour, took so many minutes; none: it is open."""
    incident = Incident.objects.create(title=f"took {minutes}", opened_by=opener, severity=severity)
    IncidentEntity.objects.create(incident=incident, organisation=Organisation.objects.get(code=code))
    late = minutes is not None and minutes > 60
    due = NOW + timedelta(hours=1)
    values = {
        "incident": incident, "kind": "acknowledge", "severity": severity, "policy": "p", "version": "1",
        "calendar": "always", "target": 3600, "warn_share": 75, "answers": "owner", "person": opener,
        "started_at": NOW, "due_at": due, "warn_at": NOW,
        "met_at": None if minutes is None else NOW + timedelta(minutes=minutes),
        "took": None if minutes is None else minutes * 60, "breached_at": due if late else None, **more,
    }  # fmt: skip
    Deadline.objects.create(**values)
    return incident


def test_each_severity_is_measured_by_itself(analyst: Person, clock: Clock) -> None:
    for minutes in (10, 20, 30, 40, 90):
        make(analyst, minutes)
    make(analyst, 5, severity=5)
    make(analyst, None)
    make(analyst, None, stopped_at=NOW)
    clock.at = NOW + timedelta(hours=2)
    make(analyst, None, due_at=NOW + timedelta(hours=3))
    top, other = queries.times(analyst, PERIOD)
    assert (top.severity, top.met, top.median, top.ninth, top.share) == (5, 1, 300, 300, 100)
    assert (other.severity, other.met, other.in_time, other.missed, other.running, other.stopped) == (3, 5, 4, 1, 1, 1)
    assert (other.median, other.ninth) == (30 * 60, 90 * 60)
    assert other.share == 66  # four of the five that were met and the one that is late


@pytest.mark.parametrize(("number", "median", "ninth"), [(1, 1, 1), (2, 1, 2), (10, 5, 9), (11, 6, 10), (100, 50, 90)])
def test_the_ranks_are_the_nearest(analyst: Person, number: int, median: int, ninth: int) -> None:
    for minutes in range(1, number + 1):
        make(analyst, minutes)
    [row] = queries.times(analyst, PERIOD)
    assert (row.median, row.ninth) == (median * 60, ninth * 60)


def test_calendars_are_not_mixed(analyst: Person) -> None:
    make(analyst, 10)
    make(analyst, 20, calendar="eu-brussels")
    assert [(row.calendar, row.median) for row in queries.times(analyst, PERIOD)] == [
        ("always", 600),
        ("eu-brussels", 1200),
    ]


def test_only_what_one_may_see_is_measured(
    analyst: Person, officer_a: Person, outsider: Person, responder: Person, ciso: Person
) -> None:
    make(analyst, 10)
    make(analyst, 20, code="DEPB")
    sealed = make(analyst, 30)
    actions.seal(actor=responder, incident=sealed, people=[])
    assert [row.met for row in queries.times(ciso, PERIOD)] == [2]
    assert [row.met for row in queries.times(officer_a, PERIOD)] == [1]
    assert queries.times(outsider, PERIOD) == []
    assert [row.met for row in queries.times(ciso, PERIOD, "DEPB")] == [1]
    assert queries.times(officer_a, PERIOD, "DEPB") == []


def test_it_takes_two_statements(analyst: Person, django_assert_num_queries: Callable[..., Any]) -> None:
    from tocsin.platform.access import scope_of

    for minutes in range(40):
        make(analyst, minutes, severity=minutes % 6)
    scope_of(analyst)
    with django_assert_num_queries(2):
        assert len(queries.times(analyst, PERIOD)) == 6


def test_every_figure_leads_to_the_incidents_it_counts(analyst: Person, clock: Clock, client_of: ClientOf) -> None:
    for minutes in (10, 20, 90, None):
        make(analyst, minutes)
    make(analyst, 15, severity=5)
    make(analyst, 15, started_at=NOW - timedelta(days=100))
    clock.at = NOW + timedelta(hours=2)
    client = client_of(analyst)
    page = client.get("/incidents/times/?begin=2026-11-01&end=2026-11-30").content.decode()
    links = re.findall(r'<a href="(/incidents/\?[^"]*promise=[^"]*)">([\d,]+)</a>', page)
    assert len(links) >= 4
    for link, number in links:
        listed = client.get(unescape(link)).content.decode()
        assert listed.count('class="row-link"') == int(number), link
        assert "The incidents behind a figure" in listed


def test_the_definition_stands_beside(analyst: Person, client_of: ClientOf) -> None:
    make(analyst, 10)
    page = unescape(client_of(analyst).get("/incidents/times/").content.decode())
    assert "To: the first time its state is one of these: triage, analysis" in page
    assert "From: when the incident was opened." in page
    assert "<svg" in page
    assert page.count('class="definition small"') == 3


@pytest.mark.parametrize(
    "query",
    [
        "begin=2026-13-01", "begin=x&end=y", "begin=2026-12-01&end=2020-01-01", "begin=0001-01-01&end=9999-12-31",
        "organisation=%00", "organisation=<b>", "end=0001-01-01", "begin=" + "9" * 5000,
    ],
)  # fmt: skip
def test_a_period_without_sense_breaks_nothing(analyst: Person, client_of: ClientOf, query: str) -> None:
    make(analyst, 10)
    assert client_of(analyst).get(f"/incidents/times/?{query}").status_code in {200, 400}


@pytest.mark.parametrize(
    "query",
    [
        "promise=acknowledge&outcome=nonsense", "promise=nonsense", "promise=acknowledge&of=-1",
        "promise=acknowledge&of=9999999999999999999999", "promise=acknowledge&begin=0001-01-01&end=9999-12-31",
        "promise=acknowledge&calendar=<b>", "promise=" + "x" * 100_000, "due=never", "team=all", "sort=due&cursor=x",
    ],
)  # fmt: skip
def test_a_filter_without_sense_breaks_nothing(analyst: Person, client_of: ClientOf, query: str) -> None:
    make(analyst, 10)
    assert client_of(analyst).get(f"/incidents/?state=all&{query}").status_code in {200, 400, 414}


def test_the_deadlines_are_taken_along_as_a_file(
    analyst: Person, officer_b: Person, responder: Person, client_of: ClientOf
) -> None:
    make(analyst, 10, policy="=cmd|' /C calc'!A0")
    actions.seal(actor=responder, incident=make(analyst, 20), people=[])
    query = "/incidents/times/?begin=2026-11-01&end=2026-11-30&export=csv"
    answer = client_of(analyst).get(query)
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert [(row["promise"], row["took_seconds"], row["met_at"]) for row in rows] == [
        ("acknowledge", "600", "2026-11-27T10:10:00Z")
    ]
    assert rows[0]["policy"].startswith("'=cmd")
    others = client_of(officer_b).get(query)
    assert others.status_code in {200, 403}
    assert b"INC-" not in (b"".join(others) if others.streaming else others.content)
