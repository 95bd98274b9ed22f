"""What texts name is known to those who read the texts, and leads to incidents that name the same rare things."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.intel.models import Observable
from tocsin.rooms.notices.actions import take
from tocsin.rooms.notices.models import Letter

pytestmark = pytest.mark.django_db
C2 = "c2.evil.example"


def opened(actor: Person, *codes: str, title: str = "Beacon", summary: str = "") -> Incident:
    places = Organisation.objects.filter(code__in=codes)
    return actions.open_incident(actor=actor, title=title, summary=summary, organisations=places)


def named(user: Person, incident: Incident) -> list[str]:
    view = queries.view_or_404(Person.objects.get(pk=user.pk), incident.uuid)
    return [each.value for each in view.observables()]


def alike(user: Person, incident: Incident) -> list[tuple[Incident, tuple[str, ...]]]:
    view = queries.view_or_404(Person.objects.get(pk=user.pk), incident.uuid)
    return [(each.incident, each.shared) for each in view.similar()]


def test_title_summary_and_comments_name_things_once(responder: Person) -> None:
    incident = opened(responder, "DEPA", title=f"Beacon to {C2}", summary="First seen at 198.51.100.7.")
    actions.comment(actor=responder, incident=incident, text=f"hxxps://{C2}/gate again, and {C2.replace('.', '[.]')}")
    actions.change(actor=responder, incident=incident, summary="See CVE-2026-12345 and 198.51.100.7.")
    assert named(responder, incident) == [C2, "198.51.100.7", f"https://{C2}/gate", "CVE-2026-12345"]
    assert dict(Observable.objects.values_list("value", "seen"))[C2] == 1


def test_what_handlers_wrote_to_themselves_no_officer_learns(
    responder: Person, officer_a: Person, officer_b: Person
) -> None:
    incident = opened(responder, "DEPA", "DEPB")
    part = incident.entities.get(organisation__code="DEPA")
    actions.comment(actor=responder, incident=incident, text="Suspect 203.0.113.9.")
    actions.comment(actor=responder, incident=incident, text=f"Block {C2}.", entity=part, audience="entity")
    actions.comment(actor=responder, incident=incident, text="All: 198.51.100.7.", audience="all")
    assert named(responder, incident) == ["203.0.113.9", C2, "198.51.100.7"]
    assert named(officer_a, incident) == [C2, "198.51.100.7"]
    assert named(officer_b, incident) == ["198.51.100.7"]


def test_incidents_that_name_the_same_rare_thing_are_alike(responder: Person, officer_a: Person) -> None:
    first = opened(responder, "DEPA", summary=f"{C2} 198.51.100.7")
    second = opened(responder, "DEPB", summary=f"{C2} and 198.51.100.7")
    third = opened(responder, "DEPB", summary=C2)
    opened(responder, "DEPB", summary="203.0.113.9")
    found = alike(responder, first)
    assert [incident for incident, _shared in found] == [second, third]
    assert set(found[0][1]) == {"c2[.]evil[.]example", "198[.]51[.]100[.]7"}
    assert alike(officer_a, first) == []


def test_what_all_the_world_names_links_nothing(responder: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries.similar, "RARE", 3)
    found = [opened(responder, "DEPA", summary=C2) for _number in range(3)]
    assert len(alike(responder, found[0])) == 2
    opened(responder, "DEPA", summary=C2)
    assert alike(responder, found[0]) == []


def test_a_sealed_incident_is_alike_to_nothing(responder: Person, ciso: Person) -> None:
    first, second = (opened(responder, "DEPA", summary=C2) for _number in range(2))
    assert len(alike(ciso, first)) == 1
    actions.seal(actor=responder, incident=second, people=[])
    assert alike(ciso, first) == []
    assert len(alike(responder, first)) == 1


def test_the_page_shows_them_harmless(responder: Person, client_of: Callable[[Person], Client]) -> None:
    incident = opened(responder, "DEPA", summary=f"http://{C2}/<script>alert(1)</script>")
    other = opened(responder, "DEPA", summary=f"http://{C2}/", title="The other")
    page = client_of(responder).get(f"/incidents/{incident.uuid}/").content.decode()
    assert "hxxp://c2[.]evil[.]example/" in page
    assert "<script>alert" not in page
    assert f"/incidents/{incident.uuid}/similar/" in page
    piece = client_of(responder).get(f"/incidents/{incident.uuid}/similar/", headers={"HX-Request": "true"})
    assert f"/incidents/{other.uuid}/" in piece.content.decode()
    assert "<html" not in piece.content.decode()
    assert client_of(responder).get(f"/incidents/{incident.uuid}/similar/").content.decode().count("<html") == 1


def test_what_an_organisation_writes_back_stands_in_the_timeline_and_names_things(
    responder: Person, officer_a: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    incident = opened(responder, "DEPA")
    told = actions.inform(
        actor=responder, incident=incident, entity=incident.entities.get(), subject="Macro", text="What do you see?"
    )
    for sender in (officer_a.email, "stranger@elsewhere.example"):
        take(
            f"From: {sender}\nTo: tocsin@tocsin.example\nSubject: Re: [{told.reference}] Macro\n\n"
            f"It spoke to {C2}.\n\nOn Thu, 26 Nov 2026 at 09:00, Tocsin wrote:\n> What do you see?\n".encode()
        )
    entry = incident.timeline.get(event="wrote")
    assert (entry.text, entry.details["name"], entry.audience) == (f"It spoke to {C2}.", officer_a.email, "entity")
    assert named(officer_a, incident) == [C2]
    assert set(Letter.objects.values_list("waiting", flat=True)) == {True}
