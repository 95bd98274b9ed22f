"""Mail to somebody whose key is known leaves encrypted, or not at all."""

from __future__ import annotations

import contextlib
import mailbox
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysequoia import Tsk, decrypt

from tocsin.platform import openpgp, outbox
from tocsin.platform.gate import Item, Recipient
from tocsin.platform.markings import TLP
from tocsin.platform.models import OutboxMessage

OFFICER = Tsk.generate("Officer <officer@a.example>")
PUBLIC = str(OFFICER.extract_certificate())


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    return tmp_path


def expired() -> str:
    key = Tsk.generate("Late <late@a.example>", validity_seconds=1)
    return str(key.extract_certificate())


def send(key: str) -> OutboxMessage:
    item = Item("notice", None, "Secret title", TLP.AMBER, frozenset({"DEPA"}))
    recipient = Recipient("officer@a.example", "DEPA", "named_person")
    facts = outbox.Attachment("facts.csv", "csv", "secret,fact\n")
    return outbox.send(
        actor=None,
        message=outbox.Message(item, recipient, "[N-26-ABCDEF] Secret title", "Secret déjà vu", "fr", [facts], key=key),
    )


@pytest.mark.parametrize(
    ("title", "outside"),
    [
        ("[N-26-ABCDEF] [Ministry] is hit", "[TLP:AMBER] [N-26-ABCDEF] ..."),
        ("[Ministry] is hit", "[TLP:AMBER] ..."),
    ],
)
def test_a_title_in_brackets_stays_inside(home: Path, db: None, title: str, outside: str) -> None:
    item, recipient = Item("x", None, "t", TLP.AMBER, frozenset({"A"})), Recipient("a@a.example", "A", "named_person")
    outbox.send(actor=None, message=outbox.Message(item, recipient, title, "x", key=PUBLIC))
    outbox.deliver_due()
    mail: Any = message_from_bytes(kept(home), policy=default)
    assert mail["Subject"] == outside


def kept(home: Path) -> bytes:
    (mail,) = mailbox.Maildir(home / "mail", factory=None)
    return mail.as_bytes()


def test_what_leaves_is_encrypted_and_signed_and_says_nothing_outside(home: Path, db: None) -> None:
    send(PUBLIC)
    assert outbox.deliver_due() == 1
    raw = kept(home)
    assert b"ecret" not in raw
    mail: Any = message_from_bytes(raw, policy=default)
    assert mail["Subject"] == "[TLP:AMBER] [N-26-ABCDEF] ..."
    assert mail.get_content_type() == "multipart/encrypted"
    version, sealed = mail.iter_parts()
    assert (version.get_content_type(), sealed.get_content_type()) == (
        "application/pgp-encrypted",
        "application/octet-stream",
    )
    house = openpgp.house_key().extract_certificate()
    opened = decrypt(sealed.get_content(), decryptor=OFFICER.decryptor(), store=lambda _ids: [house])
    assert opened.valid_sigs
    inside: Any = message_from_bytes(opened.bytes or b"", policy=default)
    assert inside["Subject"] == "[TLP:AMBER] [N-26-ABCDEF] Secret title"
    assert "Secret déjà vu" in inside.get_body().get_content()
    (attached,) = inside.iter_attachments()
    assert attached.get_content().strip() == "secret,fact"


def test_with_a_key_that_has_expired_nothing_leaves_in_clear(home: Path, db: None) -> None:
    key = expired()
    told = openpgp.read_key(key)
    assert told.expires_at is not None
    assert told.trouble(told.expires_at + timedelta(seconds=1)) == "expired"
    message = send(PUBLIC)
    OutboxMessage.objects.update(key=_long_expired())
    assert outbox.deliver_due() == 0
    message.refresh_from_db()
    assert message.state == "failed"
    assert "expired" in message.error
    assert not list(mailbox.Maildir(home / "mail", factory=None))


def _long_expired() -> str:
    import time

    key = expired()
    time.sleep(1.1)
    return key


def test_the_house_has_one_key_and_its_public_half_lies_beside_it(home: Path) -> None:
    first, second = openpgp.house_key(), openpgp.house_key()
    assert str(first) == str(second)
    public = (home / "keys" / "openpgp-public.asc").read_text()
    assert openpgp.read_key(public).fingerprint
    assert (home / "keys" / "openpgp.asc").stat().st_mode & 0o077 == 0
    with pytest.raises(openpgp.UnusableKey, match="private"):
        openpgp.read_key(str(first))


def test_what_is_encrypted_to_the_house_is_opened() -> None:
    public = str(openpgp.house_key().extract_certificate())
    assert openpgp.opened(openpgp.sealed(b"an answer", public)) == b"an answer"
    with pytest.raises(openpgp.UnusableKey, match="not encrypted to this house"):
        openpgp.opened(openpgp.sealed(b"an answer", PUBLIC))


@given(st.text(max_size=300) | st.integers(0, len(PUBLIC)).map(lambda cut: PUBLIC[:cut]))
def test_no_text_breaks_the_reader_of_keys(text: str) -> None:
    with contextlib.suppress(openpgp.UnusableKey):
        openpgp.read_key(text)


def test_a_key_tells_whose_it_is() -> None:
    key = openpgp.read_key(PUBLIC)
    assert key.addresses == ("Officer <officer@a.example>",)
    assert key.trouble(datetime.now(UTC)) == ""
