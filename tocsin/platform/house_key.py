"""The house key: it wraps the keys of files that are encrypted at rest.

It lies in TOCSIN_HOME/keys, outside the database and outside every backup but one with the keys. A mark beside the
files says which key they were encrypted under, so that a key that is missing after a restore is noticed, and never
quietly replaced by a new one.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tocsin import config
from tocsin.platform.stream_cipher import Damaged

FOLDER = "artefacts"
MARK = "key.mark"
KEY_BYTES, NONCE_BYTES = 32, 12


class HouseKeyError(Exception):
    """The key is not there or is not the one that is needed; the message says what to do."""


def path(home: Path) -> Path:
    """Give where the key lies: 64 hexadecimal digits, which also fit on paper."""
    return home / "keys" / "artefacts.key"


def fresh(bound: bytes) -> tuple[bytes, bytes]:
    """Draw a key for one file; give it beside its wrapped form, which opens only together with ``bound``."""
    drawn = secrets.token_bytes(KEY_BYTES)
    return drawn, wrap(drawn, bound)


def wrap(secret: bytes, bound: bytes) -> bytes:
    """Give a short secret, such as a key or a token, in its wrapped form, which opens only together with ``bound``."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + AESGCM(_key(config.load().home)).encrypt(nonce, secret, bound)


def unwrap(wrapped: bytes, bound: bytes) -> bytes:
    """Give what was wrapped back; raise `Damaged` when it was altered or is another one's."""
    cipher = AESGCM(_key(config.load().home))
    try:
        return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], bound)
    except (InvalidTag, ValueError) as error:
        raise Damaged("its key was altered or is that of another file") from error


def problem(home: Path) -> str:
    """Say what is wrong with the key, empty when nothing is; nothing is made."""
    try:
        if path(home).exists() or _mark(home).exists():
            _checked(home)
    except HouseKeyError as error:
        return str(error)
    return ""


def _key(home: Path) -> bytes:
    """Read the key, made on first use: as long as no file needs another one."""
    if not path(home).exists() and not _mark(home).exists():
        _write_once(path(home), secrets.token_hex(KEY_BYTES))
    key = _checked(home)
    if not _mark(home).exists():
        _write_once(_mark(home), _mark_of(key))
    return key


def _checked(home: Path) -> bytes:
    where = path(home)
    try:
        key = bytes.fromhex(where.read_text(encoding="ascii"))
    except FileNotFoundError as error:
        raise HouseKeyError(f"{where} is missing: put it back from where the keys are kept apart") from error
    except (OSError, ValueError) as error:
        raise HouseKeyError(f"{where} cannot be read as a key: put it back from where the keys are kept") from error
    if len(key) != KEY_BYTES:
        raise HouseKeyError(f"{where} is no key of {KEY_BYTES} bytes: put it back from where the keys are kept")
    if _mark(home).exists() and _mark(home).read_text(encoding="ascii") != _mark_of(key):
        raise HouseKeyError(f"{where} is not the key that the files here were encrypted under: put that one back")
    return key


def _mark(home: Path) -> Path:
    return home / FOLDER / MARK


def _mark_of(key: bytes) -> str:
    return hashlib.sha256(b"tocsin house key\0" + key).hexdigest()[:32]


def _write_once(where: Path, text: str) -> None:
    """Write a small file so that it is whole and on the disk; of several processes the first wins."""
    where.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    drafted = where.with_name(f".{where.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(drafted, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(drafted, where)
    drafted.unlink()
    sync_folder(where.parent)


def sync_folder(folder: Path) -> None:
    """Bring what was made, renamed or removed in a folder to the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
