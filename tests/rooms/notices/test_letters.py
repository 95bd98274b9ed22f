"""Mail that comes in: what is sure is followed, a machine never answers, every doubt goes to a person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pysequoia import Tsk

from tests.rooms.notices.conftest import contact, part, seen
from tocsin.platform import mailboxes, openpgp, outbox
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.actions import note_bounce
from tocsin.rooms.constituency.models import Contact, Membership, Organisation
from tocsin.rooms.notices import actions, queries
from tocsin.rooms.notices.actions import letters
from tocsin.rooms.notices.models import Answer, Letter, Notice, Telling

Write = Callable[..., Notice]
OFFICER = "officer_a@tocsin.example"


def original(notice: Notice, code: str = "DEPA") -> OutboxMessage:
    return OutboxMessage.objects.filter(telling__part=part(notice, code)).order_by("pk")[0]


def reply(message: OutboxMessage, text: str, sender: str = OFFICER, **headers: str) -> bytes:
    """Write a reply as mail programs do: with the original below."""
    mail = EmailMessage()
    given = {
        "From": sender, "To": "tocsin@tocsin.example", "Subject": f"Re: {message.subject}",
        "In-Reply-To": message.message_id, "Message-ID": "<r1@a.example>",
        "Date": "Thu, 26 Nov 2026 10:00:00 +0000",
    }  # fmt: skip
    for name, value in (given | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        if value:
            mail[name] = value
    quoted = "\n".join(f"> {line}" for line in message.body.splitlines())
    mail.set_content(f"{text}\n\nOn Thu, 26 Nov 2026 at 09:00, Tocsin wrote:\n{quoted}\n")
    return mail.as_bytes()


def bounce(message: OutboxMessage, status: str = "5.1.1", action: str = "failed", envelope: str = "") -> bytes:
    """Write a report of delivery as RFC 3464 has it."""
    head = f"Original-Envelope-Id: {envelope or message.uuid}\n"
    return (
        "From: MAILER-DAEMON@relay.example\nTo: tocsin@tocsin.example\nSubject: Undelivered Mail Returned to Sender\n"
        "Message-ID: <b1@relay.example>\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="x"\n\n'
        "--x\nContent-Type: text/plain\n\nThis is the mail system. Your message could not be delivered.\n"
        f"--x\nContent-Type: message/delivery-status\n\n{head}Reporting-MTA: dns; relay.example\n\n"
        f"Final-Recipient: rfc822; {message.recipient}\nAction: {action}\nStatus: {status}\n"
        "Diagnostic-Code: smtp; 550 no such user\n"
        f"--x\nContent-Type: text/rfc822-headers\n\nMessage-ID: {message.message_id}\n--x--\n"
    ).encode()


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("We have received it and are looking into it.", "acknowledged"),
        ("Done, the host was reinstalled.", "done"),
        ("C'est fait, le poste a été réinstallé.", "done"),
        ("This address is not ours.", "not_applicable"),
    ],
)
def test_what_is_sure_is_followed(sent: Write, text: str, state: str) -> None:
    notice = sent()
    letter = actions.take(reply(original(notice), text))
    assert (letter.reading, letter.waiting, letter.doubt) == (state, False, "")
    assert part(notice, "DEPA").state == state
    assert part(notice, "DEPB").state == "told"
    answer = Answer.objects.get()
    assert (answer.via, answer.name, text in answer.text) == ("mail", OFFICER, True)


def test_a_mail_program_that_quotes_without_a_mark_changes_nothing_of_it(sent: Write) -> None:
    notice = sent()
    message = original(notice)
    mail = EmailMessage()
    mail["From"], mail["Subject"], mail["In-Reply-To"] = OFFICER, f"Re: {message.subject}", message.message_id
    mail.set_content(f"Done, the host was reinstalled.\n\n{message.body}")
    assert actions.take(mail.as_bytes()).reading == "done"


def test_the_same_mail_twice_is_one_answer(sent: Write) -> None:
    notice = sent()
    raw = reply(original(notice), "Done.")
    assert actions.take(raw).pk == actions.take(raw).pk
    assert Answer.objects.count() == 1


def test_the_reference_in_the_subject_is_enough(sent: Write) -> None:
    notice = sent()
    letter = actions.take(reply(original(notice), "Done, we blocked it.", In_Reply_To=""))
    assert letter.part == part(notice, "DEPA")
    assert part(notice, "DEPA").state == "done"


@pytest.mark.parametrize(
    ("text", "sender", "headers", "why"),
    [
        ("Done.", "stranger@evil.example", {}, "does not answer for this organisation"),
        ("Done.", "officer_b@tocsin.example", {}, "does not answer for this organisation"),
        ("Done.", OFFICER, {"In_Reply_To": "", "Subject": "hello"}, "no notice that is known"),
        ("Done.", OFFICER, {"In_Reply_To": "<x@y>", "Subject": "Re: [N-26-AAAAAAAA] x"}, "no notice that is known"),
        ("Who is this?", OFFICER, {}, "question"),
        ("Maybe, we are not sure.", OFFICER, {}, "sure"),
        ("We have not patched it yet.", OFFICER, {}, "sure"),
    ],
)
def test_every_doubt_goes_to_a_person(sent: Write, text: str, sender: str, headers: dict[str, str], why: str) -> None:
    notice = sent()
    raw = reply(original(notice), text, sender, **headers)
    if headers:
        raw = raw.replace(part(notice, "DEPA").reference.encode(), b"reference")
    letter = actions.take(raw)
    assert letter.waiting
    assert why in letter.doubt
    assert part(notice, "DEPA").state == "told"
    assert part(notice, "DEPB").state == "told"


def test_an_out_of_office_is_never_an_answer_and_somebody_stands_in(sent: Write) -> None:
    Membership.objects.filter(role="officer", organisation__code="DEPA").delete()
    desk = contact("DEPA", "officer", "a@a.example")
    contact("DEPA", "deputy", "deputy@a.example")
    notice = sent("192.0.2.7")
    away = (datetime.now(UTC) + timedelta(days=5)).date()
    text = f"I am out of the office until {away:%d %B %Y}. Received, I will deal with it when I am back."
    letter = actions.take(reply(original(notice), text, "a@a.example", Auto_Submitted="auto-replied"))
    assert (letter.reading, letter.waiting) == ("out_of_office", False)
    assert part(notice, "DEPA").state == "told"
    assert not Answer.objects.exists()
    assert set(Telling.objects.values_list("address", flat=True)) == {"a@a.example", "deputy@a.example"}
    desk.refresh_from_db()
    assert desk.absent_until == away


def test_an_invented_absence_silences_nobody(sent: Write) -> None:
    desk = contact("DEPA", "head", "head@a.example")
    notice = sent("192.0.2.7")
    raw = reply(original(notice), "Out of office until 24 December 2026.", "head@a.example", In_Reply_To="",
                Auto_Submitted="auto-replied")  # fmt: skip
    actions.take(raw)
    desk.refresh_from_db()
    assert desk.absent_until is None


def test_a_bounce_is_read_and_whoever_stands_in_is_told(sent: Write) -> None:
    Membership.objects.filter(role="officer", organisation__code="DEPA").delete()
    desk = contact("DEPA", "officer", "gone@a.example")
    contact("DEPA", "deputy", "deputy@a.example")
    notice = sent("192.0.2.7")
    letter = actions.take(bounce(original(notice)))
    assert (letter.reading, letter.waiting) == ("bounced", False)
    desk.refresh_from_db()
    assert desk.bounced_at is not None
    first, second = Telling.objects.order_by("pk")
    assert (first.failed_at is not None, "no such user" in first.failure) == (True, True)
    assert (second.address, second.why) == ("deputy@a.example", "instead")
    assert part(notice, "DEPA").state == "told"
    assert not Answer.objects.exists()


def test_after_a_bounce_of_an_account_the_next_notice_goes_to_whoever_stands_in(
    draft: Write, sent: Write, officer_a: Person, client_of: Callable[[Person], Client]
) -> None:
    contact("DEPA", "deputy", "deputy@a.example")
    actions.take(bounce(original(sent("192.0.2.7"))))
    assert original(sent("192.0.2.7")).recipient == "deputy@a.example"
    (row,) = queries.plan(draft("192.0.2.7").editions.get()).rows
    assert row.routed is not None
    assert [step.trouble for step in row.routed.told[0].steps] == ["bouncing", ""]
    page = f"/organisations/{Organisation.objects.get(code='DEPA').uuid}/"
    client = client_of(officer_a)  # who signs in reads mail again
    assert original(sent("192.0.2.7")).recipient == OFFICER
    assert "mail came back" not in client.get(page).content.decode()
    Person.objects.filter(pk=officer_a.pk).update(mail_bounced_at=datetime.now(UTC))
    assert "mail came back" in client.get(page).content.decode()


def test_whoever_holds_an_account_and_is_absent_is_passed_over_until_then(
    sent: Write, officer_a: Person, client_of: Callable[[Person], Client]
) -> None:
    contact("DEPA", "deputy", "deputy@a.example")
    away = (datetime.now(UTC) + timedelta(days=5)).date()
    text = f"I am out of the office until {away:%d %B %Y}."
    actions.take(reply(original(sent("192.0.2.7")), text, Auto_Submitted="auto-replied"))
    officer_a.refresh_from_db()
    assert officer_a.absent_until == away
    assert original(sent("192.0.2.7")).recipient == "deputy@a.example"
    page = f"/organisations/{Organisation.objects.get(code='DEPA').uuid}/"
    assert "absent until" in client_of(officer_a).get(page).content.decode()
    Person.objects.filter(pk=officer_a.pk).update(absent_until=datetime.now(UTC).date() - timedelta(days=1))
    assert "absent until" not in client_of(officer_a).get(page).content.decode()
    assert original(sent("192.0.2.7")).recipient == OFFICER


def test_an_account_that_was_ended_keeps_no_bounce(officer_a: Person) -> None:
    Person.objects.filter(pk=officer_a.pk).update(is_active=False)
    assert note_bounce(email=OFFICER) == 0


def test_a_bounce_without_anybody_else_stands_on_the_list(sent: Write) -> None:
    Membership.objects.filter(role__in=("officer", "ciso")).delete()
    contact("DEPA", "officer", "gone@a.example")
    notice = sent("192.0.2.7")
    actions.take(bounce(original(notice)))
    assert part(notice, "DEPA").state == "unreached"
    assert "no such user" in part(notice, "DEPA").trouble


def test_receipts_of_delivery_are_noted_and_a_delay_is_no_end(sent: Write) -> None:
    notice = sent("192.0.2.7")
    actions.take(bounce(original(notice), "4.4.1", "delayed"))
    assert part(notice, "DEPA").state == "told"
    letter = actions.take(bounce(original(notice), "2.0.0", "delivered"))
    assert letter.reading == "delivered"
    assert Telling.objects.get().delivered_at is not None


def test_a_bounce_of_nothing_we_sent_goes_to_a_person(sent: Write) -> None:
    message = original(sent("192.0.2.7"))
    raw = bounce(message).replace(str(message.uuid).encode(), b"something-else")
    letter = actions.take(raw.replace(message.message_id.encode(), b"<x@y.example>"))
    assert (letter.reading, letter.waiting) == ("bounced", True)
    assert Telling.objects.get().failed_at is None


def test_after_the_withdrawal_an_answer_goes_to_a_person(sent: Write, analyst: Person) -> None:
    notice = sent("192.0.2.7")
    actions.withdraw(actor=analyst, notice=notice, changes={"en": {"text": "x"}})
    actions.send(actor=analyst, notice=notice, seen=seen(notice))
    letter = actions.take(reply(original(notice), "Done."))
    assert letter.waiting
    assert "withdrawn" in letter.doubt
    assert part(notice, "DEPA").state == "withdrawn"


def test_two_machines_never_talk_to_each_other(sent: Write) -> None:
    notice = sent("192.0.2.7")
    before = OutboxMessage.objects.count()
    for number in range(5):
        raw = reply(original(notice), "Your request has been received.", Auto_Submitted="auto-replied",
                    Message_ID=f"<{number}@a.example>")  # fmt: skip
        assert actions.take(raw).reading == "automatic"
    ours = reply(original(notice), "Done.", "tocsin@tocsin.example")
    assert not actions.take(ours).waiting
    assert OutboxMessage.objects.count() == before
    assert part(notice, "DEPA").state == "told"


def test_an_encrypted_answer_is_read(sent: Write, tmp_path: Path) -> None:
    notice = sent("192.0.2.7")
    inner = EmailMessage()
    inner.set_content("Done, the host was reinstalled.")
    public = str(openpgp.house_key().extract_certificate())
    sealed = openpgp.sealed(inner.as_bytes(), public).decode()
    raw = reply(original(notice), "see below").split(b"\n\n", 1)[0] + b"\n\n" + sealed.encode()
    letter = actions.take(raw)
    assert (letter.reading, letter.waiting) == ("done", False)


def test_what_is_encrypted_to_somebody_else_goes_to_a_person(sent: Write) -> None:
    notice = sent("192.0.2.7")
    other = str(Tsk.generate("x@y.example").extract_certificate())
    sealed = openpgp.sealed(b"Done.", other)
    raw = reply(original(notice), "x").split(b"\n\n", 1)[0] + b"\n\n" + sealed
    assert actions.take(raw).waiting


def test_a_reply_of_fifty_megabytes_is_read(sent: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notice = sent("192.0.2.7")
    box = tmp_path / "box"
    for name in ("new", "cur", "tmp"):
        (box / name).mkdir(parents=True)
    raw = reply(original(notice), "Done, the host was reinstalled.")
    with (box / "new" / "1.big").open("wb") as file:
        file.write(raw)
        for _mega in range(50):
            file.write(b"x" * 76 + b"\n" * 1 + b"y" * (1024 * 1024 - 78) + b"\n")
    monkeypatch.setenv("TOCSIN_MAILBOX", f"maildir:{box}")
    assert actions.fetch() == 1
    letter = Letter.objects.get()
    assert letter.size > 50 * 1024 * 1024
    assert letter.part == part(notice, "DEPA")
    assert sum(path.stat().st_size for path in (tmp_path / "letters").rglob("*.eml")) <= mailboxes.LIMIT
    assert [path.name for path in (box / "cur").iterdir()] == ["1.big:2,S"]
    assert actions.fetch() == 0


def test_a_person_settles_what_was_in_doubt(
    sent: Write, analyst: Person, officer_a: Person, client_of: Callable[[Person], Client]
) -> None:
    notice = sent()
    letter = actions.take(reply(original(notice), "Done I think?"))
    assert letter.waiting
    client = client_of(analyst)
    page = client.get("/notices/letters/").content.decode()
    assert "Done I think?" in page
    assert client_of(officer_a).get("/notices/letters/").status_code == 403
    form: dict[str, Any] = {"kind": "done", "reference": part(notice, "DEPA").reference, "text": ""}
    client.post(f"/notices/letters/{letter.uuid}/", form)
    assert part(notice, "DEPA").state == "done"
    assert not queries.letters_waiting(analyst).exists()
    client.post(f"/notices/letters/{letter.uuid}/", form)
    assert Answer.objects.filter(kind="done").count() == 1


def test_mail_the_relay_refuses_is_like_mail_that_came_back(sent: Write) -> None:
    contact("DEPA", "deputy", "deputy@a.example")
    notice = sent("192.0.2.7")
    OutboxMessage.objects.update(state="failed", error="the relay said 550 no such user")
    assert actions.failed_on_the_way() == 1
    assert actions.failed_on_the_way() == 0
    assert Telling.objects.filter(address="deputy@a.example").exists()
    assert Contact.objects.get().bounced_at is None
    assert part(notice, "DEPA").state == "told"


def test_uncertain_mail_is_looked_up_in_the_copy_of_the_relay(
    sent: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent()
    first, second = OutboxMessage.objects.order_by("pk")
    OutboxMessage.objects.update(state="uncertain")
    box = tmp_path / "copy"
    (box / "new").mkdir(parents=True)
    (box / "new" / "1").write_bytes(f"From: x\nMessage-ID: {first.message_id}\n\nbody".encode())
    answer = f"Message-ID: <x@y>\r\nIn-Reply-To: {second.message_id}\r\n\r\nMessage-ID: {second.message_id}"
    (box / "new" / "2").write_bytes(answer.encode())
    monkeypatch.setenv("TOCSIN_MAIL_ARCHIVE", f"maildir:{box}")
    assert outbox.look_up() == 1
    states = dict(OutboxMessage.objects.values_list("pk", "state"))
    assert states == {first.pk: "sent", second.pk: "uncertain"}


def test_a_day_that_is_named_is_kept(sent: Write) -> None:
    notice = sent("192.0.2.7")
    day = (datetime.now(UTC) + timedelta(days=20)).date()
    letter = actions.take(reply(original(notice), f"It will be patched by {day:%d %B %Y}."))
    assert (letter.reading, part(notice, "DEPA").planned_for) == ("planned", day)


def test_an_answer_for_some_of_the_facts_is_none_for_all(sent: Write) -> None:
    notice = sent("192.0.2.7\n192.0.2.9")
    letter = actions.take(reply(original(notice), "192.0.2.7 has been cleaned."))
    assert letter.waiting
    assert "not of the rest" in letter.doubt
    assert part(notice, "DEPA").state == "told"


def test_a_mail_that_breaks_does_not_stop_the_next(
    sent: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notice = sent("192.0.2.7")
    box = tmp_path / "box"
    (box / "new").mkdir(parents=True)
    (box / "new" / "1").write_bytes(b"broken")
    (box / "new" / "2").write_bytes(reply(original(notice), "Done, the host was reinstalled."))
    monkeypatch.setenv("TOCSIN_MAILBOX", f"maildir:{box}")
    whole = letters.take

    def take(content: bytes, size: int | None = None) -> Letter:
        if content == b"broken":
            raise ValueError(content)
        return whole(content, size)

    monkeypatch.setattr(letters, "take", take)
    assert actions.fetch() == 1
    assert part(notice, "DEPA").state == "done"
    assert [path.name for path in (box / "new").iterdir()] == ["1"]
