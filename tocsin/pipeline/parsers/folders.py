"""Find the files in folders, and say which folders could not be looked into."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

LINK = "It is a link to a folder; name the folder itself."
EMPTY = "It is a folder with no files in it."


class Found(NamedTuple):
    """One path: a file to read, or, with ``trouble``, what cannot be looked into and why."""

    path: Path
    trouble: str = ""


def files_in(paths: Iterable[Path]) -> Iterator[Found]:
    """Give the files named and, of folders, every file below, in order; links to folders are not followed."""
    for path in paths:
        if os.path.isdir(path):
            yield from _below(path)
        else:
            yield Found(path)


def _below(folder: Path) -> Iterator[Found]:
    troubles: list[OSError] = []
    found: list[Found] = []
    for above, folders, names in os.walk(folder, onerror=troubles.append):
        found += (Found(Path(above, name)) for name in names)
        found += (Found(Path(above, name), LINK) for name in folders if os.path.islink(os.path.join(above, name)))
    found += [Found(Path(os.fsdecode(trouble.filename)), f"{trouble.strerror}.") for trouble in troubles]
    yield from sorted(found) if found else [Found(folder, EMPTY)]
