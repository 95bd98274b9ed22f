"""Keep a copy of everything."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

from tocsin.platform.start import migrate

WITHOUT_KEYS = """THE KEYS ARE NOT IN IT. Keep TOCSIN_HOME/keys by itself, somewhere safe: without it nothing that was
encrypted can be read again, and the audit trail's heads are signed with a new key."""
WITH_KEYS = (
    """THE KEYS ARE IN IT. Whoever has this file can read and forge everything: keep it as you keep passwords."""
)


@click.command()
@click.argument("target", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--with-keys", is_flag=True, help="Put the keys and the demonstration's passwords into it, too.")
def command(target: Path, with_keys: bool) -> None:
    """Write everything into one file (.tar.gz), while everybody works on.

    It holds the database, the journal, the lake, the evidence (encrypted), kept mail and the audit trail's heads; not
    the keys, unless you ask, and not the settings, which are in the environment. FILE must be new and lie outside
    TOCSIN_HOME.
    """
    migrate()
    from tocsin.platform import backup
    from tocsin.platform.backup_database import BackupError

    columns = (TextColumn("Writing"), BarColumn(), DownloadColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)
        try:
            made = backup.make(
                target, keys=with_keys, progress=lambda done, total: bar.update(task, completed=done, total=total)
            )
        except BackupError as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{made.path}: {made.files} files, {made.size / 1e6:.1f} MB")
    click.echo(WITH_KEYS if with_keys else WITHOUT_KEYS, err=True)
