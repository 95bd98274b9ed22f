"""Help that reads like a manual: what a command is for in a whole sentence, not in its first six words."""

from __future__ import annotations

import click


class Manual(click.Group):
    """Lists its subcommands with the whole first sentence of each."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        found = ((name, self.get_command(ctx, name)) for name in self.list_commands(ctx))
        rows = [(name, each.get_short_help_str(limit=1_000)) for name, each in found if each is not None]
        with formatter.section("Commands"):
            formatter.write_dl(rows)
