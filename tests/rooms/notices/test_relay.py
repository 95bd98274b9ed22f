"""Notices by way of a real Postfix, answers over IMAP from a real Dovecot, reports as Postfix writes them."""

from __future__ import annotations

import imaplib
import smtplib
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest
from django.utils import timezone
from pysequoia import Cert, Tsk, decrypt

from tests.relay import PASSWORD, Relay
from tests.rooms.notices.conftest import contact, part
from tocsin.platform import mailboxes, openpgp, outbox
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.constituency.models import Contact, Membership
from tocsin.rooms.notices import actions
from tocsin.rooms.notices.models import Answer, Letter, Notice, Telling
from tocsin.rooms.notices.queries.letters import link

Write = Callable[..., Notice]
HOUSE = "tocsin@tocsin.example"


@pytest.fixture
def post(relay: Relay, monkeypatch: pytest.MonkeyPatch) -> Relay:
    """Let the house read its mailbox over IMAP."""
    monkeypatch.setenv("TOCSIN_MAILBOX", relay.imap("house"))
    return relay


def deliver(relay: Relay) -> None:
    """Hand over what waits, and wait until the relay is done with it."""
    outbox.deliver_due()
    relay.settle()


def only(code: str, email: str) -> Contact:
    """Make this address the only officer of an organisation."""
    Membership.objects.filter(role="officer", organisation__code=code).delete()
    return contact(code, "officer", email)


def over_imap(relay: Relay, box: str) -> list[EmailMessage]:
    """Fetch a box as a mail program does."""
    with imaplib.IMAP4("127.0.0.1", relay.imap_port) as session:
        session.login(box, PASSWORD)
        session.select("INBOX")
        _code, (numbers,) = session.search(None, "ALL")
        fetched = [session.fetch(number, "(RFC822)")[1][0] for number in numbers.decode().split()]
        return [message_from_bytes(each[1], policy=default) for each in fetched if isinstance(each, tuple)]


def reply(relay: Relay, mail: EmailMessage, text: str) -> None:
    """Answer a mail as a mail program does, with the original below, by way of the relay."""
    answer = EmailMessage()
    answer["From"], answer["To"], answer["Subject"] = mail["To"], mail["From"], f"Re: {mail['Subject']}"
    answer["In-Reply-To"], answer["References"] = mail["Message-ID"], mail["Message-ID"]
    body = mail.get_body()
    quoted = "".join(f"> {line}\n" for line in body.get_content().splitlines()) if body else ""
    answer.set_content(f"{text}\n\nOn Thu, 26 Nov 2026 at 09:00, Tocsin wrote:\n{quoted}")
    with smtplib.SMTP("127.0.0.1", relay.port) as session:
        session.send_message(answer)
    relay.settle()


def test_a_notice_lies_in_the_mailbox_with_all_that_belongs_to_it(sent: Write, post: Relay) -> None:
    notice = sent()
    deliver(post)
    told = part(notice, "DEPA")
    telling = Telling.objects.get(part=told)
    (mail,) = post.mails("officer_a")
    assert mail["Subject"] == f"[TLP:AMBER] [{told.reference}] {notice.title}"
    assert mail["Message-ID"] == OutboxMessage.objects.get(telling=telling).message_id
    assert (mail["From"], mail["To"]) == (HOUSE, "officer_a@tocsin.example")
    assert (mail["Return-Path"], mail["Auto-Submitted"]) == (f"<{HOUSE}>", "auto-generated")
    assert mail["List-Unsubscribe"] is None
    body = mail.get_body()
    assert body is not None
    assert link(telling) in body.get_content()
    (facts,) = mail.iter_attachments()
    assert (facts.get_content_type(), facts.get_filename()) == ("text/csv", f"{told.reference}.csv")
    assert "192.0.2.7" in facts.get_content()
    assert "192.0.2.200" not in mail.as_string()
    assert len(post.mails("officer_b")) == 1
    assert {m.state for m in OutboxMessage.objects.all()} == {"sent"}


