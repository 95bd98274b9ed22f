"""Lists are turned by key, keep their order in both directions, and stop counting."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tocsin.platform.lists import bounded_count, keyset, shown_count
from tocsin.platform.models import AuditEntry, Lease
from tocsin.rooms.rules.models import Rule, RuleSet

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries() -> None:
    AuditEntry.objects.bulk_create(
        AuditEntry(verb=f"verb {n % 3}", object_type="t", digest="", created_at=timezone.now()) for n in range(23)
    )


@pytest.mark.usefixtures("entries")
@pytest.mark.parametrize(
    "fields",
    [("-id",), ("id",), ("-verb", "-created_at", "-id"), ("verb", "created_at", "id"), ("-verb", "created_at", "id")],
)
def test_every_row_stands_on_one_page_in_order_and_back_again(fields: tuple[str, ...]) -> None:
    expected = list(AuditEntry.objects.order_by(*fields).values_list("pk", flat=True))
    pages: list[list[int]] = []
    page = keyset(AuditEntry.objects.all(), fields, size=5)
    assert page.previous == ""
    pages.append([row.pk for row in page.items])
    while page.next and len(pages) < 9:
        page = keyset(AuditEntry.objects.all(), fields, page.next, size=5)
        pages.append([row.pk for row in page.items])
    assert [len(rows) for rows in pages] == [5, 5, 5, 5, 3]
    assert [pk for rows in pages for pk in rows] == expected
    for rows in reversed(pages[:-1]):
        page = keyset(AuditEntry.objects.all(), fields, page.previous, size=5)
        assert [row.pk for row in page.items] == rows
        assert page.next
    assert page.previous == ""


@pytest.mark.parametrize("cursor", ["x", "bm90IGpzb24", "W10", "WzEsMiwzXQ", "WzAsbnVsbF0", "e30", "é"])
@pytest.mark.usefixtures("entries")
def test_a_cursor_that_makes_no_sense_gives_the_first_page(cursor: str) -> None:
    assert keyset(AuditEntry.objects.all(), ("-id",), cursor, size=5) == keyset(
        AuditEntry.objects.all(), ("-id",), size=5
    )


@pytest.mark.usefixtures("entries")
def test_a_cursor_survives_the_row_it_stood_on() -> None:
    first = keyset(AuditEntry.objects.all(), ("id",), size=5)
    last = first.items[-1].pk
    AuditEntry.objects.filter(pk=last).delete()
    assert keyset(AuditEntry.objects.all(), ("id",), first.next, size=1).items[0].pk == last + 1


def test_a_list_may_be_ordered_by_a_related_column() -> None:
    sets = [RuleSet.objects.create(name=name) for name in "ba"]
    for n in range(4):
        Rule.objects.create(rule_set=sets[n % 2], sigma_id=str(n), title=str(n), version="", path=str(n), text="")
    first = keyset(Rule.objects.select_related("rule_set"), ("rule_set__name", "id"), size=3)
    second = keyset(Rule.objects.all(), ("rule_set__name", "id"), first.next, size=3)
    assert [row.sigma_id for row in [*first.items, *second.items]] == ["1", "3", "0", "2"]


@pytest.mark.usefixtures("entries")
def test_a_page_is_one_query_that_compares_whole_rows() -> None:
    fields = ("-verb", "-created_at", "-id")
    cursor = keyset(AuditEntry.objects.all(), fields, size=5).next
    with CaptureQueriesContext(connection) as queries:
        keyset(AuditEntry.objects.all(), fields, cursor, size=5)
    assert len(queries) == 1
    assert re.search(r"WHERE \(\S+, \S+, \S+\) < \(", queries[0]["sql"])


def test_an_empty_list_has_one_empty_page() -> None:
    page = keyset(Lease.objects.all(), ("id",))
    assert (list(page.items), page.next, page.previous, page.several) == ([], "", "", False)


@pytest.mark.usefixtures("entries")
def test_counting_stops() -> None:
    assert bounded_count(AuditEntry.objects.all()) == "23"
    assert bounded_count(AuditEntry.objects.all(), limit=23) == "23"
    assert bounded_count(AuditEntry.objects.all(), limit=22) == "22+"
    assert bounded_count(Lease.objects.all()) == "0"


def test_large_counts_are_grouped() -> None:
    assert shown_count(10_001) == "10,000+"
    assert shown_count(9_999) == "9,999"
