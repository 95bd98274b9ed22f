"""Mail leaves once, marked, or a person is told."""

from __future__ import annotations

import mailbox
import os
import socket
from collections.abc import Callable, Iterator
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from tocsin.config import ConfigError
from tocsin.platform import gate, outbox, smtp
from tocsin.platform.export import table
from tocsin.platform.gate import Item, Recipient
from tocsin.platform.identity import new_uuid
from tocsin.platform.markings import TLP
from tocsin.platform.models import AuditEntry, GateEntry, OutboxMessage

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person


class Server:
    """An SMTP server's manners: what it says to RCPT and to DATA."""

    def __init__(self, rcpt: str = "250 OK", data: str = "250 OK", recovers: bool = False) -> None:
        self.rcpt, self.data, self.recovers = rcpt, data, recovers
        self.taken: list[EmailMessage] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.rcpt.startswith("421"):
            server.transport.write(f"{self.rcpt}\r\n".encode())
            server.transport.close()
            self.rcpt = "250 OK" if self.recovers else self.rcpt
            return "421 gone"
        envelope.rcpt_tos.append(address)
        return self.rcpt

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        if self.data == "drop":
            server.transport.abort()
            self.data = "250 OK" if self.recovers else self.data
            return "421 gone"
        if self.data.startswith("250"):
            self.taken.append(message_from_bytes(envelope.content, policy=default))
        return self.data


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch, home: Path) -> Iterator[Callable[..., Server]]:
    """Start a real SMTP server that behaves as told."""
    started = []

    def start(**manners: Any) -> Server:
        server = Server(**manners)
        controller = Controller(server, hostname="127.0.0.1", port=free_port())
        controller.start()
        started.append(controller)
        monkeypatch.setenv("TOCSIN_SMTP_URL", f"smtp://127.0.0.1:{controller.port}")
        return server

    yield start
    for controller in started:
        controller.stop()


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def item(tlp: TLP = TLP.AMBER) -> Item:
    return Item("incidents.incident", new_uuid(), "Macro", tlp, frozenset({"DEPA"}))


def recipient(code: str = "DEPA", address: str = "officer@a.example") -> Recipient:
    return Recipient(address, code, "named_person", "Officer")


def send(actor: Person | None = None, **changed: Any) -> OutboxMessage:
    given: dict[str, Any] = {"item": item(), "recipient": recipient(), "subject": "Macro", "body": "Please look."}
    return outbox.send(actor=actor, message=outbox.Message(**(given | changed)))


def state_of(message: OutboxMessage) -> str:
    message.refresh_from_db()
    return message.state


def make_due(message: OutboxMessage) -> None:
    OutboxMessage.objects.filter(pk=message.pk).update(next_attempt_at=timezone.now() - timedelta(seconds=1))


def test_it_sends_what_the_gate_lets_through(serve: Callable[..., Server], analyst: Person) -> None:
    server = serve()
    message = send(analyst)
    assert outbox.deliver_due() == 1
    assert state_of(message) == "sent"
    [mail] = server.taken
    assert mail["Message-ID"] == message.message_id
    assert mail["To"] == "officer@a.example"
    assert mail["Subject"] == "[TLP:AMBER] Macro"
    assert mail.get_content().startswith("TLP:AMBER")
    assert "Please look." in mail.get_content()
    assert (message.decision.allowed, message.decision.actor) == (True, analyst.uuid)
    assert AuditEntry.objects.get().verb == "outbox.send"


def test_it_sends_nothing_twice(serve: Callable[..., Server], db: None) -> None:
    server = serve()
    send()
    outbox.deliver_due()
    assert outbox.deliver_due() == 0
    assert len(server.taken) == 1


def test_it_keeps_dots_accents_and_long_lines(serve: Callable[..., Server], db: None) -> None:
    server = serve()
    body = "first\n.\n..two\nDéjà vu\n" + "x" * 3000
    send(body=body, language="fr", subject="Déjà\r\nBcc: all@b.example")
    outbox.deliver_due()
    [mail] = server.taken
    assert body in mail.get_content().replace("\r\n", "\n")
    assert mail["Subject"] == "[TLP:AMBER] Déjà Bcc: all@b.example"
    assert mail["Bcc"] is None


