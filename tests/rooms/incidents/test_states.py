"""The states as data: who lets what happen, what must be so first, what is no incident, and the flags beside them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone, translation

from tocsin.platform.access import roles_known
from tocsin.platform.models import AuditEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Mandate, Membership, Organisation, Team
from tocsin.rooms.incidents import actions, knowledge, queries
from tocsin.rooms.incidents.knowledge.flags import FlagsError
from tocsin.rooms.incidents.knowledge.flags import load as load_flags
from tocsin.rooms.incidents.knowledge.states import MachineError, load
from tocsin.rooms.incidents.models import Incident, TimelineEntry

ClientOf = Callable[[Person], Client]
GOOD = "initial: reported\nterminal: [closed, merged, rejected]\nreopen_days: 1\ntransitions:\n"


def put(incident: Incident, state: str, **values: object) -> Incident:
    Incident.objects.filter(pk=incident.pk).update(state=state, **values)
    return Incident.objects.get(pk=incident.pk)


def member(person: Person, role: str, **place: object) -> Person:
    Membership.objects.create(person=person, role=role, **place)
    return Person.objects.get(pk=person.pk)


def test_every_state_but_those_at_the_end_can_be_left_and_every_state_is_reached() -> None:
    machine = knowledge.machine()
    reached = {each.target for each in machine.transitions} | {machine.initial}
    assert reached == set(Incident.State.values)
    assert {state for state in Incident.State.values if not machine.possible(state)} == {"merged"}
    assert {role for each in machine.transitions for role in each.roles} <= roles_known()
    assert {each.event for each in machine.transitions} == set(knowledge.EVENT_LABELS)


@pytest.mark.parametrize(
    ("line", "trouble"),
    [
        ("  - {from: [nowhere], event: x, to: triage, roles: [ciso]}", "from: 'nowhere' is unknown"),
        ("  - {from: [triage], event: x, to: triage, roles: [king]}", "roles: 'king' is unknown"),
        ("  - {from: [triage], event: x, to: triage}", "'roles' is missing"),
        ("  - {from: [triage], event: x, to: triage, roles: [ciso], wants: y}", "unknown key 'wants'"),
        ("  - {from: [triage], event: x, to: triage, roles: [ciso], reminder: {en: x}}", "in en and in fr"),
        ("  - nonsense", "is a mapping"),
    ],
)
def test_a_broken_file_of_states_says_where(line: str, trouble: str, tmp_path: Path) -> None:
    file = tmp_path / "states.yaml"
    file.write_text(f"{GOOD}  - {{from: [reported], event: a, to: triage, roles: [ciso]}}\n{line}\n")
    with pytest.raises(MachineError, match=f"states.yaml:6.*{trouble}"):
        load(file)


@pytest.mark.parametrize(
    ("text", "trouble"),
    [
        ("height:\n  en: x\n  fr: x\n  values: {low: {}}\n", "1: height: no field"),
        ("targeted:\n  en: x\n  fr: x\n  values: {low: {}}\n", "1: targeted: its values are"),
        ("targeted:\n  en: x\n  values: {}\n", "1: targeted: Field required"),
        ("- x\n", "1: this must be a mapping"),
    ],
)
def test_a_broken_file_of_flags_says_where(text: str, trouble: str, tmp_path: Path) -> None:
    file = tmp_path / "flags.yaml"
    file.write_text(text)
    with pytest.raises(FlagsError, match=f"flags.yaml:{trouble}"):
        load_flags(file)


def test_a_role_lets_happen_what_the_file_gives_it(
    incident: Incident, analyst: Person, outsider: Person, responder: Person, csirc: Team
) -> None:
    operator = member(outsider, "network_operator", team=csirc)
    with pytest.raises(PermissionDenied, match="responder"):
        actions.advance(actor=operator, incident=incident, event="acknowledge")
    with pytest.raises(PermissionDenied):
        actions.advance(actor=analyst, incident=incident, event="acknowledge")
    put(incident, "analysis", rsit_class="intrusions")
    assert actions.advance(actor=operator, incident=incident, event="contain").state == "containment"


def test_an_officer_confirms_only_what_concerns_nobody_else(
    incident: Incident, officer_a: Person, responder: Person, department_b: Organisation, client_of: ClientOf
) -> None:
    put(incident, "recovery")
    page = client_of(officer_a).get(f"/incidents/{incident.uuid}/").content.decode()
    assert 'value="verify"' in page
    actions.add_organisation(actor=responder, incident=incident, organisation=department_b)
    with pytest.raises(PermissionDenied):
        actions.advance(actor=officer_a, incident=incident, event="verify")
    assert 'value="verify"' not in client_of(officer_a).get(f"/incidents/{incident.uuid}/").content.decode()
    incident.entities.filter(organisation=department_b).delete()
    assert actions.advance(actor=officer_a, incident=incident, event="verify").state == "post_incident"


def test_an_incident_that_concerns_nobody_is_not_classified(responder: Person) -> None:
    opened = actions.open_incident(actor=responder, title="A call", organisations=[])
    put(opened, "triage", rsit_class="intrusions")
    with pytest.raises(ValidationError, match="organisation"):
        actions.advance(actor=responder, incident=opened, event="classify")


def test_what_is_no_incident_is_put_away_with_why(incident: Incident, responder: Person, client_of: ClientOf) -> None:
    put(incident, "triage")
    with pytest.raises(ValidationError, match="why it is no incident"):
        actions.advance(actor=responder, incident=incident, event="not_incident")
    with pytest.raises(ValidationError, match="why it is no incident"):
        actions.reject(actor=responder, incident=incident, disposition="whim")
    client_of(responder).post(
        f"/incidents/{incident.uuid}/reject/", {"disposition": "failed", "near_miss": "on", "text": "The filter held."}
    )
    now = Incident.objects.get()
    assert (now.state, now.disposition, now.near_miss, now.open) == ("rejected", "failed", True, False)
    page = client_of(responder).get(f"/incidents/{incident.uuid}/").content.decode()
    assert "near miss" in page
    assert "an attempt that failed" in page
    assert "The filter held." in page
    again = actions.advance(actor=responder, incident=now, event="reopen")
    assert (again.state, again.near_miss, again.disposition) == ("triage", False, "")


def test_it_is_opened_again_only_while_it_is_kept(incident: Incident, responder: Person) -> None:
    long_ago = timezone.now() - timedelta(days=knowledge.machine().reopen_days + 1)
    put(incident, "closed", open=False, closed_at=long_ago)
    with pytest.raises(ValidationError, match="Open a new incident"):
        actions.advance(actor=responder, incident=incident, event="reopen")
    put(incident, "closed", closed_at=timezone.now())
    assert actions.advance(actor=responder, incident=incident, event="reopen").open


def test_reminders_stand_on_the_page_in_the_readers_language(
    incident: Incident, responder: Person, client_of: ClientOf
) -> None:
    put(incident, "containment")
    assert (
        "The evidence is kept safe first." in client_of(responder).get(f"/incidents/{incident.uuid}/").content.decode()
    )
    with translation.override("fr"):
        step = knowledge.machine().transition("containment", "eradicate")
        assert step is not None
        assert "preuve" in knowledge.event(step).reminder


def test_a_flag_keeps_who_set_it_and_says_what_follows(
    incident: Incident, responder: Person, client_of: ClientOf, csirc: Team
) -> None:
    cart = Team.objects.create(
        code="CART", name="Targeted", organisation=csirc.organisation, services=["targeted_attacks"]
    )
    Mandate.objects.create(team=cart, organisation=csirc.organisation)
    hunter = Person.objects.create(username="hunter", email="h@tocsin.example")
    member(hunter, "cart_analyst", team=cart)
    client, address = client_of(responder), f"/incidents/{incident.uuid}/"
    client.post(f"{address}flag/", {"flag": "targeted", "shown": "unknown", "value": "targeted", "text": "Names us."})
    entry = TimelineEntry.objects.get(event="flag")
    assert (entry.author, entry.text) == (responder, "Names us.")
    page = client.get(address).content.decode()
    assert "Offer it to them." in page
    assert "Offer it to Targeted" in page
    offer = client.get(f"{address}offer/", headers={"HX-Request": "true"}).content.decode()
    assert '<option value="CART" selected>' in offer
    client.post(f"{address}offer/", {"team": "CART", "note": "as the page proposes"})
    assert Incident.objects.get(pk=incident.pk).offered_to == cart
    assert "Offer it to Targeted" not in client.get(address).content.decode()
    assert AuditEntry.objects.filter(verb="incident.flag", object_uuid=incident.uuid).exists()


def test_what_is_classified_stays_elsewhere(incident: Incident, responder: Person) -> None:
    with pytest.raises(ValidationError, match="nothing of its content"):
        actions.set_flag(actor=responder, incident=incident, flag="euci_involved", value="yes")
    actions.set_flag(actor=responder, incident=incident, flag="euci_involved", value="yes", text="Registry 7")
    assert Incident.objects.get().euci_involved is True


@pytest.mark.parametrize(("flag", "value"), [("owner", "1"), ("targeted", "maybe"), ("sealed", "yes"), ("", "\x00")])
def test_nothing_else_is_set_as_a_flag(flag: str, value: str, incident: Incident, responder: Person) -> None:
    with pytest.raises(ValidationError):
        actions.set_flag(actor=responder, incident=incident, flag=flag, value=value)


def test_a_flag_somebody_set_meanwhile_is_not_overwritten(incident: Incident, responder: Person) -> None:
    actions.set_flag(actor=responder, incident=incident, flag="personal_data", value="breach")
    with pytest.raises(ValidationError, match="meanwhile"):
        actions.set_flag(actor=responder, incident=incident, flag="personal_data", value="no", shown="unknown")
    assert Incident.objects.get().personal_data == "breach"


def test_an_officer_sees_no_flags(
    incident: Incident, responder: Person, officer_a: Person, client_of: ClientOf
) -> None:
    actions.set_flag(actor=responder, incident=incident, flag="inquiry_needed", value="yes")
    assert "Inquiry" not in client_of(officer_a).get(f"/incidents/{incident.uuid}/").content.decode()
    with pytest.raises(PermissionDenied):
        actions.set_flag(actor=officer_a, incident=incident, flag="inquiry_needed", value="no")


def test_two_who_take_an_incident_hear_of_each_other(incident: Incident, responder: Person, ciso: Person) -> None:
    owner = incident.owner.username if incident.owner else ""
    actions.take(actor=responder, incident=incident, shown=owner)
    with pytest.raises(ValidationError, match="Responder has taken it"):
        actions.take(actor=ciso, incident=incident, shown=owner)
    assert queries.view_or_404(responder, incident.uuid).incident.owner == responder
