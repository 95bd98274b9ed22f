"""Read the bytes of a playbook as JSON: bounded, without doubled keys, nothing in it that no database takes."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any, NoReturn

from django.utils.translation import gettext as _

from tocsin.rooms.playbooks.knowledge.problems import Findings, Problem, Unusable, at

LARGEST = 2 * 1024 * 1024  # bytes; the playbooks that are shared have a hundredth of it
DEEPEST = 32  # objects and lists in each other


def read(raw: bytes) -> dict[str, Any]:
    """Give the object that ``raw`` holds (UTF-8 JSON, RFC 8259); raises ``Unusable``."""
    if len(raw) > LARGEST:
        raise _only(_("The file has more than 2 MB; a playbook has far less. Check that it is the right file."))
    doubles: dict[int, list[str]] = {}

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            counted = Counter(key for key, _value in pairs)
            doubles[id(made)] = [key for key, number in counted.items() if number > 1]
        return made

    document = _parsed(raw, once)
    if not isinstance(document, dict):
        raise _only(_("A playbook is a JSON object: the file must begin with { and end with }."))
    found = Findings()
    for path, value, depth in _walk(document):
        if id(value) in doubles and isinstance(value, dict):
            for key in doubles.pop(id(value)):
                found.error(at(path, key), _("The key stands here twice; keep one of them."))
        _judge(found, path, value, depth)
        if depth > DEEPEST:
            break
    found.settle()
    if doubles:
        raise _only(_("A key stands twice in one object; keep one of them."))
    return document


def _parsed(raw: bytes, once: Any) -> Any:
    try:
        return json.loads(raw.decode("utf-8-sig"), object_pairs_hook=once, parse_constant=_no_number)
    except UnicodeDecodeError as error:
        raise _only(_("Byte %d is not UTF-8; save the file as UTF-8.") % error.start) from error
    except json.JSONDecodeError as error:
        where = {"line": error.lineno, "column": error.colno, "what": error.msg}
        raise _only(_("This is not JSON: %(what)s in line %(line)d, column %(column)d.") % where) from error
    except RecursionError as error:
        raise _only(_("Objects and lists are nested too deep; 32 levels are read.")) from error
    except ValueError as error:
        raise _only(_("A number in the file cannot be read; write numbers as JSON has them.")) from error


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def _only(text: str) -> Unusable:
    return Unusable([Problem("$", text)])


def _walk(document: Any) -> Iterator[tuple[str, Any, int]]:
    """Go through all values, each with its path and how deep it lies; keys come as values of their own."""
    waiting: list[tuple[str, Any, int]] = [("$", document, 1)]
    while waiting:
        path, value, depth = waiting.pop()
        yield path, value, depth
        if isinstance(value, dict):
            for key, inner in value.items():
                place = at(path, key)
                yield place, key, depth
                waiting.append((place, inner, depth + 1))
        elif isinstance(value, list):
            waiting.extend((at(path, place), inner, depth + 1) for place, inner in enumerate(value))


def _judge(found: Findings, path: str, value: Any, depth: int) -> None:
    if depth > DEEPEST:
        found.error(path, _("Objects and lists are nested too deep; 32 levels are read."))
    elif isinstance(value, str) and not storable(value):
        found.error(path, _("The text holds NUL or half a character (a lone surrogate); take it out."))
    elif isinstance(value, float) and not math.isfinite(value):
        found.error(path, _("The number is too large."))


def storable(text: str) -> bool:
    """Tell whether a database takes the text: no NUL, no lone surrogates."""
    return "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text)
