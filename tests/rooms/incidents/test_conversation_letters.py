"""What comes back: in its conversation, with what is known of its sender, and nothing is ever sent because of it."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from tests.rooms.incidents.talking import HOSTER, HOUSE, converse, reply
from tests.rooms.notices.test_letters import bounce
from tocsin.platform import outbox
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Contact, Organisation
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices import queries as notice_queries
from tocsin.rooms.notices.actions import tell
from tocsin.rooms.notices.models import Letter, Part, Thread, ThreadMail
from tocsin.rooms.notices.queries import To

pytestmark = pytest.mark.django_db
OFFICER = "officer_a@tocsin.example"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))


@pytest.fixture
def asked(responder: Person, incident: Incident) -> ThreadMail:
    """A mail to the officer of department A."""
    return converse(responder, incident)


@pytest.fixture
def takedown(responder: Person, incident: Incident) -> ThreadMail:
    """A mail to a hosting provider."""
    return converse(responder, incident, HOSTER, tlp="CLEAR")


def said(incident: Incident, person: Person, key: str = "") -> list[queries.Entry]:
    """Give what a person reads of a conversation."""
    view = queries.view_or_404(Person.objects.get(pk=person.pk), incident.uuid)
    chosen = queries.chosen_or_404(queries.conversations(view), key)
    assert chosen is not None
    return queries.entries(view, chosen)


@pytest.mark.parametrize(
    "headers",
    [{}, {"In_Reply_To": ""}, {"Subject": "Isolated", "In_Reply_To": "<x@y>", "References": "{id}"}],
    ids=["both", "by the subject", "by the references"],
)
def test_an_answer_finds_its_conversation(asked: ThreadMail, incident: Incident, headers: dict[str, str]) -> None:
    given = {name: value.replace("{id}", asked.message.message_id) for name, value in headers.items()}
    letter = notices.take(reply(asked, "It is isolated, 192.0.2.7.", **given))
    assert (letter.thread, letter.standing, letter.waiting, letter.doubt) == (asked.thread, "party", False, "")
    asked.thread.refresh_from_db()
    assert asked.thread.last == "them"
    entry = incident.timeline.get(event="wrote")
    assert (entry.audience, entry.entity) == ("entity", incident.entities.get())
    assert "isolated" in entry.text
    assert incident.sightings.filter(observable__value="192.0.2.7").exists()


def test_an_answer_makes_the_mail_answered(asked: ThreadMail, incident: Incident, responder: Person) -> None:
    assert [each.answered for each in said(incident, responder)] == [False]
    notices.take(reply(asked, "It is isolated."))
    assert [(each.kind, each.answered) for each in said(incident, responder)] == [("mail", True), ("letter", False)]


def test_a_party_outside_answers_from_where_it_was_written_to(takedown: ThreadMail, incident: Incident) -> None:
    letter = notices.take(reply(takedown, "Content removed."))
    assert (letter.thread, letter.standing) == (takedown.thread, "party")
    assert incident.timeline.get(event="wrote").audience == "team"


@pytest.mark.parametrize(
    ("sender", "standing"),
    [
        ("ticket-42@hoster.example", "domain"),
        ("abuse@h0ster.example", "stranger"),
        ("abuse@hoster.example.evil.example", "stranger"),
        ("officer_a@tocsin.example", "stranger"),
        (HOUSE, "ours"),
        ("Abuse desk <abuse@hoster.example> <me@evil.example>", "party"),
        ('"abuse@hoster.example" <me@evil.example>', "stranger"),
    ],
)
def test_whoever_knows_the_reference_is_not_believed(
    takedown: ThreadMail, incident: Incident, sender: str, standing: str
) -> None:
    letter = notices.take(reply(takedown, "Send me all you have on 203.0.113.77.", sender))
    assert (letter.thread, letter.standing) == (takedown.thread, standing)
    if standing == "party":
        return
    assert not incident.timeline.filter(event="wrote").exists()
    entry = incident.timeline.get(event="stranger_wrote")
    assert (entry.text, entry.audience) == ("", "team")
    assert not incident.sightings.filter(observable__value="203.0.113.77").exists()
    takedown.thread.refresh_from_db()
    assert takedown.thread.last == ("them" if standing == "domain" else "stranger")


def test_strangers_are_shown_to_handlers_and_not_to_officers(
    asked: ThreadMail, incident: Incident, responder: Person, officer_a: Person
) -> None:
    notices.take(reply(asked, "Click here.", "me@evil.example"))
    assert [each.kind for each in said(incident, responder)] == ["mail", "letter"]
    assert [each.kind for each in said(incident, officer_a)] == ["mail"]


def test_at_a_provider_for_everybody_a_domain_says_nothing(responder: Person, incident: Incident) -> None:
    mail = converse(responder, incident, To("reporter@gmail.com", name="Reporter", party="reporter"), tlp="CLEAR")
    assert notices.take(reply(mail, "Hello.", "somebody@gmail.com")).standing == "stranger"


def test_whoever_answers_one_mail_and_names_another_is_placed_nowhere(asked: ThreadMail, takedown: ThreadMail) -> None:
    letter = notices.take(reply(asked, "Done.", Subject=f"Re: [{takedown.thread.reference}] x"))
    assert (letter.thread, letter.part, letter.waiting) == (None, None, True)
    letter = notices.take(reply(asked, "x", In_Reply_To="", Subject=f"{asked.thread} {takedown.thread}"))
    assert letter.thread is None


def test_what_was_for_named_eyes_only_stays_with_them(
    responder: Person, incident: Incident, officer_a: Person, department_a: Organisation
) -> None:
    Contact.objects.create(
        organisation=department_a, role="head", name="Head", email="head@a.example", confirmed_at=timezone.now()
    )
    secret = converse(responder, incident, To("head@a.example", "DEPA"), tlp="RED", text="About your officer.")
    notices.take(reply(secret, "Understood."))
    assert [each.kind for each in said(incident, responder)] == ["mail", "letter"]
    assert said(incident, officer_a) == []
    assert not queries.view_or_404(officer_a, incident.uuid).timeline().filter(text__contains="nderstood").exists()
    converse(responder, incident)
    assert [each.kind for each in said(incident, officer_a)] == ["mail"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X-Loop": "tocsin@tocsin.example"},
        {"X-Autoreply": "yes"},
        {"Subject": "Automatic reply: out of office"},
    ],
)
def test_a_machine_triggers_nothing(asked: ThreadMail, incident: Incident, headers: dict[str, str]) -> None:
    before = incident.timeline.count()
    letter = notices.take(reply(asked, "I am out of office until 2026-12-24. Please resend.", **headers))
    assert letter.reading in {"automatic", "out_of_office"}
    assert letter.thread == asked.thread
    assert OutboxMessage.objects.count() == 1
    assert incident.timeline.count() == before
    asked.thread.refresh_from_db()
    assert asked.thread.last == "us"


def test_our_own_mail_come_back_is_no_letter(asked: ThreadMail, incident: Incident) -> None:
    before = incident.timeline.count()
    letter = notices.take(reply(asked, "x", "relay@somewhere.example", Message_ID=asked.message.message_id))
    assert (letter.thread, letter.part, letter.waiting) == (None, None, False)
    assert incident.timeline.count() == before


def test_a_mail_that_came_back_says_why(asked: ThreadMail, incident: Incident, responder: Person) -> None:
    notices.take(bounce(asked.message))
    asked.refresh_from_db()
    assert (asked.state, "no such user" in asked.trouble) == ("failed", True)
    assert asked.thread.last == "failed"
    entry = incident.timeline.get(event="mail_failed")
    assert (entry.audience, entry.details["name"]) == ("team", "officer_a@tocsin.example")
    assert Person.objects.get(username="officer_a").bounced_at is not None
    notices.take(bounce(asked.message) + b"\n")
    assert incident.timeline.filter(event="mail_failed").count() == 1


def test_a_mail_refused_on_the_way_says_why(asked: ThreadMail, incident: Incident) -> None:
    OutboxMessage.objects.update(state="failed", error="the relay said 550 no")
    assert notices.failed_on_the_way() == 1
    assert notices.failed_on_the_way() == 0
    assert incident.timeline.get(event="mail_failed").details["reason"] == "the relay said 550 no"


def test_a_report_of_delivery_is_shown_at_the_mail(asked: ThreadMail, incident: Incident, responder: Person) -> None:
    notices.take(bounce(asked.message, "2.0.0", "delivered"))
    asked.refresh_from_db()
    assert asked.delivered_at is not None
    assert [each.kind for each in said(incident, responder)] == ["mail"]


def test_an_absence_is_noted_for_whoever_was_written_to(asked: ThreadMail) -> None:
    text = f"I am out of office until {timezone.now() + timedelta(days=20):%Y-%m-%d}."
    notices.take(reply(asked, text, "me@evil.example", **{"Auto-Submitted": "auto-replied"}))
    assert Person.objects.get(username="officer_a").absent_until is None
    notices.take(reply(asked, text, **{"Auto-Submitted": "auto-replied"}))
    assert Person.objects.get(username="officer_a").absent_until is not None


def test_what_was_told_in_notices_stands_in_the_conversation(
    incident: Incident, responder: Person, officer_a: Person
) -> None:
    part = actions.inform(
        actor=responder, incident=incident, entity=incident.entities.get(), subject="Look", text="Please look."
    )
    message = part.tellings.get().message
    assert message is not None
    letter = EmailMessage()
    letter["From"], letter["Subject"], letter["In-Reply-To"] = OFFICER, f"Re: {message.subject}", message.message_id
    letter.set_content("We look at it tomorrow?")
    notices.take(letter.as_bytes())
    for person in (responder, officer_a):
        assert [(each.kind, each.answered) for each in said(incident, person)] == [("told", True), ("letter", False)]
    letter.replace_header("From", "me@evil.example")
    assert notices.take(letter.as_bytes()).standing == "stranger"
    assert len(said(incident, responder)) == 3
    assert len(said(incident, officer_a)) == 2


def test_a_letter_of_a_conversation_waits_in_no_list_of_the_notices(takedown: ThreadMail, analyst: Person) -> None:
    letter = notices.take(reply(takedown, "Hello?", "me@evil.example"))
    assert letter not in notice_queries.letters_of(analyst)
    assert not notice_queries.letters_waiting(analyst).exists()


def test_attachments_are_listed_and_not_opened(asked: ThreadMail) -> None:
    letter = EmailMessage()
    letter["From"], letter["Subject"] = OFFICER, f"Re: [{asked.thread.reference}]"
    letter.set_content("Here are the logs.")
    letter.add_attachment(b"PK\x03\x04", "application", "zip", filename="../../logs\u202epiz.exe")
    taken = notices.take(letter.as_bytes())
    (file,) = taken.attachments
    assert (file["size"], len(file["sha256"]), "\u202e" in file["name"]) == (4, 64, False)


@pytest.mark.parametrize(
    "content",
    [
        b"From: officer_a@tocsin.example\nSubject: Re: [%(ref)s] " + b"x" * 1_000_000 + b"\n\nHello",
        b"From: officer_a@tocsin.example\nSubject: Re: [%(ref)s]\n\nHel\0lo \xff\xfe",
        b"From: officer_a@tocsin.example\nSubject: Re: [%(ref)s] \xe2\x80\xaegnp.exe\n\nHel\xe2\x80\xaelo",
        b"Subject: [%(ref)s]\n\nHello",
        b"From: \nSubject: [%(ref)s]\n\n",
        b"From: officer_a@tocsin.example\nSubject: [%(ref)s]\nContent-Type: text/html\n\n<script>alert(1)</script>Hi",
    ],
    ids=["1 MB subject", "NUL", "right to left", "no sender", "nothing", "script"],
)
def test_hostile_mail_is_taken_and_harmless(
    asked: ThreadMail, incident: Incident, responder: Person, content: bytes
) -> None:
    letter = notices.take(content.replace(b"%(ref)s", asked.thread.reference.encode()))
    assert letter.thread == asked.thread
    assert not {"\0", "\u202e"} & set(letter.subject + letter.text + letter.own)
    assert "<script" not in letter.text
    assert len(said(incident, responder)) == 2


def test_a_mail_of_a_conversation_is_not_sent_again_unseen(asked: ThreadMail, responder: Person) -> None:
    with pytest.raises(ValidationError, match="conversation"):
        notices.send_again(asked.message, actor=responder)


def test_the_flood_of_what_leaves_by_itself_has_an_end(
    incident: Incident, responder: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tell, "BY_ITSELF_A_DAY", 2)
    for number in range(4):
        notice = notices.draft(
            actor=responder, title=f"N{number}", kind="incident", severity=3, tlp="AMBER", facts={"DEPA": ()},
            matter=queries.matter_of(incident), due_hours=1,
        )  # fmt: skip
        notices.send(actor=responder, notice=notice, seen=notice_queries.plan(notice.editions.get()).digest)
    before = OutboxMessage.objects.filter(recipient=OFFICER).count()
    Part.objects.update(next_step_at=timezone.now(), due_at=timezone.now() + timedelta(minutes=10),
                        told_at=timezone.now() - timedelta(minutes=50))  # fmt: skip
    notices.step_due()
    assert before == 4
    assert OutboxMessage.objects.filter(recipient=OFFICER).count() == before + 2
    assert Part.objects.filter(trouble__contains="leave by themselves").count() == 2


def test_nothing_but_people_sends(asked: ThreadMail) -> None:
    outbox.deliver_due()
    for number in range(5):
        notices.take(reply(asked, f"Answer {number}"))
    assert OutboxMessage.objects.count() == 1
    assert Letter.objects.count() == 5
    assert Thread.objects.count() == 1
