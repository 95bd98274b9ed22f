"""Values that all the world has, by the MISP warning lists: shared by two incidents, they link nothing.

The lists come with the package `pymispwarninglists` (2.5 million values, 330 MB when it loads them). Here they become
sorted digests and ranges in one file, made once for a version of the lists and mapped into memory: a few microseconds
a value, and nothing to load.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from ipaddress import ip_address, ip_network
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import orjson
import yaml

from tocsin.pipeline.observables import Observable

PACKAGE = "pymispwarninglists"
MADE = "1"  # how the file is made: another number makes it anew


class NoLists(Exception):
    """The lists are not installed."""


@cache
def current() -> str:
    """Give the version of the lists; empty when they are not installed."""
    try:
        return f"{version(PACKAGE)}-{MADE}"
    except PackageNotFoundError:
        return ""


@dataclass(frozen=True, slots=True)
class WarningLists:
    """The lists, ready to be asked."""

    names: Sequence[str]
    exact: Any  # (n, 2) unsigned 64 bit: digest, list
    below: Any  # names that stand for all below them, likewise
    v4: Any  # (n, 3): first, last, list; no two overlap
    v6: Sequence[tuple[int, int, int]]
    patterns: Sequence[tuple[re.Pattern[str], int]]
    parts: Sequence[tuple[str, int]]

    def why_common(self, found: Observable) -> str:
        """Give the name of a list that has a value, empty when none has."""
        number = self._list_of(found.kind, found.value)
        return "" if number is None else self.names[number]

    def _list_of(self, kind: str, value: str) -> int | None:
        if kind == "ip":
            return self._of_address(value)
        if kind == "url":
            return self._of_url(value)
        if kind == "domain":
            return self._of_name(value)
        if kind == "mail":
            return self._of_text(value) if self._of_text(value) is not None else self._of_part(value)
        return _at(self.exact, _digest(value))

    def _of_text(self, value: str) -> int | None:
        found = _at(self.exact, _digest(value))
        if found is not None:
            return found
        return next((number for pattern, number in self.patterns if pattern.search(value)), None)

    def _of_part(self, value: str) -> int | None:
        return next((number for part, number in self.parts if part in value), None)

    def _of_name(self, value: str) -> int | None:
        for name in (value, value.removeprefix("www.")):
            if (found := _at(self.exact, _digest(name))) is not None:
                return found
        labels = value.split(".")
        above = (".".join(labels[start:]) for start in range(len(labels) - 1))
        found = next((n for name in above if (n := _at(self.below, _digest(name))) is not None), None)
        return self._of_part(value) if found is None else found

    def _of_url(self, value: str) -> int | None:
        """Ask for the host of a URL that leads to its front page: what lies deeper is somebody's own."""
        found = _at(self.exact, _digest(value))
        parts = urlsplit(value)
        if found is not None or parts.path not in {"", "/"} or parts.query:
            return found
        try:
            return self._of_address(str(ip_address(parts.hostname or "")))
        except ValueError:
            return self._of_name(parts.hostname or "")

    def _of_address(self, value: str) -> int | None:
        network = ip_network(value, strict=False)
        first, last = int(network.network_address), int(network.broadcast_address)
        if network.version == 6:
            at = bisect_right(self.v6, (first, 1 << 128, 0)) - 1
            return self.v6[at][2] if at >= 0 and last <= self.v6[at][1] else None
        at = int(np.searchsorted(self.v4[:, 0], first, side="right")) - 1
        return int(self.v4[at, 2]) if at >= 0 and last <= int(self.v4[at, 1]) else None


def _digest(value: str) -> int:
    return int.from_bytes(blake2b(value.encode(), digest_size=8).digest(), "big")


def _at(table: Any, digest: int) -> int | None:
    at = int(np.searchsorted(table[:, 0], np.uint64(digest)))
    return int(table[at, 1]) if at < len(table) and int(table[at, 0]) == digest else None


