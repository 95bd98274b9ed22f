"""What people write into the timelines: events with their time, corrections that hide nothing, key ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from tests.rooms.incidents.things import alert_at
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.models import Incident, TimelineEntry, Version
from tocsin.rooms.incidents.queries import Mark, strip
from tocsin.rooms.incidents.queries.strip import ROWS

ClientOf = Callable[[Person], Client]
WHEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def event(incident: Incident, person: Person, **more: object) -> TimelineEntry:
    given = {"kind": "attack", "time": WHEN, "text": "The macro ran on evil.example"}
    return actions.add_event(actor=person, incident=incident, **given | more)  # type: ignore[arg-type]


def test_a_handler_writes_what_the_attacker_did(incident: Incident, responder: Person, client_of: ClientOf) -> None:
    client = client_of(responder)
    form = {"kind": "attack", "time": "2026-01-02T03:04:05", "text": "The macro ran", "technique": "t1566.001"}
    client.post(f"/incidents/{incident.uuid}/entry/", form)
    written = TimelineEntry.objects.get(kind="attack")
    assert (written.time, written.technique, written.author) == (WHEN, "T1566.001", responder)
    page = client.get(f"/incidents/{incident.uuid}/").content.decode()
    assert "T1566.001" in page
    assert '<li class="attack' in page


@pytest.mark.parametrize("technique", ["T15", "T1566.1", "T1566.0011", "TA0001", "1566", "T١٥٦٦", "T1566\n"])
def test_a_technique_has_its_shape(technique: str, incident: Incident, responder: Person) -> None:
    if technique == "T1566\n":
        assert event(incident, responder, technique=technique).technique == "T1566"
        return
    with pytest.raises(ValidationError, match="ATT&CK"):
        event(incident, responder, technique=technique)


def test_an_event_is_somebodys_has_happened_and_has_words(incident: Incident, responder: Person) -> None:
    for wrong, match in (
        ({"kind": "change"}, "attacker's or the response's"),
        ({"time": timezone.now() + timedelta(hours=1)}, "yet to come"),
        ({"text": " "}, "what happened"),
        ({"audience": "entity"}, "which organisation"),
    ):
        with pytest.raises(ValidationError, match=match):
            event(incident, responder, **wrong)


def test_only_handlers_write_events(incident: Incident, analyst: Person, officer_a: Person) -> None:
    for person in (analyst, officer_a):
        with pytest.raises(PermissionDenied):
            event(incident, person)


def test_the_attackers_timeline_fills_itself_with_techniques(analyst: Person, department_a: Organisation) -> None:
    opened = actions.open_incident(
        actor=analyst, title="t", organisations=[department_a], alerts=[alert_at(department_a, "a")]
    )
    assert opened.timeline.get(event="alert").technique == "T1566.001"


def test_one_corrects_what_one_wrote_and_the_old_text_stays(
    incident: Incident, responder: Person, client_of: ClientOf
) -> None:
    written = event(incident, responder)
    client, address = client_of(responder), f"/incidents/{incident.uuid}/"
    assert "The macro ran" in client.get(f"{address}entry/{written.uuid}/").content.decode()
    form = {"time": "2026-01-02T03:04:05", "text": "The script ran on good.example", "technique": "T1059"}
    assert client.post(f"{address}entry/{written.uuid}/", form).status_code == 302
    written.refresh_from_db()
    assert (written.text, written.technique, written.time) == ("The script ran on good.example", "T1059", WHEN)
    kept = Version.objects.get()
    assert (kept.text, kept.technique) == ("The macro ran on evil.example", "")
    page = client.get(address).content.decode()
    for told in ("corrected by Responder", "The macro ran on evil.example", "The script ran"):
        assert told in page
    assert incident.sightings.filter(observable__value="good.example").exists()
    client.post(f"{address}entry/{written.uuid}/", form)
    assert Version.objects.count() == 1, "nothing was changed"


def test_nobody_corrects_what_others_or_the_house_wrote(
    incident: Incident, responder: Person, ciso: Person, officer_a: Person, client_of: ClientOf
) -> None:
    written = event(incident, responder)
    house = incident.timeline.get(event="opened")
    for person, entry in ((ciso, written), (responder, house), (officer_a, written)):
        assert client_of(person).get(f"/incidents/{incident.uuid}/entry/{entry.uuid}/").status_code == 404
        with pytest.raises(PermissionDenied):
            actions.correct(actor=person, entry=entry, text="x")


def test_an_officer_corrects_their_own_comment(incident: Incident, officer_a: Person, client_of: ClientOf) -> None:
    said = actions.comment(actor=officer_a, incident=incident, text="We loked", entity=incident.entities.get())
    client = client_of(officer_a)
    page = client.get(f"/incidents/{incident.uuid}/entry/{said.uuid}/").content.decode()
    assert 'name="technique"' not in page
    assert client.post(f"/incidents/{incident.uuid}/entry/{said.uuid}/", {"text": "We looked"}).status_code == 302
    assert "We looked" in client.get(f"/incidents/{incident.uuid}/").content.decode()


def test_key_entries_stand_on_top(
    incident: Incident, responder: Person, officer_a: Person, client_of: ClientOf
) -> None:
    written = event(incident, responder)
    client, address = client_of(responder), f"/incidents/{incident.uuid}/"
    assert "Key entries" not in client.get(address).content.decode()
    client.post(f"{address}entry/{written.uuid}/pin/")
    assert "Key entries" in client.get(address).content.decode()
    client.post(f"{address}entry/{written.uuid}/pin/")
    assert "Key entries" not in client.get(address).content.decode()
    with pytest.raises(PermissionDenied):
        actions.pin(actor=officer_a, entry=written, pinned=True)


def test_one_kind_alone_can_be_read(incident: Incident, responder: Person, client_of: ClientOf) -> None:
    event(incident, responder, text="Broke in")
    event(incident, responder, text="Locked out", kind="response")
    actions.comment(actor=responder, incident=incident, text="Well done", audience="team")
    actions.change(actor=responder, incident=incident, tlp="RED")
    texts = {"attack": "Broke in", "response": "Locked out", "comment": "Well done", "change": "TLP:AMBER → TLP:RED"}
    client = client_of(responder)
    for kind in (*texts, "", "nonsense"):
        page = client.get(f"/incidents/{incident.uuid}/", {"kind": kind}).content.decode()
        seen = {name for name, text in texts.items() if text in page}
        assert seen == ({kind} if kind in texts else set(texts))


def test_an_entry_about_an_incident_is_for_those_who_may_know_of_that(
    incident: Incident, responder: Person, ciso: Person, department_a: Organisation
) -> None:
    other = actions.open_incident(actor=responder, title="Other", organisations=[department_a])
    actions.relate(actor=responder, incident=incident, other=other, reason="same")
    events = {entry.event for entry in queries.view_or_404(ciso, incident.uuid).timeline()}
    assert "related" in events
    actions.seal(actor=responder, incident=other, people=[])
    events = {entry.event for entry in queries.view_or_404(ciso, incident.uuid).timeline()}
    assert "related" not in events
    assert "opened" in events


def marks(number: int, step: timedelta, kind: str = "attack") -> list[Mark]:
    return [Mark(WHEN + n * step, kind, n == 0) for n in range(number)]


def test_a_long_timeline_is_drawn_to_scale() -> None:
    drawn = strip([*marks(30, timedelta(hours=2)), *marks(10, timedelta(hours=1), "response")])
    assert drawn is not None
    assert (drawn.start, drawn.end) == (WHEN, WHEN + timedelta(hours=58))
    assert [bar.column for bar in drawn.attack][:2] == [0, 4]
    assert drawn.attack[-1].column == drawn.columns - 1
    assert drawn.attack[0].pinned
    assert sum(row.attack for row in drawn.rows) == 30
    assert sum(row.response for row in drawn.rows) == 10
    assert all(0 < bar.height <= 20 and bar.top >= 0 for bar in (*drawn.attack, *drawn.response))


@pytest.mark.parametrize("days", [1, 30, 400, 40_000])
def test_its_table_stays_short(days: int) -> None:
    drawn = strip([*marks(200, timedelta(days=days) / 199)])
    assert drawn is not None
    assert len(drawn.rows) <= ROWS + 2
    assert sum(row.attack for row in drawn.rows) == 200


def test_little_is_not_drawn() -> None:
    assert strip(marks(5, timedelta(hours=1))) is None
    assert strip(marks(50, timedelta(milliseconds=1))) is None
    assert strip([]) is None


def test_the_drawing_stands_beside_its_table(incident: Incident, responder: Person, client_of: ClientOf) -> None:
    for n in range(14):
        event(incident, responder, time=WHEN + timedelta(hours=n))
    page = client_of(responder).get(f"/incidents/{incident.uuid}/").content.decode()
    assert '<svg viewBox="0 0 120 46"' in page
    assert "As a table" in page
    assert "style=" not in page.split('class="strip"')[1].split("</figure>")[0]
