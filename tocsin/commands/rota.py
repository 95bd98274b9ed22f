"""`tocsin rota`: who is on call."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from tocsin.commands.whose import moment
from tocsin.manual import Manual
from tocsin.platform.start import migrate

if TYPE_CHECKING:
    from tocsin.rooms.rota.models import Shift


@click.group(cls=Manual)
def command() -> None:
    """Say who is on call."""


@command.command()
@click.argument("team", metavar="TEAM")
@click.option("--at", metavar="TIME", help="When: 2026-01-31 or 2026-01-31T22:00:00+00:00; now by default.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a person.")
def who(team: str, at: str | None, as_json: bool) -> None:
    """Say who is on call in TEAM (its code), the first line first, one line each.

    For the past it tells who was on call, whatever was changed since; for the future who is on turn. The exit status
    is 1 when nobody is.
    """
    migrate()
    from tocsin.rooms.constituency.models import Team
    from tocsin.rooms.rota.queries import on_call_of

    known = Team.objects.filter(code=team).first()
    if known is None:
        codes = ", ".join(Team.objects.order_by("code").values_list("code", flat=True))
        raise click.UsageError(f"there is no team {team!r}; the teams are {codes or 'none'}")
    found = on_call_of(known, moment(at) if at else datetime.now(UTC))
    for shift in found:
        click.echo(json.dumps(_plain(shift)) if as_json else _text(shift))
    if not found:
        click.echo("nobody is on call", err=True)
        raise click.exceptions.Exit(1)


def _text(shift: Shift) -> str:
    line = shift.get_line_display()
    person = shift.person
    return f"{line:<12} {person} ({person.username}) {person.phone or '-'} until {shift.ends_at:%Y-%m-%d %H:%M}Z"


def _plain(shift: Shift) -> dict[str, object]:
    return {
        "team": shift.team.code,
        "line": shift.line,
        "username": shift.person.username,
        "name": str(shift.person),
        "phone": shift.person.phone,
        "from": shift.starts_at.isoformat(),
        "until": shift.ends_at.isoformat(),
        "stands_in": shift.stands_in,
    }
