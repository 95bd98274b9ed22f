"""`tocsin rules`: look at detection rules in files before they are used."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tocsin import config

if TYPE_CHECKING:
    from tocsin.pipeline.detect.plan import Plan

HELP = """Look at detection rules.

Rules are Sigma rules in YAML files. A rule that cannot be run is refused with its reason; the others run.
"""
PATHS = click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=click.Path(path_type=Path))
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")


@click.group(help=HELP)
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
    if plan.refused or not plan.rules:
        raise click.exceptions.Exit(1)


@command.command(name="list")
@PATHS
@JSON
def list_(paths: tuple[Path, ...], as_json: bool) -> None:
    """Print every rule that runs: id, level, what it looks at, title."""
    plan = plan_of(paths)
    for rule in plan.rules:
        _print(asdict(rule) if as_json else f"{rule.id}  {rule.level:<13}  {rule.source}  {rule.title}")
    if plan.refused:
        click.echo(f"{len(plan.refused)} more are refused; `tocsin rules check` says why.", err=True)


def plan_of(paths: tuple[Path, ...]) -> Plan:
    """Compile the rules at some paths, with the cache of this installation."""
    from tocsin.pipeline.detect.plan import compile_plan

    return compile_plan(paths, cache=config.load().home / "cache")


def _print(line: object) -> None:
    import orjson

    click.echo(line if isinstance(line, str) else orjson.dumps(line))
