"""Conversations by way of a real Postfix and a real Dovecot; two mailboxes that answer each other end in silence."""

from __future__ import annotations

import smtplib
from email.message import EmailMessage

import pytest
from pysequoia import Tsk, encrypt

from tests.relay import Relay
from tests.rooms.incidents.talking import HOUSE, converse
from tests.rooms.notices.test_relay import deliver
from tocsin.platform import openpgp
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Contact, Organisation
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices.models import Letter, Thread
from tocsin.rooms.notices.queries import To

pytestmark = pytest.mark.django_db
ROUNDS = 6


@pytest.fixture
def post(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> Relay:
    """Let the house read its mailbox over IMAP."""
    monkeypatch.setenv("TOCSIN_MAILBOX", relay.imap("house"))
    return relay


def send(relay: Relay, mail: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", relay.port) as session:
        session.send_message(mail)


def robot(mail: EmailMessage, me: str, *, marked: bool) -> EmailMessage:
    """Answer a mail as a badly made robot does: whatever it is, and without saying (unless ``marked``) what it is."""
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = me, mail["From"], f"Re: {mail['Subject']}"
    answer["In-Reply-To"] = mail["Message-ID"]
    if marked:
        answer["Auto-Submitted"] = "auto-replied"
    answer.set_content("Thank you for your message. Your ticket is being looked after.")
    return answer


@pytest.mark.parametrize("marked", [True, False])
def test_a_robot_that_answers_everything_gets_no_answer(
    post: Relay, responder: Person, incident: Incident, marked: bool
) -> None:
    converse(responder, incident)
    answered = 0
    for _round in range(ROUNDS):
        deliver(post)
        mails = post.mails("officer_a")
        for mail in mails[answered:]:
            send(post, robot(mail, "officer_a@tocsin.example", marked=marked))
        answered = len(mails)
        post.settle()
        notices.fetch()
        notices.step_due()
        notices.failed_on_the_way()
    assert len(post.mails("officer_a")) == answered == 1
    assert OutboxMessage.objects.count() == 1
    letters = Letter.objects.exclude(reading__in=("delivered", "delayed"))
    assert letters.count() == 1
    assert Thread.objects.get().last == ("us" if marked else "them")


def test_two_mailboxes_that_answer_each_other_leave_the_house_out(
    post: Relay, responder: Person, incident: Incident
) -> None:
    """The house writes to both; each answers whatever it finds to all: the house takes it in and adds nothing."""
    for address in ("officer_a@tocsin.example", "officer_b@tocsin.example"):
        converse(responder, incident, To(address), tlp="CLEAR")
    answered = {"officer_a": 0, "officer_b": 0}
    for _round in range(ROUNDS):
        deliver(post)
        for box, other in (("officer_a", "officer_b"), ("officer_b", "officer_a")):
            mails = post.mails(box)
            for mail in mails[answered[box] :]:
                answer = robot(mail, f"{box}@tocsin.example", marked=False)
                answer["Cc"] = f"{HOUSE}, {other}@tocsin.example"
                send(post, answer)
            answered[box] = len(mails)
        post.settle()
        notices.fetch()
    assert OutboxMessage.objects.count() == 2
    assert min(answered.values()) >= ROUNDS - 1  # they are at it all the time
    assert Letter.objects.filter(thread__isnull=False).count() >= ROUNDS


def test_a_mailbox_that_sends_everything_back_feeds_nothing(post: Relay, responder: Person, incident: Incident) -> None:
    converse(responder, incident)
    deliver(post)
    (mail,) = post.mails("officer_a")
    for _round in range(3):
        with smtplib.SMTP("127.0.0.1", post.port) as session:  # redirected: header for header the same
            session.sendmail("officer_a@tocsin.example", [HOUSE], mail.as_bytes())
        post.settle()
        notices.fetch()
    assert OutboxMessage.objects.count() == 1
    returned = Letter.objects.filter(message_id=mail["Message-ID"])
    assert {(each.thread_id, each.part_id, each.waiting) for each in returned} == {(None, None, False)}


def test_both_sides_speak_in_secret(post: Relay, responder: Person, incident: Incident) -> None:
    theirs = Tsk.generate("<keyholder@a.example>")
    desk = Contact(
        organisation=Organisation.objects.get(code="DEPA"), role="officer", name="Keyholder",
        email="keyholder@a.example", key=str(theirs.extract_certificate()),
    )  # fmt: skip
    desk.full_clean()
    desk.save()
    mail = converse(responder, incident, To("keyholder@a.example"), text="The password is out.")
    deliver(post)
    (arrived,) = post.mails("keyholder")
    assert arrived.get_content_type() == "multipart/encrypted"
    assert "password" not in arrived.as_string()
    assert mail.thread.reference in arrived["Subject"]
    answer = EmailMessage()
    answer["From"], answer["To"] = "keyholder@a.example", HOUSE
    answer["Subject"], answer["In-Reply-To"] = f"Re: {arrived['Subject']}", arrived["Message-ID"]
    house = openpgp.house_key().extract_certificate()
    inside = b"Content-Type: text/plain\r\n\r\nIt is changed.\r\n"
    answer.set_content(bytes(encrypt(inside, [house], signer=theirs.signer())).decode())
    send(post, answer)
    post.settle()
    notices.fetch()
    letter = Letter.objects.get(thread=mail.thread, standing="party")
    assert letter.text.strip() == "It is changed."
    assert letter.protection | {"fingerprint": ""} == {
        "encrypted": "openpgp", "opened": True, "signed": "openpgp", "verdict": "good",
        "signer": "keyholder@a.example", "fingerprint": "",
    }  # fmt: skip
    mail.refresh_from_db()
    assert mail.delivered_at is not None


def test_what_does_not_arrive_comes_back_with_its_reason(post: Relay, responder: Person, incident: Incident) -> None:
    mail = converse(responder, incident, To("gone@a.example", name="Vendor"), tlp="CLEAR")
    deliver(post)
    notices.fetch()
    mail.refresh_from_db()
    assert mail.failed_at is not None
    assert "no such user" in mail.failure
    assert incident.timeline.filter(event="mail_failed").count() == 1
