"""A whole copy that comes after a damaged one."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from tests.rooms.intake.logs import sshd
from tocsin.rooms.intake import actions
from tocsin.rooms.intake.models import Receipt, Source


@pytest.mark.parametrize("damage", ["check sum", "trailer", "more behind it"])
def test_a_whole_copy_settles_a_receipt_that_only_looked_incomplete(
    source: Source, tmp_path: Path, damage: str
) -> None:
    packed = gzip.compress(sshd(0, 200))
    damaged = {"check sum": packed[:-6] + b"wrong!", "trailer": packed[:-3], "more behind it": packed + b"junk"}
    log = tmp_path / "log.gz"
    log.write_bytes(damaged[damage])
    first = actions.take_file(log, source=source)
    assert (first.status, first.records) == ("incomplete", 200)
    log.write_bytes(packed)
    whole = actions.take_file(log, source=source)
    assert (whole.pk, whole.taken_now, whole.status, whole.problem) == (first.pk, 0, "done", "")
    assert Receipt.objects.get().status == "done"
