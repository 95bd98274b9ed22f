"""The tab of conversations: written, looked at, confirmed and sent without a script; each sees only what is theirs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from tests.rooms.incidents.talking import HOSTER, OFFICER, converse
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.notices.models import Letter, ThreadMail

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Person], Client]
FORM = {"to": "DEPA officer_a@tocsin.example", "tlp": "AMBER", "subject": "What we know", "text": "Isolate the host."}


def url(name: str, incident: Incident) -> str:
    return reverse(f"incident_{name}", args=[incident.uuid])


def post(client: Client, incident: Incident, do: str, **more: Any) -> str:
    answer = client.post(url("conversation_write", incident), FORM | {"do": do} | more)
    assert answer.status_code == 200
    return answer.content.decode()


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None
    return found[1]


def test_a_mail_is_written_confirmed_and_sent(client_of: ClientOf, responder: Person, incident: Incident) -> None:
    client = client_of(responder)
    assert "Nothing yet." in client.get(url("conversations", incident)).content.decode()
    shown = post(client, incident, "preview")
    assert "This house has never written to officer_a@tocsin.example before." in shown
    assert not ThreadMail.objects.exists()
    seen = hidden(shown, "seen")
    refused = post(client, incident, "send", seen=seen)
    assert "Confirm this before it can leave" in refused
    assert not ThreadMail.objects.exists()
    answer = client.post(url("conversation_write", incident), FORM | {"do": "send", "seen": seen, "confirm": "first"})
    department = Organisation.objects.get(code="DEPA")
    assert (answer.status_code, answer["Location"]) == (302, f"{url('conversations', incident)}?with={department.uuid}")
    page = client.get(answer["Location"]).content.decode()
    assert "Isolate the host." in page
    assert "in clear" in page
    assert "Warnings that were confirmed" in page


def test_what_the_gate_refuses_has_no_button(client_of: ClientOf, responder: Person, incident: Incident) -> None:
    page = post(client_of(responder), incident, "preview", to="", address="vendor@vendor.example", tlp="AMBER+STRICT")
    assert "This cannot leave." in page
    assert "TLP:AMBER+STRICT may not go to vendor@vendor.example" in page
    assert 'value="send"' not in page
    assert 'name="confirm"' not in page
    page = post(client_of(responder), incident, "send", to="", address="vendor@vendor.example", confirm="first")
    assert "The gate refused" in page
    assert not ThreadMail.objects.exists()


@pytest.mark.parametrize(("language", "word"), [("", "Bonjour"), ("en", "Dear Officer_A,"), ("fr", "gravité")])
def test_a_template_is_filled_in_the_recipients_language(
    client_of: ClientOf, responder: Person, officer_a: Person, incident: Incident, language: str, word: str
) -> None:
    Person.objects.filter(pk=officer_a.pk).update(language="fr")
    page = post(client_of(responder), incident, "fill", template="first_contact", language=language)
    assert incident.reference in page
    assert incident.title not in page.partition("<form")[2].partition("</form>")[0].partition('name="text"')[2]
    assert (word in page) or (word == "Bonjour" and "gravité" in page)


def test_a_template_holds_what_the_recipients_part_names(
    client_of: ClientOf, responder: Person, department_b: Organisation, incident: Incident
) -> None:
    actions.add_organisation(actor=responder, incident=incident, organisation=department_b)
    for code, value in (("DEPA", "192.0.2.7"), ("DEPB", "198.51.100.9")):
        part = incident.entities.get(organisation__code=code)
        actions.comment(actor=responder, incident=incident, text=value, entity=part, audience="entity")
    page = post(client_of(responder), incident, "fill", template="first_contact")
    assert "192[.]0[.]2[.]7" in page
    assert "198[.]51" not in page
    page = post(client_of(responder), incident, "fill", template="request_takedown", to="", address="a@hoster.example")
    assert "to fill in" in page


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"to": ""}, "Choose to whom it goes"),
        ({"address": "x@y.example"}, "not both"),
        ({"to": "DEPA somebody@else.example"}, "Select a valid choice"),
        ({"to": "", "address": "x@y.example, z@y.example"}, "valid email"),
        ({"to": "", "address": "x" * 1_000_000}, "valid email"),
        ({"to": "", "address": "x@straße.example"}, "valid email"),
        ({"subject": "a" * 1_000_000}, "at most 150"),
        ({"text": ""}, "required"),
        ({"tlp": "PURPLE"}, "Select a valid choice"),
        ({"language": "tlh"}, "Select a valid choice"),
        ({"template": "../x"}, "Select a valid choice"),
    ],
)
def test_nonsense_is_said_to_be(
    client_of: ClientOf, responder: Person, incident: Incident, given: dict[str, str], said: str
) -> None:
    for do in ("preview", "send"):
        assert said in post(client_of(responder), incident, do, **given)
    assert not ThreadMail.objects.exists()


def test_a_subject_of_many_lines_stays_one_header(client_of: ClientOf, responder: Person, incident: Incident) -> None:
    client = client_of(responder)
    given = {"subject": "One\r\nBcc: all@evil.example", "confirm": "first"}
    seen = hidden(post(client, incident, "preview", **given), "seen")
    client.post(url("conversation_write", incident), FORM | given | {"do": "send", "seen": seen})
    mail = ThreadMail.objects.get()
    assert "\n" not in mail.message.subject


def test_hostile_words_are_shown_as_words(client_of: ClientOf, responder: Person, incident: Incident) -> None:
    mail = converse(responder, incident, text="<script>alert(1)</script> =cmd|x")
    Letter.objects.create(
        digest="d", thread=mail.thread, standing="stranger", reading="unclear", sender="<b>@evil.example",
        subject="<img src=x>", text="<script>2</script>", attachments=[{"name": "<svg>", "size": 1}],
        protection={"signed": "openpgp", "verdict": "other", "signer": "<i>x</i>"},
    )  # fmt: skip
    page = client_of(responder).get(url("conversations", incident)).content.decode()
    for raw in ("<script>alert", "<script>2", "<img src=x>", "<b>@evil", "<svg>", "<i>x"):
        assert raw not in page
    assert "believe nothing of it" in page


def test_an_answer_is_begun_to_whoever_wrote_last(client_of: ClientOf, responder: Person, incident: Incident) -> None:
    client = client_of(responder)
    mail = converse(responder, incident, HOSTER, tlp="CLEAR")
    Letter.objects.create(
        digest="d", thread=mail.thread, mail=mail, standing="party", reading="unclear", sender=mail.address,
        subject=f"RE: [TLP:CLEAR] [{mail.thread.reference}] Takedown",
    )  # fmt: skip
    page = client.get(f"{url('conversations', incident)}?with={mail.thread.uuid}").content.decode()
    link = re.search(r'href="([^"]*conversations/write/\?[^"]*)"', page)
    assert link is not None
    form = client.get(link[1].replace("&amp;", "&")).content.decode()
    for value in ("abuse@hoster.example", "Abuse desk", "Re: Takedown"):
        assert f'value="{value}"' in form


def test_officers_read_their_own_conversation_and_answer_there(
    client_of: ClientOf, chart: Mapping[str, Person], responder: Person, incident: Incident
) -> None:
    converse(responder, incident, text="For department A.")
    other = converse(responder, incident, HOSTER, tlp="CLEAR", text="For the hoster alone.")
    client = client_of(chart["officer_a"])
    page = client.get(url("conversations", incident)).content.decode()
    assert "For department A." in page
    assert "hoster" not in page
    assert "conversations/write" not in page
    assert client.get(f"{url('conversations', incident)}?with={other.thread.uuid}").status_code == 404
    assert client.get(f"{url('conversations', incident)}?with={uuid4()}").status_code == 404
    part = incident.entities.get()
    answer = client.post(url("conversation_answer", incident), {"entity": part.uuid, "text": "We are on it."})
    assert answer.status_code == 302
    for person in ("officer_a", "responder"):
        assert "We are on it." in client_of(chart[person]).get(url("conversations", incident)).content.decode()
    assert client.get(url("conversation_write", incident)).status_code == 403
    assert client_of(chart["officer_b"]).get(url("conversations", incident)).status_code == 404


def test_of_a_partial_view_only_that_part(
    client_of: ClientOf, chart: Mapping[str, Person], responder: Person, department_b: Organisation, incident: Incident
) -> None:
    actions.add_organisation(actor=responder, incident=incident, organisation=department_b)
    converse(responder, incident, text="For department A.")
    page = client_of(chart["officer_b"]).get(url("conversations", incident)).content.decode()
    assert "Name of DEPB" in page
    assert ">DEPA<" not in page
    assert OFFICER.address not in page


def test_the_tab_is_french_for_whoever_reads_french(client_of: ClientOf, responder: Person, incident: Incident) -> None:
    Person.objects.filter(pk=responder.pk).update(language="fr")
    assert client_of(responder).get(url("conversations", incident)).status_code == 200
