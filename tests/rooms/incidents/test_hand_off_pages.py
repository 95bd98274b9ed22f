"""The pages and routes of hand-offs, with what an attacker would write into them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from tests.architecture.test_routes import bearer
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import HandOff, Incident, Rise

ClientOf = Callable[[Person], Client]


def fresh(person: Person) -> Person:
    return Person.objects.get(pk=person.pk)


@pytest.fixture
def ask(incident: Incident, analyst: Person, network: Team) -> HandOff:
    return actions.hand_over(
        actor=fresh(analyst), incident=incident, route="H13", receiver=network, text="<script>alert(1)</script>"
    )


def rows(client: Client, query: str = "") -> int:
    return client.get(f"/hand-offs/{query}").content.count(b"row-link")


def test_each_side_finds_it_in_its_box(
    ask: HandOff, analyst: Person, operator: Person, officer_a: Person, client_of: ClientOf
) -> None:
    sender, receiver, other = (client_of(person) for person in (analyst, operator, officer_a))
    assert (rows(receiver), rows(receiver, "?box=answered"), rows(receiver, "?box=sent")) == (1, 0, 0)
    assert (rows(sender), rows(sender, "?box=sent"), rows(sender, "?box=all")) == (0, 1, 1)
    assert [rows(other, f"?box={box}") for box in ("waiting", "answered", "sent", "all", "nonsense")] == [0] * 5
    receiver.post(f"/hand-offs/{ask.uuid}/refuse/", {"reason": "no"})
    assert (rows(receiver), rows(receiver, "?box=answered")) == (0, 1)


def test_the_overdue_stand_first_and_filters_filter(
    ask: HandOff, incident: Incident, analyst: Person, operator: Person, network: Team, client_of: ClientOf
) -> None:
    late = actions.hand_over(actor=fresh(analyst), incident=incident, route="H13", receiver=network)
    HandOff.objects.filter(pk=late.pk).update(due_at=timezone.now() - timedelta(minutes=1), title="the late one")
    client = client_of(operator)
    page = client.get("/hand-offs/").content.decode()
    assert page.index("the late one") < page.index("Macro at DEPA")
    assert rows(client, "?late=yes") == 1
    assert (rows(client, "?route=H13"), rows(client, "?route=H01"), rows(client, "?state=refused")) == (2, 0, 0)
    assert rows(client, "?route=%00%27&state='--&cursor=nonsense") == 0


def test_opening_it_receives_it_and_shows_no_markup(
    ask: HandOff, operator: Person, analyst: Person, client_of: ClientOf
) -> None:
    client_of(analyst).get(f"/hand-offs/{ask.uuid}/")
    assert HandOff.objects.get().received_at is None
    page = client_of(operator).get(f"/hand-offs/{ask.uuid}/").content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page
    assert HandOff.objects.get().received_by == operator


def test_accepting_and_refusing_on_the_page(
    ask: HandOff, operator: Person, analyst: Person, client_of: ClientOf
) -> None:
    client = client_of(operator)
    assert client.post(f"/hand-offs/{ask.uuid}/refuse/", {"reason": "a\x00b"}).status_code == 400
    for reason in ("", "   ", "x" * 501):
        answer = client.post(f"/hand-offs/{ask.uuid}/refuse/", {"reason": reason}, follow=True)
        assert b"Say why." in answer.content
    assert client_of(analyst).post(f"/hand-offs/{ask.uuid}/accept/").status_code == 403
    assert b"Accepted." in client.post(f"/hand-offs/{ask.uuid}/accept/", follow=True).content
    assert b"was first: this is accepted already" in client.post(f"/hand-offs/{ask.uuid}/accept/", follow=True).content


def test_whoever_accepts_an_incident_lands_on_it(
    incident: Incident, analyst: Person, responder: Person, csirc: Team, client_of: ClientOf
) -> None:
    offer = actions.offer(actor=fresh(analyst), incident=incident, team=csirc)
    answer = client_of(responder).post(f"/hand-offs/{offer.uuid}/accept/")
    assert answer["Location"] == f"/incidents/{incident.uuid}/"
    assert Incident.objects.get().owner == responder


def test_outsiders_find_nothing_at_any_address(
    ask: HandOff, officer_b: Person, outsider: Person, client_of: ClientOf
) -> None:
    paths = [f"/hand-offs/{ask.uuid}/{act}" for act in ("", "accept/", "refuse/", "withdraw/")]
    for person in (officer_b, outsider):
        client = client_of(person)
        expected = {404} if person == officer_b else {403}
        assert {client.get(paths[0]).status_code} == expected
        assert {client.post(path, {"reason": "x"}).status_code for path in paths[1:]} == expected
    assert HandOff.objects.get().state == "offered"


def test_handing_over_step_by_step(
    incident: Incident, analyst: Person, responder: Person, network: Team, client_of: ClientOf
) -> None:
    actions.comment(actor=analyst, incident=incident, text="block 198.51.100.9")
    task = actions.add_task(actor=responder, incident=incident, title="=cmd|' /C calc'!A0")
    client = client_of(analyst)
    tab = client.get(f"/incidents/{incident.uuid}/hand-offs/").content.decode()
    assert 'value="H13"' in tab
    assert 'value="team:NOC"' in tab
    address = f"/incidents/{incident.uuid}/hand-offs/new/?route=H13&to=team:NOC"
    page = client.get(address).content.decode()
    assert "198[.]51[.]100[.]9" in page
    assert "TLP:GREEN" not in page
    form = {"tlp": "AMBER", "text": "x", "tasks": [str(task.uuid)]}
    sent = client.post(address, form)
    made = HandOff.objects.get()
    assert sent["Location"] == f"/hand-offs/{made.uuid}/"
    assert [one["title"] for one in made.payload["tasks"]] == [task.title]
    exported = b"".join(client.get("/hand-offs/?box=all&export=csv")).decode()
    assert '"H13"' in exported


@pytest.mark.parametrize(
    "given",
    [
        {"tlp": "CLEAR"}, {"tlp": "nonsense"}, {"tlp": ""}, {"tlp": "AMBER", "text": "x" * 1_000_000},
        {"tlp": "AMBER", "tasks": ["-1"]}, {"tlp": "AMBER", "tasks": [str(uuid4())]},
    ],
    ids=["weaker", "unknown", "none", "long", "negative", "foreign"],
)  # fmt: skip
def test_what_makes_no_sense_is_said_on_the_form(
    given: Mapping[str, object],
    incident: Incident,
    analyst: Person,
    responder: Person,
    network: Team,
    client_of: ClientOf,
) -> None:
    actions.add_task(actor=responder, incident=incident, title="t")
    answer = client_of(analyst).post(f"/incidents/{incident.uuid}/hand-offs/new/?route=H13&to=team:NOC", given)
    assert answer.status_code == 200
    assert b"errorlist" in answer.content
    assert not HandOff.objects.exists()


@pytest.mark.parametrize("query", ["", "?route=H13", "?route=H13&to=team:CSIRC", "?route=H99&to=team:NOC", "?route=--"])
def test_a_way_that_is_not_open_leads_back(
    query: str, incident: Incident, analyst: Person, network: Team, client_of: ClientOf
) -> None:
    answer = client_of(analyst).post(f"/incidents/{incident.uuid}/hand-offs/new/{query}", {"tlp": "AMBER"})
    assert answer["Location"] == f"/incidents/{incident.uuid}/hand-offs/"
    assert not HandOff.objects.exists()


def test_the_refusal_of_the_gate_is_said_on_the_form(
    incident: Incident, analyst: Person, outsider: Person, csirc: Team, client_of: ClientOf
) -> None:
    from tocsin.rooms.constituency.models import Membership

    far = Team.objects.create(
        code="FAR", name="Far", organisation=Organisation.objects.get(code="OTHER"), services=["network"]
    )
    Membership.objects.create(person=outsider, role="network_operator", team=far)
    address = f"/incidents/{incident.uuid}/hand-offs/new/?route=H13&to=team:FAR"
    answer = client_of(analyst).post(address, {"tlp": "AMBER", "text": ""})
    assert b"The gate refused: TLP:AMBER stays with the organisations" in answer.content


def test_the_officer_finds_theirs_and_answers(
    incident: Incident,
    responder: Person,
    officer_a: Person,
    csirc: Team,
    department_a: Organisation,
    client_of: ClientOf,
) -> None:
    sent = actions.hand_over(actor=fresh(responder), incident=incident, route="H04", receiver=department_a)
    client = client_of(officer_a)
    assert rows(client) == 1
    assert b"Handed to you" in client.get("/").content
    assert client.post(f"/hand-offs/{sent.uuid}/accept/").status_code == 302
    assert HandOff.objects.get().answered_by == officer_a


def test_what_has_risen_is_listed_with_its_age_and_taken(
    ask: HandOff, ciso: Person, analyst: Person, officer_a: Person, client_of: ClientOf
) -> None:
    HandOff.objects.update(due_at=timezone.now() - timedelta(hours=3))
    actions.rise_due()
    client = client_of(ciso)
    desk = client.get("/").content.decode()
    assert "Risen to you" in desk
    assert "3 h ago" in desk
    listed = client.get("/hand-offs/risen/").content.decode()
    assert listed.count("row-link") == 1
    assert client.get("/hand-offs/risen/?reason=refused").content.count(b"row-link") == 0
    rise = Rise.objects.get()
    address = f"/hand-offs/risen/{rise.uuid}/take/"
    assert client_of(analyst).post(address).status_code == 403
    assert client_of(officer_a).get("/hand-offs/risen/").status_code == 403
    assert b"It is yours now." in client.post(address, {"text": "mine"}, follow=True).content
    assert client.get("/hand-offs/risen/?settled=yes").content.count(b"row-link") == 1
    assert b'"unanswered"' in b"".join(client.get("/hand-offs/risen/?settled=yes&export=csv"))


def test_programs_read_what_changed(ask: HandOff, analyst: Person, officer_b: Person) -> None:
    client = Client(headers=bearer(fresh(analyst)))
    [item] = client.get("/api/incidents/hand-offs").json()["items"]
    assert (item["route"], item["from_team"], item["to_team"], item["to_organisation"]) == ("H13", "SOC", "NOC", None)
    since = (timezone.now() + timedelta(minutes=1)).isoformat()
    assert client.get("/api/incidents/hand-offs", {"updated_since": since}).json()["items"] == []
    one = client.get(f"/api/incidents/hand-offs/{ask.uuid}").json()
    assert one["payload"] == {}
    assert HandOff.objects.get().received_at is None
    other = Client(headers=bearer(fresh(officer_b)))
    assert other.get("/api/incidents/hand-offs").json()["items"] == []
    assert other.get(f"/api/incidents/hand-offs/{ask.uuid}").status_code == 404
