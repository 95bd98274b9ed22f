"""The explanation a person gets of one value."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.pipeline.enrich.test_ownership import ASSETS, NOON
from tocsin.pipeline.enrich.ownership import Ownership, Why


def explained(value: str, at: datetime = NOON) -> list[tuple[str, str, bool, Why]]:
    return [(m.asset.organisation, m.asset.value, m.wins, m.why) for m in Ownership(ASSETS).whose(value, at)]


def test_it_names_the_winner_first_and_what_it_beat() -> None:
    assert explained("198.18.4.200") == [
        ("COMP", "198.18.4.128/25", True, Why.PREFIX),
        ("AGRI", "198.18.4.0/24", False, Why.WIDER),
        ("SNET", "198.18.0.0/15", False, Why.WIDER),
    ]


def test_it_says_who_held_it_before() -> None:
    assert explained("198.51.100.1") == [
        ("NEW", "198.51.100.0/28", True, Why.PREFIX),
        ("OLD", "198.51.100.0/28", False, Why.NO_LONGER),
    ]
    assert explained("198.51.100.1", datetime(2025, 1, 1, tzinfo=UTC)) == [
        ("OLD", "198.51.100.0/28", True, Why.PREFIX),
        ("NEW", "198.51.100.0/28", False, Why.NOT_YET),
    ]


def test_a_prefix_is_held_by_ranges_at_least_as_wide() -> None:
    assert [row[:3] for row in explained("198.18.4.0/24")] == [
        ("AGRI", "198.18.4.0/24", True),
        ("SNET", "198.18.0.0/15", False),
    ]


@pytest.mark.parametrize(
    ("value", "owner", "why"),
    [
        ("printer.commission.example", "PMO", Why.HOST),
        ("www.agri.commission.example.", "AGRI", Why.DOMAIN),
        ("someone@comp.ec.example", "COMP", Why.MAIL_DOMAIN),
        ("https://user@www.AGRI.commission.example:8443/x?y=@z", "AGRI", Why.DOMAIN),
        ("http://[2001:db8:4::1]:80/", "AGRI", Why.PREFIX),
        ("198.18.4.1:443", "AGRI", Why.PREFIX),
        ("[2001:db8:4::1]:443", "AGRI", Why.PREFIX),
        ("agri.commission.example:443", "AGRI", Why.DOMAIN),
        ("agri.commission.example/path", "AGRI", Why.DOMAIN),
        ("2001:db8:4::1", "AGRI", Why.PREFIX),
    ],
)
def test_it_recognises_what_is_asked(value: str, owner: str, why: Why) -> None:
    first = Ownership(ASSETS).whose(value, NOON)[0]
    assert (first.asset.organisation, first.why) == (owner, why)


@pytest.mark.parametrize("value", ["203.0.113.1", "unknown.test", "", "http://[broken", "a@b", "::/0", "0.0.0.0/0"])
def test_it_says_nothing_of_what_belongs_to_nobody(value: str) -> None:
    assert explained(value) == []
