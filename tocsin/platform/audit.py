"""The tamper-evident trail of every change.

An action writes its entry in its own transaction (`record`); the sealer then orders and chains the entries (`seal`);
`verify` reads the whole chain again. A link covers who, what, when and a salted digest of the rest, so that personal
data can be erased (`erase`) and the chain still holds.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any

from django.db import connection, models, transaction

from tocsin.platform import audit_heads
from tocsin.platform.locks import make_way
from tocsin.platform.models import AuditEntry

ERASED = "audit.erase"
BATCH = 250
GENESIS = "0" * 64


class OutsideTransaction(RuntimeError):
    """An audit entry must stand or fall with the change it tells of: call `record` inside `transaction.atomic()`."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One place where the trail is not what was sealed; ``sequence`` is 0 where no place can be named."""

    sequence: int
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """What `verify` found."""

    entries: int
    unsealed: int
    erased: int
    heads: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        """Tell whether nothing was tampered with."""
        return not self.problems


def record(actor: Any, verb: str, obj: models.Model | None, details: Mapping[str, Any] | None = None) -> AuditEntry:
    """Write that ``actor`` (None: the system) did ``verb`` to ``obj``, inside the caller's transaction."""
    return record_many(actor, verb, [obj], details)[0]


def record_many(
    actor: Any, verb: str, objects: Iterable[models.Model | None], details: Mapping[str, Any] | None = None
) -> list[AuditEntry]:
    """Write that ``actor`` did ``verb`` to each of ``objects``, inside the caller's transaction."""
    if not connection.in_atomic_block:
        raise OutsideTransaction(OutsideTransaction.__doc__)
    return AuditEntry.objects.bulk_create([_entry(actor, verb, obj, details) for obj in objects], batch_size=BATCH)


def _entry(actor: Any, verb: str, obj: models.Model | None, details: Mapping[str, Any] | None) -> AuditEntry:
    entry = AuditEntry(
        actor=getattr(actor, "uuid", None),
        actor_name=(actor.get_username() if actor is not None else ""),
        verb=verb,
        object_type=label(obj) if obj is not None else "",
        object_uuid=getattr(obj, "uuid", None),
        details=plain(details) if details is not None else None,
        salt=secrets.token_hex(16),
    )
    entry.digest = digest(entry)
    return entry


