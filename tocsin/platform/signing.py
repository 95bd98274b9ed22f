"""The installation's Ed25519 key: signs the heads of the audit trail. The private half stays in TOCSIN_HOME/keys."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)


class UnusableKey(Exception):
    """A key file cannot be used; the message names it."""


def private_key(path: Path) -> Ed25519PrivateKey:
    """Read the key at ``path``, making it on first use; of several processes the first wins."""
    if not path.exists():
        _make(path)
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableKey(f"{path} is no Ed25519 key; restore the right one from the backup of keys")
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(f".{os.getpid()}")
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    with contextlib.suppress(FileExistsError):
        os.link(fresh, path)
    fresh.unlink()


def publish(key: Ed25519PrivateKey, folder: Path) -> Path:
    """Lay the public half in ``folder``, named by its fingerprint, for whoever verifies elsewhere."""
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    path = folder / f"{hashlib.sha256(pem).hexdigest()[:16]}.pub"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.write_bytes(pem)
    return path


def public_keys(paths: Iterable[Path]) -> list[Ed25519PublicKey]:
    """Read public keys."""
    keys = [load_pem_public_key(path.read_bytes()) for path in paths]
    return [key for key in keys if isinstance(key, Ed25519PublicKey)]


def verified(keys: Iterable[Ed25519PublicKey], signature: str, message: bytes) -> bool:
    """Tell whether any of ``keys`` made ``signature`` (hexadecimal) over ``message``."""
    for key in keys:
        try:
            key.verify(bytes.fromhex(signature), message)
        except (InvalidSignature, ValueError):
            continue
        return True
    return False
