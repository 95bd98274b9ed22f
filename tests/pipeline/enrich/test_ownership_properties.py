"""The fast look-up agrees with the slow and obvious one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from tocsin.pipeline.enrich.ownership import Asset, AssetKind, Ownership, owner_column
from tocsin.pipeline.schema.event import Batch, Kind

START = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = st.one_of(st.none(), st.integers(0, 6))
OWNERS = st.sampled_from("ABC")
LABELS = st.sampled_from(["a", "b", "ab", "example"])
NAMES = st.lists(LABELS, min_size=1, max_size=4).map(".".join)


def moment(day: int | None) -> datetime | None:
    return None if day is None else START + timedelta(days=day)


@st.composite
def prefixes(draw: st.DrawFn) -> Asset:
    base, bits, shortest = draw(st.sampled_from([("198.18.0.0", 32, 20), ("2001:db8::", 128, 112)]))
    number = int(ip_address(base)) + draw(st.integers(0, 4095))
    value = ip_network((number, draw(st.integers(shortest, bits))), strict=False)
    return Asset("prefix", str(value), draw(OWNERS), moment(draw(DAYS)), moment(draw(DAYS)))


@st.composite
def named(draw: st.DrawFn) -> Asset:
    kinds: list[AssetKind] = ["domain", "host"]
    kind = draw(st.sampled_from(kinds))
    return Asset(kind, draw(NAMES), draw(OWNERS), moment(draw(DAYS)), moment(draw(DAYS)))


def standing(asset: Asset, at: datetime) -> bool:
    return (asset.valid_from is None or asset.valid_from <= at) and (asset.valid_to is None or at < asset.valid_to)


def owner_of_address(assets: list[Asset], value: str, at: datetime) -> list[str] | None:
    fits = [(ip_network(a.value).prefixlen, a) for a in assets if ip_address(value) in ip_network(a.value)]
    valid = [(length, asset) for length, asset in fits if standing(asset, at)]
    longest = max((length for length, _ in valid), default=-1)
    return sorted({asset.organisation for length, asset in valid if length == longest}) or None


def owner_of_name(assets: list[Asset], value: str, at: datetime) -> list[str] | None:
    valid = [asset for asset in assets if standing(asset, at)]
    exact = {asset.organisation for asset in valid if asset.kind == "host" and asset.value == value}
    domains = [a for a in valid if a.kind == "domain" and f".{value}".endswith(f".{a.value}")]
    longest = max((len(asset.value) for asset in domains), default=-1)
    return sorted(exact or {asset.organisation for asset in domains if len(asset.value) == longest}) or None


def attributed(assets: list[Asset], column: str, rows: list[tuple[str, datetime]]) -> list[list[str] | None]:
    stamps = pa.array([at for _, at in rows], pa.timestamp("us", tz="UTC"))
    table = pa.table({"@timestamp": stamps, column: pa.array([value for value, _ in rows], pa.string())})
    result = Ownership(assets).attribute(Batch(Kind("zeek", "conn"), table)).table
    found: list[list[str] | None] = result[owner_column(column.split(".", maxsplit=1)[0])].to_pylist()
    return found


ADDRESSES = st.one_of(
    st.integers(0, 4200).map(lambda n: str(ip_address(int(ip_address("198.18.0.0")) + n))),
    st.integers(0, 4200).map(lambda n: str(ip_address(int(ip_address("2001:db8::")) + n))),
)
TIMES = st.integers(-1, 7).map(lambda day: START + timedelta(days=day))


@given(st.lists(prefixes(), max_size=12), st.lists(st.tuples(ADDRESSES, TIMES), min_size=1, max_size=20))
def test_addresses_go_to_the_longest_valid_prefix(assets: list[Asset], rows: list[tuple[str, datetime]]) -> None:
    expected = [owner_of_address(assets, value, at) for value, at in rows]
    assert attributed(assets, "source.ip", rows) == expected


@given(st.lists(named(), max_size=12), st.lists(st.tuples(NAMES, TIMES), min_size=1, max_size=20))
def test_names_go_to_the_host_or_the_longest_valid_domain(
    assets: list[Asset], rows: list[tuple[str, datetime]]
) -> None:
    expected = [owner_of_name(assets, value, at) for value, at in rows]
    assert attributed(assets, "host.name", rows) == expected


@given(st.lists(prefixes(), max_size=12), ADDRESSES, TIMES)
def test_the_explanation_agrees_with_the_columns(assets: list[Asset], value: str, at: datetime) -> None:
    matches = Ownership(assets).whose(value, at)
    winners = sorted({match.asset.organisation for match in matches if match.wins})
    assert (winners or None) == owner_of_address(assets, value, at)
