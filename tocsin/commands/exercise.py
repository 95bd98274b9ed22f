"""`tocsin exercise`: write a simulated attack amid ordinary traffic, to try the house with."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click
import orjson

from tocsin.manual import Manual

YEARS = range(1971, 9999)


@click.group(cls=Manual)
def command() -> None:
    """Write a simulated attack amid ordinary traffic, to try the house with."""


def moment(_context: click.Context, _parameter: click.Parameter, value: str | None) -> datetime | None:
    """Read a time given on the command line; without a zone it is UTC."""
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is no time; write one such as 2026-11-23T12:00:00Z") from error
    if moment.year not in YEARS:
        raise click.BadParameter(f"{value!r} is too far away; name a year from {YEARS[0]} to {YEARS[-1]}")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@command.command("write")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed gives other people and other noise.")
@click.option("--anchor", callback=moment, help="The time at which the three weeks end, in ISO 8601; by default now.")
@click.option(
    "--scale", type=click.FloatRange(min=0, min_open=True), default=1.0, show_default=True, help="How much traffic."
)
@click.option("--chart", default="eu", show_default=True, help="A chart that comes with the house, or a file.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def write_exercise(
    folder: Path, seed: int, anchor: datetime | None, scale: float, chart: str, *, as_json: bool
) -> None:
    """Write Exercise Carillon into FOLDER: its logs, sources.json and truth.json.

    The same seed, anchor, scale and chart give the same bytes. docs/why/exercise.md tells the story.
    """
    from tocsin.charts import ChartError, chart_named, load
    from tocsin.exercise.chart import parties
    from tocsin.exercise.party import ExerciseError
    from tocsin.exercise.writing import MANIFEST, TRUTH, write

    try:
        written = write(folder, parties(load(chart_named(chart))), seed=seed, anchor=anchor, scale=scale)
    except (ChartError, ExerciseError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(f"{folder} cannot be written to: {error.strerror or error}") from error
    told = {
        "folder": str(folder),
        "sources": len(written.sources),
        "events": written.events,
        "story_events": written.story_events,
    }
    if as_json:
        click.echo(orjson.dumps(told))
        return
    click.echo(
        f"{written.events} events of {len(written.sources)} logs in {folder}, {written.story_events} of the story"
    )
    click.echo(f"The logs are listed in {MANIFEST}; what happens is told in {TRUTH}.")
