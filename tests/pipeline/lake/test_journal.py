"""The journal gives back what it acknowledged, whatever happens to the process that wrote it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tocsin.pipeline.lake import frames
from tocsin.pipeline.lake.errors import EntryTooLarge, StorageFull
from tocsin.pipeline.lake.journal import LARGEST, Damage, Entry, Journal, Position


def payloads(journal: Journal, start: Position = Position()) -> list[bytes]:
    return [entry.payload for entry in journal.read(start) if isinstance(entry, Entry)]


def segment(folder: Path, number: int = 1) -> Path:
    return folder / f"{number:012}.journal"


def test_an_empty_journal_gives_nothing(tmp_path: Path) -> None:
    assert payloads(Journal(tmp_path / "none")) == []


def test_it_gives_back_what_it_took_in_order(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    given = [b"one", b"", b"two\nlines", os.urandom(100_000)]
    for payload in given:
        journal.append(payload)
    assert payloads(journal) == given
    assert payloads(Journal(tmp_path)) == given


def test_it_goes_on_after_a_place(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"one")
    (entry,) = journal.read()
    journal.append(b"two")
    assert payloads(journal, entry.next) == [b"two"]


def test_another_writer_goes_on_where_the_first_stopped(tmp_path: Path) -> None:
    first, second = Journal(tmp_path), Journal(tmp_path)
    for turn in range(5):
        first.append(b"first %d" % turn)
        second.append(b"second %d" % turn)
    expected = [b"%s %d" % (who, turn) for turn in range(5) for who in (b"first", b"second")]
    assert payloads(first) == expected


@pytest.mark.parametrize("kept", [1, 3, 8, frames.OVERHEAD, frames.OVERHEAD + 4])
def test_a_torn_tail_is_cut_and_written_over(tmp_path: Path, kept: int) -> None:
    journal = Journal(tmp_path)
    journal.append(b"whole")
    size = segment(tmp_path).stat().st_size
    journal.append(b"torn apart")
    os.truncate(segment(tmp_path), size + kept)
    fresh = Journal(tmp_path)
    assert list(map(type, fresh.read())) == [Entry]
    fresh.append(b"next")
    assert payloads(fresh) == [b"whole", b"next"]


def test_a_tail_of_zeros_is_cut(tmp_path: Path) -> None:
    Journal(tmp_path).append(b"whole")
    with segment(tmp_path).open("ab") as file:
        file.write(bytes(4096))
    journal = Journal(tmp_path)
    journal.append(b"next")
    assert payloads(journal) == [b"whole", b"next"]


def test_damage_in_the_middle_is_told_and_loses_no_other_entry(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    for payload in (b"one", b"two", b"three"):
        journal.append(payload)
    content = bytearray(segment(tmp_path).read_bytes())
    content[content.index(b"two")] ^= 1
    segment(tmp_path).write_bytes(content)
    fresh = Journal(tmp_path)
    fresh.append(b"four")
    found = list(fresh.read())
    assert [type(item) for item in found] == [Entry, Damage, Entry, Entry]
    assert payloads(fresh) == [b"one", b"three", b"four"]


def test_a_payload_cannot_pass_for_a_frame(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"before")
    size = segment(tmp_path).stat().st_size
    journal.append(b"x" * 50 + frames.frame(b"forged", b"\0" * frames.SALT) + b"y" * 50)
    os.truncate(segment(tmp_path), segment(tmp_path).stat().st_size - 10)
    fresh = Journal(tmp_path)
    assert payloads(fresh) == [b"before"]
    fresh.append(b"after")
    assert payloads(fresh) == [b"before", b"after"]
    assert segment(tmp_path).stat().st_size < size + 100


def test_it_turns_to_a_new_segment_and_drops_those_that_are_done(tmp_path: Path) -> None:
    journal = Journal(tmp_path, segment_size=150)
    for number in range(10):
        journal.append(b"%d" % number * 60)
    assert len(list(tmp_path.glob("*.journal"))) == 5
    entries = [entry for entry in journal.read() if isinstance(entry, Entry)]
    assert len(entries) == 10
    later = time.time() + 60
    assert journal.drop_before(entries[5].next, older_than=0) == 0
    assert journal.drop_before(entries[5].next, older_than=later) == 2
    assert payloads(journal, entries[5].next) == [b"%d" % number * 60 for number in range(6, 10)]
    assert payloads(journal) == [b"%d" % number * 60 for number in range(4, 10)]


def test_a_place_beyond_the_end_begins_the_segment_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    journal.append(b"one")
    assert payloads(journal, Position(1, 10_000)) == [b"one"]


def test_it_refuses_what_is_too_large(tmp_path: Path) -> None:
    with pytest.raises(EntryTooLarge, match="in parts"):
        Journal(tmp_path).append(bytes(LARGEST + 1))


def test_fifty_writers_share_syncs_and_lose_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    syncs: list[int] = []
    real = os.fsync

    def slow(handle: int) -> None:
        syncs.append(handle)
        time.sleep(0.005)
        real(handle)

    monkeypatch.setattr(os, "fsync", slow)
    journal = Journal(tmp_path)
    with ThreadPoolExecutor(50) as pool:
        list(pool.map(lambda number: journal.append(b"%d" % number), range(500)))
    assert sorted(payloads(journal), key=int) == [b"%d" % number for number in range(500)]
    assert len(syncs) < 150


def test_no_append_waits_longer_than_two_turns_of_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a timer: an entry joins the next turn at once."""
    order: list[str] = []
    inside, go_on = threading.Event(), threading.Event()
    real = os.fsync
    journal = Journal(tmp_path)
    journal.append(b"zero")

    def held(handle: int) -> None:
        order.append("sync")
        inside.set()
        assert go_on.wait(10)
        real(handle)

    monkeypatch.setattr(os, "fsync", held)
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(journal.append, b"one")
        assert inside.wait(10)
        others = [pool.submit(journal.append, b"%d" % number) for number in range(4)]
        time.sleep(0.05)
        go_on.set()
        for future in (first, *others):
            future.result(10)
    monkeypatch.setattr(os, "fsync", real)
    assert order.count("sync") <= 3
    assert len(payloads(journal)) == 6


def test_a_failed_write_is_told_and_leaves_no_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = Journal(tmp_path)
    journal.append(b"one")
    real = os.fsync

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull, match="Free some space"):
        journal.append(b"two")
    monkeypatch.setattr(os, "fsync", real)
    journal.append(b"three")
    assert payloads(journal) == [b"one", b"three"]


WRITER = """
import os, sys
from pathlib import Path
from tocsin.pipeline.lake.journal import Journal
journal = Journal(Path(sys.argv[1]), segment_size=200_000)
number = int(sys.argv[2])
while True:
    journal.append(b"%d:" % number + os.urandom(number % 3000))
    print(number, flush=True)
    number += 1
"""


def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    number = 0
    seeded = random.Random(7)
    for _ in range(5):
        command = [sys.executable, "-c", WRITER, str(tmp_path), str(number)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout
            process.stdout.readline()
            time.sleep(seeded.random() * 0.2)
            process.send_signal(signal.SIGKILL)
            said = process.stdout.read().split()
        acknowledged = int(said[-1]) if said else number
        kept = [int(payload.partition(b":")[0]) for payload in payloads(Journal(tmp_path))]
        assert kept[: acknowledged + 1] == list(range(acknowledged + 1))
        assert len(kept) == len(set(kept)) <= acknowledged + 2
        number = len(kept)
