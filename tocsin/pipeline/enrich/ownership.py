"""Whose is it: attribute every role of an event to the organisations that own it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from tocsin.pipeline.enrich.asset import Asset, AssetError, AssetKind, microseconds
from tocsin.pipeline.enrich.attribution import (
    Numbers,
    Remembered,
    Times,
    lists,
    merged,
    resolve,
    stronger,
    times,
    union,
)
from tocsin.pipeline.enrich.claim import Claim, Claims, Grade, Level, Timeline, timeline, together
from tocsin.pipeline.enrich.names import NameTable, mail_domains
from tocsin.pipeline.enrich.prefixes import PrefixTable, address, network
from tocsin.pipeline.enrich.whose import Match, Subject, Why, explain, subject
from tocsin.pipeline.schema.event import Batch
from tocsin.pipeline.schema.vocabulary import roles

__all__ = ["ORGANISATIONS", "Asset", "AssetError", "AssetKind", "Match", "Ownership", "Why", "owner_column"]

ORGANISATIONS = "tocsin.organisations"
DEFAULT_ROLE = "host"
REMEMBERED = 200_000


def owner_column(role: str) -> str:
    """Name the column that holds the owners of a role."""
    return f"tocsin.owner.{role}"


class Ownership:
    """Know who owns which address and name at which time.

    ``defaults`` names the organisation of each source whose events belong to one organisation;
    ``parents`` says which organisation is part of which.
    """

    def __init__(
        self,
        assets: Iterable[Asset],
        defaults: Mapping[str, str] | None = None,
        parents: Mapping[str, str] | None = None,
    ) -> None:
        held = list(assets)
        prefixes = [asset for asset in held if asset.kind == "prefix"]
        self._claims = Claims()
        self._defaults = dict(defaults or {})
        self._parents = dict(parents or {})
        self._names = NameTable(held, self._claims)
        self._prefixes = {version: PrefixTable(prefixes, version, self._claims) for version in (4, 6)}
        self._nobody = timeline((), self._claims)
        self._known: Mapping[str, Remembered] = {
            "ip": Remembered(self._by_address),
            "host": Remembered(self._by_name),
            "domain": Remembered(self._by_name),
            "mail": Remembered(self._by_mail),
            "login": Remembered(self._by_login),
            "realm": Remembered(self._by_realm),
        }
        self._stronger = stronger(self._claims, self._ancestors)

    def default(self, source: str) -> str | None:
        """Give the organisation that a source's events belong to when nothing in them says otherwise."""
        return self._defaults.get(source)

    def attribute(self, batch: Batch, source_default: str | None = None, now: datetime | None = None) -> Batch:
        """Add who owns each role, and the organisations concerned, as columns of lists.

        Where no role has an owner the event belongs to ``source_default``, as its host: the machine
        that logged it stands at that organisation, while the other parties may be anybody.
        """
        self._forget()
        when = times(batch.table, now or datetime.now(UTC))
        owners = {role: self._role(batch.table, columns, when) for role, columns in roles().items()}
        if source_default is not None:
            unowned = ~np.any([numbers != 0 for numbers in owners.values()], axis=0)
            default = self._claims.number(Claim(Grade.RANGE, (source_default,)))
            owners[DEFAULT_ROLE] = np.where(unowned, default, owners[DEFAULT_ROLE])
        return Batch(batch.kind, self._with_columns(batch.table, owners))

    def whose(self, value: str, at: datetime) -> list[Match]:
        """Explain who owns an address, prefix, name, mail address or URL: the winners first."""
        return explain(self._levels(subject(value)), microseconds(at))

    def _role(self, table: pa.Table, columns: Mapping[str, str], when: Times) -> Numbers:
        found: Numbers = np.zeros(table.num_rows, dtype=np.int64)
        for kind, column in columns.items():
            if column in table.column_names:
                numbers = resolve(table.column(column), self._known[kind], when)
                found = merged(found, numbers, self._stronger)
        return found

    def _forget(self) -> None:
        for known in self._known.values():
            if len(known) > REMEMBERED:
                known.clear()

    def _by_address(self, value: str) -> Timeline:
        if "\n" in value:
            return together([self._by_address(part) for part in value.split("\n")], self._claims)
        found = address(value)
        return self._nobody if found is None else self._prefixes[found.version].timeline(found.number)

    def _by_name(self, value: str) -> Timeline:
        if "\n" in value:
            return together([self._by_name(part) for part in value.split("\n")], self._claims)
        if value[-1:].isdigit() or ":" in value:
            found = address(value.strip("[]"))
            if found is not None:
                return self._prefixes[found.version].timeline(found.number)
        return self._names.host_timeline(value)

    def _by_mail(self, value: str) -> Timeline:
        lines = [self._names.mail_timeline(domain) for domain in mail_domains(value)]
        return lines[0] if len(lines) == 1 else together(lines, self._claims)

    def _by_login(self, value: str) -> Timeline:
        return self._by_mail(value) if "@" in value else self._nobody  # a user principal name, as in a mail address

    def _by_realm(self, value: str) -> Timeline:
        return self._by_name(value) if "." in value else self._nobody  # NetBIOS names are everybody's

    def _levels(self, asked: Subject) -> Sequence[Level]:
        if asked.mail_domain:
            return self._names.mail(asked.mail_domain)
        if asked.address is None:
            return self._names.host(asked.name)
        around = self._prefixes[asked.address.version].around(asked.address.number)
        if asked.length is None:
            return around
        return [level for level in around if network(level.assets[0]).prefixlen <= asked.length]

    def _ancestors(self, organisation: str) -> list[str]:
        found: list[str] = []
        parent = self._parents.get(organisation)
        while parent is not None and parent not in found:
            found.append(parent)
            parent = self._parents.get(parent)
        return found

    def _with_columns(self, table: pa.Table, owners: Mapping[str, Numbers]) -> pa.Table:
        for role, numbers in owners.items():
            table = table.append_column(owner_column(role), lists(numbers, self._claims))
        return table.append_column(ORGANISATIONS, union(owners.values(), self._claims, table.num_rows))
