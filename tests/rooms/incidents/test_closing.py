"""Closing: nothing is closed without what is to be learnt of it, and nothing that is open is forgotten."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from tests.rooms.incidents.test_actions import CLOSING
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.models import Incident, TimelineEntry
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices.models import Letter
from tocsin.rooms.notices.queries import plan

ClientOf = Callable[[Person], Client]


@pytest.fixture
def analysed(incident: Incident) -> Incident:
    Incident.objects.filter(pk=incident.pk).update(state="analysis", rsit_class="intrusions")
    return Incident.objects.get(pk=incident.pk)


@pytest.mark.parametrize(
    ("change", "trouble"),
    [
        ({"cause": " "}, "cause"),
        ({"impact": ""}, "impact"),
        ({"lesson": ""}, "learnt"),
        ({"lesson": "None."}, "learnt"),
        ({"lesson": "aucune"}, "learnt"),
        ({"integrity": ""}, "integrity"),
        ({"availability": "enormous"}, "availability"),
    ],
)
def test_it_needs_all_that_is_to_be_learnt(
    change: dict[str, str], trouble: str, analysed: Incident, responder: Person
) -> None:
    with pytest.raises(ValidationError, match=trouble):
        actions.close(actor=responder, incident=analysed, **CLOSING | change)
    assert Incident.objects.get().open


def test_it_needs_a_class(analysed: Incident, responder: Person) -> None:
    Incident.objects.update(rsit_class="")
    with pytest.raises(ValidationError, match="class"):
        actions.close(actor=responder, incident=analysed, **CLOSING)


def test_a_lesson_may_be_that_there_is_none(analysed: Incident, responder: Person) -> None:
    closed = actions.close(actor=responder, incident=analysed, **CLOSING | {"lesson": "none, because it was a test"})
    assert closed.closing_lesson == "none, because it was a test"


def test_what_is_open_is_listed_and_settled_with_one_click(
    analysed: Incident, responder: Person, csirc: Team, client_of: ClientOf, analyst: Person
) -> None:
    task = actions.add_task(actor=responder, incident=analysed, title="Reinstall <b>it</b>")
    actions.add_task(actor=responder, incident=analysed, title="Ask for the disk")
    actions.offer(actor=analyst, incident=analysed, team=csirc)
    client, address = client_of(responder), f"/incidents/{analysed.uuid}/close/"
    page = client.get(address).content.decode()
    assert "Reinstall &lt;b&gt;it&lt;/b&gt;" in page
    assert "Team CSIRC, which has not answered" in page
    refused = client.post(address, CLOSING)
    assert "Still open:" in refused.content.decode()
    assert "Block macros." in refused.content.decode()
    kept = client.post(address, CLOSING | {"cause": "half a sente", "settle": f"done:{task.uuid}"}).content.decode()
    assert "half a sente" in kept
    task.refresh_from_db()
    assert task.state == "done"
    client.post(address, CLOSING | {"settle": "all"})
    view = queries.view_or_404(responder, analysed.uuid)
    assert queries.open_ends(view) == []
    assert client.post(address, CLOSING).status_code == 302
    assert Incident.objects.get().state == "closed"


def test_settling_twice_says_so(analysed: Incident, responder: Person, client_of: ClientOf) -> None:
    task = actions.add_task(actor=responder, incident=analysed, title="t")
    actions.settle(actor=responder, incident=analysed, chosen=f"done:{task.uuid}")
    for chosen in (f"done:{task.uuid}", "done:x", "burn:1", "", "done:00000000-0000-0000-0000-000000000000"):
        with pytest.raises(ValidationError):
            actions.settle(actor=responder, incident=analysed, chosen=chosen)


def test_what_an_organisation_has_not_answered_is_open(
    analysed: Incident, responder: Person, officer_a: Person, client_of: ClientOf
) -> None:
    about = notices.draft(
        actor=responder, title="Look at your hosts", kind="incident", severity=3, tlp="AMBER", facts={"DEPA": ()},
        matter=queries.matter_of(analysed),
    )  # fmt: skip
    notices.send(actor=responder, notice=about, seen=plan(about.editions.get()).digest)
    Letter.objects.create(digest="d", part=about.parts.get(), reading="question", subject="Which host?", waiting=True)
    texts = [end.text for end in queries.open_ends(queries.view_or_404(responder, analysed.uuid))]
    assert texts == ["DEPA has not answered: Look at your hosts", "A mail waits to be read: Which host?"]
    assert client_of(responder).get(f"/incidents/{analysed.uuid}/close/").status_code == 200
    with pytest.raises(ValidationError, match="Look at your hosts"):
        actions.close(actor=responder, incident=analysed, **CLOSING)
    assert not actions.close(actor=responder, incident=analysed, **CLOSING, anyway=True).open


def test_a_parent_is_not_closed_over_its_open_children(
    analysed: Incident, responder: Person, department_b: Organisation, officer_a: Person
) -> None:
    child = actions.open_incident(actor=responder, title="Child", organisations=[department_b])
    actions.set_parent(actor=responder, incident=child, parent=analysed)
    with pytest.raises(ValidationError, match="Child"):
        actions.close(actor=responder, incident=analysed, **CLOSING)
    assert not actions.close(actor=responder, incident=analysed, **CLOSING, anyway=True).open
    assert Incident.objects.get(pk=child.pk).open


def test_a_child_that_is_sealed_stands_in_nobodys_way(analysed: Incident, responder: Person, ciso: Person) -> None:
    child = actions.open_incident(actor=responder, title="Secret child", organisations=[])
    actions.set_parent(actor=responder, incident=child, parent=analysed)
    actions.seal(actor=responder, incident=child, people=[])
    assert not actions.close(actor=ciso, incident=analysed, **CLOSING).open


def test_the_texts_of_every_closing_are_kept(analysed: Incident, responder: Person, client_of: ClientOf) -> None:
    actions.close(actor=responder, incident=analysed, **CLOSING)
    actions.advance(actor=responder, incident=analysed, event="reopen")
    now = Incident.objects.get()
    assert (now.open, now.closing_lesson) == (True, "Block macros.")
    assert "Block macros." in client_of(responder).get(f"/incidents/{now.uuid}/close/").content.decode()
    actions.close(actor=responder, incident=now, **CLOSING | {"lesson": "Train people."})
    kept = list(TimelineEntry.objects.filter(event="closing").values_list("details__lesson", flat=True))
    assert kept == ["Block macros.", "Train people."]
    page = client_of(responder).get(f"/incidents/{now.uuid}/").content.decode()
    assert "Lesson: Block macros." in page
    assert "Confidentiality: low" in page


def test_an_analyst_closes_nothing(analysed: Incident, analyst: Person, client_of: ClientOf) -> None:
    assert client_of(analyst).get(f"/incidents/{analysed.uuid}/close/").status_code == 403
    assert client_of(analyst).post(f"/incidents/{analysed.uuid}/close/", CLOSING).status_code == 403
    assert Incident.objects.get().open
