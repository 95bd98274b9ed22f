"""The pages of the constituency: what is shown, to whom, and what can be done there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from tocsin.charts import chart_named
from tocsin.platform.models import AuditEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.actions import add_asset, add_contact, give_role, load_chart
from tocsin.rooms.constituency.models import Asset, Contact, Membership, Organisation, Team

ClientOf = Callable[[Person], Client]


def of(code: str) -> Organisation:
    return Organisation.objects.get(code=code)


def page(client: Client, name: str, uuid: UUID | None = None, **query: str) -> str:
    answer = client.get(reverse(name, args=[uuid] if uuid else []), query)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def managed(admin: Person, client_of: ClientOf) -> Client:
    return client_of(admin)


def test_the_list_shows_what_the_person_may_see(officer_a: Person, ciso: Person, client_of: ClientOf) -> None:
    assert "Name of DEPB" not in page(client_of(officer_a), "organisations")
    text = page(client_of(ciso), "organisations")
    assert all(name in text for name in ("Name of INST", "Name of DEPA", "Name of DEPB"))
    assert "Name of OTHER" not in text


def test_the_list_names_officers_and_those_who_lack_one(ciso: Person, client_of: ClientOf) -> None:
    Membership.objects.filter(person__username="officer_b").delete()
    text = page(client_of(ciso), "organisations", without_officer="on")
    assert ("Name of DEPA" in text, "Name of DEPB" in text) == (False, True)
    assert "2 organisations must have a security officer and have none" in text  # INST as well


def test_a_desk_counts_as_officer(ciso: Person, client_of: ClientOf) -> None:
    Contact.objects.create(organisation=of("INST"), role="officer", name="Desk of INST", email="desk@inst.example")
    text = page(client_of(ciso), "organisations")
    assert "Desk of INST" in text
    assert "must have a security officer" not in text


@pytest.mark.parametrize(
    ("query", "found"),
    [({"text": "depa"}, {"DEPA"}), ({"kind": "board"}, set()), ({"kind": "department"}, {"INST", "DEPA", "DEPB"})],
)
def test_the_list_can_be_filtered(query: Mapping[str, str], found: set[str], ciso: Person, client_of: ClientOf) -> None:
    text = page(client_of(ciso), "organisations", None, **query)
    assert {code for code in ("INST", "DEPA", "DEPB") if f"Name of {code}" in text} == found


def test_the_list_of_the_union_takes_few_queries(
    db: None, client_of: ClientOf, django_assert_max_num_queries: Any
) -> None:
    load_chart(chart=chart_named("eu"), actor=None)
    client = client_of(Person.objects.get(username="cert.analyst"))
    with django_assert_max_num_queries(12):
        text = page(client, "organisations")
    assert "128 in all" in text
    with django_assert_max_num_queries(16):
        page(client, "organisation", of("EC").uuid)


def test_htmx_gets_the_table_alone(ciso: Person, client_of: ClientOf) -> None:
    answer = client_of(ciso).get(reverse("organisations"), headers={"HX-Request": "true"})
    assert b"<html" not in answer.content


def test_an_organisation_shows_people_contacts_and_holdings(
    officer_a: Person, client_of: ClientOf, admin: Person
) -> None:
    add_asset(actor=admin, organisation=of("DEPA"), kind="prefix", value="192.0.2.0/24")
    add_contact(
        actor=admin, organisation=of("DEPA"), role="duty", name="Night desk", email="night@a.example", phone="+999"
    )
    text = page(client_of(officer_a), "organisation", of("DEPA").uuid)
    assert all(word in text for word in ("Officer_A", "Night desk", "192.0.2.0/24", "SOC", "CSIRC"))
    assert "Manage" not in text


def test_htmx_turns_the_pages_of_holdings_alone(officer_a: Person, client_of: ClientOf, admin: Person) -> None:
    for number in range(101):
        add_asset(actor=admin, organisation=of("DEPA"), kind="host", value=f"pc{number:03}.a.example")
    client, address = client_of(officer_a), reverse("organisation", args=[of("DEPA").uuid])
    first = client.get(address).context["page"]
    answer = client.get(address, {"cursor": first.next}, headers={"HX-Request": "true"})
    text = answer.content.decode()
    assert ("<html" in text, "pc099" in text, "pc100" in text) == (False, False, True)


@pytest.mark.parametrize("name", ["organisation", "organisation_change"])
def test_what_is_out_of_sight_does_not_exist(name: str, officer_b: Person, client_of: ClientOf) -> None:
    client = client_of(officer_b)
    method = client.get if name == "organisation" else client.post
    assert method(reverse(name, args=[of("DEPA").uuid])).status_code in {403, 404}
    assert client.get(reverse("organisation", args=[of("DEPA").uuid])).status_code == 404


def test_teams_are_shown_to_whom_they_serve(officer_a: Person, outsider: Person, client_of: ClientOf) -> None:
    client = client_of(officer_a)
    assert "Team SOC" in page(client, "teams")
    text = page(client, "team", Team.objects.get(code="SOC").uuid)
    assert "Analyst" in text
    assert reverse("organisation", args=[of("INST").uuid]) not in text
    assert client_of(outsider).get(reverse("teams")).status_code == 403


def test_a_team_that_serves_others_does_not_exist(officer_a: Person, client_of: ClientOf) -> None:
    other = Team.objects.create(code="X", name="X", organisation=of("OTHER"))
    assert client_of(officer_a).get(reverse("team", args=[other.uuid])).status_code == 404


def test_whose_names_the_owner_and_why(ciso: Person, admin: Person, client_of: ClientOf) -> None:
    add_asset(actor=admin, organisation=of("DEPA"), kind="domain", value="A.example.")
    client = client_of(ciso)
    text = page(client, "whose", value="www.a.example")
    assert all(word in text for word in ("Name of DEPA", "longest domain that the name ends in", "owner"))
    assert "It belongs to nobody you may see" in page(client, "whose", value="www.b.example")
    assert "no longer held" not in page(client, "whose")


def test_whose_hides_other_organisations(officer_b: Person, admin: Person, client_of: ClientOf) -> None:
    add_asset(actor=admin, organisation=of("DEPA"), kind="domain", value="a.example")
    assert "DEPA" not in page(client_of(officer_b), "whose", value="www.a.example")


def done(client: Client, name: str, uuid: UUID, /, **said: str) -> str:
    """Post a form, follow back, and give the page with what was said."""
    answer = client.post(reverse(name, args=[uuid]), said, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_role_is_given_and_ended(managed: Client, outsider: Person) -> None:
    assert "has the role now" in done(managed, "organisation_role", of("DEPA").uuid, username="outsider", role="deputy")
    held = Membership.objects.get(person=outsider)
    assert "The role has ended" in done(managed, "role_end", held.uuid)
    held.refresh_from_db()
    assert held.valid_to is not None
    assert list(AuditEntry.objects.values_list("verb", flat=True)) == [
        "constituency.give_role",
        "constituency.end_role",
    ]


def test_a_role_that_ended_can_be_given_again(admin: Person, outsider: Person, managed: Client) -> None:
    held = give_role(actor=admin, person=outsider, role="deputy", organisation=of("DEPA"))
    done(managed, "role_end", held.uuid)
    give_role(actor=admin, person=outsider, role="deputy", organisation=of("DEPA"))
    assert Membership.objects.get(person=outsider).valid_to is None


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"username": "nobody", "role": "deputy"}, "There is no account with this name"),
        ({"username": "officer_a", "role": "officer"}, "already has this role here"),
        ({"username": "outsider", "role": "wizard"}, "Select a valid choice"),
    ],
)
def test_a_role_that_cannot_be_given_says_why(said: dict[str, str], answer: str, managed: Client) -> None:
    assert answer in done(managed, "organisation_role", of("DEPA").uuid, **said)
    assert not Membership.objects.filter(person__username="outsider").exists()


def test_a_team_takes_members(managed: Client, outsider: Person) -> None:
    team = Team.objects.get(code="SOC")
    assert "has the role now" in done(managed, "team_role", team.uuid, username="outsider", role="analyst")
    assert Membership.objects.get(person=outsider).team == team


def test_a_contact_is_added_and_removed(managed: Client) -> None:
    said = {"role": "duty", "name": "Night desk", "phone": "+999 1", "language": "en"}
    assert "Contact added" in done(managed, "organisation_contact", of("DEPA").uuid, **said)
    assert "already exists" in done(managed, "organisation_contact", of("DEPA").uuid, **said)
    assert "Contact removed" in done(managed, "contact_remove", Contact.objects.get().uuid)
    assert not Contact.objects.exists()


def test_a_range_is_added_and_ended(managed: Client) -> None:
    said = {"kind": "prefix", "value": " 192.0.2.0/24 ", "valid_from": "2026-01-01"}
    assert "Recorded" in done(managed, "organisation_asset", of("DEPA").uuid, **said)
    asset = Asset.objects.get()
    assert (asset.value, asset.valid_from and asset.valid_from.year) == ("192.0.2.0/24", 2026)
    assert "no longer held" in done(managed, "asset_end", asset.uuid)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ({"kind": "prefix", "value": "192.0.2.1/24"}, "is not well-formed"),
        ({"kind": "domain", "value": "no spaces here"}, "is not well-formed"),
        ({"kind": "heap", "value": "x"}, "Select a valid choice"),
        ({"kind": "host", "value": "x", "valid_from": "2026-01-02", "valid_to": "2026-01-01"}, "must be later"),
    ],
)
def test_a_range_that_cannot_be_says_why(said: dict[str, str], answer: str, managed: Client) -> None:
    assert answer in done(managed, "organisation_asset", of("DEPA").uuid, **said)
    assert not Asset.objects.exists()


def test_the_facts_are_changed_and_audited(managed: Client) -> None:
    said = {"name": "Renamed", "timezone": "Europe/Paris", "language": "fr", "active": "on"}
    assert "Changed" in done(managed, "organisation_change", of("DEPA").uuid, **said)
    assert (of("DEPA").name, of("DEPA").needs_officer) == ("Renamed", False)
    assert AuditEntry.objects.get().details["code"] == "DEPA"  # type: ignore[index]  # it has details
    assert "no such time zone" in done(managed, "organisation_change", of("DEPA").uuid, **{**said, "timezone": "Mars"})


@pytest.mark.parametrize("name", ["organisation_role", "organisation_contact", "organisation_asset", "team_role"])
def test_only_managers_change_anything(name: str, analyst: Person, client_of: ClientOf) -> None:
    uuid = Team.objects.get(code="SOC").uuid if name == "team_role" else of("DEPA").uuid
    assert client_of(analyst).post(reverse(name, args=[uuid])).status_code == 403


@pytest.mark.parametrize("name", ["organisation_change", "role_end", "contact_remove", "asset_end"])
def test_changes_are_posted_only(name: str, managed: Client) -> None:
    assert managed.get(reverse(name, args=[of("DEPA").uuid])).status_code == 405


def test_a_manager_of_one_department_cannot_staff_a_team_that_serves_more(
    outsider: Person, client_of: ClientOf, admin: Person
) -> None:
    give_role(actor=admin, person=outsider, role="administrator", organisation=of("DEPA"))
    team = Team.objects.get(code="SOC")
    team.organisation = of("DEPA")
    team.save()
    answer = client_of(outsider).post(
        reverse("team_role", args=[team.uuid]), {"username": "outsider", "role": "analyst"}
    )
    assert answer.status_code == 403
