"""The index follows every change, by whatever statement it was made, and can be made anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection

from tocsin.platform.search import indexing, results
from tocsin.platform.search.models import SearchDocument, SearchDue, SearchFill
from tocsin.platform.search.results import Asked, search
from tocsin.platform.search.watching import watch
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import Incident, TimelineEntry

Found = Callable[..., list[str]]
pytestmark = pytest.mark.django_db


def opened(person: Person, title: str, **more: Any) -> Incident:
    return actions.open_incident(
        actor=person, title=title, organisations=[Organisation.objects.get(code="DEPA")], **more
    )


def test_changes_by_any_statement_are_seen(responder: Person, found: Found) -> None:
    incident = opened(responder, "First name")
    assert found(responder, "first name") == ["First name"]
    Incident.objects.filter(pk=incident.pk).update(title="Second name")
    assert found(responder, "first name") == []
    assert found(responder, "second name") == ["Second name"]
    TimelineEntry.objects.bulk_create(
        [TimelineEntry(incident=incident, kind="comment", text="bulky remark", author=responder)]
    )
    assert found(responder, "bulky") == ["Second name"]
    TimelineEntry.objects.filter(text="bulky remark").delete()
    assert found(responder, "bulky") == []


def test_what_does_not_matter_is_not_read_again(responder: Person) -> None:
    incident = opened(responder, "Quiet")
    indexing.index()
    Incident.objects.filter(pk=incident.pk).update(severity=5)
    incident.save()
    assert not SearchDue.objects.exists()


def test_only_what_changed_is_written(responder: Person) -> None:
    incident = opened(responder, "Steady", summary="told at length")
    indexing.index()
    before = dict(SearchDocument.objects.values_list("pk", "digest"))
    actions.note(incident, text="one more", author=responder)
    indexing.index()
    after = dict(SearchDocument.objects.values_list("pk", "digest"))
    assert before.items() <= after.items()
    assert len(after) == len(before) + 1


def test_what_was_there_before_the_index_is_found(responder: Person, found: Found) -> None:
    opened(responder, "Old matter")
    SearchDue.objects.all().delete()
    SearchDocument.objects.all().delete()
    indexing.refill()
    assert indexing.progress() < 100
    assert found(responder, "old matter") == ["Old matter"]
    assert indexing.progress() == 100


def test_a_lost_trigger_is_made_again_and_its_source_read_anew(responder: Person, found: Found) -> None:
    found(responder, "nothing")
    with connection.cursor() as cursor:
        on = " ON incidents_incident" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER search_incidents_0_insert{on}")
    opened(responder, "Unwatched")
    watch()
    assert [fill.source for fill in SearchFill.objects.filter(done=False)] == ["incidents"]
    assert found(responder, "unwatched") == ["Unwatched"]


def test_the_newest_come_first_and_names_before_mentions(responder: Person, found: Found) -> None:
    opened(responder, "Other thing", summary="about ransomware")
    opened(responder, "A ransomware wave")
    opened(responder, "Ransomware at DEPA")
    for number, title in enumerate(("Other thing", "A ransomware wave", "Ransomware at DEPA")):
        incident = Incident.objects.get(title=title)
        at = datetime(2026, 1, 3 - number, tzinfo=UTC)
        Incident.objects.filter(pk=incident.pk).update(created_at=at)
    SearchDocument.objects.all().delete()
    indexing.refill()
    assert found(responder, "ransomware") == ["Ransomware at DEPA", "A ransomware wave", "Other thing"]


def test_a_full_second_overflows_into_the_next(responder: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "SLOTS", 2)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    drawn = indexing._ids({(number, ""): at for number in range(20)})
    assert len(set(drawn.values())) == 20


def test_only_the_newest_are_looked_at_and_that_is_said(responder: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "MOST", 3)
    for number in range(5):
        opened(responder, f"Wave {number}")
    indexing.index()
    found = search(responder, Asked("wave"))
    assert (found.count, found.more) == (3, True)


def test_hostile_texts_are_indexed_as_they_are(responder: Person, found: Found) -> None:
    incident = opened(responder, "Hostile")
    for text in (
        "x" * 300_000,
        "'; DROP TABLE search_searchdocument; -- quotedrop",
        '" OR "a" * NEAR(b c)',
        "\u202egnp.exe",
        "🚨 alarm",
    ):
        actions.note(incident, text=text, author=responder)
    assert found(responder, "quotedrop") == ["Hostile"]
    assert found(responder, "alarm") == ["Hostile"]


@pytest.mark.parametrize(
    "asked", ['"', "*", "NEAR(", "a OR b", "'::tsquery", "\\", "% _", "x" * 10_000, "🚨", "{title} : x"]
)
def test_hostile_questions_get_an_answer(asked: str, responder: Person) -> None:
    opened(responder, "Something")
    indexing.index()
    assert search(responder, Asked(asked)).count == 0


def test_every_room_keeps_its_promises(chart: Mapping[str, Person], found: Found) -> None:
    admin = chart["admin"]
    assert found(admin, "DEPA") == ["Name of DEPA"]
    assert found(chart["analyst"], "CSIRC", kind="team") == ["Team CSIRC"]
