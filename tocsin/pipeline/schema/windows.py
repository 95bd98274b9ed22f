"""Which native fields of a Windows record fill which ECS columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from types import MappingProxyType
from typing import Any

import yaml

from tocsin.pipeline.schema.event import Kind
from tocsin.pipeline.schema.vocabulary import vocabulary


@dataclass(frozen=True, slots=True)
class Source:
    """Say where a column's value comes from: the first filled of ``names``, a part of it, or a constant."""

    names: tuple[str, ...] = ()
    part: Callable[[str], str | None] | None = None
    constant: str | None = None


class MappingError(ValueError):
    """The mapping file is not usable; the message says where."""


@cache
def columns_of(kind: Kind) -> Mapping[str, Source]:
    """Give, for one kind of Windows record, the source of each ECS column it can fill."""
    chosen: dict[str, Source] = {}
    for block in _blocks():
        if _holds(block, kind):
            chosen.update(block["columns"])
    return MappingProxyType({name: source for name, source in chosen.items() if source != Source()})


def _holds(block: Mapping[str, Any], kind: Kind) -> bool:
    return kind.channel in block.get("channels", (kind.channel,)) and kind.code in block.get("codes", (kind.code,))


@cache
def _blocks() -> tuple[dict[str, Any], ...]:
    text = files(__package__).joinpath("windows.yaml").read_text(encoding="utf-8")
    return tuple(_block(number, block) for number, block in enumerate(yaml.safe_load(text), start=1))


def _block(number: int, block: dict[str, Any]) -> dict[str, Any]:
    columns = {name: _source(name, spec, number) for name, spec in block["columns"].items()}
    read = {**block, "columns": columns}
    if "codes" in block:
        read["codes"] = tuple(str(code) for code in block["codes"])
    return read


def _source(column: str, spec: str | list[str], number: int) -> Source:
    if column not in vocabulary():
        raise MappingError(f"windows.yaml: block {number} names the unknown column {column}")
    specs = [spec] if isinstance(spec, str) else spec
    if specs[0].startswith("="):
        return Source(constant=specs[0][1:] or None)
    names, parts = _cut(specs)
    unknown = parts - PARTS.keys()
    if unknown or len(parts) > 1:
        raise MappingError(f"windows.yaml: block {number}, {column}: parts are one of {', '.join(PARTS)}")
    return Source(names, PARTS[parts.pop()] if parts else None)


def _cut(specs: Iterable[str]) -> tuple[tuple[str, ...], set[str]]:
    cut = [spec.partition("|") for spec in specs]
    return tuple(name for name, _, _ in cut), {part for _, _, part in cut if part}


def _name(path: str) -> str | None:
    """Take the file name off a path: ``C:\\Windows\\System32\\cmd.exe`` gives ``cmd.exe``."""
    return path.replace("/", "\\").rpartition("\\")[2] or None


def _account(user: str) -> str | None:
    return user.rpartition("\\")[2] or None


def _domain(user: str) -> str | None:
    return user.rpartition("\\")[0] or None


def _number(value: str) -> str | None:
    """Turn the hexadecimal numbers of the Security channel into decimal ones."""
    try:
        return str(int(value, 0))
    except ValueError:
        return None


_HASH = re.compile(r"(MD5|SHA1|SHA256)=([0-9A-Fa-f]+)", re.IGNORECASE)


def _hash(kind: str, hashes: str) -> str | None:
    return next((digest.lower() for name, digest in _HASH.findall(hashes) if name.upper() == kind), None)


PARTS: Mapping[str, Callable[[str], str | None]] = MappingProxyType(
    {
        "name": _name,
        "account": _account,
        "domain": _domain,
        "number": _number,
        "md5": partial(_hash, "MD5"),
        "sha1": partial(_hash, "SHA1"),
        "sha256": partial(_hash, "SHA256"),
    }
)
