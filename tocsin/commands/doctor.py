"""Look at everything and say what is not well."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from tocsin import config

if TYPE_CHECKING:
    from tocsin.platform.doctor import Finding

MARKS = {"well": "[green]well[/]", "warning": "[yellow]warning[/]", "ill": "[red]ill[/]"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list.")
def command(as_json: bool) -> None:
    """Look at what is installed, what is misconfigured and what is not well, and say what to do.

    Nothing is changed. The exit status is 1 when something is ill; warnings leave it 0.
    """
    from tocsin.platform.doctor import State

    found = _examined()
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in found]))
    else:
        _print(found)
    if any(finding.state is State.ILL for finding in found):
        raise click.exceptions.Exit(1)


def _examined() -> list[Finding]:
    from tocsin.platform import doctor
    from tocsin.platform.start import start

    settings = config.load()
    found = list(doctor.examine(settings, doctor.MACHINE))
    if not settings.home.exists() or any(finding.area == "home" and finding.advice for finding in found):
        return found
    try:
        start()
    except config.ConfigError as error:
        return [*found, doctor.ill("settings", str(error), "correct the setting")]
    from tocsin.platform.doctor_house import HOUSE

    return [*found, *doctor.examine(settings, HOUSE)]


def _print(found: Sequence[Finding]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    for finding in found:
        advice = f"\n[dim]-> {escape(finding.advice)}[/]" if finding.advice else ""
        table.add_row(finding.area, MARKS[finding.state], escape(finding.text) + advice)
    Console().print(table)