def test_answers_are_read_over_tls_from_a_server_that_is_who_it_says(
    sent: Write, post: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = sent()
    deliver(post)
    (mail,) = post.mails("officer_a")
    reply(post, mail, "Done.")
    monkeypatch.setenv("TOCSIN_MAILBOX", post.imaps("house"))
    with pytest.raises(mailboxes.Unreachable, match="certificate"):
        actions.fetch()
    monkeypatch.setenv("SSL_CERT_FILE", str(post.folder / "ca.pem"))
    assert actions.fetch() >= 1
    assert part(notice, "DEPA").state == "done"


def test_to_whoever_has_a_key_it_arrives_encrypted_and_signed(sent: Write, post: Relay) -> None:
    theirs = Tsk.generate("Keyholder <keyholder@a.example>")
    desk = only("DEPA", "keyholder@a.example")
    desk.key = str(theirs.extract_certificate())
    desk.full_clean()
    desk.save()
    told = part(sent("192.0.2.7"), "DEPA")
    deliver(post)
    (mail,) = post.mails("keyholder")
    assert mail.get_content_type() == "multipart/encrypted"
    assert mail["Subject"] == f"[TLP:AMBER] [{told.reference}] ..."
    assert "192.0.2.7" not in mail.as_string()
    _version, sealed = mail.iter_parts()
    house = openpgp.house_key().extract_certificate()

    def known(_ids: list[str]) -> list[Cert]:
        return [house]

    opened = decrypt(sealed.get_content(), decryptor=theirs.decryptor(), store=known)
    assert [each.certificate.upper() for each in opened.valid_sigs] == [house.fingerprint.upper()]
    inside = message_from_bytes(bytes(opened.bytes or b""), policy=default)
    assert inside["Subject"].startswith(f"[TLP:AMBER] [{told.reference}] Command server")
    (facts,) = inside.iter_attachments()
    assert "192.0.2.7" in facts.get_content()


def test_an_answer_by_mail_is_read_over_imap_once_and_stays_where_it_is(sent: Write, post: Relay) -> None:
    notice = sent()
    deliver(post)
    (mail,) = over_imap(post, "officer_a")
    reply(post, mail, "Done, the host was reinstalled.")
    assert actions.fetch() == 3  # two reports that the mails arrived, and the answer
    answer = Answer.objects.get()
    assert (answer.kind, answer.via, answer.name) == ("done", "mail", "officer_a@tocsin.example")
    assert (part(notice, "DEPA").state, part(notice, "DEPB").state) == ("done", "told")
    assert not Letter.objects.filter(waiting=True).exists()
    assert actions.fetch() == 0
    assert len(post.mails("house")) == 3
    assert Answer.objects.count() == 1


def test_a_mail_somebody_deletes_meanwhile_is_no_letter(
    sent: Write, post: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent()
    deliver(post)
    take = actions.letters.take

    def take_while_somebody_tidies(content: bytes, size: int) -> Letter:
        with imaplib.IMAP4("127.0.0.1", post.imap_port) as session:
            session.login("house", PASSWORD)
            session.select("INBOX")
            session.store("2", "+FLAGS", "\\Deleted")
            session.expunge()
        return take(content, size)

    monkeypatch.setattr(actions.letters, "take", take_while_somebody_tidies)
    assert actions.fetch() == 1
    assert Letter.objects.get().reading == "delivered"


def test_a_report_of_delivery_is_noted(sent: Write, post: Relay) -> None:
    sent()
    deliver(post)
    assert Telling.objects.filter(delivered_at=None).count() == 2
    actions.fetch()
    assert Telling.objects.filter(delivered_at=None).count() == 0
    assert set(Letter.objects.values_list("reading", flat=True)) == {"delivered"}


def test_what_was_passed_on_to_a_server_that_reports_nothing_is_not_noted_as_delivered(
    sent: Write, post: Relay
) -> None:
    only("DEPA", "passed@a.example")
    sent("192.0.2.7")
    deliver(post)
    assert actions.fetch() == 1
    telling = Telling.objects.get()
    assert Letter.objects.get().telling == telling
    assert (telling.delivered_at, telling.failed_at) == (None, None)


def test_a_bounce_marks_the_contact_and_the_deputy_is_told(sent: Write, post: Relay) -> None:
    desk = only("DEPA", "gone@a.example")
    contact("DEPA", "deputy", "deputy@a.example")
    notice = sent("192.0.2.7")
    deliver(post)
    assert actions.fetch() == 1
    assert actions.fetch() == 0
    desk.refresh_from_db()
    assert desk.bounced_at is not None
    first, second = Telling.objects.order_by("pk")
    assert "no such user here" in first.failure
    assert (second.address, second.why) == ("deputy@a.example", "instead")
    assert part(notice, "DEPA").state == "told"
    deliver(post)
    (mail,) = post.mails("deputy")
    assert mail["Message-ID"] == OutboxMessage.objects.get(telling=second).message_id


@pytest.mark.parametrize("kept", ["imap", "maildir"])
def test_of_uncertain_mails_those_in_the_archive_did_arrive(
    sent: Write, post: Relay, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    sent()
    deliver(post)
    sent("192.0.2.7")  # this one never leaves, and the copies of others are not its own
    OutboxMessage.objects.update(state="uncertain")
    monkeypatch.setenv("TOCSIN_MAIL_ARCHIVE", getattr(post, kept)("archive"))
    assert outbox.look_up() == 2
    assert list(OutboxMessage.objects.order_by("pk").values_list("state", flat=True)) == ["sent", "sent", "uncertain"]
    assert outbox.look_up() == 0


def test_while_the_relay_is_down_mail_waits_and_arrives_once(sent: Write, post: Relay) -> None:
    sent()
    post.stop()
    assert outbox.deliver_due() == 0
    assert {m.state for m in OutboxMessage.objects.all()} == {"queued"}
    post.start()
    OutboxMessage.objects.update(next_attempt_at=timezone.now())
    for _turn in range(2):
        deliver(post)
    assert (len(post.mails("officer_a")), len(post.mails("officer_b"))) == (1, 1)


def test_an_address_refused_at_once_is_treated_alike(sent: Write, post: Relay) -> None:
    only("DEPA", "nobody@a.example")
    contact("DEPA", "deputy", "deputy@a.example")
    sent("192.0.2.7")
    deliver(post)
    assert OutboxMessage.objects.get().state == "failed"
    assert actions.failed_on_the_way() == 1
    deliver(post)
    assert len(post.mails("deputy")) == 1


def test_a_server_that_wants_it_later_is_no_bounce(sent: Write, post: Relay) -> None:
    only("DEPA", "later@a.example")
    contact("DEPA", "deputy", "deputy@a.example")
    notice = sent("192.0.2.7")
    deliver(post)
    assert actions.fetch() == 0
    assert "status=deferred" in post.log()
    assert Telling.objects.get().failed_at is None
    assert part(notice, "DEPA").state == "told"


def test_a_domain_with_accents_is_reached(sent: Write, post: Relay) -> None:
    only("DEPA", "reader@bücher.example")
    sent("192.0.2.7")
    deliver(post)
    (mail,) = post.mails("reader")
    assert mail["To"] == "reader@xn--bcher-kva.example"
    actions.fetch()
    assert Telling.objects.get().delivered_at is not None
    reply(post, mail, "Done, the host was reinstalled.")
    actions.fetch()
    assert part(Notice.objects.get(), "DEPA").state == "done"
