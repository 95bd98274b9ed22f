"""`tocsin export`: take along everything a person may see, and later what changed since."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person

HELP = """Write everything a person may see into DIR: one file of JSON lines a kind, and manifest.json.

Lines carry ids that never change. Into a folder that holds an earlier export, what changed since is added: read
the files from top to bottom and keep what comes last under its uuid. --all begins again.

The gate is asked for that person; what it withholds is counted in the manifest and stands in the ledger.
"""


def _fields(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from tocsin.platform.start import start

    start()
    from tocsin.rooms.exchange.knowledge.manual import export_page

    click.echo(export_page(), nl=False)
    ctx.exit()


@click.command(help=HELP)
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option("--as", "username", metavar="USERNAME", required=True, help="Whose sight it is.")
@click.option("--kind", "names", multiple=True, help="Only these kinds; may be given several times.")
@click.option(
    "--fields", is_flag=True, is_eager=True, expose_value=False, callback=_fields, help="Print what the lines hold."
)
@click.option("--all", "whole", is_flag=True, help="Begin again, whatever was written before.")
def command(folder: Path, username: str, names: tuple[str, ...], whole: bool) -> None:
    """Write one file a kind."""
    from tocsin.platform.start import migrate

    migrate()
    from django.utils import timezone

    from tocsin.platform import gate
    from tocsin.rooms.exchange import actions, queries

    person = _person(username)
    kinds = [kind for kind in queries.kinds_for(person) if not names or kind.name in names]
    if unknown := set(names) - {kind.name for kind in kinds}:
        raise click.UsageError(f"{username} sees nothing of {', '.join(sorted(unknown))}")
    began, since = timezone.now(), None if whole else _since(folder)
    taking = actions.begin(actor=person, kinds=[kind.name for kind in kinds], since=since)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    counts = {}
    try:
        for kind in kinds:
            with (folder / f"{kind.name}.jsonl").open("ab" if since else "wb") as file:
                before = taking.taken
                for lines in taking.lines(kind, since):
                    file.write(lines)
                counts[kind.name] = taking.taken - before
    finally:
        gate.keep_refusals()
    _keep(folder / "manifest.json", actions.manifest(taking, counts, since, began))
    for name, number in counts.items():
        click.echo(f"{name}: {number:,}")
    if taking.withheld:
        click.echo(f"The gate withheld {taking.withheld:,}; the ledger says why.", err=True)


def _person(username: str) -> Person:
    from tocsin.platform.access import scope_of
    from tocsin.rooms.constituency.queries import person_named

    person = person_named(username)
    if person is None or not scope_of(person).allows("exchange.export"):
        raise click.ClickException(f"there is no {username} who may export; see the roles (exchange.export)")
    return person


def _since(folder: Path) -> datetime | None:
    import orjson

    try:
        known = orjson.loads((folder / "manifest.json").read_bytes())
        return datetime.fromisoformat(known["next"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise click.ClickException(f"{folder / 'manifest.json'} is none of ours; use --all to begin again") from error


def _keep(path: Path, manifest: dict[str, object]) -> None:
    import orjson

    fresh = path.with_suffix(".new")
    fresh.write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z))
    fresh.replace(path)