def test_it_refuses_what_the_gate_refuses_and_keeps_the_refusal(db: None) -> None:
    with pytest.raises(outbox.Refused) as refused:
        send(recipient=recipient("OTHER"))
    assert "TLP:AMBER" in refused.value.decision.reason
    assert not OutboxMessage.objects.exists()
    assert GateEntry.objects.get().allowed is False


@pytest.mark.django_db(transaction=True)
def test_a_refusal_outlives_the_callers_rollback() -> None:
    def inform() -> None:
        with transaction.atomic():
            send(recipient=recipient("OTHER"))

    with pytest.raises(outbox.Refused):
        inform()
    gate.keep_refusals()
    assert GateEntry.objects.get().allowed is False


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@b.example, c@d.example", "a@b.example\nBcc: c@d.example", "A <a@b.example>"]
)
def test_it_takes_one_address_and_nothing_else(db: None, address: str) -> None:
    with pytest.raises(ValidationError):
        send(recipient=recipient(address=address))


def test_it_withholds_names_from_outsiders(db: None) -> None:
    message = send(item=item(TLP.GREEN), recipient=recipient("OTHER"), subject="DEPA is down", body="At DEPA.")
    assert "DEPA" not in message.subject + message.body


def test_a_refused_recipient_is_final(serve: Callable[..., Server], db: None) -> None:
    serve(rcpt="550 no such user")
    message = send()
    outbox.deliver_due()
    assert state_of(message) == "failed"
    assert "no such user" in message.error


@pytest.mark.parametrize("manners", [{"rcpt": "451 later"}, {"data": "452 full"}])
def test_a_busy_relay_is_tried_again_later(serve: Callable[..., Server], db: None, manners: dict[str, str]) -> None:
    server = serve(**manners)
    message = send()
    outbox.deliver_due()
    assert state_of(message) == "queued"
    assert message.next_attempt_at > timezone.now() + timedelta(seconds=50)
    assert outbox.deliver_due() == 0
    server.rcpt = server.data = "250 OK"
    make_due(message)
    assert outbox.deliver_due() == 1


def test_refused_content_is_final(serve: Callable[..., Server], db: None) -> None:
    serve(data="554 spam")
    message = send()
    outbox.deliver_due()
    assert state_of(message) == "failed"


def test_one_refused_message_does_not_hold_up_the_next(serve: Callable[..., Server], db: None) -> None:
    server = serve(rcpt="550 no")
    refused = send()
    outbox.deliver_due()
    server.rcpt = "250 OK"
    OutboxMessage.objects.update(state="queued", next_attempt_at=timezone.now())
    assert (send().state, outbox.deliver_due(), state_of(refused)) == ("queued", 2, "sent")


@pytest.mark.parametrize(("manners", "left"), [({"rcpt": "421 going down"}, "queued"), ({"data": "drop"}, "uncertain")])
def test_those_behind_a_connection_that_breaks_go_with_the_next(
    serve: Callable[..., Server], db: None, manners: dict[str, str], left: str
) -> None:
    server = serve(**manners, recovers=True)
    first, *others = [send() for _ in range(3)]
    assert outbox.deliver_due() == 2
    assert (state_of(first), [(state_of(each), each.attempts) for each in others]) == (left, [("sent", 1)] * 2)
    assert len(server.taken) == 2


def test_a_connection_lost_in_the_content_is_uncertain_and_never_sent_again(
    serve: Callable[..., Server], db: None
) -> None:
    server = serve(data="drop")
    message = send()
    outbox.deliver_due()
    assert state_of(message) == "uncertain"
    server.data = "250 OK"
    make_due(message)
    assert outbox.deliver_due() == 0
    assert server.taken == []


