"""`tocsin detect`: run detection rules over log files, without a database."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import click

from tocsin.commands.rules import plan_of
from tocsin.manual import PLACE
from tocsin.pipeline.parsers.folders import files_in

if TYPE_CHECKING:
    from tocsin.pipeline.detect.plan import Plan
    from tocsin.pipeline.engines.chunk import Chunk, EventHit
    from tocsin.pipeline.engines.local import Tools

HELP = """Run detection rules over log files or folders of them and print one JSON object a hit.

A hit has rule_id, title, level, path, record (its number in the file, from 1), time (UTC; null when the event has none)
and organisations (null without --chart). The format is told from the content. No database is used. The exit status is 1
when a file, a record or a rule was not taken; standard error says which and why, and everything else carries on.
"""
SHOWN = 10


@click.command(help=HELP)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True, type=PLACE)
@click.option("--rules", required=True, multiple=True, type=PLACE, help="Sigma rules: a file or folder.")
@click.option("--chart", type=PLACE, help="Chart that says which organisation owns what.")
@click.option("--format", "name", metavar="FORMAT", help="The format of the files, instead of looking at the content.")
@click.option("--json", "_as_json", is_flag=True, help="Print JSON, which is what is printed anyway.")
def command(
    paths: tuple[Path, ...], rules: tuple[Path, ...], chart: Path | None, name: str | None, _as_json: bool
) -> None:
    """Detect in each file; a bad one does not stop the others."""
    from tocsin.pipeline.engines.local import collect_seldom
    from tocsin.pipeline.parsers.errors import ParserError
    from tocsin.pipeline.parsers.registry import choose

    try:
        if name is not None:
            choose(b"", name)
    except ParserError as error:
        raise click.UsageError(str(error)) from error
    plan = plan_of(rules)
    collect_seldom()
    complete = _report_rules(plan)
    tools = _tools(plan, chart)
    for found in files_in(paths):
        if found.trouble:
            click.echo(f"{found.path}: not taken: {found.trouble}", err=True)
            complete = False
        elif not found.path.is_fifo():
            complete = _detect(found.path, name, tools, with_owners=chart is not None) and complete
    if not complete:
        raise click.exceptions.Exit(1)


def _report_rules(plan: Plan) -> bool:
    click.echo(f"{len(plan.rules)} rules run, {len(plan.refused)} are refused.", err=True)
    for refusal in plan.refused[:SHOWN]:
        click.echo(f"  {refusal}", err=True)
    if len(plan.refused) > SHOWN:
        click.echo(f"  and {len(plan.refused) - SHOWN} more: `tocsin rules check` lists them all.", err=True)
    if not plan.rules:
        raise click.ClickException("No rule runs. Give --rules a folder with Sigma rules.")
    return not plan.refused


def _tools(plan: Plan, chart: Path | None) -> Tools:
    from tocsin.pipeline.detect.engine import Engine
    from tocsin.pipeline.engines.local import Tools
    from tocsin.pipeline.schema.vocabulary import roles

    owners = _ownership(chart) if chart is not None else None
    columns = {column for lookups in roles().values() for column in lookups.values()} if owners is not None else set()
    return Tools(plan.want(columns), owners, Engine(plan))


def _ownership(chart: Path) -> Any:
    from tocsin.charts import ChartError, chart_named, load

    try:
        return load(chart_named(str(chart))).ownership()
    except ChartError as error:
        raise click.ClickException(str(error)) from error


def _detect(path: Path, name: str | None, tools: Tools, *, with_owners: bool) -> bool:
    """Print the hits in one file; say whether all of it was taken."""
    from tocsin.pipeline.parsers.errors import ParserError

    records = hits = rejects = 0
    try:
        for chunk in _chunks(path, name, tools):
            records, hits, rejects = records + chunk.records, hits + len(chunk.hits), rejects + len(chunk.rejects)
            _print(path, chunk, with_owners=with_owners)
    except ParserError as error:
        click.echo(f"{path}: not taken: {error}", err=True)
        return False
    click.echo(f"{path}: {records} records, {rejects} rejected, {hits} hits", err=True)
    return not rejects


def _chunks(path: Path, name: str | None, tools: Tools) -> Iterator[Chunk]:
    from tocsin.pipeline.engines.local import process
    from tocsin.pipeline.parsers.format import HEAD
    from tocsin.pipeline.parsers.opening import Ahead, open_content
    from tocsin.pipeline.parsers.registry import choose
    from tocsin.pipeline.schema.event import Reading

    with open_content(path) as stream:
        ahead = Ahead(stream, HEAD)
        yield from process(cast(BinaryIO, ahead), choose(ahead.head, name), Reading(datetime.now(UTC)), tools)


def _print(path: Path, chunk: Chunk, *, with_owners: bool) -> None:
    import orjson

    for number, reject in chunk.rejects[:SHOWN]:
        click.echo(f"{path}: record {number} rejected: {reject.reason}", err=True)
    stamped = _stamped(chunk)
    for hit in sorted(chunk.hits, key=lambda hit: hit.record):
        line = _line(path, hit, hit.time if hit.record in stamped else None, with_owners=with_owners)
        sys.stdout.buffer.write(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z))
    sys.stdout.buffer.flush()


def _stamped(chunk: Chunk) -> set[int]:
    """Give the numbers of the hit records that bear a time; the others count as of now, which says nothing here."""
    import pyarrow as pa
    import pyarrow.compute as pc

    records = pa.array(sorted({hit.record for hit in chunk.hits}), pa.int64())
    stamped: set[int] = set()
    for batch in chunk.batches if len(records) else ():
        wanted = pc.and_(pc.is_in(batch.table["record"], records), pc.is_valid(batch.table["@timestamp"]))
        stamped.update(batch.table["record"].filter(wanted).to_pylist())
    return stamped


def _line(path: Path, hit: EventHit, time: datetime | None, *, with_owners: bool) -> dict[str, Any]:
    return {
        "rule_id": hit.rule.id,
        "title": hit.rule.title,
        "level": hit.rule.level,
        "path": str(path),
        "record": hit.record,
        "time": time,
        "organisations": list(hit.organisations) if with_owners else None,
    }
