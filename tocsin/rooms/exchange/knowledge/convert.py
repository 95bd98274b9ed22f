"""Turn a foreign record into what we keep: pure functions over one record and what is known of its system.

The result is plain JSON: an incident (``Case``), or one thing of an incident that stands elsewhere (``Detached``).
What could not be understood is counted in ``Remarks``, never guessed in silence.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from tocsin.platform.markings import TLP, parse, strictest
from tocsin.rooms.exchange.knowledge import paths, values
from tocsin.rooms.exchange.knowledge.peer import Child, Peer, Record, categories
from tocsin.rooms.incidents.knowledge import is_terminal
from tocsin.rooms.incidents.models import Incident, Severity, Task

TITLE = 200
ID = 190
MORE = (
    "targeted", "criminal_suspected", "personal_data", "euci_involved", "inquiry_needed", "disposition", "near_miss",
    "closing_confidentiality", "closing_integrity", "closing_availability", "closing_impact", "closing_lesson",
)  # fmt: skip  # what our own export says besides
DISTINCT = 500  # values of one sort that are counted by themselves
ENDED = (Incident.State.CLOSED, Incident.State.REJECTED)
_SPLIT = re.compile(r"[\s,;|]+")


class Unusable(Exception):
    """The record cannot be taken; the message says why."""


class PassedOver(Exception):
    """The record is of a kind that an import is not about; the message says why."""


@dataclass(slots=True)
class Remarks:
    """What was not understood or not kept, counted by sort and value."""

    unknown: dict[str, Counter[str]] = field(default_factory=dict)
    dropped: Counter[str] = field(default_factory=Counter)
    passed_over: Counter[str] = field(default_factory=Counter)

    def note(self, sort: str, value: Any) -> None:
        """Count a value that is not understood."""
        counted = self.unknown.setdefault(sort, Counter())
        shown = str(value)[:60]
        counted[shown if shown in counted or len(counted) < DISTINCT else "…"] += 1

    def drop(self, name: str) -> None:
        """Count a field that is not kept."""
        shown = name[:80]
        self.dropped[shown if shown in self.dropped or len(self.dropped) < DISTINCT else "…"] += 1


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads the records of one system."""

    peer: Peer
    remarks: Remarks = field(default_factory=Remarks)

    def convert(self, record: Any) -> dict[str, Any]:
        """Give a record as we keep it: with ``into`` when it is a thing of another record, else an incident."""
        for key in self.peer.unwrap:
            if isinstance(record, Mapping) and isinstance(record.get(key), Mapping):
                record = record[key]
        if not isinstance(record, Mapping):
            raise Unusable("it is no object with fields")
        kind = next((each for each in self.peer.records if _is(record, each)), None)
        if kind is None:
            names = ", ".join(sorted(map(str, record)))[:120]
            raise Unusable(f"it is nothing that {self.peer.title} exports, by its fields: {names}")
        if kind.passed_over:
            raise PassedOver(f"{kind.name}: {kind.passed_over}")
        self._refuse(record, kind)
        return self._detached(record, kind) if kind.into else self._case(record, kind)

    def _refuse(self, record: Mapping[str, Any], kind: Record) -> None:
        for path, reasons in kind.refused.items():
            for value in paths.leaves(record, path):
                if reason := _looked_up(reasons, value):
                    raise Unusable(reason)

    def _detached(self, record: Mapping[str, Any], kind: Record) -> dict[str, Any]:
        assert kind.parent is not None and kind.into  # noqa: S101, PT018  # checked when the file was read
        parent = paths.take(record, kind.parent)
        if not parent:
            raise Unusable("it does not say which incident it belongs to")
        child = Child(list="", into=kind.into, fields=kind.fields, constant=kind.constant, closes=kind.closes)
        item = self._thing(record, None, child)
        if item is None:
            raise Unusable("there is nothing in it")
        number = paths.take(record, kind.fields["id"]) if "id" in kind.fields else []
        identity = f"{kind.name} {number[0]}" if number else f"{kind.name} {_digest(record)}"
        return {"into": kind.into, "parent": str(parent[0])[:ID], "id": identity[:ID], "item": item}

    def _case(self, record: Mapping[str, Any], kind: Record) -> dict[str, Any]:
        def one(name: str) -> Any:
            return next(iter(several(name)), None)

        def several(name: str) -> list[Any]:
            return paths.take(record, kind.fields[name]) if name in kind.fields else []

        title = " ".join(values.said(one("title")).split())
        if not title:
            raise Unusable("it has no title")
        things = self._children(record, kind)
        times = {name: self._time(one(name), name) for name in ("opened", "closed", "began")}
        state = self._state(several("state"), times["closed"])
        rsit = self._category(several("category"))
        facts = [f"{label}: {text}" for label, path in kind.facts.items() if (text := _all_said(record, path))]
        case: dict[str, Any] = {
            "id": str(one("id") if one("id") is not None else _digest(record))[:ID],
            "title": title if len(title) <= TITLE else title[: TITLE - 1] + "…",
            "summary": self._text(one("summary")),
            **times,
            "state": state,
            "severity": self._severity(several("severity")),
            "tlp": self._tlp(several("tlp")),
            "rsit": rsit,
            "organisations": _distinct(several("organisations")),
            "owner": str(one("owner") or "")[:150],
            "reporter": str(one("reporter") or "")[:150],
            "cause": self._text(one("cause")) if state in ENDED else "",
            "restricted": _any(record, kind.restricted) or any(map(values.yes, several("restricted"))),
            "named": _distinct(several("named")),
            "link": str(one("link") or "")[:500],
            "facts": ([title] if len(title) > TITLE else []) + facts,
            **things,
        }
        case["observables"] = [*things["observables"], *self._listed(several("observable"))]
        case["entries"] = [*things["entries"], *self._comments(several("comment"), times)]
        if self.peer.own:
            case |= {name: one(name) for name in ("uuid", "reference")}
            case["more"] = {name: one(name) for name in MORE if name in kind.fields}
        self._unmapped(record, kind)
        return _settled(case)

    def _comments(self, texts: list[Any], times: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        for text in texts:
            yield {"text": self._text(text), "time": times["opened"], "author": "", "kind": "comment"}

    def _listed(self, cells: list[Any]) -> Iterator[dict[str, Any]]:
        for cell in cells:
            yield from ({"value": word} for word in _SPLIT.split(str(cell)) if word)

    def _children(self, record: Mapping[str, Any], kind: Record) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {"entries": [], "tasks": [], "observables": [], "parts": []}
        total = 0
        for child in kind.children:
            for thing, outer in paths.inner(record, child.list):
                if (item := self._thing(thing, outer if outer is not None else record, child)) is not None:
                    found[child.into].append(item)
                    total += 1
                if total >= paths.MOST:
                    self.remarks.drop(f"{child.list}: more than {paths.MOST:,} in one record")
                    return found
        return found

    def _thing(self, thing: Any, outer: Any, child: Child) -> dict[str, Any] | None:
        """Give an entry, a task or an observable; None when there is nothing in it."""
        given = {
            name: paths.take(thing, where, outer) if isinstance(thing, Mapping) else [thing]
            for name, where in child.fields.items()
        }
        one = {name: found[0] for name, found in given.items() if found} | dict(child.constant)
        if child.into == "observables":
            value = str(one.get("value", ""))[:2_000].strip()
            return self._observable(value, one) if value else None
        if child.into == "parts":
            return dict(one)
        text = self._text(one.get("text"))
        if child.into == "tasks":
            return self._task(one, text)
        if not text and not one.get("event"):
            return None
        entry = {
            "text": text,
            "time": self._time(one.get("time"), "time of a comment"),
            "author": str(one.get("author", ""))[:150],
            "kind": one.get("kind", "comment"),
        } | self._ours(one)
        if child.closes and _any(thing, child.closes):
            entry["closes"] = True
        return entry

    def _observable(self, value: str, one: Mapping[str, Any]) -> dict[str, Any]:
        sort, note = str(one.get("sort", ""))[:60], str(one.get("note", ""))[:500]
        item = {"value": value, "note": note} | self._ours(one)
        if sort.casefold() in {each.casefold() for each in self.peer.words}:
            item |= {"words": True, "note": f"{sort}: {note}" if note else sort}
        return item

    def _ours(self, one: Mapping[str, Any]) -> dict[str, Any]:
        names = ("uuid", "organisation", "audience", "event", "details", "kind", "technique", "pinned")
        return {name: one[name] for name in names if name in one} if self.peer.own else {}

    def _task(self, one: Mapping[str, Any], text: str) -> dict[str, Any] | None:
        title = " ".join(values.said(one.get("title")).split()) or text[:TITLE]
        if not title:
            return None
        state = str(one.get("state", ""))
        ours = _looked_up(self.peer.task_state, state) or (state if state in Task.State.values else "")
        if values.yes(one.get("done")):
            ours = Task.State.DONE
        return {
            "title": title if len(title) <= TITLE else title[: TITLE - 1] + "…",
            "text": text if text != title else "",
            "state": ours or Task.State.OPEN,
            "due": self._time(one.get("due"), "time of a task"),
            "assignee": str(one.get("assignee", ""))[:150],
            "answer": self._text(one.get("answer")),
        } | self._ours(one)

    def _text(self, value: Any) -> str:
        text = values.said(value).strip()
        return values.plain(text) if self.peer.markup else text[: values.LONGEST_TEXT]

    def _time(self, value: Any, sort: str) -> str | None:
        if value in (None, ""):
            return None
        found = values.when(value, day_first=self.peer.day_first)
        if found is None:
            self.remarks.note(sort, value)
        return found.isoformat() if found else None

    def _state(self, given: list[Any], closed: str | None) -> str:
        for value in given:
            ours = _looked_up(self.peer.state, value) or _choice(Incident.State.values, value)
            if ours:
                return Incident.State.CLOSED if ours == Incident.State.MERGED else ours
        if given:
            self.remarks.note("state", given[0])
        return Incident.State.CLOSED if closed else Incident.State.ANALYSIS

    def _severity(self, given: list[Any]) -> int:
        for value in given:
            ours = _looked_up(self.peer.severity, value)
            if ours is not None:
                return int(ours)
            figure = str(value).strip().upper().removeprefix("S")
            if (self.peer.own or self.peer.format == "csv") and figure in map(str, Severity.values):
                return int(figure)
        if given:
            self.remarks.note("severity", given[0])
        return int(Severity.MEDIUM)

    def _tlp(self, given: list[Any]) -> str:
        found: list[TLP] = [TLP(least)] if (least := self.peer.least.get("tlp")) else []
        for value in given:
            ours = _looked_up(self.peer.tlp, value)
            try:
                found.append(TLP(ours) if ours else parse(str(value)))
            except ValueError:
                self.remarks.note("marking", value)
                found.append(TLP.AMBER)
        return str(strictest(found))

    def _category(self, given: list[Any]) -> str:
        known = categories()
        for value in given:
            text = str(value).strip()
            ours = _looked_up(self.peer.category, text) or _looked_up({name: key for key, name in known.items()}, text)
            for key in (ours or "", text.casefold().replace(":", "/"), text.casefold().partition(":")[0]):
                if key in known:
                    return key
        if given:
            self.remarks.note("category", given[0])
        return ""

    def _unmapped(self, record: Mapping[str, Any], kind: Record) -> None:
        for path, reason in kind.dropped.items():
            if next(paths.leaves(record, path), None) is not None:
                self.remarks.drop(f"{path}: {reason}")
        used = _roots(kind)
        for key, value in record.items():
            if key not in used and value not in (None, "", [], {}):
                self.remarks.drop(f"{key}: not known to this reader")


def _roots(kind: Record) -> set[str]:
    """Give the fields of a record that are looked at somewhere."""
    whole = [path for where in kind.fields.values() for path in (*where.first, *where.all)]
    whole += [line.rpartition("=")[2] for where in kind.fields.values() for line in where.lines]
    whole += [child.list for child in kind.children]
    whole += [*kind.facts.values(), *kind.dropped, *kind.known, *kind.refused, *kind.restricted, *kind.has]
    whole += kind.values
    return set(whole) | {path.partition(".")[0] for path in whole}


def _settled(case: dict[str, Any]) -> dict[str, Any]:
    """Find when it ended and began, from its entries where it does not say so itself; note which values those are."""
    times = sorted(entry["time"] for entry in case["entries"] if entry["time"])
    case["opened"] = case["opened"] or (times[0] if times else case["began"] or case["closed"])
    if not is_terminal(case["state"]):
        case["closed"] = None
    elif case["closed"] is None:
        closing = [e["time"] for e in case["entries"] if e.get("closes") and e["time"]]
        case["closed"] = max(closing) if closing else None
    return case


def _is(record: Mapping[str, Any], kind: Record) -> bool:
    if not all(next(paths.leaves(record, path), None) is not None for path in kind.has):
        return False
    return all(
        str(record.get(path, "")).casefold() in {each.casefold() for each in allowed}
        for path, allowed in kind.values.items()
    )


def _any(record: Any, wanted: Mapping[str, tuple[str, ...]]) -> bool:
    return any(
        str(value).strip().casefold() in {each.casefold() for each in allowed}
        for path, allowed in wanted.items()
        for value in paths.leaves(record, path)
    )


def _looked_up(table: Mapping[str, Any], value: Any) -> Any:
    text = " ".join(str(value).split()).casefold()
    return next((ours for theirs, ours in table.items() if theirs.casefold() == text), None)


def _choice(choices: list[str], value: Any) -> str:
    text = "_".join(str(value).replace("-", " ").split()).casefold()
    return text if text in choices else ""


def _all_said(record: Any, path: str) -> str:
    return ", ".join(filter(None, map(values.said, paths.leaves(record, path))))[: values.LONGEST_TEXT]


def _distinct(found: list[Any]) -> list[str]:
    said = (" ".join(values.said(value).split())[:200] for value in found)
    return list(dict.fromkeys(filter(None, said)))


def _digest(record: Any) -> str:
    return "digest " + hashlib.sha256(orjson.dumps(record, option=orjson.OPT_SORT_KEYS)).hexdigest()[:40]
