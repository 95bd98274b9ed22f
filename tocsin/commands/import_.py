"""`tocsin import`: bring incidents in from another system."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tocsin.manual import PLACE

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.exchange.models import Import, Mapping

HELP = """Bring incidents in from exports of FIR, TheHive, DFIR-IRIS, of another Tocsin, or from tables.

FILE is JSON or CSV as the system writes it, of any length; a folder stands for the files in it. What is here already
stays as it is. Names of organisations that are not known here stop it, until --organisation or --rest says what they
mean. The exit status is 1 when something was rejected or is still to be decided.
"""
SHOWN = 5


@click.command(help=HELP)
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=PLACE)
@click.option("--from", "peer", required=True, metavar="SYSTEM", help="fir, thehive, iris, csv or tocsin.")
@click.option("--as", "username", metavar="USERNAME", required=True, help="Who brings them in.")
@click.option("--source", default="", help="What you call this installation; by default the system's name.")
@click.option("--url", default="", help="Its address, so that incidents link to where they came from.")
@click.option("--mapping", default="", help="The mapping of columns, for csv, as it was kept on the page.")
@click.option("--organisation", "pairs", multiple=True, metavar="NAME=CODE", help="What a name means; - leaves out.")
@click.option("--rest", default="", metavar="CODE", help="What all other names mean.")
@click.option("--dry-run", is_flag=True, help="Only say what would be brought in.")
def command(
    paths: tuple[Path, ...], peer: str, username: str, mapping: str, pairs: tuple[str, ...], rest: str, dry_run: bool,
    **more: str,
) -> None:  # fmt: skip
    """Do all steps at once, each as on the page."""
    from tocsin.platform.start import migrate

    migrate()
    from django.core.exceptions import PermissionDenied, ValidationError

    from tocsin.rooms.exchange import actions

    person = _person(username)
    try:
        load = _look(person, peer, paths, _mapping(person, mapping), more)
        complete = _decide(person, load, pairs, rest)
        if dry_run or not complete:
            actions.discard(actor=person, load=load)
            click.echo("Nothing was brought in.", err=True)
        else:
            _bring(person, load)
    except (actions.ExchangeError, PermissionDenied) as error:
        raise click.ClickException(str(error)) from error
    except ValidationError as error:
        raise click.ClickException(" ".join(error.messages)) from error
    if not complete or load.rejected:
        raise click.exceptions.Exit(1)


def _person(username: str) -> Person:
    from tocsin.rooms.constituency.queries import person_named

    person = person_named(username)
    if person is None:
        raise click.ClickException(f"there is no person {username}")
    return person


def _mapping(person: Person, name: str) -> Mapping | None:
    from tocsin.rooms.exchange import queries

    if not name:
        return None
    found = queries.mappings(person).filter(name=name).first()
    if found is None:
        known = ", ".join(queries.mappings(person).values_list("name", flat=True)) or "none is kept yet"
        raise click.ClickException(f"there is no mapping {name!r}; there are: {known}")
    return found


def _files(paths: tuple[Path, ...]) -> Iterator[Path]:
    for path in paths:
        yield from sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            yield chunk


def _look(person: Person, peer: str, paths: tuple[Path, ...], mapping: Mapping | None, more: dict[str, str]) -> Import:
    from tocsin.rooms.exchange import actions

    offered = [actions.Offered(path.name, _chunks(path)) for path in _files(paths)]
    load = actions.receive(
        actor=person, peer=peer, files=offered, source=more["source"], base_url=more["url"], mapping=mapping,
        attended=True, most_files=0,
    )  # fmt: skip
    actions.look_at(load)
    load.refresh_from_db()
    if load.state == load.State.COLUMNS:
        actions.discard(actor=person, load=load)
        header = ", ".join(load.layout["header"])
        raise click.ClickException(f"which column is what? Upload it once on the page and keep a mapping: {header}")
    if load.state != load.State.READY:
        raise click.ClickException(load.problem)
    _say(load)
    return load


def _say(load: Import) -> None:
    things = load.summary["things"]
    counted = ", ".join(f"{things.get(name, 0):,} {name}" for name in ("incidents", "entries", "tasks", "observables"))
    left = f"{load.duplicates:,} already here, {load.rejected:,} rejected"
    click.echo(f"{load.records:,} records: {counted}; {left}.")
    for sort, values in sorted(load.summary["unknown"].items()):
        for value, number in sorted(values.items(), key=lambda each: -each[1])[:SHOWN]:
            click.echo(f"not understood: {sort} {value!r} ({number:,})", err=True)
    for text, number in {**load.summary["passed_over"], **load.summary["dropped"]}.items():
        click.echo(f"not brought in: {text} ({number:,})", err=True)
    _complain(load)


def _complain(load: Import) -> None:
    from tocsin.rooms.exchange import queries

    bad = queries.rejected(load).filter(fate="rejected")
    for row in bad[:SHOWN]:
        click.echo(f"line {row.line}: rejected: {row.reason}", err=True)
    if load.rejected > SHOWN:
        click.echo(f"and {load.rejected - SHOWN:,} more; the page lists them all.", err=True)


def _decide(person: Person, load: Import, pairs: tuple[str, ...], rest: str) -> bool:
    """Take what was said of names; True when nothing is left open."""
    from tocsin.rooms.exchange import actions, queries

    given = {}
    for pair in pairs:
        name, equals, code = pair.rpartition("=")
        if not equals:
            raise click.UsageError(f"--organisation {pair}: give NAME=CODE")
        given[name] = code
    actions.decide(actor=person, load=load, organisations=given, people={})
    load.refresh_from_db()
    left = queries.undecided(person, load)
    if left and rest:
        actions.decide(actor=person, load=load, organisations=dict.fromkeys(left, rest), people={})
        load.refresh_from_db()
        left = queries.undecided(person, load)
    for name in left:
        number = load.summary["organisations"][name]
        click.echo(f"whose is this? --organisation '{name}=CODE' ({number:,} incidents)", err=True)
    return not left


def _bring(person: Person, load: Import) -> None:
    from tocsin.rooms.exchange import actions

    actions.ask_to_bring_in(actor=person, load=load)
    actions.bring_in(load)
    load.refresh_from_db()
    if load.state != load.State.DONE:
        raise click.ClickException(load.problem or "somebody else took this import further; look at the page")
    click.echo(f"{load.records:,} records = {load.imported:,} brought in + {load.duplicates:,} already here "
               f"+ {load.rejected:,} rejected.")  # fmt: skip
