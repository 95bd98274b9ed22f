"""The formats there are, found by scanning this package, and the choice among them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from tocsin.pipeline import parsers
from tocsin.pipeline.parsers.errors import EmptyContent, UnknownFormat
from tocsin.pipeline.parsers.format import Format
from tocsin.pipeline.parsers.lines import as_utf8


@cache
def formats() -> Mapping[str, Format]:
    """Give every format by its name: each module of this package that defines FORMAT."""
    names = sorted(name for _, name, _ in pkgutil.iter_modules(parsers.__path__))
    modules = (importlib.import_module(f"{parsers.__name__}.{name}") for name in names)
    found = [module.FORMAT for module in modules if hasattr(module, "FORMAT")]
    return MappingProxyType({format_.name: format_ for format_ in found})


PACKED = {b"PK\x03\x04": "zip", b"\xfd7zXZ": "xz", b"BZh": "bzip2", b"\x28\xb5\x2f\xfd": "zstd", b"7z\xbc\xaf": "7z"}


def choose(head: bytes, name: str | None = None) -> Format:
    """Give the format asked for by name, or else the one that recognises the first bytes."""
    known = formats()
    if name is not None:
        if name not in known:
            raise UnknownFormat(f"There is no format {name!r}. Choose one of: {', '.join(known)}.")
        return known[name]
    text = as_utf8(head)
    for format_ in known.values():
        if format_.sniff(text):
            return format_
    if not text.strip():
        raise EmptyContent("There is nothing in it but blank space.")
    if packed := next((kind for magic, kind in PACKED.items() if head.startswith(magic)), ""):
        raise UnknownFormat(f"It is packed with {packed}. Unpack it first; only gzip is read as it is.")
    raise UnknownFormat(
        f"No parser recognises this content. Say what it is with --format and one of: {', '.join(known)}."
    )