@cache
def _reading() -> Mapping[str, frozenset[str]]:
    told = yaml.safe_load(Path(__file__).with_suffix(".yaml").read_text())
    return {name: frozenset(lists) for name, lists in told.items()}


def load(folder: Path) -> WarningLists:
    """Give the lists from their file in ``folder``, which is made when it is missing (some ten seconds)."""
    if not current():
        raise NoLists(f"the package {PACKAGE} is not installed")
    path = folder / f"warninglists-{current()}"
    if not (path / "told.json").exists():
        _make(path)
    return _read(path)


def _read(path: Path) -> WarningLists:
    told = orjson.loads((path / "told.json").read_bytes())
    tables = {name: np.load(path / f"{name}.npy", mmap_mode="r") for name in ("exact", "below", "v4")}
    v6 = [(int(first, 16), int(last, 16), number) for first, last, number in told["v6"]]
    patterns = [(re.compile(pattern), number) for pattern, number in told["patterns"]]
    return WarningLists(
        told["names"], **tables, v6=v6, patterns=patterns, parts=[tuple(part) for part in told["parts"]]
    )


def _lists() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for folder in sorted((files(PACKAGE) / "data/misp-warninglists/lists").iterdir(), key=lambda each: each.name):
        if folder.name not in _reading()["left_out"]:
            yield folder.name, orjson.loads((folder / "list.json").read_bytes())


def _make(path: Path) -> None:
    names: list[str] = []
    exact: dict[int, int] = {}
    below: dict[int, int] = {}
    ranges: list[tuple[int, int, int, int]] = []
    told: dict[str, list[Any]] = {"patterns": [], "parts": []}
    for number, (key, each) in enumerate(_lists()):
        names.append(each["name"])
        values = [str(value).strip() for value in each["list"] if str(value).strip()]
        if each["type"] == "cidr":
            ranges += [(*_range(value), number) for value in values]
        elif each["type"] == "regex":
            told["patterns"] += [(pattern.strip("/"), number) for pattern in values if _compiles(pattern.strip("/"))]
        elif each["type"] == "substring":
            told["parts"] += [(value.lower(), number) for value in values]
        else:
            into = below if each["type"] == "hostname" and key not in _reading()["exactly"] else exact
            for value in values:
                into.setdefault(_digest(value.lower().removeprefix("https://").strip("/.")), number)
    _write(path, {"exact": exact, "below": below}, ranges, {"names": names, **told})


def _write(
    path: Path, digests: Mapping[str, dict[int, int]], ranges: list[tuple[int, int, int, int]], told: dict[str, Any]
) -> None:
    path.mkdir(parents=True, exist_ok=True)
    for name, numbers in digests.items():
        _save(path / f"{name}.npy", np.array(sorted(numbers.items()), dtype=np.uint64).reshape(-1, 2))
    v4 = _apart((first, last, number) for kind, first, last, number in ranges if kind == 4)
    _save(path / "v4.npy", np.array(v4, dtype=np.int64).reshape(-1, 3))
    v6 = _apart((first, last, number) for kind, first, last, number in ranges if kind == 6)
    told["v6"] = [(f"{first:x}", f"{last:x}", number) for first, last, number in v6]
    _put(path / "told.json", orjson.dumps(told))


def _range(value: str) -> tuple[int, int, int]:
    network = ip_network(value, strict=False)
    return network.version, int(network.network_address), int(network.broadcast_address)


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _apart(ranges: Iterator[tuple[int, int, int]]) -> list[tuple[int, int, int]]:
    """Make ranges that overlap or lie within others one: any of their lists will do."""
    merged: list[tuple[int, int, int]] = []
    for first, last, number in sorted(ranges):
        if merged and first <= merged[-1][1]:
            before = merged[-1]
            merged[-1] = (before[0], max(before[1], last), before[2])
        else:
            merged.append((first, last, number))
    return merged


def _save(path: Path, table: Any) -> None:
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        np.save(file, table)
    os.replace(file.name, path)


def _put(path: Path, content: bytes) -> None:
    with NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(content)
    os.replace(file.name, path)
