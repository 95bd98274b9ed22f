"""`tocsin ingest`: take log files in, each content once."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from tocsin.manual import PLACE
from tocsin.pipeline.parsers.folders import Found, files_in

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress

    from tocsin.rooms.alerts.actions import Ingest
    from tocsin.rooms.intake.models import Receipt

HELP = """Take log files in: parse them, say whose each event is, detect, and group what is found into alerts.

PATH is a file, plain or gzip, or a folder of them. The format is told from the content unless --format names it.
Each content is taken once: offered again it gives nothing new, a file that has grown is taken from where it
ended, and work that was killed goes on where it stopped. Every record is accounted for on a receipt:
records = events + rejected + duplicates.

The exit status is 1 when something was not taken; standard error says what and why. Everything else carries on.
"""
COUNTS = ("records", "events", "rejected", "duplicates", "hits", "alerts")
STATES = {"done": "taken", "open": "being taken", "incomplete": "incomplete"}
SHOWN = 3
LONGEST_NAME = 80


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file: its receipt, or the reason why there is none that is complete."""

    path: Path
    receipt: Receipt | None = None
    error: str = ""

    @property
    def name(self) -> str:
        """Give the path as text that can be printed, also when its name is not UTF-8."""
        return os.fsencode(self.path).decode("utf-8", "backslashreplace")

    @property
    def complete(self) -> bool:
        """Tell whether all of it is taken now, as events."""
        if self.receipt is None or self.error:
            return False
        return self.receipt.status == "done" and not (self.receipt.taken_now and self.receipt.rejected)


@click.command(help=HELP)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=PLACE)
@click.option(
    "--source",
    "name",
    default="files",
    show_default=True,
    callback=lambda _context, _parameter, name: _source_name(name),
    help="The source they are of; made when new.",
)
@click.option("--format", "format_name", metavar="FORMAT", help="Their format, instead of looking at the content.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a file.")
def command(paths: tuple[Path, ...], name: str, format_name: str | None, as_json: bool) -> None:
    """Take each file; a bad one does not stop the others."""
    from rich.console import Console

    console = Console(stderr=True)
    with _failing_clearly():
        ingest = _ready(console, format_name)
        complete = True
        outcomes = []
        with _progress(console) as progress:
            for outcome in _outcomes(paths, ingest, name, format_name, progress):
                _complain(outcome)
                complete = complete and outcome.complete
                if as_json:
                    click.echo(orjson.dumps(_plain(outcome)))
                else:
                    outcomes.append(outcome)
    if not as_json:
        _print_table(outcomes, name)
    if not complete:
        raise click.exceptions.Exit(1)


def _source_name(name: str) -> str:
    if not name.strip() or len(name) > LONGEST_NAME:
        raise click.BadParameter(f"give a name of 1 to {LONGEST_NAME} characters")
    return name.strip()


def _ready(console: Console, format_name: str | None) -> Ingest:
    from tocsin.pipeline.parsers.errors import UnknownFormat
    from tocsin.pipeline.parsers.registry import choose
    from tocsin.platform.start import migrate

    try:
        choose(b"", format_name or "syslog")
    except UnknownFormat as error:
        raise click.UsageError(str(error)) from error
    with console.status("Opening the database and the rules ..."):
        migrate()
        from tocsin.rooms.alerts.actions import Ingest
        from tocsin.rooms.rules.actions import ensure_starter

        ensure_starter()
        ingest = Ingest.ready()
    if not ingest.engine.plan.rules:
        click.echo("No rules are enabled, so nothing is detected. `tocsin rules import DIR` brings some.", err=True)
    return ingest


def _outcomes(
    paths: Iterable[Path], ingest: Ingest, source: str, format_name: str | None, progress: Progress
) -> Iterator[Outcome]:
    task = progress.add_task("", total=None)

    def advance(done: int, size: int) -> None:
        progress.update(task, completed=done, total=size)

    for found in files_in(paths):
        progress.update(task, description=Outcome(found.path).name, completed=0, total=None)
        yield _take(found, ingest, source, format_name, advance)


def _take(found: Found, ingest: Ingest, source: str, format_name: str | None, advance: Any) -> Outcome:
    from tocsin.pipeline.lake.errors import LakeError
    from tocsin.pipeline.parsers.errors import ParserError
    from tocsin.rooms.intake.queries import open_receipt_of

    path = found.path
    if found.trouble:
        return Outcome(path, error=found.trouble)
    try:
        receipt = ingest.file(path, source=source, format=format_name, progress=advance)
    except (ParserError, LakeError) as error:
        return Outcome(path, open_receipt_of(source, path), str(error))
    return Outcome(path, receipt, receipt.problem)


def _complain(outcome: Outcome) -> None:
    from tocsin.rooms.intake.queries import rejected

    if outcome.error:
        how_far = "taken in part" if outcome.receipt and outcome.receipt.records else "not taken"
        click.echo(f"{outcome.name}: {how_far}: {outcome.error}", err=True)
    receipt = outcome.receipt
    if receipt is None or not receipt.rejected or not receipt.taken_now:
        return
    for each in rejected(receipt)[:SHOWN]:
        click.echo(f"{outcome.name}: record {each.record} at byte {each.offset} rejected: {each.reason}", err=True)
    if receipt.rejected > SHOWN:
        click.echo(f"{outcome.name}: and {receipt.rejected - SHOWN} more; the receipt lists them all.", err=True)


def _plain(outcome: Outcome) -> dict[str, Any]:
    receipt = outcome.receipt
    said: dict[str, Any] = {"path": outcome.name, "error": outcome.error or None}
    if receipt is not None:
        said |= {"receipt": receipt.uuid, "source": receipt.source.name, "format": receipt.format}
        said |= {"status": receipt.status, "new": receipt.taken_now}
        said |= {count: getattr(receipt, count) for count in COUNTS}
    return said


def _print_table(outcomes: Iterable[Outcome], source: str) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("file", title=Text(f"Receipts of source {source}"), title_justify="left")
    for name in ("new", *COUNTS):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("state", "receipt"):
        table.add_column(name, no_wrap=True)
    for outcome in outcomes:
        receipt = outcome.receipt
        if receipt is None:
            table.add_row(Text(outcome.name), "-", *("-" for _ in COUNTS), "not taken", "-")
            continue
        counts = (f"{getattr(receipt, name):,}" for name in COUNTS)
        table.add_row(Text(outcome.name), f"{receipt.taken_now:,}", *counts, STATES[receipt.status], str(receipt.uuid))
    console = Console()
    console = console if console.is_terminal else Console(width=180)
    console.print(table)


@contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn()
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress:
        yield progress


@contextmanager
def _failing_clearly() -> Iterator[None]:
    """Turn what concerns all files at once into one clear message."""
    from django.db import DatabaseError

    from tocsin.config import ConfigError

    try:
        yield
    except ConfigError as error:
        raise click.ClickException(str(error)) from error
    except DatabaseError as error:
        raise click.ClickException(f"The database cannot be used: {error}. `tocsin doctor` looks closer.") from error
