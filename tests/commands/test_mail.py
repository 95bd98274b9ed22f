"""A person decides about mail that may not have arrived."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tocsin.cli import main
from tocsin.platform import outbox
from tocsin.platform.gate import Item, Recipient
from tocsin.platform.markings import TLP
from tocsin.platform.models import OutboxMessage


@pytest.fixture
def message(db: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> OutboxMessage:
    """Make a message whose sender died."""
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    recipient = Recipient("officer@a.example", "DEPA", "named_person")
    item = Item("incident", None, "Macro", TLP.AMBER, frozenset({"DEPA"}))
    sent = outbox.send(actor=None, message=outbox.Message(item, recipient, subject="Macro", body="Look."))
    OutboxMessage.objects.update(state="uncertain", error="its sender died")
    return sent


def mail(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["mail", *arguments])


def test_it_is_listed_with_its_reason(message: OutboxMessage) -> None:
    assert "its sender died" in mail("list").output
    told = json.loads(mail("list", "--json").stdout)
    assert (told["id"], told["state"]) == (str(message.uuid), "uncertain")


@pytest.mark.parametrize(("decision", "state"), [("confirm", "sent"), ("again", "queued")])
def test_a_person_decides_once(message: OutboxMessage, decision: str, state: str) -> None:
    assert mail(decision, str(message.uuid)).exit_code == 0
    assert OutboxMessage.objects.get().state == state
    second = mail("confirm", str(message.uuid))
    assert second.exit_code == 1
    assert "already" in second.output


def test_an_unknown_message_is_said(message: OutboxMessage) -> None:
    result = mail("confirm", "00000000-0000-0000-0000-000000000000")
    assert result.exit_code == 1
    assert "tocsin mail list" in result.output