def test_an_absent_relay_is_tried_again_until_it_has_failed(
    home: Path, monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    monkeypatch.setenv("TOCSIN_SMTP_URL", f"smtp://127.0.0.1:{free_port()}")
    message = send()
    for attempt in range(len(outbox.WAITS)):
        outbox.deliver_due()
        assert (state_of(message), message.attempts) == ("queued", attempt + 1)
        make_due(message)
    outbox.deliver_due()
    assert state_of(message) == "failed"


def test_a_password_never_travels_in_clear(
    serve: Callable[..., Server], monkeypatch: pytest.MonkeyPatch, db: None
) -> None:
    serve()
    address = os.environ["TOCSIN_SMTP_URL"].removeprefix("smtp://")
    monkeypatch.setenv("TOCSIN_SMTP_URL", f"smtp://me:secret@{address}")
    message = send()
    outbox.deliver_due()
    assert "not sent in clear" in OutboxMessage.objects.get(pk=message.pk).error


def test_a_sender_that_died_leaves_its_message_uncertain(serve: Callable[..., Server], db: None) -> None:
    serve()
    message = send()
    assert outbox._claim(message)
    outbox.deliver_due()
    assert state_of(message) == "sending"
    make_due(message)
    outbox.deliver_due()
    assert state_of(message) == "uncertain"
    assert outbox.deliver_due() == 0


def test_what_the_house_keeps_itself_is_kept_once_however_often_it_is_tried(home: Path, db: None) -> None:
    message = send()
    outbox.deliver_due()
    for _death in range(2):
        OutboxMessage.objects.update(state="sending", next_attempt_at=timezone.now() - timedelta(seconds=1))
        outbox.deliver_due()
        assert state_of(message) == "sent"
    assert len(mailbox.Maildir(home / "mail", factory=None)) == 1


def test_two_senders_never_take_the_same_message(db: None) -> None:
    message = send()
    assert outbox._claim(message)
    assert not outbox._claim(message)


def test_without_a_relay_mail_is_kept_in_the_house(home: Path, db: None) -> None:
    message = send(body="Déjà vu")
    assert outbox.deliver_due() == 1
    assert state_of(message) == "sent"
    [kept] = mailbox.Maildir(home / "mail", factory=None)
    assert kept["Message-ID"] == message.message_id


def uncertain() -> OutboxMessage:
    message = send()
    OutboxMessage.objects.filter(pk=message.pk).update(state="uncertain", attempts=1)
    return message


def test_a_person_confirms_that_it_arrived(analyst: Person) -> None:
    message = uncertain()
    outbox.confirm(message, actor=analyst)
    assert state_of(message) == "sent"
    assert AuditEntry.objects.filter(verb="outbox.confirm", object_uuid=message.uuid).exists()


def test_a_person_sends_it_again_and_only_one_decides(home: Path, analyst: Person) -> None:
    message = uncertain()
    outbox.send_again(message, actor=analyst)
    with pytest.raises(ValidationError):
        outbox.confirm(message, actor=analyst)
    assert outbox.deliver_due() == 1


@pytest.mark.parametrize("url", ["localhost", "http://relay", "smtp://"])
def test_a_relay_that_cannot_be_understood_is_named(url: str) -> None:
    with pytest.raises(ConfigError, match="TOCSIN_SMTP_URL"):
        smtp.Relay.of(url)


def test_mail_is_kept_where_an_empty_folder_was_made_for_it(home: Path, analyst: Person) -> None:
    (home / "mail").mkdir()
    message = send(analyst)
    assert outbox.deliver_due() == 1
    assert len(mailbox.Maildir(home / "mail")) == 1
    message.refresh_from_db()
    assert message.state == OutboxMessage.State.SENT


def test_mail_that_cannot_be_kept_waits(home: Path, analyst: Person) -> None:
    (home / "mail").write_text("in the way")
    message = send(analyst)
    assert outbox.deliver_due() == 0
    message.refresh_from_db()
    assert message.state == OutboxMessage.State.QUEUED
    assert "mail" in message.error


def test_a_file_goes_with_the_mail_and_is_withheld_like_its_text(serve: Callable[..., Server], db: None) -> None:
    server = serve()
    named = Item("i", None, "t", TLP.CLEAR, frozenset({"DEPA"}), names=frozenset({"Département A"}))
    facts = outbox.Attachment("facts.csv", "csv", table(["value", "whose"], [["=1+1", "Département A"], ["é", "x"]]))
    send(item=named, recipient=recipient("OTHER", "x@other.example"), attachments=[facts])
    outbox.deliver_due()
    [mail] = server.taken
    (attached,) = mail.iter_attachments()
    assert (attached.get_filename(), attached.get_content_type()) == ("facts.csv", "text/csv")
    assert attached.get_content().replace("\r\n", "\n") == '"value","whose"\n"\'=1+1","[name withheld]"\n"é","x"\n'
    body = mail.get_body()
    assert body is not None
    assert "Please look." in body.get_content()
