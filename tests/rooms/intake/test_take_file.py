"""A file is taken once, from where it was left, whatever happens in between."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from django.db.models import Sum

from tests.rooms.intake.logs import sshd
from tocsin.pipeline.engines.chunk import Chunk
from tocsin.pipeline.enrich.ownership import Ownership
from tocsin.pipeline.lake.errors import LakeError, StorageFull, TakenMeanwhile
from tocsin.pipeline.parsers.errors import ContentError, EmptyContent, NotAFile, UnknownFormat, Vanished
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.intake import actions, queries
from tocsin.rooms.intake.actions.ledger import DatabaseLedger
from tocsin.rooms.intake.models import LakeFile, LakeSpan, Receipt, RejectedRecord, Source


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def total() -> int:
    return Receipt.objects.aggregate(total=Sum("records"))["total"] or 0


def small_chunks(monkeypatch: pytest.MonkeyPatch, records: int = 10) -> None:
    from tocsin.pipeline.engines import local

    real = local.process
    monkeypatch.setattr(
        "tocsin.rooms.intake.actions.files.process", lambda *args, **named: real(*args, **named, records=records)
    )


def test_every_record_is_accounted_for(source: Source, tmp_path: Path) -> None:
    broken = b"<38>1 2026-11-01T00:00:00Z gate sshd 1 - - ok\n" * 3 + b"x" * 2_000_000 + b"\n"
    receipt = actions.take_file(put(tmp_path / "log", broken + sshd(0, 5)), source=source)
    receipt.refresh_from_db()
    assert (receipt.records, receipt.events, receipt.rejected, receipt.duplicates) == (9, 8, 1, 0)
    assert (receipt.status, receipt.offset, receipt.format) == ("done", receipt.size, "syslog")
    (rejected,) = RejectedRecord.objects.all()
    assert (rejected.record, rejected.offset) == (4, broken.index(b"x"))
    assert "line of 2,000,000 bytes" in rejected.reason


def test_the_same_content_gives_nothing_new(source: Source, tmp_path: Path) -> None:
    first = actions.take_file(put(tmp_path / "log", sshd(0, 50)), source=source)
    again = actions.take_file(tmp_path / "log", source=source)
    copy = actions.take_file(put(tmp_path / "copy.gz", gzip.compress(sshd(0, 50))), source=source)
    assert first.taken_now == 50
    assert (again.pk, again.taken_now, copy.pk, copy.taken_now) == (first.pk, 0, first.pk, 0)
    assert total() == 50


def test_another_source_has_its_own_account(source: Source, tmp_path: Path) -> None:
    other = actions.source_named("other")
    for each in (source, other):
        actions.take_file(put(tmp_path / "log", sshd(0, 50)), source=each)
    assert total() == 100


def test_a_file_that_has_grown_goes_on_where_it_ended(source: Source, tmp_path: Path) -> None:
    first = actions.take_file(put(tmp_path / "log", sshd(0, 3)), source=source)
    second = actions.take_file(put(tmp_path / "log", sshd(0, 5)), source=source)
    third = actions.take_file(put(tmp_path / "log", sshd(0, 9)), source=source)
    assert [receipt.taken_now for receipt in (first, second, third)] == [3, 2, 4]
    assert (second.continues, third.continues) == (first, second)
    assert total() == 9
    older = actions.take_file(put(tmp_path / "log", sshd(0, 5)), source=source)
    assert (older.pk, older.taken_now) == (second.pk, 0)


def test_a_rotated_file_goes_on_under_its_new_name_when_it_is_long_enough_to_be_known(
    source: Source, tmp_path: Path
) -> None:
    actions.take_file(put(tmp_path / "log", sshd(0, 100)), source=source)
    rotated = actions.take_file(put(tmp_path / "log.1", sshd(0, 120)), source=source)
    assert rotated.taken_now == 20
    short = actions.take_file(put(tmp_path / "a", sshd(500, 1)), source=source)
    other = actions.take_file(put(tmp_path / "b", sshd(500, 2)), source=source)
    assert (short.taken_now, other.taken_now) == (1, 2)


def test_a_line_that_was_half_written_is_read_again_whole(source: Source, tmp_path: Path) -> None:
    whole = sshd(0, 3)
    first = actions.take_file(put(tmp_path / "log", whole[:-30]), source=source)
    second = actions.take_file(put(tmp_path / "log", whole), source=source)
    assert (first.taken_now, second.taken_now) == (3, 1)
    last = queries._event(second.uuid, 1)
    assert last is not None
    assert last.raw == whole.splitlines()[-1]


def test_a_last_line_without_its_end_is_a_line(source: Source, tmp_path: Path) -> None:
    actions.take_file(put(tmp_path / "log", sshd(0, 3)[:-1]), source=source)
    second = actions.take_file(put(tmp_path / "log", sshd(0, 4)), source=source)
    assert (second.taken_now, total()) == (1, 4)


def test_a_torn_gzip_is_taken_as_far_as_it_goes_and_the_whole_one_goes_on(source: Source, tmp_path: Path) -> None:
    packed = gzip.compress(sshd(0, 20_000))
    torn = actions.take_file(put(tmp_path / "log.gz", packed[: len(packed) // 2]), source=source)
    assert (torn.status, "ends early" in torn.problem) == ("incomplete", True)
    assert 0 < torn.records < 20_000
    again = actions.take_file(tmp_path / "log.gz", source=source)
    assert (again.pk, again.taken_now, again.status) == (torn.pk, 0, "incomplete")
    whole = actions.take_file(put(tmp_path / "log.gz", packed), source=source)
    assert whole.status == "done"
    cut = 1 if torn.size in _cuts(torn.size) else 0
    assert total() == 20_000 + cut


def _cuts(size: int) -> set[int]:
    content = sshd(0, 20_000)
    return set() if content[size - 1 : size] == b"\n" or content[size : size + 1] == b"\n" else {size}


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize("moment", ["before_files", "before_commit", "after_commit"])
def test_work_that_stopped_goes_on_with_nothing_lost_or_doubled(
    moment: str, source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_chunks(monkeypatch)
    path = put(tmp_path / "log", sshd(0, 95))
    real = DatabaseLedger.commit
    turns = iter(range(100))

    def commit(self: DatabaseLedger, work: object, files: object) -> None:
        turn = next(turns)
        if turn == 4 and moment == "before_commit":
            raise Killed
        real(self, work, files)  # type: ignore[arg-type]
        if turn == 4 and moment == "after_commit":
            raise Killed

    if moment == "before_files":
        writes = iter([None] * 4)
        lake = queries.lake()
        real_write = lake.write

        def write(*given: object) -> object:
            try:
                next(writes)
            except StopIteration:
                raise Killed from None
            return real_write(*given)  # type: ignore[arg-type]

        monkeypatch.setattr(lake, "write", write)
    else:
        monkeypatch.setattr(DatabaseLedger, "commit", commit)
    with pytest.raises(Killed):
        actions.take_file(path, source=source)
    assert total() == (50 if moment == "after_commit" else 40)
    monkeypatch.setattr(DatabaseLedger, "commit", real)
    if moment == "before_files":
        monkeypatch.setattr(lake, "write", real_write)
    receipt = actions.take_file(path, source=source)
    assert (receipt.records, receipt.events, receipt.status) == (95, 95, "done")
    for number, line in enumerate(sshd(0, 95).splitlines(), 1):
        found = queries._event(receipt.uuid, number)
        assert found is not None
        assert found.raw == line


def test_a_file_that_grew_before_the_first_part_was_done_is_taken_once(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_chunks(monkeypatch)
    path = put(tmp_path / "log", sshd(0, 55))

    def stop(done: int, size: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        actions.take_file(path, source=source, progress=stop)
    assert total() == 10
    actions.take_file(put(path, sshd(0, 77)), source=source)
    assert total() == 77
    assert sorted(Receipt.objects.values_list("records", flat=True)) == [22, 55]


def test_a_format_that_cannot_be_resumed_is_read_again_and_counted_once(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    from tocsin.pipeline.parsers.registry import choose

    def whole(head: bytes, name: str | None = None) -> object:
        return replace(choose(head, name), appendable=False)

    small_chunks(monkeypatch)
    monkeypatch.setattr("tocsin.rooms.intake.actions.files.choose", whole)
    path = put(tmp_path / "log", sshd(0, 35))

    def stop(done: int, size: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        actions.take_file(path, source=source, progress=stop)
    receipt = actions.take_file(path, source=source)
    assert (receipt.records, receipt.taken_now, total()) == (35, 25, 35)


def test_two_at_once_take_each_record_once(source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small_chunks(monkeypatch)
    path = put(tmp_path / "log", sshd(0, 95))
    inner: list[Receipt] = []

    def meddle(done: int, size: int) -> None:
        if not inner:
            inner.append(Receipt())
            inner[0] = actions.take_file(path, source=source)

    receipt = actions.take_file(path, source=source, progress=meddle)
    receipt.refresh_from_db()
    assert (receipt.taken_now, inner[0].taken_now, receipt.records) == (10, 85, 95)
    listed = set(LakeFile.objects.values_list("path", flat=True))
    assert queries.lake().sweep(listed, spare=-1) == []


def test_hits_are_handed_over_in_the_same_transaction(source: Source, tmp_path: Path) -> None:
    seen: list[int] = []

    def record_hits(receipt: Receipt, chunk: Chunk) -> tuple[int, int]:
        seen.append(receipt.pk)
        return 3, 2

    receipt = actions.take_file(put(tmp_path / "log", sshd(0, 5)), source=source, record_hits=record_hits)
    receipt.refresh_from_db()
    assert (seen, receipt.hits, receipt.alerts) == ([receipt.pk], 3, 2)

    def fail(receipt: Receipt, chunk: Chunk) -> tuple[int, int]:
        raise TakenMeanwhile("no")

    other = put(tmp_path / "other", sshd(900, 5))
    failing = DatabaseLedger(fail)
    with pytest.raises(TakenMeanwhile):
        _once(other, source, failing)
    assert Receipt.objects.get(name=str(other)).records == 0
    assert LakeFile.objects.count() == 1


def _once(path: Path, source: Source, ledger: DatabaseLedger) -> None:
    from tocsin.pipeline.lake.survey import survey
    from tocsin.rooms.intake.actions import files

    known = survey(path)
    receipt, _ = files._receipt(known, source, [], None)
    files._pass(receipt, known, files.tools_for(source, None, None), ledger, None)


def test_an_event_is_seen_by_those_it_concerns_and_nobody_else(
    source: Source,
    tmp_path: Path,
    ownership: Ownership,
    officer_a: Person,
    officer_b: Person,
    analyst: Person,
    outsider: Person,
) -> None:
    content = sshd(0, 2) + sshd(2, 1, address="203.0.113.5")
    receipt = actions.take_file(put(tmp_path / "log", content), source=source, ownership=ownership)
    seen = {
        person.username: [queries.event(person, receipt.uuid, number) is not None for number in (1, 2, 3, 4)]
        for person in (officer_a, officer_b, analyst, outsider)
    }
    assert seen == {
        "officer_a": [True, True, False, False],
        "officer_b": [False] * 4,
        "analyst": [True, True, True, False],
        "outsider": [False] * 4,
    }
    event = queries.event(officer_a, receipt.uuid, 2)
    assert event is not None
    assert event.fields["source.ip"] == "192.0.2.7"
    assert event.fields["tocsin.owner.source"] == ["DEPA"]
    assert (event.organisations, event.raw) == (("DEPA",), content.splitlines()[1])


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", EmptyContent), (b"\x00\x01\x02 nothing that is known", UnknownFormat), (None, Vanished)],
)
def test_what_cannot_be_taken_leaves_no_receipt(
    content: bytes | None, error: type[Exception], source: Source, tmp_path: Path
) -> None:
    path = tmp_path / "log"
    if content is not None:
        put(path, content)
    with pytest.raises(error):
        actions.take_file(path, source=source)
    with pytest.raises(NotAFile):
        actions.take_file(tmp_path, source=source)
    assert Receipt.objects.count() == 0


def test_a_file_that_shrinks_while_it_is_read_is_told(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tocsin.pipeline.lake.survey import open_again as real

    path = put(tmp_path / "log", sshd(0, 50))

    def shrunk(known: object) -> object:
        put(path, sshd(0, 20))
        return real(known)  # type: ignore[arg-type]

    monkeypatch.setattr("tocsin.rooms.intake.actions.files.open_again", shrunk)
    with pytest.raises(LakeError, match="shorter"):
        actions.take_file(path, source=source)
    assert total() == 0


def test_a_full_disk_is_told_and_the_work_goes_on_later(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "log", sshd(0, 50))

    def full(*given: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as context:
        context.setattr("tocsin.pipeline.lake.files._write", full)
        with pytest.raises(StorageFull, match="Free some space"):
            actions.take_file(path, source=source)
    assert actions.take_file(path, source=source).taken_now == 50


def test_a_medium_that_fails_half_way_leaves_its_problem_on_the_receipt(
    source: Source, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tocsin.pipeline.engines.local import process as real

    path = put(tmp_path / "log", sshd(0, 50))

    def failing(*args: object, **named: object) -> object:
        yield next(iter(real(*args, **named, records=10)))  # type: ignore[arg-type]
        raise ContentError("log could not be read: Input/output error.")

    with monkeypatch.context() as context:
        context.setattr("tocsin.rooms.intake.actions.files.process", failing)
        with pytest.raises(ContentError):
            actions.take_file(path, source=source)
    receipt = Receipt.objects.get()
    assert (receipt.records, receipt.status) == (10, "open")
    assert "Input/output" in receipt.problem
    receipt = actions.take_file(path, source=source)
    assert (receipt.records, receipt.status, receipt.problem) == (50, "done", "")


def test_small_files_are_compacted_and_orphans_swept(
    source: Source, tmp_path: Path, home: Path, make_old: Callable[[], None]
) -> None:
    receipts = [actions.take_file(put(tmp_path / f"log{n}", sshd(n * 100, 20)), source=source) for n in range(9)]
    before = set(LakeFile.objects.values_list("path", flat=True))
    assert actions.compact() == 9
    assert LakeFile.objects.get().rows == 180
    assert LakeSpan.objects.count() == 9
    assert actions.compact() == 0
    assert actions.sweep() == 0
    make_old()
    assert actions.sweep() == 9
    assert {str(path.relative_to(home / "lake")) for path in (home / "lake").rglob("*.parquet")}.isdisjoint(before)
    event = queries._event(receipts[3].uuid, 20)
    assert event is not None
    assert event.raw == sshd(319, 1).strip()


def test_what_no_database_takes_as_text_is_taken_all_the_same(source: Source, tmp_path: Path) -> None:
    path = put(tmp_path / "na\udcffme.log", b"<38>1 2026-11-01T00:00:00Z ga\0te sshd 1 - - a\0b \xff\n" + sshd(0, 2))
    receipt = actions.take_file(path, source=source)
    assert (receipt.records, receipt.status) == (3, "done")
    assert receipt.name.endswith("na\\xffme.log")


def test_state_and_reasons_are_made_storable() -> None:
    from tocsin.rooms.intake.actions.ledger import _storable

    assert _storable({"a\0": ["\ud800", 1, None, ("x\0",)]}) == {"a\ufffd": ["?", 1, None, ["x\ufffd"]]}
