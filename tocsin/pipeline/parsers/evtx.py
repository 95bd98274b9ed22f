"""Windows event log files (EVTX). A record is one event; its raw copy is the event as JSON.

The file is read chunk by chunk (64 KiB), so it may be of any size and need not seek. A damaged chunk or record is
rejected with the reason and the others carry on; what a chunk announces and does not hold is rejected too, because
a log cut short must not look complete.
"""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import evtx
import orjson

from tocsin.pipeline.parsers.errors import ContentError
from tocsin.pipeline.parsers.format import Format
from tocsin.pipeline.parsers.lines import KEPT, blocks
from tocsin.pipeline.parsers.windows_fields import Kinds, fields_of
from tocsin.pipeline.schema.event import Reading, Record, Reject

# The layout of the file: https://github.com/libyal/libevtx/blob/main/documentation/
MAGIC, CHUNK_MAGIC, RECORD_MAGIC = b"ElfFile\0", b"ElfChnk\0", b"**\0\0"
HEADER, CHUNKS, CHUNK, FREE_SPACE, FIRST_RECORD, SMALLEST_RECORD = 4096, 42, 65536, 48, 512, 28
_NUMBER = re.compile(r"record number (\d+)")


class _Slot(NamedTuple):
    """Where one record lies in its chunk, and its number."""

    at: int
    size: int
    number: int


def sniff(head: bytes) -> bool:
    return head.startswith(MAGIC)


def read(stream: BinaryIO, _reading: Reading) -> Iterator[Record | Reject]:
    pieces = _Pieces(stream)
    header = pieces.take(HEADER)
    if not header.startswith(MAGIC) or len(header) < HEADER:
        yield Reject(0, header[:KEPT], "not an event log: the file header is missing or cut short")
    else:
        kinds, offset = Kinds(), HEADER
        while chunk := pieces.take(CHUNK):
            yield from _chunk(header, chunk, offset, kinds)
            offset += len(chunk)
        yield from _cut_off(header, offset)
    if pieces.failure:
        raise pieces.failure


class _Pieces:
    """Cut a stream into pieces of the sizes asked for; a failure waits until all that came before is taken."""

    def __init__(self, stream: BinaryIO) -> None:
        self._blocks, self._rest = blocks(stream), b""
        self.failure: ContentError | None = None

    def take(self, size: int) -> bytes:
        try:
            while len(self._rest) < size and (block := next(self._blocks, b"")):
                self._rest += block
        except ContentError as error:
            self.failure = error
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece


def _chunk(header: bytes, chunk: bytes, offset: int, kinds: Kinds) -> Iterator[Record | Reject]:
    if not chunk.strip(b"\0"):
        return  # space the log service has set aside and not used yet
    if not chunk.startswith(CHUNK_MAGIC) or len(chunk) < FIRST_RECORD:
        yield Reject(offset, chunk[:KEPT], "damaged chunk: its header is missing or cut short")
        return
    slots = _slots(chunk)
    parsed, errors, whole = _parsed(header, chunk.ljust(CHUNK, b"\0"))
    for slot in slots:
        data = parsed.get(slot.number)
        if data is None or slot.at + slot.size > len(chunk):
            reason = "the file ends within this record" if slot.at + slot.size > len(chunk) else whole
            raw = chunk[slot.at : slot.at + min(slot.size, KEPT)]
            yield Reject(offset + slot.at, raw, errors.get(slot.number) or reason or "damaged record")
        else:
            yield _record(offset + slot.at, data.encode(errors="replace"), kinds)
    yield from _unaccounted(chunk, offset, slots, whole)


def _cut_off(header: bytes, end: int) -> Iterator[Reject]:
    """Reject, as one, the chunks the file announces and does not begin."""
    (announced,) = struct.unpack_from("<H", header, CHUNKS)
    missing = announced - -(-(end - HEADER) // CHUNK)
    if missing > 0:
        yield Reject(end, b"", f"the file ends early: {missing} more chunks of up to {CHUNK:,} bytes were announced")


def _record(offset: int, raw: bytes, kinds: Kinds) -> Record | Reject:
    try:
        event = orjson.loads(raw)
        fields = fields_of(event) if isinstance(event, dict) else None
        if fields is None:
            return Reject(offset, raw, "the event has no event id")
        return Record(kinds[fields.get("Channel"), fields["EventID"], fields.get("Provider_Name")], offset, raw, fields)
    except (orjson.JSONDecodeError, TypeError) as error:
        return Reject(offset, raw, f"the event could not be read: {error}")


def _slots(chunk: bytes) -> list[_Slot]:
    """Walk along the records of a chunk as far as their headers lead.

    What lies behind the beginning of the free space is left over from records that were cleared.
    """
    slots, at = [], FIRST_RECORD
    (free,) = struct.unpack_from("<I", chunk, FREE_SPACE)
    while at < free and chunk.startswith(RECORD_MAGIC, at) and at + SMALLEST_RECORD <= len(chunk):
        size, number = struct.unpack_from("<IQ", chunk, at + 4)
        if size < SMALLEST_RECORD or at + size > CHUNK:
            break
        slots.append(_Slot(at, size, number))
        at += size
    return slots


def _parsed(header: bytes, chunk: bytes) -> tuple[dict[int, str], dict[int, str], str]:
    """Give the records of a chunk as JSON by number, the reasons for the others, and for the chunk as a whole."""
    parsed: dict[int, str] = {}
    errors: dict[int, str] = {}
    whole = ""
    try:
        records = evtx.PyEvtxParser(io.BytesIO(header + chunk), number_of_threads=1).records_json()
    except (OSError, RuntimeError, ValueError) as error:
        return parsed, errors, f"damaged chunk: {error}"
    for _ in range(CHUNK // SMALLEST_RECORD):
        try:
            record: Any = next(records)
            parsed[record["event_record_id"]] = record["data"]
        except StopIteration:
            break
        except (OSError, RuntimeError, ValueError) as error:
            number = _NUMBER.search(str(error))
            if number:
                errors[int(number[1])] = f"damaged record: {error}"
            else:
                whole = f"damaged chunk: {error}"
    return parsed, errors, whole


def _unaccounted(chunk: bytes, offset: int, slots: list[_Slot], whole: str) -> Iterator[Reject]:
    """Reject, as one, the records a chunk announces and does not hold."""
    first, last = struct.unpack_from("<QQ", chunk, 8)
    announced = last - first + 1 if 0 < last - first + 1 <= CHUNK // SMALLEST_RECORD else 0
    if announced > len(slots) or (whole and not slots):
        end = slots[-1].at + slots[-1].size if slots else FIRST_RECORD
        missing = max(announced - len(slots), 1)
        yield Reject(offset + end, chunk[end : end + KEPT], whole or f"{missing} more records announced and not there")


FORMAT = Format(name="evtx", sniff=sniff, read=read, appendable=False)
