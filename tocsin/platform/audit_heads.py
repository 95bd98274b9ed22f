"""The signed heads of the audit trail: one row a day, and every one appended to TOCSIN_HOME/audit/heads.jsonl.

Copy that file and the public keys beside it to where the owner of the database cannot reach them.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from django.utils import timezone

from tocsin import config
from tocsin.platform import signing
from tocsin.platform.models import AuditHead


@dataclass(frozen=True, slots=True)
class Head:
    """How far the chain reached on one day, and its value there."""

    day: str
    sequence: int
    chain: str
    signature: str = ""

    def message(self) -> bytes:
        """Give the bytes that are signed."""
        return f"tocsin audit head {self.day} {self.sequence} {self.chain}".encode()


def folder() -> Path:
    """Give the folder of heads and public keys."""
    return config.load().home / "audit"


def key_path() -> Path:
    """Give the place of the private key."""
    return config.load().home / "keys" / "audit.key"


@contextmanager
def still() -> Iterator[None]:
    """Keep heads from being signed meanwhile, so that a backup's database and file agree."""
    folder().mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder() / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def sign(sequence: int, chain: str) -> None:
    """Sign the head, export it, then keep it as the day's; nothing when the chain has not grown."""
    with still():
        newest = AuditHead.objects.order_by("-sequence").first()
        if newest is not None and newest.sequence >= sequence:
            return
        key = signing.private_key(key_path())
        signing.publish(key, folder())
        day = timezone.now().date()
        head = Head(day.isoformat(), sequence, chain)
        signature = key.sign(head.message()).hex()
        _append(Head(head.day, sequence, chain, signature))
        AuditHead.objects.update_or_create(
            day=day, defaults={"sequence": sequence, "chain": chain, "signature": signature}
        )


def _append(head: Head) -> None:
    with (folder() / "heads.jsonl").open("a") as file:
        file.write(json.dumps(asdict(head)) + "\n")
        file.flush()
        os.fsync(file.fileno())


def read(exported: Path | None, keys: tuple[Path, ...]) -> tuple[list[Head], list[str]]:
    """Read the exported heads; give the good ones, and what is wrong with the others."""
    path = exported or folder() / "heads.jsonl"
    if not path.exists():
        return [], [f"{path} is missing"] if exported or AuditHead.objects.exists() else []
    trusted = signing.public_keys(keys or folder().glob("*.pub"))
    heads, wrong = [], []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        head = _parsed(line)
        if head is None or not signing.verified(trusted, head.signature, head.message()):
            wrong.append(f"{path}:{number}: this head was not signed with a key that is known here")
        else:
            heads.append(head)
    return heads, wrong


def _parsed(line: str) -> Head | None:
    try:
        return Head(**json.loads(line))
    except (ValueError, TypeError):
        return None


def compare_stored(heads: list[Head]) -> list[str]:
    """Tell where the heads kept in the database and the exported ones differ."""
    exported = {(head.day, head.sequence, head.chain) for head in heads}
    stored = {(row.day.isoformat(), row.sequence, row.chain) for row in AuditHead.objects.all()}
    newest = {head.day: (head.day, head.sequence, head.chain) for head in heads}
    return [
        *(
            f"the database's head of {day} at {number} was never exported"
            for day, number, _ in sorted(stored - exported)
        ),
        *(
            f"the database's head of {day} was removed or changed"
            for day, _, _ in sorted(set(newest.values()) - stored)
        ),
    ]
