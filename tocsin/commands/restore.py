"""Put a copy of everything back."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

import click

from tocsin import config
from tocsin.platform.start import HOMES, migrate, start


@click.command()
@click.argument("source", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def command(source: Path) -> None:
    """Put a backup back into an empty TOCSIN_HOME (and an empty database, with DATABASE_URL).

    Nothing is ever overwritten. Keys that were kept by themselves go into TOCSIN_HOME/keys before or afterwards. An
    older backup is brought to this version, and the audit trail is verified.
    """
    home = config.load().home
    there = home.exists()
    os.environ.setdefault("TOCSIN_SECRET_KEY", secrets.token_urlsafe())  # none is made where keys may be put back
    start()
    from tocsin.platform import restore
    from tocsin.platform.backup_database import BackupError

    try:
        manifest = restore.restore(source)
    except BackupError as error:
        _as_before(home, there=there)
        raise click.ClickException(str(error)) from error
    migrate()
    from tocsin.platform import audit

    audit.seal()
    report = audit.verify()
    click.echo(f"Restored what Tocsin {manifest.tocsin} kept on {manifest.made_at}, into {config.load().home}.")
    click.echo(f"The audit trail holds {report.entries} entries and is {'whole' if report.ok else 'NOT WHOLE'}.")
    if not manifest.keys:
        click.echo(
            "It holds no keys: put them into TOCSIN_HOME/keys, or evidence stays closed and everybody signs in anew.",
            err=True,
        )
    if not report.ok:
        raise click.ClickException("run `tocsin audit verify` to see what was changed")


def _as_before(home: Path, *, there: bool) -> None:
    """Remove the empty folders that starting has made."""
    for folder in (*(home / name for name in HOMES), *(() if there else (home,))):
        with suppress(OSError):  # not empty: it is somebody's
            folder.rmdir()
