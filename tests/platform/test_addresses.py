"""A mail address is one address, and goes to the domain it names."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from tocsin.platform.addresses import checked, same


@pytest.mark.parametrize(
    ("given", "travels"),
    [
        ("a@b.example", "a@b.example"),
        ("a@bücher.example", "a@xn--bcher-kva.example"),
        ("a@BÜCHER.example", "a@xn--bcher-kva.example"),
        ("a@xn--strae-oqa.example", "a@xn--strae-oqa.example"),
    ],
)
def test_a_domain_travels_in_ascii(given: str, travels: str) -> None:
    assert checked(given) == travels


def test_a_domain_that_would_become_another_is_refused() -> None:
    with pytest.raises(ValidationError):
        checked("a@straße.example")


@pytest.mark.parametrize(
    ("first", "second", "are"),
    [
        ("A@b.example", "a@B.example", True),
        ("a@bücher.example", "a@xn--bcher-kva.example", True),
        ("a@b.example", "c@b.example", False),
        ("a@straße.example", "a@strasse.example", False),
        ("", "", True),
    ],
)
def test_addresses_are_the_same_however_they_are_written(first: str, second: str, are: bool) -> None:
    assert same(first, second) is are
