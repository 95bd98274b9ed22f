"""Large files take turns: on a slow line one holds a thread of the web process, and pages need some as well."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tocsin.platform.supervisor import WEB_THREADS

LARGE = 16 << 20  # bytes; what takes a while on a slow line
PATIENCE = 120.0  # seconds
BLOCK = 1 << 20
_turns = threading.BoundedSemaphore(WEB_THREADS // 2)
_refusing = threading.BoundedSemaphore(1)


@contextmanager
def turn(length: int) -> Iterator[None]:
    """Hold one of the turns while a file of ``length`` bytes is on its way; raise ValidationError when none is left."""
    if length < LARGE:
        yield
        return
    if not _turns.acquire(blocking=False):
        raise ValidationError(_("Other large files are on their way just now; try yours again in a few minutes."))
    try:
        yield
    finally:
        _turns.release()


def let_pass(read: Callable[[int], bytes]) -> None:
    """Read what is refused to its end, and drop it: a browser that is answered before it has sent all shows nothing.

    One at a time, and not for ever; who comes beyond that finds the answer on the next page they open.
    """
    if not _refusing.acquire(blocking=False):
        return
    until = time.monotonic() + PATIENCE
    try:
        while time.monotonic() < until and read(BLOCK):
            pass
    finally:
        _refusing.release()
