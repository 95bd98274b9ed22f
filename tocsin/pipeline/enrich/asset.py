"""What an organisation holds, and from when to when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

AssetKind = Literal["prefix", "domain", "mail_domain", "host", "product"]
_CPE = re.compile(r"cpe:(?:2\.3:|/)[aoh]:([^:]+):([^:]+)")

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


def product_name(text: str) -> str:
    """Give the one form in which products are compared, of a name or of a CPE (2.2, 2.3): vendor and product."""
    found = _CPE.match(text.strip().lower())
    plain = f"{found[1]} {found[2]}" if found else text.lower()
    return " ".join(plain.replace("\\", "").replace("_", " ").split())


def plain_name(value: str) -> str:
    """Give a domain or host name the one form in which names are compared."""
    return value.strip().rstrip(".").lower()
