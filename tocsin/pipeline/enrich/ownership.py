"""Whose is it: attribute every role of an event to the organisations that own it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import reduce

import numpy as np
import pyarrow as pa

from tocsin.pipeline.enrich.asset import Asset, AssetError, AssetKind, microseconds
from tocsin.pipeline.enrich.attribution import Numbers, Owners, Times, merged, resolve, stronger, times
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
        self._names = NameTable(held)
        self._prefixes = {version: PrefixTable(prefixes, version, self._claims) for version in (4, 6)}
        self._nobody = timeline((), self._claims)
        self._known: dict[str, dict[str, Timeline]] = {"ip": {}, "host": {}, "domain": {}, "mail": {}}
        self._look_up: Mapping[str, Callable[[str], Timeline]] = {
            "ip": self._by_address,
            "host": self._by_name,
            "domain": self._by_name,
            "mail": self._by_mail,
        }
        self._owners = Owners(self._claims)
        self._stronger = stronger(self._claims, self._ancestors)

    def default(self, source: str) -> str | None:
        """Give the organisation that a source's events belong to when nothing in them says otherwise."""
        return self._defaults.get(source)

    def attribute(self, batch: Batch, source_default: str | None = None, now: datetime | None = None) -> Batch:
        """Add who owns each role, and the organisations concerned, as columns of lists.

        Where no role has an owner the event belongs to ``source_default``, as its host: the machine
        that logged it stands at that organisation, while the other parties may be anybody.
        """
        when = times(batch.table, now or datetime.now(UTC))
        owners = {role: self._role(batch.table, columns, when) for role, columns in roles().items()}
        concerned = reduce(lambda left, right: merged(left, right, self._union), owners.values())
        if source_default is not None:
            default = self._default(source_default)
            owners[DEFAULT_ROLE] = np.where(concerned == 0, default, owners[DEFAULT_ROLE])
            concerned = np.where(concerned == 0, default, concerned)
        return Batch(batch.kind, self._with_columns(batch.table, owners, concerned))

    def whose(self, value: str, at: datetime) -> list[Match]:
        """Explain who owns an address, prefix, name, mail address or URL: the winners first."""
        return explain(self._levels(subject(value)), microseconds(at))

    def _role(self, table: pa.Table, columns: Mapping[str, str], when: Times) -> Numbers:
        found: Numbers = np.zeros(table.num_rows, dtype=np.int64)
        for kind, column in columns.items():
            if column in table.column_names:
                numbers = resolve(table.column(column), self._remembering(kind), when)
                found = merged(found, numbers, self._stronger)
        return found

    def _remembering(self, kind: str) -> Callable[[str], Timeline]:
        known, look_up = self._known[kind], self._look_up[kind]
        if len(known) > REMEMBERED:
            known.clear()

        def remembered(value: str) -> Timeline:
            line = known.get(value)
            if line is None:
                line = known[value] = look_up(value)
            return line

        return remembered

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
        return timeline(self._names.host(value), self._claims)

    def _by_mail(self, value: str) -> Timeline:
        lines = [timeline(self._names.mail(domain), self._claims) for domain in mail_domains(value)]
        return lines[0] if len(lines) == 1 else together(lines, self._claims)

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

    def _default(self, organisation: str) -> int:
        return self._claims.number(Claim(Grade.RANGE, (organisation,)))

    def _union(self, left: int, right: int) -> int:
        return self._claims.union((left, right))

    def _with_columns(self, table: pa.Table, owners: Mapping[str, Numbers], concerned: Numbers) -> pa.Table:
        for role, numbers in owners.items():
            table = table.append_column(owner_column(role), self._owners.column_or_null(numbers))
        return table.append_column(ORGANISATIONS, self._owners.column(concerned))
