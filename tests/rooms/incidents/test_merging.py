"""Merging: everything goes over, nothing is lost, nobody reads more for it, and it comes back for a day."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client

from tests.rooms.incidents.things import fresh
from tocsin.platform.search import indexing
from tocsin.platform.search.results import Asked, search
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Mandate, Membership, Organisation, Team
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.actions import moving
from tocsin.rooms.incidents.models import (
    Incident,
    IncidentEntity,
    Merge,
    Sighting,
    Task,
    TimelineEntry,
)
from tocsin.rooms.intel.models import Observable
from tocsin.rooms.notices.models import Notice

ClientOf = Callable[[Person], Client]


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
    assert len(queries.view_or_404(responder, other.uuid).similar()) == 1
    actions.merge(actor=responder, source=full, target=other)
    evil.refresh_from_db()
    assert evil.seen == 1
    assert queries.view_or_404(responder, other.uuid).similar() == []
    assert not Sighting.objects.filter(incident=full).exists()
    actions.take_apart(actor=responder, incident=full)
    evil.refresh_from_db()
    assert evil.seen == 2


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
    offered = actions.open_incident(
        actor=analyst, title="Offered", organisations=[Organisation.objects.get(code="DEPA")], offer_to=csirc
    )
    refused(offered, other, "waits for an answer")
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
    other.evidence.update(entity=None, audience="team")
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
def test_a_wrong_target_is_said_on_the_page(into: str, full: Incident, responder: Person, client_of: ClientOf) -> None:
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
    plain = [
        re.sub(r"[A-Za-z0-9]{64}|data-since=\"[0-9.]+\"|\"[0-9]+\.[0-9]+\"", "", page).replace(into, "")
        for into, page in pages.items()
    ]
    assert plain[0] == plain[1]


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


def test_what_moved_is_found_where_it_is_now(full: Incident, other: Incident, responder: Person) -> None:
    def found(text: str) -> list[str]:
        indexing.index()
        return [one.found.title for one in search(responder, Asked(text)).shown]

    assert found("Beacon") == ["Macro"]
    actions.merge(actor=responder, source=full, target=other)
    assert found("Beacon") == ["Campaign"]
    actions.take_apart(actor=responder, incident=full)
    assert found("Beacon") == ["Macro"]
