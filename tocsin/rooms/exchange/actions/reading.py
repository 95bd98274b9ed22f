"""Look at what a file holds: every record is staged, with what becomes of it or why nothing does."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import transaction
from django.db.models import Count, Exists, OuterRef
from django.utils.translation import gettext as _

from tocsin.rooms.exchange import knowledge, queries
from tocsin.rooms.exchange.actions.errors import Superseded
from tocsin.rooms.exchange.actions.receiving import go_on
from tocsin.rooms.exchange.models import Import, Mapping, Staged

ROWS, BYTES = 500, 8 << 20  # written at once
PLACES = 2_000  # different organisations, or people, that can be chosen for
EXAMPLES = 5
Fate, State = Staged.Fate, Import.State

HERE = "already here"
TWICE = "the same record stands in the file twice"
ORPHAN = "the incident it belongs to is not in the file"


class TooMany(Exception):
    """There are more organisations in a file than anybody chooses for; the message says what to look at."""


def look_at(load: Import) -> None:
    """Read an import that is new, from its beginning; a table whose columns nobody has matched waits for that."""
    peer = knowledge.peers()[load.peer]
    try:
        if peer.format == "csv" and not _ready(load):
            return
        if go_on(load, [State.NEW, State.READING], State.READING, problem=""):
            _Reading(load, queries.peer_of(load)).run()
    except (knowledge.NotReadable, knowledge.NoTable, TooMany) as error:
        go_on(load, [State.NEW, State.READING], State.FAILED, problem=str(error)[:500])
    except OSError as error:
        problem = f"The file cannot be read any more ({error.strerror}); upload it again."
        go_on(load, [State.NEW, State.READING], State.FAILED, problem=problem)
    except Superseded:
        return


def _ready(load: Import) -> bool:
    """Find out how a table is written; True when its columns are known, by a mapping or by a person."""
    layouts = [knowledge.layout(path) for path in queries.files(load)]
    if any(each.header != layouts[0].header for each in layouts):
        raise knowledge.NoTable(_("These tables have different headings; bring them in one by one."))
    known = layouts[0]
    load.layout = {"header": known.header, "samples": known.samples}
    if load.columns:
        chosen = knowledge.proposed(known.header) | {h: f for h, f in load.columns.items() if h in known.header}
        if set(load.columns) >= set(known.header):
            return go_on(load, [State.NEW, State.READING], State.READING, columns=chosen, layout=load.layout)
        proposal = chosen
    else:
        saved = next((each for each in Mapping.objects.all() if set(each.columns) == set(known.header)), None)
        proposal = dict(saved.columns) if saved is not None else knowledge.proposed(known.header)
    go_on(load, [State.NEW], State.COLUMNS, columns=proposal, layout=load.layout)
    return False


@dataclass(slots=True)
class _Reading:
    """One pass over the files of an import."""

    load: Import
    peer: knowledge.Peer
    reader: knowledge.Reader = field(init=False)
    batch: list[Staged] = field(default_factory=list)
    size: int = 0
    records: int = 0
    counted: dict[str, Counter[str]] = field(
        default_factory=lambda: {"organisations": Counter(), "people": Counter(), "things": Counter()}
    )
    examples: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reader = knowledge.Reader(self.peer)

    def run(self) -> None:
        Staged.objects.filter(load=self.load).delete()
        for number, path in enumerate(queries.files(self.load)):
            for found in knowledge.records(path, self.peer):
                row = self._row(number, found)
                if row is not None:
                    self.batch.append(row)
                    self.size += row.size
                if len(self.batch) >= ROWS or self.size >= BYTES:
                    self._flush()
        self._flush()
        self._finish()

    def _row(self, file: int, found: knowledge.Found) -> Staged | None:
        line = min(found.line, 2**31 - 1)
        row = Staged(load=self.load, file=file, line=line, size=len(found.raw), raw=found.raw)
        problem = found.problem
        if not problem:
            try:
                content = self.reader.convert(found.content)
            except knowledge.PassedOver as reason:
                self.reader.remarks.passed_over[str(reason)] += 1
                return None
            except knowledge.Unusable as reason:
                problem = str(reason)
            else:
                row.content, row.identity = content, content["id"]
                row.parent = content.get("parent", "")
                row.title = content.get("title", "")
                row.size = len(orjson.dumps(content))
        if problem:
            row.fate, row.reason = Fate.REJECTED, problem[:300]
        return row

    def _flush(self) -> None:
        rows, self.batch, self.size = self.batch, [], 0
        if not rows:
            return
        self._settle_duplicates(rows)
        for row in rows:
            if row.fate == Fate.WAITING:
                self._count(row)
        if len(self.counted["organisations"]) > PLACES:
            raise TooMany(_("It names more than 2,000 different organisations. Is the right column chosen for them?"))
        self.records += len(rows)
        with transaction.atomic():
            if not go_on(self.load, [State.READING], State.READING, records=self.records):
                raise Superseded(_("This import was taken further meanwhile."))
            Staged.objects.bulk_create(rows)

    def _settle_duplicates(self, rows: list[Staged]) -> None:
        named = {row.identity for row in rows if row.fate == Fate.WAITING}
        seen = set(Staged.objects.filter(load=self.load, identity__in=named).values_list("identity", "parent"))
        here = queries.already_here(self.load.source, named, own=self.peer.own)
        for row in rows:
            if row.fate != Fate.WAITING:
                continue
            key = (row.identity, row.parent)
            if key in seen:
                row.fate, row.reason, row.content = Fate.DUPLICATE, TWICE, None
            elif not row.parent and row.identity in here:
                row.fate, row.reason, row.content, row.raw = Fate.DUPLICATE, HERE, None, ""
            else:
                row.raw = ""
            seen.add(key)

    def _count(self, row: Staged) -> None:
        content: dict[str, Any] = row.content or {}
        things = self.counted["things"]
        if row.parent:
            item = content["item"]
            things[content["into"]] += 1
            self._people(item.get("author"), item.get("assignee"))
            if content["into"] == "parts":
                self.counted["organisations"][str(item.get("organisation", ""))] += 1
            return
        things["incidents"] += 1
        for into in ("entries", "tasks", "observables"):
            things[into] += len(content[into])
        things["restricted"] += content["restricted"]
        if not self.peer.own:
            self.counted["organisations"].update(content["organisations"] or [""])
        self._people(content["owner"], *content["named"], *(entry["author"] for entry in content["entries"]))
        self._people(*(task["assignee"] for task in content["tasks"]))
        if len(self.examples) < EXAMPLES:
            names = ("id", "title", "state", "severity", "tlp", "opened", "closed", "organisations", "restricted")
            self.examples.append({name: content[name] for name in names} | {"entries": len(content["entries"])})

    def _people(self, *names: str | None) -> None:
        people = self.counted["people"]
        for name in names:
            if name and (name in people or len(people) < PLACES):
                people[name] += 1

    def _finish(self) -> None:
        remarks = self.reader.remarks
        settle_orphans(self.load)
        summary = {
            **{name: dict(counter.most_common()) for name, counter in self.counted.items()},
            "unknown": {sort: dict(counter.most_common(50)) for sort, counter in remarks.unknown.items()},
            "dropped": dict(remarks.dropped.most_common(100)),
            "passed_over": dict(remarks.passed_over),
            "examples": self.examples,
        }
        with transaction.atomic():
            if not go_on(self.load, [State.READING], State.READY, summary=summary, **count(self.load)):
                raise Superseded(_("This import was taken further meanwhile."))


def settle_orphans(load: Import) -> None:
    """Settle the things that wait for an incident which will not come; each with the reason."""
    incidents = Staged.objects.filter(load=load, parent="", identity=OuterRef("parent"))
    waiting = Staged.objects.filter(load=load, fate=Fate.WAITING).exclude(parent="")
    lost = waiting.filter(~Exists(incidents.filter(fate__in=[Fate.WAITING, Fate.IMPORTED])))
    lost.filter(Exists(incidents.filter(fate=Fate.DUPLICATE))).update(
        fate=Fate.DUPLICATE, reason="its incident is already here, and is left as it is", content=None
    )
    lost.filter(Exists(incidents)).update(fate=Fate.REJECTED, reason="its incident was rejected")
    lost.update(fate=Fate.REJECTED, reason=ORPHAN)


def count(load: Import) -> dict[str, int]:
    """Give the accounts of an import: records = imported + duplicates + rejected once nothing waits any more."""
    found = dict(Staged.objects.filter(load=load).values_list("fate").annotate(number=Count("pk")))
    return {
        "records": sum(found.values()),
        "imported": found.get(Fate.IMPORTED, 0),
        "duplicates": found.get(Fate.DUPLICATE, 0),
        "rejected": found.get(Fate.REJECTED, 0),
    }