def plain(value: Any) -> Any:
    """Turn ``value`` into JSON that reads back the same from both databases: no floats, no NUL, no lone surrogates."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, Mapping):
        return {plain(str(key)): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in (sorted(value, key=str) if isinstance(value, set | frozenset) else value)]
    return str(value).replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def digest(entry: AuditEntry) -> str:
    """Give the salted digest of what may be erased later: the name of the actor and the details."""
    return _sha256([entry.salt, entry.actor_name, entry.details])


def link(previous: str, entry: AuditEntry) -> str:
    """Give the chain value of ``entry`` after ``previous``."""
    what = (entry.uuid, entry.actor, entry.verb, entry.object_type, entry.object_uuid, entry.digest)
    when = entry.created_at.astimezone(UTC).isoformat(timespec="microseconds")
    return _sha256([previous, entry.sequence, when, *(str(part) for part in what)])


def _sha256(parts: list[Any]) -> str:
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def seal() -> int:
    """Give every unsealed entry its place in the chain; give how many there were. Safe when two run at once."""
    sealed = 0
    while AuditEntry.objects.filter(sequence=None).exists() and (count := _seal_batch()):
        sealed += count
        if count == BATCH:
            make_way()
    return sealed


@transaction.atomic
def _seal_batch() -> int:
    # A second sealer waits here for the first, and then finds these rows sealed; `sequence` is unique besides.
    entries = list(AuditEntry.objects.select_for_update().filter(sequence=None).order_by("id")[:BATCH])
    sequence, chain = head()
    for entry in entries:
        sequence += 1
        entry.sequence = sequence
        entry.chain = chain = link(chain, entry)
    AuditEntry.objects.bulk_update(entries, ["sequence", "chain"], batch_size=200)
    return len(entries)


def head() -> tuple[int, str]:
    """Give the sequence and the chain value of the newest sealed entry."""
    last = (
        AuditEntry.objects.filter(sequence__isnull=False).order_by("-sequence").values_list("sequence", "chain").first()
    )
    return (last[0] or 0, last[1]) if last else (0, GENESIS)


def sign_head() -> None:
    """Sign the newest head and export it, when the chain has grown since the last one."""
    sequence, chain = head()
    if sequence:
        audit_heads.sign(sequence, chain)


def erase(entry: AuditEntry, *, actor: Any, reason: str) -> None:
    """Remove the personal data of one entry for good; the chain still holds and says that it was done, and why."""
    with transaction.atomic():
        AuditEntry.objects.filter(pk=entry.pk).update(details=None, salt="", actor_name="")
        record(actor, ERASED, entry, {"reason": reason})
    entry.refresh_from_db()


def verify(exported: Path | None = None, keys: tuple[Path, ...] = ()) -> Report:
    """Read the whole trail again and compare it with itself and with the signed heads.

    ``exported`` and ``keys`` name copies kept out of reach of whoever owns this machine and its database.
    """
    heads, complaints = audit_heads.read(exported, keys)
    complaints += audit_heads.compare_stored(heads)
    walk = _Walk(expected={head.sequence: head.chain for head in heads})
    for entry in AuditEntry.objects.filter(sequence__isnull=False).order_by("sequence").iterator(chunk_size=2000):
        walk.step(entry)
    walk.finish()
    unsealed = list(AuditEntry.objects.filter(sequence=None))
    for entry in unsealed:
        walk.check_content(entry)
    problems = (*(Problem(0, text) for text in complaints), *walk.problems)
    return Report(walk.entries, len(unsealed), walk.erased, len(heads), problems)


@dataclass(slots=True)
class _Walk:
    """Goes along the chain, entry after entry, and notes what does not fit."""

    expected: dict[int, str]
    sequence: int = 0
    chain: str = GENESIS
    entries: int = 0
    erased: int = 0
    problems: list[Problem] = field(default_factory=list)
    permitted: frozenset[Any] = field(
        default_factory=lambda: frozenset(
            AuditEntry.objects.filter(verb=ERASED, sequence__isnull=False).values_list("object_uuid", flat=True)
        )
    )

    def step(self, entry: AuditEntry) -> None:
        number = entry.sequence or 0
        if number != self.sequence + 1:
            self.note(number, f"entries {self.sequence + 1} to {number - 1} are missing")
        elif entry.chain != link(self.chain, entry):
            self.note(number, "it does not follow from the entry before: one of the two was changed, removed or moved")
        self.check_content(entry)
        self.check_head(number, entry.chain)
        self.sequence, self.chain = number, entry.chain
        self.entries += 1

    def check_content(self, entry: AuditEntry) -> None:
        if not entry.salt and entry.details is None and not entry.actor_name:
            self.erased += 1
            if entry.uuid not in self.permitted:
                self.note(entry.sequence or 0, "its personal data is gone, and no entry says who erased it")
        elif digest(entry) != entry.digest:
            self.note(entry.sequence or 0, "its details or the name of its actor were changed")

    def check_head(self, number: int, chain: str) -> None:
        if self.expected.pop(number, chain) != chain:
            self.note(number, "a signed head says otherwise: the trail up to here was rewritten")

    def finish(self) -> None:
        for number in self.expected:
            self.note(number, f"a signed head names it and it is gone; the trail ends at {self.sequence}")

    def note(self, number: int, text: str) -> None:
        self.problems.append(Problem(number, text))


def label(thing: models.Model | type[models.Model]) -> str:
    """Give the name by which the trail and the ledger call a kind of thing, such as ``incidents.incident``."""
    name: str = thing._meta.label_lower  # noqa: SLF001  # Django documents it
    return name
