"""Whose is it: every role, the most specific entry, at the time of the event."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from tocsin.pipeline.enrich.ownership import ORGANISATIONS, Asset, AssetError, AssetKind, Ownership, owner_column
from tocsin.pipeline.schema.event import Batch, Kind

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)

ASSETS = [
    Asset("prefix", "198.18.0.0/15", "SNET"),
    Asset("prefix", "198.18.4.0/24", "AGRI"),
    Asset("prefix", "198.18.4.128/25", "COMP"),
    Asset("prefix", "198.18.5.0/24", "AGRI"),
    Asset("prefix", "198.18.5.0/24", "COMP"),
    Asset("prefix", "198.18.4.7/32", "PMO"),
    Asset("prefix", "2001:db8::/32", "SNET"),
    Asset("prefix", "2001:db8:4::/48", "AGRI"),
    Asset("domain", "commission.example", "EC"),
    Asset("domain", "agri.commission.example", "AGRI"),
    Asset("mail_domain", "ec.example", "EC"),
    Asset("mail_domain", "comp.ec.example", "COMP"),
    Asset("host", "printer.commission.example", "PMO"),
    Asset("host", "WS01", "COMP"),
    Asset("prefix", "198.51.100.0/28", "OLD", None, NEW_YEAR),
    Asset("prefix", "198.51.100.0/28", "NEW", NEW_YEAR, None),
    Asset("domain", "moved.example", "OLD", datetime(2020, 1, 1, tzinfo=UTC), NEW_YEAR),
]
PARENTS = {"AGRI": "EC", "COMP": "EC", "PMO": "EC", "SNET": "EC"}


def attributed(
    columns: dict[str, list[Any]],
    times: list[datetime | None] | None = None,
    default: str | None = None,
    ownership: Ownership | None = None,
) -> dict[str, list[Any]]:
    size = len(next(iter(columns.values())))
    stamps = pa.array(times or [NOON] * size, pa.timestamp("us", tz="UTC"))
    batch = Batch(Kind("zeek", "conn"), pa.table({"@timestamp": stamps, **columns}))
    known = ownership or Ownership(ASSETS, parents=PARENTS)
    result: dict[str, list[Any]] = known.attribute(batch, default, now=NOON).table.to_pydict()
    return result


def owners(column: str, *values: str | None) -> list[Any]:
    role = {"email.from.address": "sender", "email.to.address": "recipient", "url.domain": "server"}
    name = role.get(column, column.partition(".")[0])
    return attributed({column: list(values)})[owner_column(name)]


def test_it_takes_the_longest_prefix() -> None:
    found = owners("source.ip", "198.18.4.1", "198.18.4.200", "198.18.9.9", "198.20.0.0", "198.17.255.255")
    assert found == [["AGRI"], ["COMP"], ["SNET"], None, None]


def test_it_attributes_ipv6_as_well() -> None:
    found = owners("source.ip", "2001:db8:4::1", "2001:DB8:5::1", "fe80::1%eth0", "2001:db9::", "::ffff:198.18.4.1")
    assert found == [["AGRI"], ["SNET"], None, None, ["AGRI"]]


def test_an_ipv6_default_route_does_not_own_ipv4() -> None:
    ownership = Ownership([Asset("prefix", "::/0", "ALL6")])
    found = attributed({"source.ip": ["198.18.4.1", "2001:db8::1"]}, ownership=ownership)
    assert found[owner_column("source")] == [None, ["ALL6"]]


def test_owners_of_the_same_prefix_share_it() -> None:
    assert owners("source.ip", "198.18.5.5") == [["AGRI", "COMP"]]


def test_it_peels_labels_of_a_domain() -> None:
    found = owners(
        "url.domain", "www.agri.commission.example", "COMMISSION.example.", "x.commission.example", "example"
    )
    assert found == [["AGRI"], ["EC"], ["EC"], None]


def test_a_domain_matches_whole_labels_only() -> None:
    assert owners("url.domain", "notcommission.example", "commission.example.attacker.test") == [None, None]


def test_a_host_goes_by_its_exact_name_before_its_domain() -> None:
    found = owners("host.name", "printer.commission.example", "ws01", "WS01.agri.commission.example", "ws011")
    assert found == [["PMO"], ["COMP"], ["AGRI"], None]


def test_an_address_in_a_name_column_is_an_address() -> None:
    assert owners("url.domain", "198.18.4.1", "[2001:db8:4::1]", "server7") == [["AGRI"], ["AGRI"], None]


def test_it_attributes_mail_addresses_by_mail_domain_then_domain() -> None:
    found = owners("email.from.address", "a@comp.ec.example", "B@EC.example", "c@x.agri.commission.example", "nobody")
    assert found == [["COMP"], ["EC"], ["AGRI"], None]


def test_every_recipient_counts() -> None:
    found = owners("email.to.address", "A <a@comp.ec.example>, b@agri.commission.example\nc@elsewhere.test")
    assert found == [["AGRI", "COMP"]]


def test_list_columns_are_understood() -> None:
    found = attributed({"host.ip": [["198.18.4.1", "10.0.0.1"], [], None, ["198.18.4.200", "198.18.4.1"]]})
    assert found[owner_column("host")] == [["AGRI"], None, None, ["AGRI", "COMP"]]


def test_dictionary_columns_and_chunks_are_understood() -> None:
    values = pa.chunked_array([["198.18.4.1"], [None, "198.18.9.9"]]).dictionary_encode()
    batch = Batch(Kind("zeek", "conn"), pa.table({"source.ip": values}))
    table = Ownership(ASSETS).attribute(batch).table
    assert table[owner_column("source")].to_pylist() == [["AGRI"], None, ["SNET"]]


def test_the_organisations_concerned_are_the_union_of_all_roles() -> None:
    found = attributed(
        {
            "source.ip": ["198.18.4.1", "203.0.113.1", None],
            "destination.ip": ["198.18.4.200", "203.0.113.2", None],
            "url.domain": ["x.commission.example", None, None],
        }
    )
    assert found[ORGANISATIONS] == [["AGRI", "COMP", "EC"], [], []]


def test_the_narrower_organisation_wins_between_address_and_name() -> None:
    found = attributed({"host.ip": ["198.18.4.1", "198.18.9.9"], "host.name": ["pc.commission.example"] * 2})
    assert found[owner_column("host")] == [["AGRI"], ["SNET"]]


def test_a_name_says_more_than_a_range_of_an_unrelated_organisation() -> None:
    found = attributed({"host.ip": ["198.18.4.200"], "host.name": ["pc.agri.commission.example"]})
    assert found[owner_column("host")] == [["AGRI"]]


def test_an_entry_for_this_very_machine_wins_over_everything() -> None:
    found = attributed({"host.ip": ["198.18.4.7", "198.18.4.1"], "host.name": ["x.agri.commission.example", "ws01"]})
    assert found[owner_column("host")] == [["PMO"], ["COMP"]]


def test_two_entries_that_fit_equally_share_the_role() -> None:
    found = attributed({"host.ip": ["198.18.4.7"], "host.name": ["ws01"]})
    assert found[owner_column("host")] == [["COMP", "PMO"]]


def test_it_attributes_as_of_the_time_of_the_event() -> None:
    before, after = datetime(2025, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), NEW_YEAR
    found = attributed({"source.ip": ["198.51.100.1"] * 3}, [before, after, None])
    assert found[owner_column("source")] == [["OLD"], ["NEW"], ["NEW"]]


def test_nobody_owns_a_name_outside_its_time() -> None:
    stamps: list[datetime | None] = [datetime(2019, 12, 31, tzinfo=UTC), datetime(2020, 1, 1, tzinfo=UTC), NEW_YEAR]
    found = attributed({"url.domain": ["www.moved.example"] * 3}, stamps)
    assert found[owner_column("server")] == [None, ["OLD"], None]


def test_recipients_with_changing_owners_follow_the_time() -> None:
    stamps: list[datetime | None] = [datetime(2025, 6, 1, tzinfo=UTC), NOON]
    found = attributed({"email.to.address": ["a@moved.example; b@comp.ec.example"] * 2}, stamps)
    assert found[owner_column("recipient")] == [["COMP", "OLD"], ["COMP"]]


def test_the_default_of_the_source_counts_only_where_nobody_owns_anything() -> None:
    found = attributed({"source.ip": ["203.0.113.1", "198.18.4.1"], "host.name": ["x", "y"]}, default="EEAS")
    assert found[ORGANISATIONS] == [["EEAS"], ["AGRI"]]
    assert found[owner_column("host")] == [["EEAS"], None]
    assert found[owner_column("source")] == [None, ["AGRI"]]


def test_it_knows_the_default_of_each_source() -> None:
    ownership = Ownership([], defaults={"eeas-proxy": "EEAS"})
    assert (ownership.default("eeas-proxy"), ownership.default("other")) == ("EEAS", None)


def test_an_empty_batch_stays_empty() -> None:
    assert attributed({"source.ip": pa.array([], pa.string())})[ORGANISATIONS] == []


@pytest.mark.parametrize("value", ["", " ", "\x00", "198.18.4", "198.18.4.1.", "::::", "@", "a@", "1", "\ud800"])
def test_odd_values_belong_to_nobody(value: str) -> None:
    ownership = Ownership(ASSETS)
    known = ("ip", "host", "domain", "mail")
    assert [ownership._known[kind][value].at(0) for kind in known] == [0, 0, 0, 0]


@pytest.mark.parametrize(("kind", "value"), [("prefix", "198.18.4.1/24"), ("prefix", "here")])
def test_it_refuses_a_prefix_it_cannot_read(kind: AssetKind, value: str) -> None:
    with pytest.raises(AssetError, match="AGRI"):
        Ownership([Asset(kind, value, "AGRI")])


def test_a_circle_of_parents_ends() -> None:
    ownership = Ownership(ASSETS, parents={"AGRI": "SNET", "SNET": "AGRI"})
    found = attributed({"host.ip": ["198.18.9.9"], "host.name": ["x.agri.commission.example"]}, ownership=ownership)
    assert found[owner_column("host")] == [["AGRI"]]


def test_a_user_is_known_by_mail_address_principal_name_or_directory() -> None:
    assert owners("user.email", "a@comp.ec.example") == [["COMP"]]
    assert owners("user.name", "bob@comp.ec.example", "BOB@EC.EXAMPLE", "bob", "agri.commission.example") == [
        ["COMP"],
        ["EC"],
        None,
        None,
    ]
    assert owners("user.domain", "AGRI.COMMISSION.EXAMPLE", "WS01", "NT AUTHORITY") == [["AGRI"], None, None]
