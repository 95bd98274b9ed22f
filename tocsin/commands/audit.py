"""The audit trail from the command line."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from tocsin.manual import Manual
from tocsin.platform.start import migrate

if TYPE_CHECKING:
    from tocsin.platform.audit import Report

SHOWN = 20


@click.group(cls=Manual)
def command() -> None:
    """Look after the audit trail."""


@command.command()
@click.option(
    "--heads",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A copy of heads.jsonl kept elsewhere; by default the one in TOCSIN_HOME/audit.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A public key kept elsewhere; by default those in TOCSIN_HOME/audit.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(heads: Path | None, keys: tuple[Path, ...], as_json: bool) -> None:
    """Read the whole trail again and tell whether anything was changed, removed, moved or cut off.

    The exit status is 1 when it was. Copies of the heads and keys, kept where the owner of this machine cannot reach
    them, prove it even against that owner.
    """
    migrate()
    from tocsin.platform import audit

    audit.seal()
    report = audit.verify(heads, keys)
    if as_json:
        click.echo(json.dumps({"ok": report.ok, **asdict(report)}))
    else:
        _tell(report)
    if not report.ok:
        raise click.exceptions.Exit(1)


def _tell(report: Report) -> None:
    click.echo(
        f"{report.entries} entries in the chain, {report.erased} of them erased, {report.unsealed} not sealed yet; "
        f"{report.heads} signed heads"
    )
    for problem in report.problems[:SHOWN]:
        click.echo(f"entry {problem.sequence}: {problem.text}" if problem.sequence else problem.text, err=True)
    if len(report.problems) > SHOWN:
        click.echo(f"... and {len(report.problems) - SHOWN} more", err=True)
    click.echo("The trail is whole." if report.ok else "THE TRAIL WAS TAMPERED WITH.", err=not report.ok)
    if report.ok and not report.heads:
        click.echo("No head has been signed yet, so nothing says whether its end was cut off.")
