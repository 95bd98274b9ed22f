"""People who sign in: add one from the command line."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from tocsin.manual import Manual
from tocsin.platform.start import migrate

if TYPE_CHECKING:
    from tocsin.rooms.constituency.models import Organisation, Team


@click.group(cls=Manual)
def command() -> None:
    """Add people who sign in."""


@command.command()
@click.argument("username")
@click.option("--email", required=True, help="Their address.")
@click.option("--name", default="", help="Their name as others see it.")
@click.option(
    "--language", type=click.Choice(["en", "fr"]), default="en", show_default=True, help="The language of their pages."
)
@click.option("--role", default="", help="A role of theirs, such as analyst, officer or administrator.")
@click.option("--organisation", metavar="CODE", default="", help="Where they hold the role.")
@click.option("--team", metavar="CODE", default="", help="The team in which they hold the role.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input instead of making one.")
def add(username: str, email: str, role: str, organisation: str, team: str, password_stdin: bool, **facts: str) -> None:
    """Add a person, with a role at an organisation or in a team. The password made for them is printed once.

    \b
    tocsin user add m.dupont --email m.dupont@a.example --role officer --organisation DEPA
    """
    if bool(role) != bool(organisation or team):
        raise click.UsageError("give --role together with --organisation or --team")
    if organisation and team:
        raise click.UsageError("give --organisation or --team, not both: a role is held in one place")
    _check_role(role)
    migrate()
    from django.core.exceptions import ValidationError

    password = sys.stdin.readline().rstrip("\n") if password_stdin else ""
    try:
        made = _add(username, email, password, role, _place(organisation, team), facts)
    except ValidationError as error:
        raise click.ClickException(" ".join(error.messages)) from error
    click.echo(f"{username} can sign in now." + ("" if password_stdin else f" Password: {made}"))


def _check_role(role: str) -> None:
    from tocsin.charts.schema import known_roles

    if role and role not in known_roles():
        raise click.UsageError(f"there is no role {role!r}; the roles are {', '.join(sorted(known_roles()))}")


def _place(organisation: str, team: str) -> dict[str, Organisation | Team]:
    from tocsin.rooms.constituency.models import Organisation, Team

    place: dict[str, Organisation | Team] = {}
    for name, model, code in (("organisation", Organisation, organisation), ("team", Team, team)):
        if code:
            found = model.objects.filter(code=code).first()
            if found is None:
                raise click.ClickException(f"there is no {name} {code}; load a chart first (tocsin chart load)")
            place[name] = found
    return place


def _add(username: str, email: str, password: str, role: str, place: dict[str, Any], facts: dict[str, str]) -> str:
    """Make the account and give the role, both or neither; give the password."""
    from django.contrib.auth.password_validation import validate_password
    from django.core.validators import validate_email
    from django.db import transaction

    from tocsin.rooms.accounts import actions as accounts
    from tocsin.rooms.accounts import queries
    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.constituency.actions import give_role

    Person.username_validator(username)
    validate_email(email)
    if queries.taken(username):
        raise click.ClickException(f"there is a person {username} already, or there was")
    password = password or accounts.new_password()
    validate_password(password, Person(username=username, email=email))
    with transaction.atomic():
        person = accounts.create_person(
            actor=None,
            username=username,
            email=email,
            password=password,
            full_name=facts["name"],
            language=facts["language"],
        )
        if role:
            give_role(actor=None, person=person, role=role, **place)
    return password
