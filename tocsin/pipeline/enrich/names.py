"""Names as a table: hosts fit exactly, domains also by peeling labels from the left."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from tocsin.pipeline.enrich.asset import Asset, AssetKind, plain_name
from tocsin.pipeline.enrich.claim import Claims, Grade, Level, Timeline, timeline

ADDRESSES = re.compile(r"[^\s,;<>\"'()]+@([^\s,;<>\"'()@]+)")

Held = dict[str, list[Asset]]


class NameTable:
    """Answer which hosts, domains and mail domains a name falls under."""

    def __init__(self, assets: Iterable[Asset], claims: Claims) -> None:
        held: dict[AssetKind, Held] = {"host": {}, "domain": {}, "mail_domain": {}}
        for asset in assets:
            if asset.kind in held:
                held[asset.kind].setdefault(plain_name(asset.value), []).append(asset)
        self._hosts, self._domains, self._mail_domains = held["host"], held["domain"], held["mail_domain"]
        self._claims = claims
        self._by_host: dict[str, Timeline] = {}
        self._by_domain: dict[str, Timeline] = {}
        self._by_mail_domain: dict[str, Timeline] = {}

    def host_timeline(self, name: str) -> Timeline:
        """Give the claims on the name of a machine over time."""
        plain = plain_name(name)
        if plain in self._hosts:
            return self._remembered(self._by_host, plain, self.host)
        return self._remembered(self._by_domain, _anchor(plain, self._domains), self._domain)

    def mail_timeline(self, domain: str) -> Timeline:
        """Give the claims on the domain of a mail address over time."""
        anchor = _anchor(plain_name(domain), self._mail_domains, self._domains)
        return self._remembered(self._by_mail_domain, anchor, self.mail)

    def host(self, name: str) -> Sequence[Level]:
        """Give what fits the name of a machine: the machine itself, then its domains, longest first."""
        plain = plain_name(name)
        return [*_levels([plain], Grade.MACHINE, self._hosts), *self._domain(plain)]

    def mail(self, domain: str) -> Sequence[Level]:
        """Give what fits the domain of a mail address, longest first, mail domains before others."""
        return list(_levels(_peel(plain_name(domain)), Grade.NAME, self._mail_domains, self._domains))

    def _domain(self, name: str) -> Sequence[Level]:
        return list(_levels(_peel(name), Grade.NAME, self._domains))

    def _remembered(
        self, known: dict[str, Timeline], anchor: str, levels: Callable[[str], Sequence[Level]]
    ) -> Timeline:
        line = known.get(anchor)
        if line is None:
            line = known[anchor] = timeline(levels(anchor), self._claims)
        return line


def mail_domains(value: str) -> list[str]:
    """Give the domains of all mail addresses in a text."""
    return ADDRESSES.findall(value)


def _levels(names: Iterable[str], grade: Grade, *tables: Held) -> Iterator[Level]:
    for name in names:
        for table in tables:
            if name in table:
                yield Level(grade, table[name])


def _anchor(name: str, *tables: Mapping[str, object]) -> str:
    """Give the longest part of a name that somebody holds: all names under it have the same owners."""
    return next((part for part in _peel(name) if any(part in table for table in tables)), "")


def _peel(name: str) -> Iterator[str]:
    """Give ``a.b.c``, ``b.c``, ``c``."""
    while name:
        yield name
        name = name.partition(".")[2]
