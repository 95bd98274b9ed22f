"""The report of an incident: complete, in the reader's language, within what they may see, and harmless."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.test import Client
from pypdf import PdfReader

from tocsin.platform.models import GateEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import Audience, Incident

pytestmark = pytest.mark.django_db
NASTY = '<script>alert(1)</script> [x](javascript:alert(1)) | #eval("1+1") $x$ *b* = h\n- list \\u{41} @ref \u202egnp'


@pytest.fixture
def incident(responder: Person) -> Incident:
    both = list(Organisation.objects.filter(code__in=["DEPA", "DEPB"]).order_by("code"))
    made = actions.open_incident(
        actor=responder, title="Wave of phishing", organisations=both, summary=f"Told by one: {NASTY}", tlp="AMBER"
    )
    first, second = made.entities.order_by("organisation__code")
    actions.note(made, text="Mail from http://evil.example/login", author=responder, kind="attack")
    actions.comment(actor=responder, incident=made, text="only for A", entity=first, audience=Audience.ENTITY)
    actions.comment(actor=responder, incident=made, text="only for B", entity=second, audience=Audience.ENTITY)
    actions.add_task(actor=responder, incident=made, title="Reset the passwords", entity=first)
    return made


def pdf_text(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


def test_the_pdf_says_all_that_is_known(
    incident: Incident, responder: Person, client_of: Callable[[Person], Client]
) -> None:
    answer = client_of(responder).get(f"/incidents/{incident.uuid}/report/file/?form=pdf&language=en")
    assert answer["Content-Type"] == "application/pdf"
    assert f"{incident.reference}-TLP-AMBER-" in answer["Content-Disposition"]
    text = pdf_text(answer.content)
    for said in ("Wave of phishing", "TLP:AMBER", "What the attacker did", "Reset the passwords", "Name of DEPB"):
        assert said in text
    assert "hxxp://evil[.]example/login" in text
    assert '#eval("1+1") $x$ *b* = h' in text  # as it was written, and nothing more


def test_it_is_in_french_where_that_is_asked_for(
    incident: Incident, responder: Person, client_of: Callable[[Person], Client]
) -> None:
    client = client_of(responder)
    assert "Ce que l’attaquant a fait" in pdf_text(
        client.get(f"/incidents/{incident.uuid}/report/file/?form=pdf&language=fr").content
    )
    written = client.get(f"/incidents/{incident.uuid}/report/file/?form=md&language=fr").content.decode()
    assert "## Ce que l’attaquant a fait" in written


def test_markdown_keeps_what_people_wrote_as_text(
    incident: Incident, responder: Person, client_of: Callable[[Person], Client]
) -> None:
    written = client_of(responder).get(f"/incidents/{incident.uuid}/report/file/?form=md").content.decode()
    assert "\\<script\\>" in written
    assert "<script" not in written.replace("\\<script", "")
    assert "](javascript" not in written
    assert all(line.count(" | ") <= 4 for line in written.splitlines() if line.startswith("| 20"))


def test_an_officer_takes_along_their_own_part(
    incident: Incident, officer_a: Person, client_of: Callable[[Person], Client]
) -> None:
    text = pdf_text(client_of(officer_a).get(f"/incidents/{incident.uuid}/report/file/").content)
    assert "only for A" in text
    assert "Name of DEPA" in text
    for others in ("only for B", "DEPB", "Told by one", "evil"):
        assert others not in text


def test_what_is_taken_along_stands_in_the_ledger(
    incident: Incident, responder: Person, client_of: Callable[[Person], Client]
) -> None:
    client_of(responder).get(f"/incidents/{incident.uuid}/report/file/")
    kept = GateEntry.objects.get(action="report")
    assert (kept.item_uuid, kept.allowed, kept.recipient) == (incident.uuid, True, responder.email)


def test_the_page_shows_the_same(incident: Incident, responder: Person, client_of: Callable[[Person], Client]) -> None:
    html = client_of(responder).get(f"/incidents/{incident.uuid}/report/").content.decode()
    assert "What the attacker did" in html
    assert "<script>alert" not in html


@pytest.mark.parametrize("query", ["form=exe", "language=xx", "form=&language=%00"])
def test_bad_questions_get_the_usual_report(
    query: str, incident: Incident, responder: Person, client_of: Callable[[Person], Client]
) -> None:
    assert client_of(responder).get(f"/incidents/{incident.uuid}/report/file/?{query}").status_code in {200, 400}


def test_a_sealed_incident_has_no_report_for_others(
    incident: Incident, responder: Person, ciso: Person, client_of: Callable[[Person], Client]
) -> None:
    actions.seal(actor=responder, incident=incident, people=[])
    for path in ("report/", "report/file/"):
        assert client_of(ciso).get(f"/incidents/{incident.uuid}/{path}").status_code == 404
        assert client_of(responder).get(f"/incidents/{incident.uuid}/{path}").status_code == 200
