"""The command `tocsin`: one file a subcommand in `tocsin/commands/`, found by scanning."""

from __future__ import annotations

import errno
import importlib
import pkgutil
import sys

import click

from tocsin import __version__, commands
from tocsin.config import ConfigError
from tocsin.manual import Manual

HELP = """The operations room of a CERT that serves many organisations.

Everything lives under TOCSIN_HOME (by default ./var); the pages are served at TOCSIN_PORT (8000).
Try `tocsin demo` first: it loads a chart and a simulated attack and serves the pages.
"""


class Scanned(Manual):
    """Offers each module of `tocsin.commands` as a subcommand, importing only the one that is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_modules())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _modules().get(cmd_name)
        if module is None:
            return None
        command: click.Command = importlib.import_module(f"tocsin.commands.{module}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # whoever read has gone; click ends quietly
            where = f"{error.filename}: " if error.filename else ""
            raise click.ClickException(f"{where}{error.strerror or error}") from error
        except _database_errors() as error:
            raise click.ClickException(
                f"The database cannot be used: {error}. `tocsin doctor` looks closer."
            ) from error


def _modules() -> dict[str, str]:
    """Give the module of each subcommand; one whose name is a word of Python ends in an underscore."""
    names = [name for _, name, _ in pkgutil.iter_modules(commands.__path__) if not name.startswith("_")]
    return {name.removesuffix("_"): name for name in names}


def _database_errors() -> tuple[type[Exception], ...]:
    """Give what a database that is locked, full, damaged or gone raises; nothing while Django is not in use."""
    found = sys.modules.get("django.db")
    return (found.OperationalError,) if found else ()


@click.command(cls=Scanned, help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="tocsin")
def main() -> None:
    """Stand at the head of all subcommands."""
