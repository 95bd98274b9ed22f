"""One act on many things at once: what was shown before is what is done, and for a day it can be taken back.

A room gives the rows, the rules and the words; here is what is the same for all: the record of such a change, the
ticket that ties an act to its preview, and who may take it back until when.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import accumulate, pairwise
from typing import Any, TypeVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _

from tocsin.platform import opaque
from tocsin.platform.identity import Identified

MOST = 10_000
AT_ONCE = 500  # rows named in one statement
UNDO_WITHIN = timedelta(hours=24)

T = TypeVar("T")


class BulkRecord(Identified):
    """Base of a room's record of one act on many things, and how they were before."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    text = models.TextField(blank=True)
    count = models.PositiveIntegerField()
    before = models.JSONField()
    done_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    restored = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True

    @property
    def until(self) -> datetime:
        """Give until when it can be taken back."""
        return self.done_at + UNDO_WITHIN


R = TypeVar("R", bound=BulkRecord)


def chunks(things: Sequence[T], size: int = AT_ONCE) -> Iterator[Sequence[T]]:
    """Cut into pieces that one statement may name."""
    return (things[start : start + size] for start in range(0, len(things), size))


def held_for_undo(made: models.Manager[R], change: R, actor: Any, refused: type[Exception]) -> R:
    """Hold a change, one of ``made``, that the actor may take back now; else raise ``refused`` with a sentence."""
    current: R = made.select_for_update().get(pk=change.pk)
    if current.person_id != actor.pk:
        raise refused(_("Only who did it takes it back."))
    if current.undone_at is not None:
        raise refused(_("This was taken back already."))
    if timezone.now() > current.until:
        raise refused(_("This is too long ago; change them one by one."))
    return current


def settle_undo(current: BulkRecord, change: BulkRecord, restored: int) -> int:
    """Note that a held change was taken back, for so many things."""
    current.undone_at, current.restored = timezone.now(), restored
    current.save(update_fields=["undone_at", "restored"])
    change.refresh_from_db()
    return restored


def said(text: str, address: str) -> str:
    """Say what was done, with the link that takes it back (key u)."""
    return format_html('{} <a href="{}" data-key="u">{}</a>', text, address, _("Take it back"))


def ticket(shown: Any, *act: Any) -> str:
    """Tie what a preview has ``shown`` to the act it was for, as text for a form that nobody reads or forges."""
    return opaque.shut(json.dumps([shown, *act]))


def shown_by(given: str, *act: Any) -> Any:
    """Give what a ticket says was shown; None when it is not one of ours, or was for another act."""
    try:
        shown, *what = json.loads(opaque.opened(given) or "[null]")
    except ValueError:
        return None
    return shown if what == list(act) else None


def packed(ids: Iterable[int]) -> str:
    """Write inner ids down short: sorted, as steps from one to the next (10,000 make some 15 kB)."""
    steps = [later - earlier for earlier, later in pairwise([0, *sorted(ids)])]
    return base64.b64encode(zlib.compress(json.dumps(steps, separators=(",", ":")).encode(), 9)).decode()


def unpacked(text: str) -> list[int]:
    """Give the ids that were packed."""
    return list(accumulate(json.loads(zlib.decompress(base64.b64decode(text)))))
