"""Two people edit one incident: neither undoes what the other wrote, and both see where they wrote the same."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import Incident, IncidentEntity, Task, TimelineEntry

Pair = tuple[Client, Client]


class Form(HTMLParser):
    """Reads what a browser would send back of one form on a page."""

    def __init__(self, action: str | None) -> None:
        super().__init__()
        self.action, self.inside, self.select, self.area = action, False, "", ""
        self.values: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.inside = given.get("action") == self.action
        if not self.inside:
            return
        name = given.get("name") or ""
        if tag == "input" and given.get("type") != "radio":
            self.values[name] = given.get("value") or ""
        elif tag == "textarea":
            self.area, self.values[name] = name, ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and "selected" in given:
            self.values[self.select] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        self.area = "" if tag == "textarea" else self.area

    def handle_data(self, data: str) -> None:
        if self.inside and self.area:
            self.values[self.area] += data


def shown(client: Client, incident: Incident) -> dict[str, str]:
    address = f"/incidents/{incident.uuid}/change/"
    form = Form(address)
    form.feed(client.get(address, headers={"HX-Request": "true"}).content.decode())  # as the incident's page fetches it
    return form.values


def on_page(page: bytes) -> dict[str, str]:
    """Give what the form of an edit page would send back: the one that has no address of its own."""
    form = Form(None)
    form.feed(page.decode())
    return form.values


@pytest.fixture
def clients(responder: Person, ciso: Person, client_of: Callable[[Person], Client]) -> tuple[Client, Client]:
    """Give two people at their screens."""
    return client_of(responder), client_of(ciso)


def test_what_a_colleague_wrote_meanwhile_stays(
    incident: Incident, responder: Person, client_of: Callable[[Person], Client]
) -> None:
    actions.change(actor=responder, incident=incident, summary="first\nsecond")
    client = client_of(responder)
    mine = shown(client, incident)
    actions.change(actor=responder, incident=incident, severity=5, tlp="RED", summary="theirs")
    assert client.post(f"/incidents/{incident.uuid}/change/", mine | {"title": "Another title"}).status_code == 302
    now = Incident.objects.get(pk=incident.pk)
    assert (now.title, now.severity, now.tlp, now.summary) == ("Another title", 5, "RED", "theirs")


def test_what_is_changed_is_written(
    incident: Incident, responder: Person, client_of: Callable[[Person], Client]
) -> None:
    client = client_of(responder)
    mine = shown(client, incident) | {"severity": "4", "summary": "new", "rsit_class": "intrusions"}
    client.post(f"/incidents/{incident.uuid}/change/", mine)
    now = Incident.objects.get(pk=incident.pk)
    assert (now.severity, now.summary, now.rsit_class) == (4, "new", "intrusions")


def test_one_field_changed_by_two_is_shown_to_the_second(incident: Incident, clients: Pair) -> None:
    first, second = clients
    address = f"/incidents/{incident.uuid}/change/"
    mine, theirs = shown(first, incident), shown(second, incident)
    assert first.post(address, mine | {"summary": "One host.\r\nIt is off.", "severity": "4"}).status_code == 302
    answer = second.post(address, theirs | {"summary": "Two <b>hosts</b>.", "title": "Another title"})
    assert answer.status_code == 409
    page = answer.content.decode()
    for told in ("Responder wrote", "One host.", "Two &lt;b&gt;hosts&lt;/b&gt;.", "Another title", "choose what stays"):
        assert told in page
    now = Incident.objects.get()
    assert (now.summary, now.title, now.severity) == ("One host.\nIt is off.", "Macro at DEPA", 4)

    again = on_page(answer.content)
    assert second.post(address, again).status_code == 409, "nothing was chosen"
    assert second.post(address, again | {"keep-summary": "theirs"}).status_code == 302
    now = Incident.objects.get()
    assert (now.summary, now.title, now.severity) == ("One host.\nIt is off.", "Another title", 4)


def test_one_may_keep_ones_own_and_join_both(incident: Incident, clients: Pair) -> None:
    first, second = clients
    address = f"/incidents/{incident.uuid}/change/"
    mine, theirs = shown(first, incident), shown(second, incident)
    first.post(address, mine | {"summary": "theirs"})
    again = on_page(second.post(address, theirs | {"summary": "mine"}).content)
    assert second.post(address, again | {"keep-summary": "mine", "summary": "theirs and mine"}).status_code == 302
    assert Incident.objects.get().summary == "theirs and mine"
    assert [entry.details["changes"]["summary"] for entry in TimelineEntry.objects.filter(event="changed")] == [
        ["", "theirs"], ["theirs", "theirs and mine"],
    ]  # fmt: skip


def test_a_third_who_comes_between_is_seen_too(incident: Incident, clients: Pair, responder: Person) -> None:
    _first, second = clients
    address = f"/incidents/{incident.uuid}/change/"
    theirs = shown(second, incident)
    actions.change(actor=responder, incident=incident, severity=4)
    again = on_page(second.post(address, theirs | {"severity": "1"}).content)
    actions.change(actor=responder, incident=incident, severity=5)
    answer = second.post(address, again | {"keep-severity": "mine"})
    assert answer.status_code == 409
    assert "emergency" in answer.content.decode()
    assert Incident.objects.get().severity == 5


def test_both_who_write_the_same_are_not_asked(incident: Incident, clients: Pair) -> None:
    address = f"/incidents/{incident.uuid}/change/"
    forms = [shown(client, incident) for client in clients]
    for client, form in zip(clients, forms, strict=True):
        assert client.post(address, form | {"rsit_class": "intrusions"}).status_code == 302
    assert TimelineEntry.objects.filter(event="changed").count() == 1


def test_lines_as_browsers_send_them_are_no_change(incident: Incident, clients: Pair, responder: Person) -> None:
    actions.change(actor=responder, incident=incident, summary="first\nsecond ")
    first, _second = clients
    mine = shown(first, incident)
    as_sent = {name: value.replace("\n", "\r\n") for name, value in mine.items()}
    address = f"/incidents/{incident.uuid}/change/"
    assert first.post(address, as_sent | {"summary": "first\r\nsecond\r\nthird"}).status_code == 302
    assert Incident.objects.get().summary == "first\nsecond\nthird"


@pytest.mark.parametrize(
    "tampered",
    [
        {"initial-severity": "x"}, {"initial-severity": "-1"}, {"initial-tlp": "\x00"}, {"clash": "owner\x00 sealed"},
        {"initial-summary": "x" * 1_000_000}, {"keep-severity": "nobody", "clash": "severity"},
    ],
)  # fmt: skip
def test_a_form_that_was_tampered_with_undoes_nothing(
    tampered: dict[str, str], incident: Incident, clients: Pair, responder: Person
) -> None:
    first, _second = clients
    mine = shown(first, incident)
    actions.change(actor=responder, incident=incident, severity=5)
    answer = first.post(f"/incidents/{incident.uuid}/change/", mine | {"severity": "1"} | tampered)
    assert answer.status_code in {200, 400, 409}
    assert Incident.objects.get().severity == 5


def test_what_was_typed_wrong_is_not_lost(incident: Incident, clients: Pair) -> None:
    first, _second = clients
    mine = shown(first, incident)
    form = mine | {"summary": "long thought", "rsit_class": "fraud", "rsit_type": "ddos"}
    answer = first.post(f"/incidents/{incident.uuid}/change/", form)
    assert answer.status_code == 200
    assert "long thought" in answer.content.decode()
    assert "is no type of the class" in answer.content.decode()


def test_two_who_describe_one_part(incident: Incident, clients: Pair) -> None:
    part = incident.entities.get()
    address = f"/incidents/{incident.uuid}/part/{part.uuid}/"
    forms = [on_page(client.get(address).content) for client in clients]
    assert clients[0].post(address, forms[0] | {"summary": "One host"}).status_code == 302
    answer = clients[1].post(address, forms[1] | {"summary": "Two hosts", "role": "involved"})
    assert answer.status_code == 409
    assert "Responder wrote" in answer.content.decode()
    form = on_page(answer.content) | {"keep-summary": "mine", "summary": "One host, then two"}
    assert clients[1].post(address, form).status_code == 302
    part.refresh_from_db()
    assert (part.summary, part.role) == ("One host, then two", "involved")


def test_nothing_written_of_a_part_is_overwritten_by_adding_it(incident: Incident, responder: Person) -> None:
    part = incident.entities.get()
    actions.change_part(actor=responder, entity=part, summary="One host")
    with pytest.raises(ValidationError, match="concerned already"):
        actions.add_organisation(actor=responder, incident=incident, organisation=part.organisation, summary="Two")
    assert actions.add_organisation(actor=responder, incident=incident, organisation=part.organisation) == part
    assert IncidentEntity.objects.get().summary == "One host"


def test_two_who_change_one_task(incident: Incident, clients: Pair, responder: Person) -> None:
    task = actions.add_task(actor=responder, incident=incident, title="Isolate")
    address = f"/incidents/{incident.uuid}/task/{task.uuid}/change/"
    forms = [on_page(client.get(address).content) for client in clients]
    later = {"due_at": "2027-01-01T08:00"}
    assert clients[0].post(address, forms[0] | later).status_code == 302
    answer = clients[1].post(address, forms[1] | {"due_at": "2027-02-02T08:00", "title": "Isolate it"})
    assert answer.status_code == 409
    assert clients[1].post(address, on_page(answer.content) | {"keep-due_at": "theirs"}).status_code == 302
    task = Task.objects.get()
    assert (task.title, f"{task.due_at:%Y-%m-%d %H:%M}") == ("Isolate it", "2027-01-01 08:00")
    actions.answer_task(actor=responder, task=task, state="done")
    assert "was already answered" in clients[0].post(address, forms[0] | {"title": "x"}).content.decode()


def test_nobody_else_changes_a_part_or_a_task(
    incident: Incident, responder: Person, analyst: Person, officer_a: Person, client_of: Callable[[Person], Client]
) -> None:
    task = actions.add_task(actor=responder, incident=incident, title="Isolate")
    part = incident.entities.get()
    for person in (analyst, officer_a):
        for address in (f"part/{part.uuid}/", f"task/{task.uuid}/change/", "change/", "merge/", "split/", "close/"):
            path = f"/incidents/{incident.uuid}/{address}"
            assert client_of(person).get(path).status_code == 403
            assert client_of(person).post(path, {"title": "x", "summary": "x"}).status_code == 403
