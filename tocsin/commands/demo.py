"""Fill a fresh installation with the EU chart and a simulated attack, and serve it."""

from __future__ import annotations

import json
import os
import secrets
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from tocsin import config
from tocsin.commands.exercise import moment
from tocsin.platform import supervisor
from tocsin.platform.start import migrate

if TYPE_CHECKING:
    from tocsin.exercise.writing import Written

CHART = "eu"
ACCOUNTS = "demo-accounts.json"
# Who signs in to look round; everyone else of the chart has an account without a password.
SHOWN = (
    "soc.analyst",
    "soc.agencies",
    "csirc.responder",
    "cert.analyst",
    "cart.analyst",
    "noc.operator",
    "liso.agri",
    "liso.comp",
    "ciso",
    "board.member",
    "admin",
)
TOKEN_DAYS = 30
# Numbers that Ofcom keeps for plays and films
PHONES = {
    "soc.analyst": "+44 20 7946 0101",
    "soc.night": "+44 20 7946 0102",
    "soc.lead": "+44 20 7946 0103",
    "csirc.responder": "+44 20 7946 0104",
    "csirc.lead": "+44 20 7946 0105",
}
TURNS = (
    ("SOC", "FIRST", "Watch", ("soc.analyst", "soc.night")),
    ("SOC", "LEAD", "Lead", ("soc.lead",)),
    ("CSIRC", "FIRST", "Response", ("csirc.responder", "csirc.lead")),
    ("CSIRC", "SECOND", "Behind it", ("csirc.lead", "csirc.responder")),
)


@click.command()
@click.option("--seed", default=1, show_default=True, help="Another seed is another campaign.")
@click.option(
    "--anchor", callback=moment, help="Time the campaign ends (ISO 8601); by default now, kept for the next run."
)
@click.option("--serve/--no-serve", default=True, help="Serve the pages afterwards.")
def command(seed: int, anchor: datetime | None, serve: bool) -> None:
    """Load the EU chart and exercise Carillon, make accounts, serve the pages.

    Running it again adds nothing: the exercise is the same, and what was taken is known. Passwords are random; they
    are printed and written with an API token each to demo-accounts.json in TOCSIN_HOME.
    """
    console = Console(stderr=True)
    if serve:
        supervisor.check_port(config.load())  # before all the work, not after it
    with console.status("Preparing the database ..."):
        migrate()
        _load_chart()
        _import_rules()
        _import_playbooks()
        _keep_rosters()
    accounts = _accounts()
    _take_in(console, _write(console, seed=seed, anchor=anchor))
    _show(console, accounts)
    if serve:
        click.get_current_context().invoke(_up())


def _load_chart() -> None:
    from tocsin.charts import chart_named
    from tocsin.rooms.constituency.actions import load_chart

    load_chart(chart=chart_named(CHART), actor=None)


def _import_rules() -> None:
    from tocsin.rooms.rules.actions import import_starter

    import_starter(actor=None)


def _import_playbooks() -> None:
    from tocsin.rooms.playbooks.actions import take_starter

    take_starter(actor=None)


def _keep_rosters() -> None:
    """Give two teams a roster, once: who takes turns on the first line, who stands behind them."""
    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.constituency.models import Team
    from tocsin.rooms.rota import actions
    from tocsin.rooms.rota.models import Line, Roster

    if Roster.objects.exists():
        return
    monday = datetime.now(UTC).date() - timedelta(days=datetime.now(UTC).weekday())
    people = {person.username: person for person in Person.objects.filter(username__in=PHONES)}
    for username, phone in PHONES.items():
        Person.objects.filter(username=username, phone="").update(phone=phone)
    for code, line, name, names in TURNS:
        turns = [people[each] for each in names]
        actions.save_layer(
            actor=turns[0], team=Team.objects.get(code=code), name=name, line=Line[line], people=turns,
            starts_on=monday, handover_at=time(9),
        )  # fmt: skip


def _write(console: Console, *, seed: int, anchor: datetime | None) -> Written:
    from tocsin.charts import chart_named, load
    from tocsin.exercise.chart import parties
    from tocsin.exercise.writing import write

    folder = config.load().home / "exercise"
    with console.status("Writing exercise Carillon ..."):
        return write(folder, parties(load(chart_named(CHART))), seed=seed, anchor=_anchor(folder, anchor))


def _anchor(folder: Path, given: datetime | None) -> datetime:
    kept = folder / "anchor"
    if given or not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        kept.write_text((given or datetime.now(UTC).replace(microsecond=0)).isoformat())
    return datetime.fromisoformat(kept.read_text())


def _take_in(console: Console, written: Written) -> None:
    from tocsin.rooms.alerts.actions import Ingest

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("Taking it in: logs", total=len(written.sources))
        ingest = Ingest.ready()
        for source in written.sources:
            ingest.file(written.folder / source.path, source=source.name, organisation=source.organisation)
            progress.advance(task)


def _accounts() -> list[dict[str, str]]:
    """Give those who can sign in; made once, so that a second run changes no password."""
    kept = config.load().home / ACCOUNTS
    if kept.exists():
        known: list[dict[str, str]] = json.loads(kept.read_text())
        return known
    accounts = [_account(username) for username in SHOWN]
    descriptor = os.open(kept, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(accounts, file, indent=1)
    return accounts


def _account(username: str) -> dict[str, str]:
    from tocsin.platform.access import scope_of
    from tocsin.rooms.accounts import actions
    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.constituency.models import Membership

    person = Person.objects.get(username=username)
    password = secrets.token_urlsafe(9)
    actions.set_password(person=person, password=password, actor=None)
    verbs = sorted(frozenset().union(*(grant.verbs for grant in scope_of(person).grants)))
    _token, key = actions.make_token(
        person=person, name="demo", verbs=verbs, expires_in=timedelta(days=TOKEN_DAYS), actor=person
    )
    held = (
        Membership.objects.filter(Membership.valid_now(), person=person)
        .order_by("pk")
        .select_related("team", "organisation")[0]
    )
    place: Any = held.team or held.organisation
    return {
        "username": username,
        "password": password,
        "role": held.role,
        "organisation": place.code,
        "token": key,
    }


def _show(console: Console, accounts: list[dict[str, str]]) -> None:
    table = Table("username", "password", "role", "at", title="Who can sign in")
    for account in accounts:
        table.add_row(account["username"], account["password"], account["role"], account["organisation"])
    console.print(table)
    console.print(f"Also in {config.load().home / ACCOUNTS}, with an API token each.")
    console.print(f"Pages: [bold]{config.load().url}[/bold] - begin as soc.analyst")


def _up() -> click.Command:
    from tocsin.commands.up import command as up

    return up
