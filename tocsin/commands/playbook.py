"""`tocsin playbook`: look at CACAO files, take them in, give them out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from tocsin.manual import PLACE, Manual
from tocsin.platform.start import migrate, start

if TYPE_CHECKING:
    from tocsin.rooms.playbooks.knowledge import Problem
    from tocsin.rooms.playbooks.models import Playbook

HELP = """Look at playbooks in CACAO 2.0 files (OASIS), take them in and give them out.

Nothing in a playbook is ever carried out here: it becomes a checklist that people go through on an incident.
"""
FILES = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=PLACE)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


@click.group(cls=Manual, help=HELP)
def command() -> None:
    """Stand at the head of the subcommands."""


@command.command()
@FILES
@JSON
def check(files: tuple[Path, ...], as_json: bool) -> None:
    """Say what is wrong with files, and where; changes nothing. The exit status is 1 when one cannot be taken in."""
    start()
    from tocsin.rooms.playbooks.knowledge import Unusable, understand

    wrong = 0
    for file in files:
        try:
            read = understand(_bytes(file))
        except Unusable as error:
            wrong += 1
            _tell(file, "error", error.problems, as_json=as_json)
        else:
            _tell(file, "remark", read.remarks, as_json=as_json)
            click.echo(f"{file}: {read.name}: {len(read.lines)} lines, {len(read.remarks)} remarks", err=True)
    if wrong:
        raise click.exceptions.Exit(1)


@command.command(name="import")
@FILES
def import_(files: tuple[Path, ...]) -> None:
    """Take files in. The same file again changes nothing; a later one of the same playbook is its next version.

    A file that cannot be taken in is told of with every place and what to do; the others are taken. The exit status is
    then 1.
    """
    migrate()
    from django.core.exceptions import ValidationError

    from tocsin.rooms.playbooks.actions import take_file
    from tocsin.rooms.playbooks.knowledge import Unusable

    wrong = 0
    for file in files:
        try:
            taken = take_file(actor=None, raw=_bytes(file))
        except Unusable as error:
            wrong += 1
            _tell(file, "error", error.problems, as_json=False)
        except ValidationError as error:
            wrong += 1
            click.echo(f"{file}: {' '.join(error.messages)}", err=True)
        else:
            _tell(file, "remark", taken.remarks, as_json=False)
            click.echo(f"{taken.playbook.uuid}  {taken.playbook.name}{'' if taken.new else ' (here already)'}")
    if wrong:
        raise click.exceptions.Exit(1)


@command.command(name="list")
@JSON
def list_(as_json: bool) -> None:
    """Print every playbook: id, version, marking, name."""
    migrate()
    from tocsin.rooms.playbooks.models import Playbook

    for one in Playbook.objects.exclude(current=None).select_related("current").order_by("name", "id"):
        version = one.current.number if one.current else 0
        row = {"id": str(one.uuid), "version": version, "tlp": one.tlp, "active": one.active, "name": one.name}
        shown = f"{one.uuid}  v{version}  TLP:{one.tlp}  {one.name}{'' if one.active else ' (switched off)'}"
        click.echo(json.dumps(row) if as_json else shown)


@command.command()
@click.argument("playbook_id", metavar="ID", type=click.UUID)
@click.option(
    "--as", "login", required=True, metavar="LOGIN", help="Who takes it along: their rights and the gate decide."
)
@click.option("--version", "number", type=click.IntRange(min=1), help="An earlier version; by default the newest.")
@click.option(
    "--output", "-o", type=click.File("wb"), default="-", help="Where to write it; by default the standard output."
)
def export(playbook_id: object, login: str, number: int | None, output: BinaryIO) -> None:
    """Give a playbook out as a CACAO 2.0 file: byte for byte as it came, or as one of our own once it was edited."""
    migrate()
    from django.core.exceptions import PermissionDenied
    from django.http import Http404

    from tocsin.rooms.constituency.queries import person_named
    from tocsin.rooms.playbooks import queries
    from tocsin.rooms.playbooks.actions import export_file

    person = person_named(login)
    if person is None:
        raise click.ClickException(f"there is nobody {login!r}; see `tocsin user --help`")
    playbook = _playbook(playbook_id)
    try:
        version = queries.version_or_404(playbook, str(number or ""))
        output.write(export_file(actor=person, playbook=playbook, version=version))
    except Http404 as error:
        raise click.ClickException(f"there is no version {number} of it") from error
    except PermissionDenied as error:
        raise click.ClickException(str(error)) from error


def _playbook(playbook_id: object) -> Playbook:
    from tocsin.rooms.playbooks.models import Playbook

    found: Playbook | None = (
        Playbook.objects.select_related("current").filter(uuid=str(playbook_id)).exclude(current=None).first()
    )
    if found is None:
        raise click.ClickException(f"there is no playbook {playbook_id}; see `tocsin playbook list`")
    return found


def _bytes(file: Path) -> bytes:
    """Read a file, never many more bytes than a playbook may have."""
    from tocsin.rooms.playbooks.knowledge import LARGEST

    with file.open("rb") as opened:
        return opened.read(LARGEST + 1)


def _tell(file: Path, kind: str, problems: tuple[Problem, ...], *, as_json: bool) -> None:
    for one in problems:
        row = {"file": str(file), "kind": kind, "path": one.path, "text": one.text}
        click.echo(json.dumps(row) if as_json else f"{file}: {kind}: {one}", err=not as_json and kind == "remark")
