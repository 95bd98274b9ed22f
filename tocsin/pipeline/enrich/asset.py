"""What an organisation holds, and from when to when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

AssetKind = Literal["prefix", "domain", "mail_domain", "host"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
BEGINNING = -(2**63)
END = 2**63 - 1


class AssetError(ValueError):
    """Say which asset cannot be used, and why."""


@dataclass(frozen=True, slots=True)
class Asset:
    """One range or name that an organisation holds from ``valid_from`` until just before ``valid_to``."""

    kind: AssetKind
    value: str
    organisation: str
    valid_from: datetime | None = None
    valid_to: datetime | None = None

    def interval(self) -> tuple[int, int]:
        """Give the half-open interval of validity in microseconds."""
        start = BEGINNING if self.valid_from is None else microseconds(self.valid_from)
        end = END if self.valid_to is None else microseconds(self.valid_to)
        return start, end


def microseconds(moment: datetime) -> int:
    """Count the microseconds since 1970, as Arrow does."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def plain_name(value: str) -> str:
    """Give a domain or host name the one form in which names are compared."""
    return value.strip().rstrip(".").lower()
