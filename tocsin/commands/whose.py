"""`tocsin whose`: who owns an address, a name or a mail address, and why."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from tocsin.pipeline.enrich.ownership import Match, Ownership

HELP = """Tell who owns each VALUE, and why: an address, a prefix, a host or domain name, a mail address or a URL.

The entry that decides comes first, then those that fit less well or at another time. Answers from the database, or
from a chart with --chart. The exit status is 1 when a VALUE belongs to nobody.
"""


@click.command(help=HELP)
@click.argument("values", metavar="VALUE...", nargs=-1, required=True)
@click.option(
    "--chart", "file", metavar="FILE", help="Answer from this chart (eu and the like, or a file) and no database."
)
@click.option(
    "--at", metavar="TIME", help="Who owned it then: 2026-01-31 or 2026-01-31T12:00:00+00:00; now by default."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a value.")
def command(values: tuple[str, ...], file: str | None, at: str | None, as_json: bool) -> None:
    """Explain each value."""
    when = moment(at)
    if not all(value.strip() for value in values):
        raise click.UsageError("an empty VALUE; is a variable not set?")
    ownership = _from_chart(file) if file else _from_database()
    unowned = False
    for value in values:
        matches = ownership.whose(value, when)
        unowned = unowned or not any(match.wins for match in matches)
        click.echo(_as_json(value, when, matches) if as_json else _as_text(value, matches))
    if unowned:
        raise click.exceptions.Exit(1)


def moment(at: str | None) -> datetime:
    """Read a time as people write it; now when none was given."""
    if at is None:
        return datetime.now(UTC)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise click.BadParameter(f"{at!r} is no time; write 2026-01-31 or 2026-01-31T12:00:00+00:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _from_chart(file: str) -> Ownership:
    from tocsin.charts import ChartError, chart_named, load

    try:
        return load(chart_named(file)).ownership()
    except ChartError as error:
        click.echo(str(error), err=True)
        raise click.exceptions.Exit(2) from error


def _from_database() -> Ownership:
    from tocsin.platform.start import migrate

    migrate()
    from tocsin.rooms.constituency.queries import ownership

    return ownership()


def _as_text(value: str, matches: list[Match]) -> str:
    if not matches:
        return f"{value}: nobody"
    winners = sorted({match.asset.organisation for match in matches if match.wins})
    head = f"{value}: {', '.join(winners) or 'nobody'}"
    rows = [f"  {m.asset.organisation:<12} {m.asset.kind:<11} {m.asset.value:<28} {m.why}{_span(m)}" for m in matches]
    return "\n".join([head, *rows])


def _span(match: Match) -> str:
    start, end = match.asset.valid_from, match.asset.valid_to
    if start is None and end is None:
        return ""
    return f" ({_day(start)} to {_day(end)})"


def _day(moment: datetime | None) -> str:
    return "…" if moment is None else f"{moment:%Y-%m-%d}"


def _as_json(value: str, moment: datetime, matches: list[Match]) -> str:
    found: list[dict[str, Any]] = [
        {
            "organisation": match.asset.organisation,
            "kind": match.asset.kind,
            "value": match.asset.value,
            "valid_from": match.asset.valid_from,
            "valid_to": match.asset.valid_to,
            "wins": match.wins,
            "why": match.why,
        }
        for match in matches
    ]
    owners = sorted({match.asset.organisation for match in matches if match.wins})
    answer = {"value": value, "at": moment, "organisations": owners, "matches": found}
    return json.dumps(answer, default=lambda moment: moment.isoformat(), ensure_ascii=False)
