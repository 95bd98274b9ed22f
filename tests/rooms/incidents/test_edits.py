"""Two people edit one incident: neither undoes what the other wrote."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

from django.test import Client

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import Incident


class Form(HTMLParser):
    """Reads what a browser would send back of one form on a page."""

    def __init__(self, action: str) -> None:
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
        if tag == "input":
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
    form = Form(f"/incidents/{incident.uuid}/change/")
    form.feed(client.get(f"/incidents/{incident.uuid}/").content.decode())
    return form.values


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
