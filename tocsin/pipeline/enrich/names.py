"""Names as a table: hosts fit exactly, domains also by peeling labels from the left."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

from tocsin.pipeline.enrich.asset import Asset, AssetKind, plain_name
from tocsin.pipeline.enrich.claim import Grade, Level

ADDRESSES = re.compile(r"[^\s,;<>\"'()]+@([^\s,;<>\"'()@]+)")


class NameTable:
    """Answer which hosts, domains and mail domains a name falls under."""

    def __init__(self, assets: Iterable[Asset]) -> None:
        self._held: dict[AssetKind, dict[str, list[Asset]]] = defaultdict(lambda: defaultdict(list))
        for asset in assets:
            if asset.kind != "prefix":
                self._held[asset.kind][plain_name(asset.value)].append(asset)

    def host(self, name: str) -> tuple[Level, ...]:
        """Give what fits the name of a machine: the machine itself, then its domains, longest first."""
        plain = plain_name(name)
        exact = self._levels("host", plain, Grade.MACHINE)
        return (*exact, *(level for part in _peel(plain) for level in self._levels("domain", part, Grade.NAME)))

    def mail(self, domain: str) -> tuple[Level, ...]:
        """Give what fits the domain of a mail address, longest first, mail domains before others."""
        kinds: tuple[AssetKind, ...] = ("mail_domain", "domain")
        peeled = _peel(plain_name(domain))
        return tuple(level for part in peeled for kind in kinds for level in self._levels(kind, part, Grade.NAME))

    def _levels(self, kind: AssetKind, name: str, grade: Grade) -> Iterator[Level]:
        found = self._held[kind].get(name)
        if found:
            yield Level(grade, found)


def mail_domains(value: str) -> list[str]:
    """Give the domains of all mail addresses in a text."""
    return ADDRESSES.findall(value)


def _peel(name: str) -> Iterator[str]:
    """Give ``a.b.c``, ``b.c``, ``c``."""
    while name:
        yield name
        name = name.partition(".")[2]
