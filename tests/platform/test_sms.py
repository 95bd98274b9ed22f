"""Short messages go to the gateway of the house, as its file says."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from django.core.exceptions import ValidationError

from tests.receiver import Receiver, receiving
from tocsin.config import ConfigError
from tocsin.platform import outbox, sms
from tocsin.platform.gate import Item, Recipient
from tocsin.platform.models import OutboxMessage

State = OutboxMessage.State


def gateway(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    path = folder / "gateway.yaml"
    path.write_text(text)
    monkeypatch.setenv("TOCSIN_HOME", str(folder))
    monkeypatch.setenv("TOCSIN_SMS_GATEWAY", str(path))


def texted(number: str = "+32 2 295 60 00") -> OutboxMessage:
    item = Item("notice", None, "Command server", "AMBER", frozenset({"DEPA"}))
    recipient = Recipient(number, "DEPA", "named_person")
    return outbox.send(
        actor=None, message=outbox.Message(item, recipient, "", "N-26 {to}: répondez", channel=outbox.Channel.SMS)
    )


def delivered(message: OutboxMessage) -> str:
    outbox.deliver_due(outbox.Channel.SMS)
    message.refresh_from_db()
    return str(message.state)


def asked_json(receiver: Receiver) -> str:
    asked = "json: {to: ['{to}'], text: '{text}', ref: '{id}'}"
    return f"url: {receiver.url}\nheaders: {{access-token: abc}}\n{asked}\n"


@pytest.mark.django_db
def test_the_gateway_is_asked_in_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(tmp_path, tls=False) as receiver:
        gateway(tmp_path, monkeypatch, asked_json(receiver))
        message = texted()
        assert delivered(message) == State.SENT
    ((_path, headers, body),) = receiver.taken
    assert json.loads(body) == {"to": ["+3222956000"], "text": "N-26 {to}: répondez", "ref": message.uuid.hex}
    assert (headers["access-token"], headers["content-type"]) == ("abc", "application/json")


@pytest.mark.django_db
def test_the_gateway_is_asked_by_a_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(tmp_path, tls=False) as receiver:
        gateway(tmp_path, monkeypatch, f"url: {receiver.url}\nform: {{To: '{{to}}', Body: '{{text}}'}}\n")
        assert delivered(texted()) == State.SENT
    ((_path, _headers, body),) = receiver.taken
    assert parse_qs(body.decode()) == {"To": ["+3222956000"], "Body": ["N-26 {to}: répondez"]}


@pytest.mark.django_db
def test_what_the_gateway_may_have_is_shown_to_a_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(tmp_path, tls=False, habit="drop") as receiver:
        gateway(tmp_path, monkeypatch, asked_json(receiver))
        message = texted()
        assert delivered(message) == State.UNCERTAIN
        assert delivered(message) == State.UNCERTAIN  # nor is it sent again by itself
    assert len(receiver.taken) == 1


@pytest.mark.django_db
def test_a_gateway_that_is_down_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving(tmp_path, tls=False) as receiver:
        gateway(tmp_path, monkeypatch, asked_json(receiver))
    message = texted()
    assert (delivered(message), message.attempts) == (State.QUEUED, 1)


@pytest.mark.django_db
def test_a_broken_file_keeps_the_texts_until_it_is_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gateway(tmp_path, monkeypatch, "url: [")
    message = texted()
    assert delivered(message) == State.QUEUED
    assert "TOCSIN_SMS_GATEWAY" in message.error


@pytest.mark.parametrize(
    "text",
    [
        "",
        "url: https://gateway.example/",
        "url: gateway\njson: {to: '{to}'}",
        "url: https://gateway.example/\njson: {}\nform: {}",
        "url: https://gateway.example/\nform: {to: '{to}'}\nmethod: GET",
        "url: https://gateway.example/\nform: {to: [1]}",
    ],
)
def test_a_file_that_cannot_be_understood_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    gateway(tmp_path, monkeypatch, text)
    with pytest.raises(ConfigError, match=r"TOCSIN_SMS_GATEWAY: .*gateway\.yaml"):
        sms.gateway()


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+32 2 295 60 00", "+3222956000"),
        ("+32 (0)2 295.60.00", "+3222956000"),
        ("0032-2-295/60/00", "+3222956000"),
        ("02 295 60 00", ""),
        ("+32 2 295 60 00 ext. 5", ""),
        ("+0123456789", ""),
        ("+1234", ""),
        ("", ""),
        ("+٣٢٢٢٩٥٦٠٠٠", ""),
    ],
)
def test_numbers_are_those_a_gateway_can_dial(written: str, number: str) -> None:
    assert sms.number(written) == number


@pytest.mark.django_db
def test_a_text_to_no_number_is_refused() -> None:
    with pytest.raises(ValidationError):
        texted("call me")
