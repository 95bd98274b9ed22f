"""`tocsin rules`: look at detection rules in files, and take them in."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tocsin import config
from tocsin.manual import PLACE, Manual

if TYPE_CHECKING:
    from tocsin.pipeline.detect.plan import Plan

HELP = """Look at detection rules and take them in.

Rules are Sigma rules in YAML files. A rule that cannot be run is refused with its reason; the others run.
"""
PATHS = click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=PLACE)
TAKEN = (
    "Set {name}: {added} added, {changed} changed, {unchanged} as they were, {removed} removed; {refused} cannot run."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


@click.group(cls=Manual, help=HELP)
def command() -> None:
    """Stand at the head of the subcommands."""


@command.command()
@PATHS
@JSON
def check(paths: tuple[Path, ...], as_json: bool) -> None:
    """Print every rule that would be refused, with file, line and reason; the exit status is then 1."""
    plan = plan_of(paths)
    for refusal in plan.refused:
        _print(asdict(refusal) if as_json else str(refusal))
    click.echo(f"{len(plan.rules)} rules run, {len(plan.refused)} are refused.", err=True)
    if not plan.rules and not plan.refused:
        click.echo("There is no rule file (.yml or .yaml) there.", err=True)
    if plan.refused or not plan.rules:
        raise click.exceptions.Exit(1)


@command.command(name="list")
@click.argument("paths", metavar="[PATH...]", nargs=-1, type=PLACE)
@JSON
def list_(paths: tuple[Path, ...], as_json: bool) -> None:
    """Print every rule that runs: id, level, what it looks at, title.

    Of the files at PATH, or else of this installation: what was imported and is switched on.
    """
    rules, refused = _in_files(paths) if paths else _in_database()
    for rule in rules:
        _print(rule if as_json else "{id}  {level:<13}  {log_source}  {title}".format(**rule))
    if refused:
        click.echo(f"{refused} more are refused; `tocsin rules check` says why.", err=True)


def _in_files(paths: tuple[Path, ...]) -> tuple[list[dict[str, object]], int]:
    plan = plan_of(paths)
    return [asdict(rule) | {"log_source": str(rule.source)} for rule in plan.rules], len(plan.refused)


def _in_database() -> tuple[list[dict[str, object]], int]:
    from tocsin.platform.start import migrate

    migrate()
    from tocsin.rooms.rules import queries

    running = [
        {
            "id": rule.sigma_id,
            "title": rule.title,
            "level": str(rule.get_level_display()),
            "status": rule.status,
            "techniques": rule.techniques,
            "log_source": rule.source,
            "set": rule.rule_set.name,
            "path": rule.path,
            "version": rule.version,
        }
        for rule in queries.listed(state="runs").order_by(*queries.ORDER)
    ]
    return running, queries.listed(state="refused").count()


@command.command(name="import")
@click.argument("folder", metavar="DIR", type=PLACE)
@click.option("--name", default="", help="Name of the set; by default the folder's. The same name again replaces it.")
@JSON
def import_(folder: Path, name: str, as_json: bool) -> None:
    """Take the rules of a folder into the database, where they look at everything that arrives.

    Refused rules are kept with their reason and printed; the exit status is then 1. The others run. Imported
    again, only what has changed changes, and rules that were switched off stay off.
    """
    from rich.console import Console

    from tocsin.platform.start import migrate

    with Console(stderr=True).status(f"Reading {folder} ..."):
        migrate()
        from tocsin.rooms.rules.actions import import_folder
        from tocsin.rooms.rules.actions.errors import RuleError
        from tocsin.rooms.rules.queries import refused_in

        try:
            done = import_folder(actor=None, folder=folder, name=name)
        except RuleError as error:
            raise click.ClickException(str(error)) from error
    for refusal in refused_in(done.name):
        click.echo(f"{folder / refusal.path}:{refusal.line or 1}: {refusal.title}: {refusal.refusal}", err=True)
    _print(asdict(done) if as_json else TAKEN.format(**asdict(done)))
    if done.refused:
        raise click.exceptions.Exit(1)


def plan_of(paths: tuple[Path, ...]) -> Plan:
    """Compile the rules at some paths, with the cache of this installation."""
    from tocsin.pipeline.detect.plan import compile_plan

    return compile_plan(paths, cache=config.load().home / "cache")


def _print(line: object) -> None:
    import orjson

    click.echo(line if isinstance(line, str) else orjson.dumps(line))
