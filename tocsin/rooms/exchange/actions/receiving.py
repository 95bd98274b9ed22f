"""Take a file in, as it is; what is in it is looked at afterwards."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.access import require
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.exchange import knowledge, queries
from tocsin.rooms.exchange.actions.errors import ExchangeError
from tocsin.rooms.exchange.models import Import, Mapping
from tocsin.rooms.exchange.querysets import IMPORT

MOST_BYTES = 256 << 20  # of one upload; the command takes files of any size
MOST_FILES = 50


@dataclass(frozen=True, slots=True)
class Offered:
    """One file that somebody offers: its name, and its content piece by piece."""

    name: str
    chunks: Iterable[bytes]


def receive(
    *,
    actor: Person,
    peer: str,
    files: Sequence[Offered],
    source: str = "",
    base_url: str = "",
    mapping: Mapping | None = None,
    most: int = 0,
    most_files: int = MOST_FILES,
    attended: bool = False,
) -> Import:
    """Keep files of one foreign system for looking at; ``most`` bounds their bytes, ``most_files`` their number.

    0 is no bound. An ``attended`` import is worked on by its caller and left alone by the worker.
    """
    require(actor, IMPORT)
    if peer not in knowledge.peers():
        raise ExchangeError(_("There is no system %s; choose one of the list.") % peer)
    if not files or (most_files and len(files) > most_files):
        raise ExchangeError(_("Choose at least one file, and not more than %d.") % MOST_FILES)
    load = Import(
        peer=peer,
        source=_one_line(source)[:60] or knowledge.peers()[peer].title,
        base_url=base_url.strip()[:250],
        name=", ".join(_one_line(Path(file.name).name) for file in files)[:200],
        created_by=actor,
        attended=attended,
        columns=mapping.columns if mapping is not None else {},
        day_first=mapping.day_first if mapping is not None else True,
    )
    with ExitStack() as undone:
        undone.callback(shutil.rmtree, queries.folder(load), ignore_errors=True)
        load.size = _keep(queries.folder(load), files, most)
        with transaction.atomic():
            load.save()
            audit.record(
                actor, "exchange.receive", load, {"source": load.source, "files": len(files), "bytes": load.size}
            )
        undone.pop_all()
    return load


def _one_line(text: str) -> str:
    return " ".join(text.replace("\0", "").split())


def _keep(folder: Path, files: Sequence[Offered], most: int) -> int:
    folder.mkdir(parents=True, mode=0o700)
    size = 0
    for number, file in enumerate(files):
        with (folder / f"{number:06}").open("xb") as kept:
            for chunk in file.chunks:
                size += len(chunk)
                if most and size > most:
                    raise ExchangeError(
                        _("This is more than %d MB; cut it in parts, or use tocsin import on the server.")
                        % (most >> 20)
                    )
                kept.write(chunk)
            kept.flush()
            os.fsync(kept.fileno())
    return size


def go_on(load: Import, before: Sequence[str], after: str, **values: object) -> bool:
    """Take an import from one of the states ``before`` to ``after``, unless somebody else was first."""
    now = timezone.now()
    moved = Import.objects.filter(pk=load.pk, state__in=before).update(state=after, updated_at=now, **values)
    if moved:
        load.state = after
        for name, value in values.items():
            setattr(load, name, value)
    return bool(moved)
