"""A merge taken apart: everything back where it was, while nothing stands against it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from tests.rooms.incidents.filing import added
from tests.rooms.incidents.things import everything, fresh
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import Incident, Merge, Relation, Task


def test_taking_apart_puts_everything_back(full: Incident, other: Incident, responder: Person, csirc: Team) -> None:
    child = actions.open_incident(actor=responder, title="Child", organisations=[])
    top = actions.open_incident(actor=responder, title="Top", organisations=[])
    actions.set_parent(actor=responder, incident=child, parent=full)
    actions.set_parent(actor=responder, incident=full, parent=top)
    friend = actions.open_incident(actor=responder, title="Friend", organisations=[])
    actions.relate(actor=responder, incident=full, other=friend, reason="same host")
    before = everything(full), everything(other), list(Relation.objects.values())
    actions.merge(actor=responder, source=full, target=other)
    assert fresh(child).parent == other
    assert fresh(full).parent is None
    assert everything(full) != before[0]
    actions.take_apart(actor=responder, incident=full)
    assert list(Relation.objects.values()) == before[2]
    for incident, was in ((full, before[0]), (other, before[1])):
        now = everything(incident)
        assert {name: now[name] for name in was if now[name] != was[name]} == {}, incident.title


def test_a_chain_of_merges_comes_apart_from_its_end(full: Incident, other: Incident, responder: Person) -> None:
    third = actions.open_incident(actor=responder, title="Third", organisations=[])
    actions.merge(actor=responder, source=full, target=other)
    actions.merge(actor=responder, source=other, target=third)
    assert fresh(full).merged_into == third
    with pytest.raises(ValidationError, match="itself merged"):
        actions.take_apart(actor=responder, incident=full)
    actions.take_apart(actor=responder, incident=other)
    assert fresh(full).merged_into == other
    actions.take_apart(actor=responder, incident=full)
    assert fresh(full).tasks.count() == 2


def test_merging_a_parent_into_what_is_below_it_makes_no_circle(responder: Person) -> None:
    top, middle, low, side = (
        actions.open_incident(actor=responder, title=name, organisations=[])
        for name in ("top", "middle", "low", "side")
    )
    for child, parent in ((middle, top), (low, middle), (side, top)):
        actions.set_parent(actor=responder, incident=child, parent=parent)
    before = dict(Incident.objects.values_list("title", "parent__title"))
    actions.merge(actor=responder, source=top, target=low)
    assert dict(Incident.objects.values_list("title", "parent__title")) == {
        "top": None, "low": None, "middle": "low", "side": "low",
    }  # fmt: skip
    actions.take_apart(actor=responder, incident=top)
    assert dict(Incident.objects.values_list("title", "parent__title")) == before


def test_it_comes_apart_for_a_day_and_while_nothing_stands_against_it(
    full: Incident, other: Incident, responder: Person, ciso: Person, department_b: Organisation
) -> None:
    actions.merge(actor=responder, source=full, target=other)
    with pytest.raises(ValidationError, match="not merged"):
        actions.take_apart(actor=responder, incident=other)
    Merge.objects.update(created_at=timezone.now() - timedelta(hours=25))
    with pytest.raises(ValidationError, match="more than a day"):
        actions.take_apart(actor=responder, incident=full)
    Merge.objects.update(created_at=timezone.now())
    Incident.objects.filter(pk=other.pk).update(open=False, state="closed")
    with pytest.raises(ValidationError, match="has ended"):
        actions.take_apart(actor=responder, incident=full)
    Incident.objects.filter(pk=other.pk).update(open=True, state="analysis")
    moved = fresh(other).tasks.filter(title="Preserve")
    actions.split(
        actor=responder, incident=fresh(other), title="Third", chosen=actions.Chosen(tasks=list(moved))
    )  # fmt: skip
    with pytest.raises(ValidationError, match="Tasks: some of it has gone on"):
        actions.take_apart(actor=ciso, incident=full)
    assert fresh(full).state == "merged"
    assert fresh(other).alerts.count() == 2


def test_what_was_written_since_stays_where_it_was_written(
    full: Incident, other: Incident, responder: Person, department_b: Organisation
) -> None:
    other.entities.filter(organisation__code="DEPA").delete()
    actions.merge(actor=responder, source=full, target=other)
    made = other.entities.get(organisation__code="DEPA")
    actions.add_task(actor=responder, incident=fresh(other), title="Since", entity=made)
    actions.change(actor=responder, incident=fresh(other), severity=5)
    actions.take_apart(actor=responder, incident=full)
    assert other.tasks.get().entity == made
    assert (fresh(other).severity, fresh(other).tlp) == (5, "GREEN")


def test_evidence_and_what_was_handed_over_go_along_and_come_back(
    full: Incident, other: Incident, responder: Person, ciso: Person
) -> None:
    part = full.entities.get()
    [file] = added(responder, full, b"a mail", entity=part, audience="entity", title="The mail")
    actions.merge(actor=responder, source=full, target=other)
    file.refresh_from_db()
    assert (file.incident, file.entity) == (other, other.entities.get(organisation=part.organisation))
    actions.take_apart(actor=responder, incident=full)
    file.refresh_from_db()
    assert (file.incident, file.entity) == (full, part)


def test_a_part_that_the_merge_made_goes_with_it(full: Incident, responder: Person, department_b: Organisation) -> None:
    target = actions.open_incident(actor=responder, title="At B", organisations=[department_b])
    actions.merge(actor=responder, source=full, target=target)
    assert target.entities.count() == 2
    assert fresh(full).deadlines.filter(stopped_at=None, met_at=None).count() == 0
    actions.take_apart(actor=responder, incident=full)
    assert [part.organisation.code for part in target.entities.all()] == ["DEPB"]


def test_a_task_does_not_vanish_with_its_assignee(
    responder: Person, department_b: Organisation, outsider: Person
) -> None:
    """Whoever may not see where a task goes does not keep it."""
    Membership.objects.create(person=outsider, role="officer", organisation=Organisation.objects.get(code="DEPA"))
    officer = Person.objects.get(pk=outsider.pk)
    source = actions.open_incident(actor=responder, title="Nowhere yet", organisations=[])
    target = actions.open_incident(actor=responder, title="At B", organisations=[department_b])
    Task.objects.create(incident=source, title="Loose", assignee=officer)
    actions.merge(actor=responder, source=source, target=target)
    assert Task.objects.get(title="Loose").assignee is None
    actions.take_apart(actor=responder, incident=source)
    assert Task.objects.get(title="Loose").assignee == officer
