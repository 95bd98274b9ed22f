"""`tocsin chart`: check an organisation chart, or load it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from tocsin.manual import Manual

if TYPE_CHECKING:
    from tocsin.charts.loading import LoadedChart
    from tocsin.rooms.constituency.actions import Change

GROUP = """Organisation charts: who is served, by which teams, and what is whose.

FILE is a chart of your own, or the name of one that comes with Tocsin, such as `eu`. docs/howto/write-a-chart.md shows
how to write one, docs/reference/chart.md lists everything a chart may say.
"""
CHECK = """Check a chart without touching any database.

Every problem is told at once, as FILE:LINE: what is wrong; the exit status is then 1. Departments and entities without
a security officer are warnings: the chart can be loaded all the same.
"""
LOAD = """Load a chart into the database, or what has changed in it since.

What an earlier chart brought and this one no longer has is ended; what people added by hand stays.
"""


@click.group(cls=Manual, help=GROUP)
def command() -> None:
    """Stand at the head of `check` and `load`."""


@command.command(help=CHECK)
@click.argument("file", metavar="FILE")
def check(file: str) -> None:
    """Tell what is wrong with a chart, or what is in it."""
    loaded = _loaded(file)
    chart = loaded.chart
    missing = chart.missing()
    for item in missing:
        line = loaded.line_of(item.organisation)
        click.echo(
            f"{loaded.path}:{line}: warning: {item.organisation} must have a security officer and has none", err=True
        )
    assets = len(chart.assets())
    click.echo(
        f"{chart.meta.name}, version {chart.meta.version}: {len(chart.organisations)} organisations, "
        f"{len(chart.teams)} teams, {len(chart.people)} people, {assets} prefixes and names; "
        f"{len(missing)} without a security officer"
    )


@command.command(help=LOAD)
@click.argument("file", metavar="FILE")
def load(file: str) -> None:
    """Bring the database to what a chart says."""
    chart = _loaded(file).chart
    from tocsin.platform.start import migrate  # after the chart is known to be good: Django takes a second

    migrate()
    from tocsin.rooms.constituency.actions import load_chart

    changes = load_chart(chart=chart, actor=None)
    for change in changes:
        click.echo(_told(change))
    if not changes:
        click.echo("nothing to change")


def _loaded(file: str) -> LoadedChart:
    from tocsin.charts import ChartError, chart_named, names
    from tocsin.charts.loading import load_with_lines

    try:
        return load_with_lines(chart_named(file))
    except ChartError as error:
        click.echo(str(error), err=True)
        if not chart_named(file).exists():
            click.echo(f"The charts that come with Tocsin are: {', '.join(names())}.", err=True)
        raise click.exceptions.Exit(1) from error


def _told(change: Change) -> str:
    counts = {"created": change.created, "changed": change.changed, "ended": change.gone}
    return f"{change.section}: " + ", ".join(f"{len(keys)} {word}" for word, keys in counts.items() if keys)
