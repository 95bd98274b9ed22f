"""Bring a table to what a chart says, touching only what differs."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)
Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """What loading changed in one section, by the keys of its entries."""

    section: str
    created: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.created or self.changed or self.gone)


@dataclass(frozen=True, slots=True)
class Sync(Generic[M]):
    """How one table is brought to what a chart says.

    ``key`` tells rows apart; ``leave`` deals with the rows a chart once brought and no longer has, and gives those
    that it changed.
    """

    section: str
    model: type[M]
    key: Callable[[M], Hashable]
    leave: Callable[[list[M]], list[M]]

    def run(self, rows: models.QuerySet[M], wanted: Mapping[Hashable, Values]) -> Change:
        """Create what is missing, change what differs, let go of what is no longer wanted."""
        existing = {self.key(row): row for row in rows}
        created = [self._new(values) for key, values in wanted.items() if key not in existing]
        changed = [row for key, row in existing.items() if key in wanted and _differs(row, wanted[key])]
        rows.bulk_create(created)
        self._save(changed, wanted)
        gone = self.leave([row for key, row in existing.items() if key not in wanted and _charted(row)])
        return Change(self.section, self._keys(created), self._keys(changed), self._keys(gone))

    def _new(self, values: Values) -> M:
        return self.model(**values, **_marked(self.model))

    def _save(self, rows: list[M], wanted: Mapping[Hashable, Values]) -> None:
        for row in rows:
            for name, value in {**wanted[self.key(row)], **_marked(self.model)}.items():
                setattr(row, name, value)
        for row in rows:
            row.save()

    def _keys(self, rows: Iterable[M]) -> tuple[str, ...]:
        return tuple(_shown(self.key(row)) for row in rows)


def _marked(model: type[models.Model]) -> dict[str, bool]:
    return {"charted": True} if hasattr(model, "charted") else {}


def _charted(row: models.Model) -> bool:
    return bool(getattr(row, "charted", False))


def _differs(row: models.Model, values: Values) -> bool:
    wanted = {**values, **_marked(type(row))}
    return any(getattr(row, name) != value for name, value in wanted.items())


def _shown(key: Hashable) -> str:
    return " ".join(str(part) for part in key if part is not None) if isinstance(key, tuple) else str(key)
