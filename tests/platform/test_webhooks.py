"""Tools are posted to, signed; nobody is posted to who is none of the Internet's."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from tests.receiver import Receiver, certificate, receiving
from tocsin.platform import outbox, posting, webhooks
from tocsin.platform.gate import Item, Recipient
from tocsin.platform.handover import NotTaken
from tocsin.platform.models import GateEntry, OutboxMessage

State = OutboxMessage.State


@pytest.fixture
def trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Trust the receivers of this test, and let them be on this machine."""
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate(tmp_path)))
    monkeypatch.setenv("TOCSIN_WEBHOOK_NETWORKS", "127.0.0.0/8, ::1/128")
    return tmp_path


@pytest.fixture
def receiver(trusted: Path) -> Iterator[Receiver]:
    with receiving(trusted) as running:
        yield running


def posted(url: str, tlp: str = "AMBER", code: str = "DEPA") -> OutboxMessage:
    item = Item("notice", None, "Command server", tlp, frozenset({code}))
    message = outbox.Message(
        item, Recipient(url, code, "organisation"), "", '{"type": "notice.first"}', channel=outbox.Channel.WEBHOOK
    )
    return outbox.send(actor=None, message=message)


def now_as(message: OutboxMessage) -> OutboxMessage:
    message.refresh_from_db()
    return message


def deliver() -> int:
    return outbox.deliver_due(outbox.Channel.WEBHOOK)


def test_the_signature_is_that_of_the_specification() -> None:
    secret = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # the example Standard Webhooks publishes
    signed = webhooks.signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://t.a.example/hook?token=hush", "https://t.a.example/hook"),
        ("HTTPS://t.a.example/hook", "HTTPS://t.a.example/hook"),
        ("who?@a.example", "who?@a.example"),
        ("", ""),
    ],
)
def test_of_a_url_the_query_is_not_shown(address: str, shown: str) -> None:
    assert webhooks.shown(address) == shown


@pytest.mark.django_db
def test_a_tool_is_posted_to_and_can_tell_who_posts(receiver: Receiver) -> None:
    message = posted(receiver.url)
    assert (deliver(), now_as(message).state) == (1, State.SENT)
    ((path, headers, body),) = receiver.taken
    assert (path, body) == ("/hook", b'{"type": "notice.first"}')
    secret = base64.b64decode(webhooks.secret_for("DEPA", receiver.url).removeprefix("whsec_"))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"
    assert abs(time.time() - int(headers["webhook-timestamp"])) < 60
    assert message.uuid.hex in headers["webhook-id"]


def test_each_organisation_and_each_address_has_its_own_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    places = [("DEPA", "https://a.example/"), ("DEPB", "https://a.example/"), ("DEPA", "https://a.example/2")]
    assert len({webhooks.secret_for(*place) for place in places}) == 3


@pytest.mark.django_db
def test_what_is_for_named_people_is_told_to_no_tool(receiver: Receiver) -> None:
    with pytest.raises(outbox.Refused):
        posted(receiver.url, tlp="RED")
    assert GateEntry.objects.get().action == "webhook"
    assert deliver() == 0
    assert receiver.taken == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("habits", "state"),
    [
        ({"status": 500}, State.QUEUED),
        ({"status": 429}, State.QUEUED),
        ({"status": 410}, State.FAILED),
        ({"status": 302, "location": "https://localhost/elsewhere"}, State.FAILED),
        ({"habit": "drop"}, State.QUEUED),  # it may have been taken: the tool knows it by its id
    ],
)
def test_what_is_not_taken_is_tried_again_or_has_failed(trusted: Path, habits: dict[str, Any], state: str) -> None:
    with receiving(trusted, **habits) as receiver:
        message = posted(receiver.url)
        assert deliver() == 0
        assert len(receiver.taken) == 1
    assert now_as(message).state == state
    assert message.error


@pytest.mark.django_db
def test_it_is_tried_again_under_the_same_id(trusted: Path) -> None:
    with receiving(trusted, status=503) as receiver:
        message = posted(receiver.url)
        deliver()
        receiver.status = 204
        OutboxMessage.objects.update(next_attempt_at=timezone.now())
        assert deliver() == 1
    first, second = (headers["webhook-id"] for _path, headers, _body in receiver.taken)
    assert first == second
    assert now_as(message).state == State.SENT


@pytest.mark.django_db
def test_one_who_died_while_posting_posts_again(receiver: Receiver) -> None:
    message = posted(receiver.url)
    OutboxMessage.objects.update(state=State.SENDING, next_attempt_at=timezone.now() - timedelta(minutes=1))
    assert deliver() == 1
    assert now_as(message).state == State.SENT


@pytest.mark.django_db
def test_a_server_that_never_ends_keeps_nobody_waiting(trusted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "DEADLINE", 1)
    with receiving(trusted, habit="drip") as slow, receiving(trusted) as quick:
        messages = [posted(slow.url), posted(quick.url)]
        started = time.monotonic()
        assert deliver() == 1
        assert time.monotonic() - started < 15
    assert [now_as(message).state for message in messages] == [State.QUEUED, State.SENT]


@pytest.mark.django_db
def test_a_certificate_nobody_vouches_for_is_not_trusted(trusted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with receiving(trusted) as receiver:
        message = posted(receiver.url)
        assert deliver() == 0
    assert receiver.taken == []
    assert "certificate" in now_as(message).error


@pytest.mark.django_db
def test_what_is_inside_is_not_posted_to_unless_listed(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TOCSIN_WEBHOOK_NETWORKS", "192.0.2.0/24")
    message = posted(receiver.url)
    assert deliver() == 0
    assert receiver.taken == []
    assert "not public" in now_as(message).error


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2a00:1450:4001:828::200e", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("0.0.0.0", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d70e", True),
        ("2002:7f00:1::", False),
        ("fec0::1", False),
        ("::127.0.0.1", False),
        ("::ffff:0:127.0.0.1", False),
        ("64:ff9b:1::7f00:1", False),
    ],
)
def test_public_is_what_is_public_whatever_it_is_wrapped_in(address: str, public: bool) -> None:
    assert posting.is_public(ip_address(address)) is public


def test_a_name_that_leads_inside_is_refused_and_no_name_is_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def look_up(host: str, port: int, **_more: object) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, 1, 6, "", (address, port)) for address in ("93.184.215.14", "10.1.2.3")]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(NotTaken, match=r"10\.1\.2\.3, which is not public"):
        posting.addresses_of(posting.Target.of("https://rebind.example/"), ())
    assert asked == ["rebind.example"]


@pytest.mark.parametrize(
    "url",
    [
        "http://a.example/",
        "ftp://a.example/",
        "https://",
        "https:///path",
        "https://user:word@a.example/",
        "https://a.example/#part",
        "https://a.example:99999/",
        "https://a.example/ x",
        "https://a.example/\r\nHost: b",
        "https://café.example/",
        "javascript:alert(1)",
        "",
        f"https://a.example/{'x' * 300}",
    ],
)
def test_what_is_no_address_of_a_web_server_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        webhooks.checked(url)
