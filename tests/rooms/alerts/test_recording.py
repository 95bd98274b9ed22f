"""Hits become alerts: grouped, counted once, never a query a row."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.rooms.alerts.conftest import NOON, chunk, hit, hits, rule
from tocsin.platform.models import AuditEntry
from tocsin.rooms.alerts.actions import dispose, record_hits
from tocsin.rooms.alerts.actions.grouping import RAW_LIMIT
from tocsin.rooms.alerts.models import Alert, RawLine
from tocsin.rooms.alerts.models import Hit as StoredHit
from tocsin.rooms.rules.models import Level

if TYPE_CHECKING:
    from tocsin.pipeline.engines.chunk import Chunk, EventHit
    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.intake.models import Receipt


def test_it_makes_one_alert_of_the_hits_of_a_rule_an_organisation_a_subject_and_a_day(receipt: Receipt) -> None:
    assert record_hits(receipt, chunk(hits(3))) == (3, 1)

    alert = Alert.objects.get()
    assert (alert.count, alert.hits.count()) == (3, 3)
    assert (alert.first_seen, alert.last_seen) == (NOON + timedelta(seconds=1), NOON + timedelta(seconds=3))
    assert (alert.title, alert.level, alert.techniques) == ("Encoded PowerShell", Level.HIGH, ["T1059.001"])
    assert alert.organisation is not None
    assert alert.organisation.code == "DEPA"
    assert (alert.subject_kind, alert.subject, alert.state, alert.open) == ("host", "ws01.depa.example", "new", True)


@pytest.mark.parametrize(
    "other",
    [
        hit(record=2, rule=rule(id="another")),
        hit(record=2, organisations=("DEPB",)),
        hit(record=2, organisations=()),
        hit(record=2, subject="ws02.depa.example"),
        hit(record=2, subject_kind="user"),
        hit(record=2, time=NOON + timedelta(days=1)),
    ],
)
def test_it_keeps_apart_what_differs(receipt: Receipt, other: EventHit) -> None:
    assert record_hits(receipt, chunk([hit(), other])) == (2, 2)


def test_it_starts_a_new_window_at_midnight_utc(receipt: Receipt) -> None:
    before = hit(record=1, time=NOON.replace(hour=23, minute=59, second=59, microsecond=999_999))
    after = hit(record=2, time=NOON.replace(hour=0) + timedelta(days=1))

    assert record_hits(receipt, chunk([before, after])) == (2, 2)
    assert [a.window_start.hour for a in Alert.objects.all()] == [0, 0]


def test_a_hit_that_concerns_two_organisations_is_an_alert_at_each(receipt: Receipt) -> None:
    assert record_hits(receipt, chunk([hit(organisations=("DEPA", "DEPB"))])) == (2, 2)
    assert sorted(Alert.objects.values_list("organisation__code", flat=True)) == ["DEPA", "DEPB"]


def test_an_unknown_organisation_is_nobody(receipt: Receipt) -> None:
    record_hits(receipt, chunk([hit(organisations=("GONE",)), hit(record=2, organisations=())]))

    alert = Alert.objects.get()
    assert (alert.organisation, alert.count) == (None, 2)


def test_the_same_hits_again_change_nothing(receipt: Receipt) -> None:
    given = chunk([*hits(30), *hits(5, start=31, organisations=())])
    record_hits(receipt, given)
    before = [list(model.objects.order_by("pk").values()) for model in (Alert, StoredHit, RawLine)]

    assert record_hits(receipt, given) == (0, 0)
    assert [list(model.objects.order_by("pk").values()) for model in (Alert, StoredHit, RawLine)] == before


def test_a_part_that_was_seen_is_left_out(receipt: Receipt) -> None:
    record_hits(receipt, chunk(hits(10)))

    assert record_hits(receipt, chunk(hits(10, start=6))) == (5, 0)
    assert Alert.objects.get().count == 15 == StoredHit.objects.count()


def test_a_new_version_of_a_rule_fires_anew_into_the_same_alert(receipt: Receipt) -> None:
    record_hits(receipt, chunk([hit()]))

    assert record_hits(receipt, chunk([hit(rule=rule(version="b" * 16))])) == (1, 0)
    alert = Alert.objects.get()
    assert (alert.count, alert.hits.count(), alert.raw_lines.count()) == (2, 2, 1)


def test_hits_after_closing_open_the_next_generation(receipt: Receipt, analyst: Person) -> None:
    record_hits(receipt, chunk(hits(2)))
    first = Alert.objects.get()
    dispose(actor=analyst, alert=first, disposition="benign", reason="A planned test.")

    assert record_hits(receipt, chunk(hits(3, start=3))) == (3, 1)
    second = Alert.objects.get(open=True)
    assert (second.key, second.generation, second.count, second.state) == (first.key, 2, 3, "new")
    first.refresh_from_db()
    assert (first.count, first.state) == (2, "closed_benign")


def test_it_keeps_the_first_ten_and_the_last_ten_raw_lines(receipt: Receipt) -> None:
    record_hits(receipt, chunk(hits(50)))
    record_hits(receipt, chunk(hits(50, start=51)))

    kept = [line.record for line in Alert.objects.get().raw_lines.all()]
    assert kept == [*range(1, 11), *range(91, 101)]
    assert bytes(RawLine.objects.get(record=100).raw) == b"raw line 100"


def test_the_order_of_arrival_changes_nothing(receipt: Receipt) -> None:
    many = hits(120)
    random.Random(7).shuffle(many)
    for start in range(0, 120, 25):
        record_hits(receipt, chunk(many[start : start + 25]))

    alert = Alert.objects.get()
    assert [line.record for line in alert.raw_lines.all()] == [*range(1, 11), *range(111, 121)]
    assert (alert.count, alert.first_seen, alert.last_seen) == (
        120,
        NOON + timedelta(seconds=1),
        NOON + timedelta(seconds=120),
    )


def test_a_huge_raw_line_is_kept_in_part(receipt: Receipt) -> None:
    record_hits(receipt, chunk([hit(raw=b"x" * (RAW_LIMIT + 1))]))

    assert len(RawLine.objects.get().raw) == RAW_LIMIT


def test_a_chunk_without_hits_asks_nothing(receipt: Receipt) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert record_hits(receipt, chunk([])) == (0, 0)
    assert len(queries) <= 2  # the savepoint


def statements(receipt: Receipt, given: Chunk) -> int:
    with CaptureQueriesContext(connection) as queries:
        record_hits(receipt, given)
    return len(queries)


def test_five_thousand_hits_of_a_hundred_groups_take_few_queries(receipt: Receipt) -> None:
    wide = [replace(one, subject=f"ws{one.record % 100}.depa.example") for one in hits(5000)]

    first = statements(receipt, chunk(wide))
    again = statements(receipt, chunk(wide))

    assert Alert.objects.count() == 100
    assert StoredHit.objects.count() == 5000
    # SQLite takes 999 parameters a statement: 5,000 hits of seven values and 2,000 raw lines of five are 46 of them.
    assert first <= (75 if connection.vendor == "sqlite" else 25)
    assert again <= 5


def test_it_writes_one_line_in_the_trail(receipt: Receipt) -> None:
    record_hits(receipt, chunk(hits(3)))

    entry = AuditEntry.objects.get(verb="alerts.recorded")
    assert (entry.object_uuid, entry.details) == (receipt.uuid, {"hits": 3, "alerts": 1})
