"""`tocsin parse`: show what the parsers make of a file."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click

if TYPE_CHECKING:
    from tocsin.pipeline.schema.event import Record, Reject

CHUNK = 2_000
HELP = """Print the events in files as JSON lines, one an event, with ECS column names.

The format is told from the content; --format says otherwise. `-` reads standard input. A record that could not be
understood is printed too, with event.kind "pipeline_error" and the reason in error.message; the exit status is then 1.
"""


@click.command(help=HELP)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@click.option("--format", "name", metavar="FORMAT", help="The format of the files, instead of looking at the content.")
def command(paths: tuple[str, ...], name: str | None) -> None:
    """Parse each path; a bad one does not stop the others."""
    from tocsin.pipeline.parsers.errors import ParserError

    bad = False
    for path in paths:
        try:
            for line, rejected in _printed(path, name):
                bad = bad or rejected
                sys.stdout.buffer.write(line)
        except ParserError as error:
            bad = True
            sys.stdout.flush()
            click.echo(f"tocsin parse: {error}", err=True)
    if bad:
        raise click.exceptions.Exit(1)


def _printed(path: str, name: str | None) -> Iterator[tuple[bytes, bool]]:
    """Give each record as a line, and whether it was rejected."""
    from tocsin.pipeline.parsers.format import HEAD
    from tocsin.pipeline.parsers.opening import Ahead, open_content, unpacked_ahead
    from tocsin.pipeline.parsers.registry import choose
    from tocsin.pipeline.schema.event import Reading

    stream = unpacked_ahead(sys.stdin.buffer, "Standard input") if path == "-" else open_content(Path(path))
    with stream:
        ahead = Ahead(stream, HEAD)
        format_ = choose(ahead.head, name)
        records = enumerate(format_.read(cast(BinaryIO, ahead), Reading(datetime.now(UTC))), start=1)
        for chunk in _chunks(records):
            yield from _lines(chunk)


def _chunks(records: Iterator[tuple[int, Record | Reject]]) -> Iterator[list[tuple[int, Record | Reject]]]:
    """Cut the stream into lists; when reading fails, give what came before first."""
    from tocsin.pipeline.parsers.errors import ParserError

    while True:
        chunk: list[tuple[int, Record | Reject]] = []
        try:
            chunk.extend(islice(records, CHUNK))
        except ParserError:
            yield chunk
            raise
        if not chunk:
            return
        yield chunk


def _lines(chunk: Iterable[tuple[int, Record | Reject]]) -> Iterator[tuple[bytes, bool]]:
    import orjson

    from tocsin.pipeline.parsers.columns import to_batches
    from tocsin.pipeline.schema.event import Record, Reject
    from tocsin.pipeline.schema.want import Want

    rows: dict[int, dict[str, Any]] = {}
    for number, item in chunk:
        if isinstance(item, Reject):
            rows[number] = _rejected(item)
    events = [(number, item) for number, item in chunk if isinstance(item, Record)]
    for batch in to_batches(events, Want()):
        for row in batch.table.drop_columns(["raw", "offset"]).to_pylist():
            rows[row.pop("record")] = {name: value for name, value in row.items() if value is not None}
    for number in sorted(rows):
        line = orjson.dumps({"record": number, **rows[number]}, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)
        yield line, rows[number].get("event.kind") == "pipeline_error"


def _rejected(reject: Reject) -> dict[str, Any]:
    return {
        "event.kind": "pipeline_error",
        "error.message": reject.reason,
        "event.original": reject.raw.decode(errors="backslashreplace"),
    }
