"""Write the whole exercise: the logs, the list of sources and the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import orjson

from tocsin.exercise.cast import houses
from tocsin.exercise.clock import Clock, iso
from tocsin.exercise.events import Content
from tocsin.exercise.everyday import linux, web, windows, zeek
from tocsin.exercise.formats import FORMATS, Format
from tocsin.exercise.house import House
from tocsin.exercise.party import Outside, Party, seeded
from tocsin.exercise.sheet import Entry, Mark, Sheet
from tocsin.exercise.story import EVERYDAY, Happening, Stage, Story, script

MANIFEST, TRUTH = "sources.json", "truth.json"
Traffic = Callable[[House, Clock, Random, int], Iterator[tuple[int, Content]]]

# What each log is called in the story, which traffic fills it, and about how many records it gets in three weeks.
LOGS: Mapping[str, tuple[str, Traffic, int]] = {
    "windows_flat": ("windows", windows.everyday, 8_600),
    "windows_beat": ("windows", windows.everyday, 8_600),
    "syslog_bsd": ("syslog", linux.everyday, 5_000),
    "syslog_ietf": ("syslog", linux.everyday, 5_000),
    "access": ("access", web.everyday, 8_000),
    "zeek_dns": ("zeek_dns", zeek.everyday_dns, 9_000),
    "zeek_conn": ("zeek_conn", zeek.everyday_conn, 6_000),
    "zeek_http": ("zeek_http", zeek.everyday_http, 4_000),
}


@dataclass(frozen=True, slots=True)
class Source:
    """Name one log of the exercise: whose it is, where it lies and which parser reads it."""

    name: str
    organisation: str
    path: str
    format: str
    events: int


@dataclass(frozen=True, slots=True)
class Written:
    """Tell what was written."""

    folder: Path
    sources: tuple[Source, ...]
    events: int
    story_events: int

    @property
    def everyday_events(self) -> int:
        return self.events - self.story_events


def write(
    folder: Path, parties: Sequence[Party], *, seed: int = 1, anchor: datetime | None = None, scale: float = 1.0
) -> Written:
    """Write Exercise Carillon into a folder; the same seed, anchor and parties give the same bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    anchor = (anchor or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    clock, outside = Clock.until(anchor), Outside(parties)
    cast = houses(parties, outside, seed)
    story = Story(cast, outside, clock, seed)
    happenings = list(story.happenings())
    sources: list[Source] = []
    records: list[dict[str, Any]] = []
    for house in cast:
        for log in house.logs:
            sheet = _sheet(house, log, clock, seed, scale, happenings)
            source, marked = _write_log(folder, house, log, sheet)
            sources.append(source)
            records += marked
    story_events = sum(record["stage"] != EVERYDAY for record in records)
    written = Written(folder, tuple(sources), sum(source.events for source in sources), story_events)
    _dump(folder / MANIFEST, [asdict(source) for source in sources])
    _dump(folder / TRUTH, _truth(written, story.stages(), records, clock, seed))
    return written


def _sheet(house: House, log: str, clock: Clock, seed: int, scale: float, happenings: Sequence[Happening]) -> Sheet:
    sheet = Sheet()
    family, traffic, count = LOGS[log]
    for when, content in traffic(house, clock, seeded(seed, "everyday", house.code, log), int(count * scale)):
        sheet.add(when, content)
    for where, kind, when, content, mark in happenings:
        if where is house and kind == family:
            sheet.add(when, content, mark)
    return sheet


def _write_log(folder: Path, house: House, log: str, sheet: Sheet) -> tuple[Source, list[dict[str, Any]]]:
    form = FORMATS[log]
    name = f"carillon-{house.code.lower()}-{log.replace('_', '-')}"
    path = f"{name}.{form.suffix}"
    entries = sheet.in_order()
    with (folder / path).open("wb") as file:
        file.writelines(form.heading)
        file.writelines(form.lines(entries))
    source = Source(name, house.code, path, form.parser, len(entries))
    return source, [_record(source, form, number, entry, mark) for number, entry, mark in _marked(entries)]


def _marked(entries: Sequence[Entry]) -> Iterator[tuple[int, Entry, Mark]]:
    for number, entry in enumerate(entries, start=1):
        if entry.mark is not None:
            yield number, entry, entry.mark


def _record(source: Source, form: Format, number: int, entry: Entry, mark: Mark) -> dict[str, Any]:
    return {
        "stage": mark.stage,
        "source": source.name,
        "path": source.path,
        "record": number,
        "line": number + len(form.heading),
        "time": iso(entry.when) + "Z",
        "organisations": mark.organisations,
        "subject": {"kind": mark.subject[0], "value": mark.subject[1]},
        "rules": mark.rules,
    }


def _truth(
    written: Written, stages: Sequence[Stage], records: Sequence[Mapping[str, Any]], clock: Clock, seed: int
) -> dict[str, Any]:
    told = [_stage(stage, [record for record in records if record["stage"] == stage.id]) for stage in stages]
    return {
        "exercise": script()["name"],
        "story": script()["story"],
        "seed": seed,
        "anchor": iso(clock.end)[:19] + "Z",
        "begins": iso(clock.start)[:19] + "Z",
        "events": written.events,
        "everyday_events": written.everyday_events,
        "stages": told[:-1],
        "everyday_alarms": told[-1]["records"],
    }


def _stage(stage: Stage, records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "id": stage.id,
        "title": stage.title,
        "techniques": stage.techniques,
        "organisations": sorted({code for record in records for code in record["organisations"]}),
        "rules": sorted({rule for record in records for rule in record["rules"]}),
        "records": records,
    }


def _dump(path: Path, content: object) -> None:
    path.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
