"""OpenPGP (RFC 9580): the house's own key, the keys of others, encryption of what leaves, signatures of what comes.

The private key stays in TOCSIN_HOME/keys; its public half lies beside it, for the house to give to others.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from pysequoia import Cert, Decrypted, Sig, Tsk, decrypt, encrypt, verify
from pysequoia.packet import PacketPile

from tocsin import config

LONGEST = 100_000  # characters of a key, armoured


class UnusableKey(Exception):
    """A key cannot be read, has expired, is revoked or cannot encrypt; the message says which."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a public key says of itself. ``expires_at`` is None when it never does."""

    fingerprint: str
    addresses: tuple[str, ...]
    expires_at: datetime | None
    revoked: bool

    def trouble(self, at: datetime) -> str:
        """Say why nothing can be encrypted to it at a time: revoked or expired; empty when it can."""
        if self.revoked:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= at else ""


@lru_cache(maxsize=1024)
def read_key(text: str) -> Key:
    """Read an armoured public key; UnusableKey when it is none, or when it is a private one."""
    cert = _cert(text)
    expires = cert.expiration
    return Key(
        cert.fingerprint.upper(),
        tuple(str(user.value) if hasattr(user, "value") else str(user) for user in cert.user_ids),
        expires.astimezone(UTC) if expires is not None else None,
        bool(cert.is_revoked),
    )


def sealed(content: bytes, text: str) -> bytes:
    """Encrypt ``content`` to the public key ``text`` and sign it with the house's; armoured.

    Raises UnusableKey when the key does not encrypt: nothing may then leave in clear in its place.
    """
    if trouble := read_key(text).trouble(datetime.now(UTC)):
        raise UnusableKey(f"the recipient's key is {trouble}")
    try:
        return bytes(encrypt(content, [_cert(text)], signer=house_key().signer()))
    except RuntimeError as error:  # the library has no other
        raise UnusableKey(f"the recipient's key does not encrypt: {_first_line(error)}") from error


def opened(content: bytes) -> bytes:
    """Decrypt what was encrypted to the house; UnusableKey when it was not."""
    try:
        return bytes(decrypt(content, decryptor=house_key().decryptor()).bytes or b"")
    except RuntimeError as error:
        raise UnusableKey(f"it is not encrypted to this house: {_first_line(error)}") from error


@dataclass(frozen=True, slots=True)
class Signature:
    """What a signature is worth.

    ``fingerprint`` is that of the key it was made by, empty when it fits none of those known; ``claimed`` says that it
    names a known key all the same: it is broken then.
    """

    fingerprint: str = ""
    claimed: bool = False


def opened_with_signature(content: bytes, keys: Sequence[str]) -> tuple[bytes, Signature | None]:
    """Decrypt what was encrypted to the house, and check the signature inside against ``keys``; None without one."""
    store = _Store(keys)
    with contextlib.suppress(RuntimeError):
        found = decrypt(content, decryptor=house_key().decryptor(), store=store)
        return bytes(found.bytes or b""), _fitting(found)
    plain = opened(content)  # what nobody known has signed opens all the same
    return plain, store.unfit() if store.asked else None


def signature_of(seal: bytes, content: bytes | None, keys: Sequence[str]) -> tuple[Signature, bytes]:
    """Check a signature over ``content`` (None: over what it holds itself); give it and what was signed.

    Raises UnusableKey when it is no signature at all.
    """
    store = _Store(keys)
    try:
        if content is not None:
            found = verify(content, store=store, signature=Sig.from_bytes(seal))
            return _fitting(found), content
        found = verify(seal, store=store)
        return _fitting(found), bytes(found.bytes or b"")
    except RuntimeError as error:
        if not store.asked:
            raise UnusableKey(f"this is no signature: {_first_line(error)}") from error
        return store.unfit(), b""


def _fitting(found: Decrypted) -> Signature:
    return Signature(found.valid_sigs[0].certificate.upper()) if found.valid_sigs else Signature()


class _Store:
    """The keys that signatures are checked against; remembers which were asked for."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = keys
        self.asked: list[str] = []

    def __call__(self, wanted: list[str]) -> list[Cert]:
        self.asked = [each.lower() for each in wanted]
        certificates = []
        for key in self._keys:
            with contextlib.suppress(UnusableKey):
                certificates.append(_cert(key))
        return certificates

    def unfit(self) -> Signature:
        """Give what is left of a signature that fits nothing: does it name one of the keys?"""
        known: set[str] = set()
        for certificate in self(self.asked):
            for packet in PacketPile.from_bytes(bytes(certificate)):
                known.update(each.lower() for each in (packet.fingerprint, packet.key_id) if each)
        return Signature(claimed=any(wanted in known for wanted in self.asked))


def house_key() -> Tsk:
    """Give the house's key, made on first use; of several processes the first wins."""
    path = config.load().home / "keys" / "openpgp.asc"
    if not path.exists():
        _make(path)
    try:
        return Tsk.from_file(str(path))
    except RuntimeError as error:
        raise UnusableKey(f"{path} is no OpenPGP key; restore the right one from the backup of keys") from error


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = Tsk.generate(f"<{config.load().tocsin_mail_from}>")
    fresh = path.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(str(key))
    with contextlib.suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()
    public = Tsk.from_file(str(path)).extract_certificate()
    path.with_name("openpgp-public.asc").write_text(str(public))


def _cert(text: str) -> Cert:
    if len(text) > LONGEST:
        raise UnusableKey("this is too long for a key")
    if "PRIVATE KEY" in text:
        raise UnusableKey("this is a private key: keep it to yourself, and give the public one")
    try:
        return Cert.from_bytes(text.encode())
    except RuntimeError as error:
        raise UnusableKey(f"this is no OpenPGP key: {_first_line(error)}") from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
