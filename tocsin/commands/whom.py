"""`tocsin whom`: who would be told about an address, a name or an organisation, and why."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from tocsin.commands.whose import moment
from tocsin.platform import webhooks

if TYPE_CHECKING:
    from tocsin.rooms.notices.queries import Simulated, Told
    from tocsin.rooms.notices.queries.directory import Desk

HELP = """Tell who would be told about each VALUE: an address, a prefix, a name, a mail address, a URL or the code of an
organisation. Says by which route, in which language, and who was passed over and why.

The routes stand in tocsin/rooms/notices/routes.yaml. Nothing is sent. The exit status is 1 when a VALUE belongs to
nobody or somebody cannot be reached.
"""


@click.command(help=HELP)
@click.argument("values", metavar="VALUE...", nargs=-1, required=True)
@click.option("--kind", default="indicators", show_default=True, help="What it is: a kind of routes.yaml.")
@click.option("--severity", type=click.IntRange(0, 5), default=2, show_default=True, help="How bad, S0 to S5.")
@click.option("--at", metavar="TIME", help="When: 2026-01-31 or 2026-01-31T22:00:00+00:00; now by default.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a value and organisation.")
def command(values: tuple[str, ...], kind: str, severity: int, at: str | None, as_json: bool) -> None:
    """Route each value."""
    from tocsin.platform.start import migrate

    migrate()
    from tocsin.rooms.constituency.queries import codes
    from tocsin.rooms.notices.knowledge import routes
    from tocsin.rooms.notices.queries import simulate

    if kind not in routes().kinds:
        raise click.UsageError(f"there is no kind {kind!r}; the kinds are {', '.join(routes().kinds)}")
    complete = True
    for value in values:
        found = simulate(value, kind=kind, severity=severity, at=_when(at), within=codes())
        complete = complete and bool(found) and all(told.desk for each in found for told in each.routed.told)
        if not found and not as_json:
            click.echo(f"{value}: nobody")
        for each in found:
            click.echo(json.dumps(_plain(value, each), default=str) if as_json else _text(value, each))
    if not complete:
        raise click.exceptions.Exit(1)


def _when(at: str | None) -> datetime:
    return moment(at) if at else datetime.now(UTC)


def _text(value: str, found: Simulated) -> str:
    held = f" (holds {found.held_as})" if found.held_as else ""
    head = f"{value}: {found.place.code}{held}, route {found.routed.route!r}"
    return "\n".join([head, *(line for told in found.routed.told for line in _lines(told))])


def _lines(told: Told) -> list[str]:
    if told.desk is None:
        chosen = "nobody can be reached"
    else:
        ways = ", ".join(f"<{way.shown}>" for way in told.ways)
        chosen = f"{told.desk.name} {ways} [{told.language}]"
        chosen += " (not confirmed for 90 days)" if told.stale else ""
    passed = [
        f"      {step.organisation} {step.role}: {step.desk.name + ', ' if step.desk else ''}{step.words}"
        for step in told.steps
        if step.trouble
    ]
    return [f"  {told.role:<8} {chosen}", *passed]


def _plain(value: str, found: Simulated) -> dict[str, object]:
    told = [
        {
            "role": each.role,
            "desk": _desk(each.desk) if each.desk else None,
            "ways": [{"channel": way.channel, "address": way.shown} for way in each.ways],
            "language": each.language,
            "stale": each.stale,
            "steps": [{"organisation": s.organisation, "role": s.role, "trouble": s.trouble} for s in each.steps],
        }
        for each in found.routed.told
    ]
    return {"value": value, "organisation": found.place.code, "route": found.routed.route, "told": told}


def _desk(desk: Desk) -> dict[str, object]:
    return asdict(desk) | {"webhook": webhooks.shown(desk.webhook)}
