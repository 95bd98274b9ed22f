"""People are added from the command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from tocsin.cli import main
from tocsin.platform import access
from tocsin.platform.models import AuditEntry

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person

pytestmark = pytest.mark.usefixtures("chart")


def add(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(main, ["user", "add", *arguments], input=given)


def person(username: str) -> Person:
    from tocsin.rooms.accounts.models import Person

    return Person.objects.get(username=username)


def test_a_new_person_signs_in_with_the_password_that_was_printed() -> None:
    result = add("new", "--email", "new@a.example", "--name", "New One")
    assert result.exit_code == 0, result.output
    assert person("new").check_password(result.output.strip().rpartition(" ")[2])
    assert person("new").full_name == "New One"


@pytest.mark.parametrize(
    ("place", "verb"),
    [(("officer", "--organisation", "DEPA"), "incidents.part"), (("analyst", "--team", "SOC"), "alerts.triage")],
)
def test_a_role_comes_along(place: tuple[str, ...], verb: str) -> None:
    assert add("new", "--email", "new@a.example", "--role", *place).exit_code == 0
    assert access.scope_of(person("new")).allows(verb)
    assert set(AuditEntry.objects.values_list("verb", flat=True)) == {"accounts.created", "constituency.give_role"}


def test_a_password_is_read_from_standard_input() -> None:
    result = add("new", "--email", "new@a.example", "--password-stdin", given="a long sentence of words\n")
    assert result.exit_code == 0, result.output
    assert "sentence" not in result.output
    assert person("new").check_password("a long sentence of words")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("analyst", "--email", "a@a.example"), "already"),
        (("new", "--email", "nobody"), "email"),
        (("new one", "--email", "a@a.example"), "username"),
        (("new", "--email", "a@a.example", "--role", "officer"), "--organisation"),
        (("new", "--email", "a@a.example", "--role", "king", "--organisation", "DEPA"), "role"),
        (("new", "--email", "a@a.example", "--role", "officer", "--organisation", "NONE"), "tocsin chart load"),
        (("new", "--email", "a@a.example", "--role", "analyst", "--team", "NONE"), "tocsin chart load"),
    ],
)
def test_what_cannot_be_is_said_and_nobody_is_added(
    chart: Mapping[str, Person], arguments: tuple[str, ...], said: str
) -> None:
    from tocsin.rooms.accounts.models import Person

    result = add(*arguments)
    assert result.exit_code != 0
    assert said in result.output
    assert Person.objects.count() == len(chart)


def test_a_weak_password_is_refused() -> None:
    result = add("new", "--email", "new@a.example", "--password-stdin", given="short\n")
    assert result.exit_code == 1
    assert "12" in result.output


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--role", "analyst", "--team", "SOC", "--organisation", "DEPA"), "not both"),
        (("--role", "king", "--organisation", "DEPA"), "the roles are administrator, analyst"),
        (("--language", "xx"), "'en', 'fr'"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would(arguments: tuple[str, ...], told: str) -> None:
    result = add("odd", "--email", "odd@a.example", *arguments)
    assert (result.exit_code, told in result.output) == (2, True), result.output
