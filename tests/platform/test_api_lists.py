"""Collections can be read to the end and followed afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from ninja.errors import HttpError

from tocsin.platform.api_lists import page_of
from tocsin.rooms.intake.models import Receipt, Source

THEN = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def receipts(db: None) -> list[int]:
    """Make seven receipts; the middle three changed in the same instant."""
    source = Source.objects.create(name="s")
    made = [Receipt.objects.create(source=source, name=str(n), digest=str(n)).pk for n in range(7)]
    for place, number in enumerate(made):
        minute = 2 if place in {2, 3, 4} else place
        Receipt.objects.filter(pk=number).update(updated_at=THEN + timedelta(minutes=minute))
    return made


def read_all(limit: int, since: datetime | None = None) -> list[int]:
    read: list[int] = []
    cursor: str | None = None
    while True:
        rows, cursor = page_of(Receipt.objects.all(), cursor, since, limit)
        read += [row.pk for row in rows]
        if cursor is None:
            return read


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_every_row_comes_once_in_the_order_of_change(receipts: list[int], limit: int) -> None:
    assert read_all(limit) == receipts


def test_it_gives_what_changed_since(receipts: list[int]) -> None:
    assert read_all(2, THEN + timedelta(minutes=2)) == receipts[2:]
    assert read_all(2, (THEN + timedelta(minutes=5)).replace(tzinfo=None)) == receipts[5:]


def test_a_row_that_changes_meanwhile_is_offered_again(receipts: list[int]) -> None:
    _rows, cursor = page_of(Receipt.objects.all(), None, None, 3)
    Receipt.objects.filter(pk=receipts[0]).update(updated_at=THEN + timedelta(hours=1))
    rows, _end = page_of(Receipt.objects.all(), cursor, None, 100)
    assert [row.pk for row in rows] == [*receipts[3:], receipts[0]]


def test_it_never_reads_more_than_asked(receipts: list[int]) -> None:
    assert len(page_of(Receipt.objects.all(), None, None, 0)[0]) == 1


@pytest.mark.parametrize("cursor", ["nonsense", "AAAA", "é", "MjAyNiAx", "-"])
def test_a_cursor_from_elsewhere_is_refused(receipts: list[int], cursor: str) -> None:
    with pytest.raises(HttpError):
        page_of(Receipt.objects.all(), cursor, None)
