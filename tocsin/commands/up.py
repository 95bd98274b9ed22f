"""Run Tocsin on this machine: web pages and background work under one supervisor."""

from __future__ import annotations

import os
import sys

import click

from tocsin import config
from tocsin.platform import supervisor
from tocsin.platform.start import migrate


@click.command()
@click.option(
    "--only",
    type=click.Choice(list(supervisor.PROCESSES)),
    multiple=True,
    help="Run this part alone; larger installations run several of each.",
)
def command(only: tuple[str, ...]) -> None:
    """Serve the pages and do the background work until Ctrl-C or SIGTERM.

    Brings the database to this version first. A part that dies is started again. The address is TOCSIN_LISTEN and
    TOCSIN_PORT, by default 127.0.0.1:8000.
    """
    settings = config.load()
    chosen = only or tuple(supervisor.PROCESSES)
    if "web" in chosen:
        supervisor.check_port(settings)
    migrate()
    _furnish()
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", "tocsin.platform.supervisor", *chosen])  # noqa: S606  # frees the memory of all that was loaded


def _furnish() -> None:
    """Bring starter rules and playbooks to a house that has none, and say how to let the first person in."""
    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.playbooks.actions import ensure_starter as ensure_playbooks
    from tocsin.rooms.rules.actions import ensure_starter

    ensure_starter()
    ensure_playbooks()
    if not Person.objects.filter(is_active=True).exists():
        click.echo("Nobody can sign in yet: load a chart (tocsin chart load) and add a person (tocsin user add).")
