"""Files come in encrypted, whole or not at all, and what nobody knows is swept away."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tocsin.platform import house_key, strongroom
from tocsin.platform.stream_cipher import CHUNK, Damaged
from tocsin.platform.strongroom import Incoming, Kept, NoRoom, TooLarge

CONTENT = b"what the attacker left behind " * 100_000


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    return tmp_path


def took(content: bytes = CONTENT) -> Kept:
    incoming = Incoming()
    for start in range(0, len(content), 100_003):
        incoming.write(content[start : start + 100_003])
    return incoming.keep()


def files(home: Path) -> list[Path]:
    return [path for path in (home / house_key.FOLDER).rglob("*") if path.is_file() and path.name != house_key.MARK]


def test_it_is_encrypted_on_the_disk_and_hashed_on_the_way(home: Path) -> None:
    kept = took()
    assert (kept.size, kept.digest) == (len(CONTENT), hashlib.sha256(CONTENT).hexdigest())
    assert kept.head == CONTENT[:4096]
    [path] = files(home)
    assert b"attacker" not in path.read_bytes()
    assert path.stat().st_mode & 0o077 == 0
    with strongroom.opened(kept.uuid, kept.key, kept.size) as content:
        assert b"".join(content.chunks()) == CONTENT


def test_the_same_content_twice_looks_different(home: Path) -> None:
    one, other = took(), took()
    assert one.digest == other.digest
    first, second = (path.read_bytes() for path in files(home))
    assert first[100:200] != second[100:200]


def test_what_is_on_its_way_has_no_name_yet_and_leaves_nothing(home: Path) -> None:
    incoming = Incoming()
    incoming.write(CONTENT)
    [path] = files(home)
    assert path.name.startswith(".")  # left out of a backup
    assert b"attacker" not in path.read_bytes()
    incoming.discard()
    assert files(home) == []


def test_a_file_that_was_cut_off_is_not_opened(home: Path) -> None:
    kept = took()
    [path] = files(home)
    os.truncate(path, path.stat().st_size - CHUNK)
    with pytest.raises(Damaged):
        strongroom.opened(kept.uuid, kept.key, kept.size)
    path.unlink()
    with pytest.raises(Damaged, match="No such file"):
        strongroom.opened(kept.uuid, kept.key, kept.size)


def test_one_file_in_the_place_of_another_is_not_opened(home: Path) -> None:
    one, other = took(), took()
    paths = {path.name: path for path in files(home)}
    shutil.copy(paths[str(one.uuid)], paths[str(other.uuid)])
    with pytest.raises(Damaged):
        strongroom.opened(other.uuid, other.key, other.size)
    with pytest.raises(Damaged):
        strongroom.opened(other.uuid, one.key, one.size)


def test_a_full_disk_is_said_and_leaves_nothing(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_given: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    incoming = Incoming()
    incoming.write(b"x")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(NoRoom, match="No space left"):
        incoming.keep()
    incoming.discard()
    assert files(home) == []


def test_what_is_too_large_is_refused_before_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_UPLOAD_LIMIT", "2")
    strongroom.expect(2 << 20)
    with pytest.raises(TooLarge) as refused:
        strongroom.expect(4 << 20)
    assert refused.value.limit == 2 << 20
    monkeypatch.setenv("TOCSIN_UPLOAD_LIMIT", str(1 << 30))
    with pytest.raises(NoRoom):
        strongroom.expect(1 << 49)


def test_the_sweep_removes_what_nobody_wants_and_is_old(home: Path) -> None:
    wanted, orphan, fresh = took(), took(), took()
    draft = Incoming()
    draft.write(b"x")
    known = {path.name: path for path in files(home)}
    for name in (str(wanted.uuid), str(orphan.uuid), f".incoming-{draft.uuid}"):
        os.utime(known[name], (1, 1))
    stranger = home / house_key.FOLDER / "ab" / "notes.txt"
    stranger.parent.mkdir(exist_ok=True)
    stranger.write_text("not ours")
    os.utime(stranger, (1, 1))
    assert strongroom.sweep(lambda uuids: [uuid for uuid in uuids if uuid == wanted.uuid], older_than=3600) == 2
    assert {path.name for path in files(home)} == {str(wanted.uuid), str(fresh.uuid), "notes.txt"}
    assert strongroom.sweep(lambda uuids: uuids, older_than=0) == 0
    draft.discard()


def test_removing_what_is_gone_is_no_matter() -> None:
    strongroom.remove(uuid4())
    assert strongroom.sweep(lambda uuids: uuids, older_than=0) == 0
