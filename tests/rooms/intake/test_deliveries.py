"""A delivery is kept before the sender is answered, and taken once however often the journal is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest

from tests.rooms.intake.logs import sshd
from tocsin.pipeline.lake.errors import TakenMeanwhile
from tocsin.pipeline.lake.journal import Position
from tocsin.pipeline.parsers.errors import UnknownFormat
from tocsin.rooms.intake import actions, queries
from tocsin.rooms.intake.actions import deliveries
from tocsin.rooms.intake.actions.ledger import DatabaseLedger
from tocsin.rooms.intake.models import JournalPosition, LakeFile, LakeSpan, Receipt, Source


def test_a_delivery_becomes_a_receipt_of_the_id_that_was_told(source: Source) -> None:
    told = actions.deliver(source=source, body=sshd(0, 3))
    assert queries.waiting()
    assert actions.take_journal() == 1
    assert not queries.waiting()
    receipt = Receipt.objects.get()
    assert (receipt.uuid, receipt.digest, receipt.status) == (told, f"journal:{told}", "done")
    assert (receipt.records, receipt.events, receipt.rejected) == (3, 3, 0)
    event = queries._event(told, 2)
    assert event is not None
    assert event.raw == sshd(1, 1).strip()


def test_equal_deliveries_stay_two(source: Source) -> None:
    assert actions.deliver(source=source, body=sshd(0, 3)) != actions.deliver(source=source, body=sshd(0, 3))
    assert actions.take_journal() == 2
    assert list(Receipt.objects.values_list("records", flat=True)) == [3, 3]


def test_a_key_makes_them_one(source: Source) -> None:
    told = {actions.deliver(source=source, body=sshd(0, 3), key="k") for _ in range(3)}
    other = actions.deliver(source=source, body=sshd(3, 3), key="k")
    actions.take_journal()
    assert set(Receipt.objects.values_list("uuid", flat=True)) == {*told, other}
    assert len(told) == 1
    told.add(actions.deliver(source=source, body=sshd(0, 3), key="k"))
    assert actions.take_journal() == 1
    assert len(told) == 1
    assert Receipt.objects.count() == 2


def test_many_small_deliveries_share_a_file(source: Source) -> None:
    for number in range(20):
        actions.deliver(source=source, body=sshd(number * 10, 4))
    assert actions.take_journal() == 20
    assert (LakeFile.objects.count(), LakeSpan.objects.count(), Receipt.objects.count()) == (1, 20, 20)


def test_a_large_delivery_is_taken_in_parts_and_goes_on_after_a_kill(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tocsin.pipeline.engines.local import process as real

    monkeypatch.setattr(deliveries, "process", lambda *given, **named: real(*given, **named, records=10))
    monkeypatch.setattr(deliveries, "RECORDS", 20)
    actions.deliver(source=source, body=sshd(0, 5))
    told = actions.deliver(source=source, body=sshd(100, 95))
    commit = DatabaseLedger.commit
    turns = iter(range(100))

    class Killed(BaseException):
        pass

    def stop(self: DatabaseLedger, work: object, files: object) -> None:
        if next(turns) == 2:
            raise Killed
        commit(self, work, files)  # type: ignore[arg-type]

    with monkeypatch.context() as context:
        context.setattr(DatabaseLedger, "commit", stop)
        with pytest.raises(Killed):
            actions.take_journal()
    receipt = Receipt.objects.get(uuid=told)
    assert 0 < receipt.records < 95
    actions.take_journal()
    receipt.refresh_from_db()
    assert (receipt.records, receipt.events, receipt.status) == (95, 95, "done")
    for number in (1, 50, 95):
        event = queries._event(told, number)
        assert event is not None
        assert event.raw == sshd(99 + number, 1).strip()


def test_reading_the_journal_again_doubles_nothing(source: Source) -> None:
    for number in range(3):
        actions.deliver(source=source, body=sshd(number * 10, 4))
    actions.take_journal()
    JournalPosition.objects.update(segment=0, offset=0)
    actions.take_journal()
    assert list(Receipt.objects.values_list("records", flat=True)) == [4, 4, 4]


def test_two_readers_at_once_take_each_delivery_once(source: Source) -> None:
    for number in range(3):
        actions.deliver(source=source, body=sshd(number * 10, 4))

    def meddle(receipt: Receipt, chunk: object) -> tuple[int, int]:
        return 0, 0

    slow = deliveries._Run(Position(), DatabaseLedger(meddle), None, None)
    JournalPosition.objects.create(name="intake")
    for entry in queries.journal().read():
        slow.take(entry)
    assert actions.take_journal() == 3
    with pytest.raises(TakenMeanwhile):
        slow.commit()
    assert list(Receipt.objects.values_list("records", flat=True)) == [4, 4, 4]
    assert queries.lake().sweep(set(LakeFile.objects.values_list("path", flat=True)), spare=-1) == []


def test_what_no_parser_knows_is_refused_before_it_is_kept(source: Source) -> None:
    with pytest.raises(UnknownFormat):
        actions.deliver(source=source, body=b"\x00 what is this")
    assert not queries.waiting()


def test_a_parser_that_went_away_leaves_every_line_rejected(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    actions.deliver(source=source, body=sshd(0, 3))

    def gone(head: bytes, name: str | None = None) -> object:
        raise UnknownFormat(name)

    monkeypatch.setattr(deliveries, "choose", gone)
    actions.take_journal()
    receipt = Receipt.objects.get()
    assert (receipt.records, receipt.events, receipt.rejected) == (3, 0, 3)


def test_a_source_that_was_removed_still_gets_its_deliveries(source: Source) -> None:
    actions.deliver(source=Source(uuid=uuid4(), name="gone"), body=sshd(0, 3))
    assert actions.take_journal() == 1
    assert Receipt.objects.get().source.name.startswith("removed ")


def test_damage_in_the_journal_is_logged_and_stops_nothing(
    source: Source, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        actions.deliver(source=source, body=sshd(number * 10, 4))
    (segment,) = (home / "journal").glob("*.journal")
    content = segment.read_bytes()
    segment.write_bytes(content.replace(b" u10 ", b" u1X "))
    assert actions.take_journal() == 2
    assert "damaged" in caplog.text


def test_segments_that_are_done_with_are_dropped_later(
    source: Source, home: Path, make_old: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries.journal(), "_segment_size", 100)
    for number in range(4):
        actions.deliver(source=source, body=sshd(number * 10, 4))
    make_old()
    assert actions.sweep() == 0
    actions.take_journal()
    make_old()
    assert actions.sweep() == 3
    actions.deliver(source=source, body=sshd(0, 1))
    assert actions.take_journal() == 1
