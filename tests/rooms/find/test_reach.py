"""Nobody finds what they may not read, and everybody finds what they may: by title, note, task, observable, letter."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from tests.rooms.incidents.filing import added
from tocsin.platform.search import indexing
from tocsin.platform.search.models import SearchDocument
from tocsin.platform.search.results import Asked, search
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Mandate, Membership, Organisation, Team
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.models import Audience, Evidence, Incident, IncidentEntity

Found = Callable[..., list[str]]
pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(chart: Mapping[str, Person]) -> Incident:
    """An incident of two organisations with an entry for each circle of readers, each with a word of its own."""
    both = list(Organisation.objects.filter(code__in=["DEPA", "DEPB"]).order_by("code"))
    made = actions.open_incident(actor=chart["responder"], title="wordtitle", organisations=both, summary="wordsummary")
    parts: list[IncidentEntity | None] = [None, *made.entities.order_by("organisation__code")]
    for number, part in enumerate(parts):
        for audience in Audience.values:
            if part is None and audience == Audience.ENTITY:
                continue
            [filed] = added(chart["responder"], made, b"x", entity=part, audience=audience, title=f"evidence {number}")
            Evidence.objects.filter(pk=filed.pk).update(text=f"wordfile{audience}{number}")
            actions.note(
                made, text=f"word{audience}{number}", author=chart["responder"], entity=part, audience=audience
            )
        actions.add_task(actor=chart["responder"], incident=made, title=f"wordtask{number}", entity=part)
        if part is not None:
            part.summary = f"wordpart{number}"
            part.save()
    return made


def readable(person: Person, incident: Incident) -> set[str]:
    """Give the words that the incident's page shows the person."""
    if not Incident.objects.visible_to(person).filter(pk=incident.pk).exists():
        return set()
    view = queries.view_or_404(person, incident.uuid)
    texts = [
        incident.title,
        *view.timeline().values_list("text", flat=True),
        *view.tasks().values_list("title", flat=True),
        *queries.evidence_of(view).values_list("text", flat=True),
    ]
    texts += [part.summary for part in view.entities]
    texts += [incident.summary] if view.handler else []
    return {text for text in texts if text.startswith("word")}


def all_words() -> set[str]:
    return {
        text
        for document in SearchDocument.objects.filter(source="incidents")
        for text in f"{document.title} {document.text}".split()
        if text.startswith("word")
    }


@pytest.mark.parametrize("sealed", [False, True])
def test_everybody_finds_what_the_page_shows_them_and_nothing_else(
    sealed: bool, incident: Incident, chart: Mapping[str, Person]
) -> None:
    if sealed:
        actions.seal(actor=chart["responder"], incident=incident, people=[chart["officer_a"]])
    Membership.objects.create(
        person=chart["outsider"], role="analyst", team=Team.objects.create(
            code="X", name="X", organisation=Organisation.objects.get(code="OTHER")
        )
    )  # fmt: skip
    indexing.index()
    assert len(all_words()) == 23
    for name, person in chart.items():
        person = Person.objects.get(pk=person.pk)  # noqa: PLW2901 - as a new request has it
        finds = {word for word in all_words() if search(person, Asked(f"{word} ")).count}
        assert finds == readable(person, incident), name


def test_sealing_hides_at_once_before_the_index_knows(incident: Incident, chart: Mapping[str, Person]) -> None:
    indexing.index()
    assert search(chart["analyst"], Asked("wordtitle")).count == 1
    actions.seal(actor=chart["responder"], incident=incident, people=[])
    late = search(chart["analyst"], Asked("wordtitle"))
    assert (late.count, late.shown, dict(late.kinds), dict(late.places)) == (0, [], {}, {})
    indexing.index()
    assert search(chart["responder"], Asked("wordtitle")).count == 1


def test_roles_that_end_take_their_findings_with_them(
    incident: Incident, chart: Mapping[str, Person], found: Found
) -> None:
    assert found(chart["officer_a"], "wordtitle") == ["wordtitle"]
    Membership.objects.filter(person=chart["officer_a"]).delete()
    assert found(Person.objects.get(pk=chart["officer_a"].pk), "wordtitle") == []


def test_a_team_that_takes_over_finds_everything(incident: Incident, chart: Mapping[str, Person], found: Found) -> None:
    team = Team.objects.create(code="CART", name="Team CART", organisation=Organisation.objects.get(code="OTHER"))
    Membership.objects.create(person=chart["outsider"], role="responder", team=team)
    Mandate.objects.create(team=team, organisation=Organisation.objects.get(code="DEPB"))
    outsider = Person.objects.get(pk=chart["outsider"].pk)
    assert found(outsider, "wordpart1") == []  # of department A
    actions.offer(actor=chart["responder"], incident=incident, team=team)
    assert found(outsider, "wordpart1") == ["wordtitle"]


def test_narrowing_stays_within(incident: Incident, chart: Mapping[str, Person], found: Found) -> None:
    depa, other = (Organisation.objects.get(code=code).pk for code in ("DEPA", "OTHER"))
    person = chart["responder"]
    assert found(person, "wordtitle", kind="incident", place=depa, span="day") == ["wordtitle"]
    assert found(person, "wordtitle", kind="note") == []
    assert found(person, "wordtitle", place=other) == []
    results = search(person, Asked("wordtitle"))
    assert results.kinds == {"incident": 1}
    assert set(results.places) == {depa, Organisation.objects.get(code="DEPB").pk}
