"""Parents, children and links: no circles, five levels, and nobody learns of an incident by its relatives."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from tocsin.platform.search import indexing
from tocsin.platform.search.results import Asked, search
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.models import Incident, Relation

ClientOf = Callable[[Person], Client]


@pytest.fixture
def chain(responder: Person) -> list[Incident]:
    """Give six incidents, none above another."""
    return [actions.open_incident(actor=responder, title=f"level {n}", organisations=[]) for n in range(6)]


def below(responder: Person, child: Incident, parent: Incident) -> None:
    actions.set_parent(actor=responder, incident=child, parent=parent)


def test_circles_are_refused(chain: list[Incident], responder: Person) -> None:
    with pytest.raises(ValidationError, match="part of itself"):
        below(responder, chain[0], chain[0])
    below(responder, chain[1], chain[0])
    below(responder, chain[2], chain[1])
    for low in chain[1:3]:
        with pytest.raises(ValidationError, match="cannot be above it as well"):
            below(responder, chain[0], low)


def test_five_levels_are_enough(chain: list[Incident], responder: Person) -> None:
    for n in range(4):
        below(responder, chain[n + 1], chain[n])
    with pytest.raises(ValidationError, match="5 levels"):
        below(responder, chain[5], chain[4])
    with pytest.raises(ValidationError, match="5 levels"):
        below(responder, chain[0], chain[5])
    actions.set_parent(actor=responder, incident=chain[1], parent=None)
    below(responder, chain[0], chain[5])
    assert Incident.objects.get(pk=chain[0].pk).parent == chain[5]


def test_nothing_becomes_a_part_of_what_has_ended(chain: list[Incident], responder: Person) -> None:
    Incident.objects.filter(pk=chain[0].pk).update(open=False, state="closed")
    with pytest.raises(ValidationError, match="has ended"):
        below(responder, chain[1], chain[0])


def test_only_who_works_on_both_ties_them(
    chain: list[Incident], responder: Person, analyst: Person, officer_a: Person
) -> None:
    for person in (analyst, officer_a):
        with pytest.raises(PermissionDenied):
            actions.set_parent(actor=person, incident=chain[0], parent=chain[1])
        with pytest.raises(PermissionDenied):
            actions.relate(actor=person, incident=chain[0], other=chain[1], reason="x")


def test_the_parents_page_lists_its_children(chain: list[Incident], responder: Person, client_of: ClientOf) -> None:
    client = client_of(responder)
    for child in chain[1:3]:
        client.post(f"/incidents/{child.uuid}/parent/", {"parent": chain[0].reference})
    page = client.get(f"/incidents/{chain[0].uuid}/").content.decode()
    assert "level 1" in page
    assert "level 2" in page
    assert "level 0" in client.get(f"/incidents/{chain[1].uuid}/").content.decode()
    listed = client.get("/incidents/", {"parent": chain[0].reference.lower()}).content.decode()
    assert [f"level {n}" in listed for n in range(6)] == [False, True, True, False, False, False]
    parents = client.get("/incidents/", {"family": "parents"}).content.decode()
    assert [f"level {n}" in parents for n in range(6)] == [True, False, False, False, False, False]
    children = client.get("/incidents/", {"family": "children"}).content.decode()
    assert [f"level {n}" in children for n in range(6)] == [False, True, True, False, False, False]
    client.post(f"/incidents/{chain[1].uuid}/parent/", {"parent": ""})
    assert Incident.objects.get(pk=chain[1].pk).parent is None
    assert "is no longer a part" in client.get(f"/incidents/{chain[0].uuid}/").content.decode()


def test_nobody_learns_of_an_incident_by_its_relatives(
    chain: list[Incident], responder: Person, ciso: Person, client_of: ClientOf
) -> None:
    top, child, friend = chain[:3]
    for each in (top, child, friend):
        Incident.objects.filter(pk=each.pk).update(opened_by=ciso)
    below(responder, child, top)
    actions.relate(actor=responder, incident=top, other=friend, reason="the same sender")
    for each in (child, friend):
        actions.seal(actor=responder, incident=each, people=[])
    page = client_of(ciso).get(f"/incidents/{top.uuid}/").content.decode()
    for secret in (child, friend):
        for text in (secret.reference, secret.title, str(secret.uuid)):
            assert text not in page
    assert "the same sender" not in page
    assert "Belongs together" not in page
    indexing.index()
    assert not search(ciso, Asked("sender")).shown
    for question in ({"family": "parents"}, {"parent": child.reference}):
        assert "level" not in client_of(ciso).get("/incidents/", question).content.decode()
    actions.seal(actor=responder, incident=top, people=[ciso])
    assert "level 1" not in client_of(ciso).get(f"/incidents/{top.uuid}/").content.decode()


def test_what_not_the_same_people_may_know_of_is_not_tied(chain: list[Incident], responder: Person) -> None:
    actions.seal(actor=responder, incident=chain[0], people=[])
    with pytest.raises(ValidationError, match="Not the same people"):
        below(responder, chain[1], chain[0])
    with pytest.raises(ValidationError, match="Not the same people"):
        actions.relate(actor=responder, incident=chain[1], other=chain[0], reason="x")


def test_an_officer_sees_only_relatives_that_concern_them(
    incident: Incident, responder: Person, officer_a: Person, department_b: Organisation, department_a: Organisation
) -> None:
    seen = actions.open_incident(actor=responder, title="At A too", organisations=[department_a])
    hidden = actions.open_incident(actor=responder, title="At B", organisations=[department_b])
    for child in (seen, hidden):
        below(responder, child, incident)
    family = queries.family(queries.view_or_404(officer_a, incident.uuid))
    assert [each.title for each in family.children] == ["At A too"]


def test_the_one_above_is_shown_however_many_are_below(chain: list[Incident], responder: Person) -> None:
    below(responder, chain[1], chain[0])
    Incident.objects.bulk_create(
        Incident(title=f"many {n}", opened_by=responder, parent=chain[1], severity=5) for n in range(120)
    )
    family = queries.family(queries.view_or_404(responder, chain[1].uuid))
    assert family.parent == chain[0]
    assert len(family.children) == 99


def test_links_have_a_reason_and_are_made_once(chain: list[Incident], responder: Person, client_of: ClientOf) -> None:
    first, second = chain[:2]
    with pytest.raises(ValidationError, match="Say why"):
        actions.relate(actor=responder, incident=first, other=second, reason=" ")
    with pytest.raises(ValidationError, match="to itself"):
        actions.relate(actor=responder, incident=first, other=first, reason="x")
    client = client_of(responder)
    client.post(f"/incidents/{second.uuid}/link/", {"other": first.reference, "reason": "<b>same</b> host"})
    assert "&lt;b&gt;same&lt;/b&gt; host" in client.get(f"/incidents/{first.uuid}/").content.decode()
    with pytest.raises(ValidationError, match="already"):
        actions.relate(actor=responder, incident=first, other=second, reason="again")
    relation = Relation.objects.get()
    assert client.post(f"/incidents/{chain[3].uuid}/link/{relation.uuid}/remove/").status_code == 404
    assert client.post(f"/incidents/{first.uuid}/link/{uuid4()}/remove/").status_code == 404
    client.post(f"/incidents/{first.uuid}/link/{relation.uuid}/remove/")
    assert not Relation.objects.exists()
    with pytest.raises(ValidationError, match="gone already"):
        actions.unrelate(actor=responder, relation=relation)


def test_a_wrong_reference_is_said(chain: list[Incident], responder: Person, client_of: ClientOf) -> None:
    for action, form in (("parent", {"parent": "INC-1"}), ("link", {"other": "INC-1", "reason": "x"})):
        answer = client_of(responder).post(f"/incidents/{chain[0].uuid}/{action}/", form, follow=True)
        assert "There is no incident INC-1" in answer.content.decode()
