"""Which columns somebody needs, so that no others are built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tocsin.pipeline.schema.event import Kind


def _nothing(_kind: Kind) -> frozenset[str]:
    return frozenset()


@dataclass(frozen=True, slots=True)
class Want:
    """Ask for columns: ECS names (None is the whole vocabulary) and, per kind, native field names."""

    ecs: frozenset[str] | None = None
    native: Callable[[Kind], frozenset[str]] = _nothing
