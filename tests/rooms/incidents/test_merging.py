"""Merging: everything goes over, nothing is lost, nobody reads more for it, and it comes back for a day."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency.models import Mandate, Membership, Organisation, Team
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.actions import moving
from tocsin.rooms.incidents.models import (
    HandOff,
    Incident,
    IncidentEntity,
    Merge,
    Relation,
    Sighting,
    Task,
    TimelineEntry,
)
from tocsin.rooms.intel.models import Observable
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices.models import Notice

ClientOf = Callable[[Person], Client]


def fresh(incident: Incident) -> Incident:
    return Incident.objects.get(pk=incident.pk)


def alert_at(organisation: Organisation, key: str) -> Alert:
    now = timezone.now()
    made: Alert = Alert.objects.create(
        key=key, rule_id="r", rule_version="1", title=f"Alert {key}", level=3, organisation=organisation,
        window_start=now, first_seen=now, last_seen=now, techniques=["T1566.001"],
    )  # fmt: skip
    return made


@pytest.fixture
def other(responder: Person, department_a: Organisation, department_b: Organisation) -> Incident:
    """The one that takes in: at both departments, with a summary of its own."""
    made = actions.open_incident(
        actor=responder, title="Campaign", organisations=[department_a, department_b], severity=2, tlp="GREEN"
    )
    made.entities.filter(organisation=department_a).update(summary="Ours: one host.")
    return made


@pytest.fixture
def full(analyst: Person, responder: Person, department_a: Organisation, csirc: Team) -> Incident:
    """One with something of everything, at department A."""
    made = actions.open_incident(
        actor=analyst, title="Macro", summary="From evil.example", organisations=[department_a],
        alerts=[alert_at(department_a, "one"), alert_at(department_a, "two")], severity=4, tlp="RED", offer_to=csirc,
    )  # fmt: skip
    actions.accept(actor=responder, hand_off=made.hand_offs.get())
    part = made.entities.get()
    IncidentEntity.objects.filter(pk=part.pk).update(summary="Theirs: two hosts.", aware_at="2026-01-02T03:04:05Z")
    actions.add_task(actor=responder, incident=made, title="Isolate", entity=part)
    actions.add_task(actor=responder, incident=made, title="Preserve")
    actions.comment(actor=responder, incident=made, text="Beacon to evil.example", entity=part, audience="entity")
    notices.draft(
        actor=responder, title="Look at it", kind="incident", severity=3, tlp="AMBER", facts={"DEPA": ()},
        matter=queries.matter_of(made),
    )  # fmt: skip
    actions.set_flag(actor=responder, incident=made, flag="personal_data", value="breach")
    return fresh(made)


def everything(incident: Incident) -> dict[str, Any]:
    """Give all that hangs on an incident, and its own fields, but for when it was touched."""
    own = {k: v for k, v in Incident.objects.filter(pk=incident.pk).values().get().items() if k != "updated_at"}
    return {
        "own": own,
        "parts": list(incident.entities.order_by("pk").values()),
        "alerts": sorted(incident.alerts.values_list("pk", flat=True)),
        "tasks": list(incident.tasks.order_by("pk").values()),
        "hand_offs": list(incident.hand_offs.order_by("pk").values()),
        "sightings": sorted(incident.sightings.values_list("observable", "entity", "audience"), key=str),
        "notices": sorted(Notice.objects.filter(matter=incident.uuid).values_list("pk", flat=True)),
        "children": sorted(incident.children.values_list("pk", flat=True)),
        "merged": sorted(incident.merged_from.values_list("pk", flat=True)),
        "entries": list(
            incident.timeline.exclude(event__in=("state", "merged_into", "merged_from", "merged_summary", "taken_apart"))
            .order_by("pk").values("pk", "entity", "audience", "text")
        ),
    }  # fmt: skip


def test_everything_goes_over(full: Incident, other: Incident, responder: Person, officer_a: Person) -> None:
    tasks, alerts = set(full.tasks.values_list("pk", flat=True)), set(full.alerts.values_list("pk", flat=True))
    entries = set(full.timeline.values_list("pk", flat=True))
    actions.merge(actor=responder, source=full, target=other, reason="the same sender")
    there = fresh(other)
    assert set(there.tasks.values_list("pk", flat=True)) == tasks
    assert set(there.alerts.values_list("pk", flat=True)) == alerts
    assert entries <= set(there.timeline.values_list("pk", flat=True))
    assert there.hand_offs.count() == 1
    assert Notice.objects.filter(matter=there.uuid).count() == 1
    part = there.entities.get(organisation__code="DEPA")
    assert part.summary == "Ours: one host.\n\nTheirs: two hosts."
    assert part.aware_at.year == 2026
    assert part.aware_at.month == 1
    assert Task.objects.get(title="Isolate").entity == part
    assert (there.severity, there.tlp, there.personal_data) == (4, "RED", "breach")
    gone = fresh(full)
    assert (gone.state, gone.open, gone.merged_into) == ("merged", False, other)
    assert set(gone.timeline.values_list("event", flat=True)) == {"state", "merged_into"}
    assert [p.organisation.code for p in queries.view_or_404(officer_a, there.uuid).entities] == ["DEPA"]


def test_what_a_text_names_is_named_in_one_matter_less(full: Incident, other: Incident, responder: Person) -> None:
    actions.comment(actor=responder, incident=other, text="evil.example and good.example", audience="team")
    evil = Observable.objects.get(value="evil.example")
    assert evil.seen == 2
    assert len(queries.view_or_404(responder, other.uuid).named().similar) == 1
    actions.merge(actor=responder, source=full, target=other)
    evil.refresh_from_db()
    assert evil.seen == 1
    assert queries.view_or_404(responder, other.uuid).named().similar == []
    assert not Sighting.objects.filter(incident=full).exists()
    actions.take_apart(actor=responder, incident=full)
    evil.refresh_from_db()
    assert evil.seen == 2


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
    assert (everything(full), everything(other), list(Relation.objects.values())) == before


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
        actions.open_incident(actor=responder, title=name, organisations=[]) for name in ("top", "middle", "low", "side")
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


def test_what_cannot_be_merged_says_why(
    full: Incident, other: Incident, responder: Person, analyst: Person, csirc: Team
) -> None:
    def refused(source: Incident, target: Incident, match: str) -> None:
        with pytest.raises(ValidationError, match=match):
            actions.merge(actor=responder, source=source, target=target)

    refused(full, full, "into itself")
    Incident.objects.filter(pk=other.pk).update(open=False, state="closed")
    refused(full, other, "has ended")
    refused(other, full, "has ended")
    Incident.objects.filter(pk=other.pk).update(open=True, state="analysis")
    actions.offer(actor=responder, incident=full, team=Team.objects.get(code="SOC"))
    refused(fresh(full), other, "waits for an answer")
    actions.withdraw(actor=responder, hand_off=HandOff.objects.get(state="offered"))
    actions.merge(actor=responder, source=full, target=other)
    third = actions.open_incident(actor=responder, title="Third", organisations=[])
    refused(third, full, "go on there")
    refused(full, third, "go on there")
    assert Merge.objects.count() == 1


def test_nothing_is_done_any_more_to_what_was_merged(full: Incident, other: Incident, responder: Person) -> None:
    actions.merge(actor=responder, source=full, target=other)
    stale = Incident.objects.get(pk=full.pk)
    for act in (
        lambda: actions.change(actor=responder, incident=stale, title="x"),
        lambda: actions.comment(actor=responder, incident=stale, text="x"),
        lambda: actions.add_task(actor=responder, incident=stale, title="x"),
        lambda: actions.seal(actor=responder, incident=stale, people=[]),
        lambda: actions.advance(actor=responder, incident=stale, event="reopen"),
    ):
        with pytest.raises(ValidationError, match="go on there"):
            act()


def test_sealed_ones_are_merged_only_among_the_same_people(
    full: Incident, other: Incident, responder: Person, ciso: Person
) -> None:
    actions.seal(actor=responder, incident=full, people=[])
    for people in (None, [ciso]):
        if people is not None:
            actions.seal(actor=responder, incident=other, people=people)
        for source, target in ((full, other), (other, full)):
            with pytest.raises(ValidationError, match="Not the same people"):
                actions.merge(actor=responder, source=fresh(source), target=fresh(target))
    actions.seal(actor=responder, incident=full, people=[ciso])
    actions.merge(actor=responder, source=fresh(full), target=fresh(other))
    assert fresh(full).sealed


def test_sealing_seals_what_was_merged_into_it(
    full: Incident, other: Incident, responder: Person, analyst: Person, client_of: ClientOf
) -> None:
    actions.merge(actor=responder, source=full, target=other)
    actions.seal(actor=responder, incident=other, people=[])
    assert client_of(analyst).get(f"/incidents/{full.uuid}/").status_code == 404
    assert client_of(responder).get(f"/incidents/{full.uuid}/").status_code == 200
    assert Notice.objects.get().sealed
    actions.unseal(actor=responder, incident=other)
    assert client_of(analyst).get(f"/incidents/{full.uuid}/").status_code == 200


def test_its_page_leads_on_for_those_who_may_follow(
    full: Incident, other: Incident, responder: Person, officer_a: Person, client_of: ClientOf
) -> None:
    Incident.objects.filter(pk=other.pk).update(title="Far away")
    actions.merge(actor=responder, source=full, target=fresh(other))
    for person in (responder, officer_a):
        page = client_of(person).get(f"/incidents/{full.uuid}/").content.decode()
        assert f"/incidents/{other.uuid}/" in page
    IncidentEntity.objects.filter(incident=other).delete()
    page = client_of(officer_a).get(f"/incidents/{full.uuid}/").content.decode()
    assert "was merged into another" in page
    for secret in ("Far away", fresh(other).reference, str(other.uuid), "Take apart again"):
        assert secret not in page


def test_whoever_does_not_see_all_of_it_does_not_merge_it(
    full: Incident, other: Incident, outsider: Person, responder: Person, department_b: Organisation
) -> None:
    team = Team.objects.create(code="B", name="B", organisation=department_b)
    Mandate.objects.create(team=team, organisation=department_b)
    Membership.objects.create(person=outsider, role="responder", team=team)
    narrow = Person.objects.get(pk=outsider.pk)
    with pytest.raises(PermissionDenied):
        actions.merge(actor=narrow, source=full, target=other)
    with pytest.raises(PermissionDenied, match="parts that you do not see"):
        actions.merge(actor=narrow, source=other, target=actions.open_incident(
            actor=narrow, title="mine", organisations=[department_b])
        )  # fmt: skip
    actions.merge(actor=responder, source=full, target=other)
    with pytest.raises(PermissionDenied):
        actions.take_apart(actor=narrow, incident=full)


def test_the_preview_lists_what_moves_and_holds(
    full: Incident, other: Incident, responder: Person, client_of: ClientOf
) -> None:
    actions.comment(actor=responder, incident=full, text="All of you: =cmd|' /C calc'!A0", audience="all")
    client, address = client_of(responder), f"/incidents/{full.uuid}/merge/"
    assert "INC-26-" in client.get(address).content.decode()
    page = client.get(address, {"into": other.reference.lower()}).content.decode()
    for told in ("Timeline entries:", "Tasks: 2", "Alerts: 2", "Alert one", "Isolate", "Look at it", "DEPB"):
        assert told in page
    digest = page.split('name="seen" value="')[1].split('"')[0]
    actions.add_task(actor=responder, incident=full, title="One more")
    form = {"into": other.reference, "reason": "same", "seen": digest}
    assert "has changed since you looked" in client.post(address, form).content.decode()
    assert not Merge.objects.exists()
    page = client.get(address, {"into": other.reference}).content.decode()
    form["seen"] = page.split('name="seen" value="')[1].split('"')[0]
    assert client.post(address, form)["Location"] == f"/incidents/{other.uuid}/"
    assert Merge.objects.get().reason == "same"


@pytest.mark.parametrize("into", ["", "INC-26-NOTHIS", "x" * 17, "'; --", "<script>"])
def test_a_wrong_target_is_said_on_the_page(
    into: str, full: Incident, responder: Person, client_of: ClientOf
) -> None:
    answer = client_of(responder).get(f"/incidents/{full.uuid}/merge/", {"into": into})
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert "<script>'" not in answer.content.decode()


def test_a_target_one_may_not_see_is_as_none(
    full: Incident, responder: Person, analyst: Person, ciso: Person, client_of: ClientOf
) -> None:
    hidden = actions.open_incident(actor=responder, title="Hidden", organisations=[])
    actions.seal(actor=responder, incident=hidden, people=[])
    client, address = client_of(ciso), f"/incidents/{full.uuid}/merge/"
    pages = {into: client.get(address, {"into": into}).content.decode() for into in (hidden.reference, "INC-26-ABCDEF")}
    plain = [re.sub(r"[A-Za-z0-9]{64}", "", page).replace(into, "") for into, page in pages.items()]
    assert plain[0] == plain[1]


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


def test_a_task_does_not_vanish_with_its_assignee(
    full: Incident, responder: Person, analyst: Person, department_b: Organisation, outsider: Person
) -> None:
    """Whoever may not see where a task goes does not keep it."""
    Membership.objects.create(person=outsider, role="officer", organisation=Organisation.objects.get(code="DEPA"))
    officer = Person.objects.get(pk=outsider.pk)
    target = actions.open_incident(actor=responder, title="At B", organisations=[department_b])
    task = full.tasks.get(title="Isolate")
    Task.objects.filter(pk=task.pk).update(assignee=officer)
    full.entities.all().delete()
    Task.objects.create(incident=full, title="Loose", assignee=officer)
    actions.merge(actor=responder, source=full, target=target)
    assert Task.objects.get(title="Loose").assignee is None
    actions.take_apart(actor=responder, incident=full)
    assert Task.objects.get(title="Loose").assignee == officer


def test_a_room_above_moves_its_own_things(
    full: Incident, other: Incident, responder: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Box:
        name, label = "box", "Things of a room above"

        def __init__(self) -> None:
            self.at: list[int] = [full.pk]

        def going(self, passage: moving.Passage) -> moving.Going:
            return moving.Going(1, ["a thing"], [7])

        def move(self, passage: moving.Passage) -> list[int]:
            self.at = [passage.target.pk]
            return [7]

        def restore(self, back: moving.Passage, moved: list[int]) -> None:
            assert moved == [7]
            raise ValidationError("The thing was used up.")

    box = Box()
    monkeypatch.setattr(moving, "_MOVERS", dict(moving._MOVERS))
    actions.register_mover(box)
    assert ("Things of a room above", 1) in [
        (label, going.number)
        for label, going in actions.plan_merge(actor=responder, source=full, target=other).sections
    ]
    actions.merge(actor=responder, source=full, target=other)
    assert box.at == [other.pk]
    with pytest.raises(ValidationError, match="used up"):
        actions.take_apart(actor=responder, incident=full)
    assert fresh(full).state == "merged"
    assert fresh(other).tasks.count() == 2


def test_letters_and_notices_find_the_one_it_became(
    full: Incident, other: Incident, responder: Person, officer_a: Person
) -> None:
    told = actions.inform(actor=responder, incident=full, entity=full.entities.get(), subject="s", text="t")
    actions.merge(actor=responder, source=full, target=other)
    assert [part.pk for part in queries.view_or_404(responder, other.uuid).told().messages] == [told.pk]
    assert queries.view_or_404(responder, other.uuid).sent().count() == 1
    written = queries.matter_for(responder, full.uuid, False)
    assert written is not None
    assert written.uuid == other.uuid
    assert TimelineEntry.objects.filter(incident=other, event="told").count() == 1
