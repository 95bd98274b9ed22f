"""What all subcommands share: help that reads like a manual, and paths that are looked at later."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


class Place(click.Path):
    """A path as it was given: one that cannot be read is told of when its turn comes, and stops no other."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, readable=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("an empty path; is a variable not set?", param, ctx)
        return super().convert(value, param, ctx)


PLACE = Place()


class Manual(click.Group):
    """Lists its subcommands with the whole first sentence of each."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, each.get_short_help_str(limit=1_000)) for name, each in found if each is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
