"""Compare text as Sigma does, and write it as patterns.

Letters compare without case when both cases are one character of the same script: `É` is `é`, but the
Kelvin sign is not `k` and `ß` is not `SS`, as in Windows file names.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from tocsin.pipeline.detect.terms import ANY, ONE, Glob, Text

# One character of UTF-8: the patterns run over bytes.
_CHARACTER = "(?:[\\x00-\\x7f]|[\\xc0-\\xff][\\x80-\\xbf]*)"


def fold(text: str) -> str:
    """Give the form that is the same for all cases of a text."""
    return text.lower() if text.isascii() else "".join(map(_fold, text))


@cache
def _fold(character: str) -> str:
    lower = character.lower()
    return lower if len(lower) == 1 and lower.isascii() == character.isascii() else character


@cache
def forms(character: str) -> tuple[str, ...]:
    """Give the characters that count as the same, sorted."""
    folded = _fold(character)
    near = {character, folded, character.upper(), character.title(), folded.upper(), folded.title()}
    return tuple(sorted(form for form in near if len(form) == 1 and _fold(form) == folded))


def is_literal(glob: Glob) -> bool:
    """Say whether a glob has no wildcard."""
    return all(isinstance(part, str) for part in glob)


def literal(glob: Glob) -> str:
    """Join the parts of a glob without wildcards."""
    return "".join(part for part in glob if isinstance(part, str))


def matches(test: Text, value: str) -> bool:
    """Say plainly whether a value is like a glob; the fast ways must agree with this one."""
    given = value if test.cased else fold(value)
    if is_literal(test.glob):
        return given == (literal(test.glob) if test.cased else fold(literal(test.glob)))
    return _plain(test.glob, test.cased).fullmatch(given) is not None


@lru_cache(maxsize=4096)
def _plain(glob: Glob, cased: bool) -> re.Pattern[str]:
    return re.compile("".join(_plain_part(part, cased) for part in glob), re.DOTALL)


def _plain_part(part: str | int, cased: bool) -> str:
    if isinstance(part, str):
        return re.escape(part if cased else fold(part))
    return ".*" if part == ANY else "."


def to_pattern(test: Text) -> str:
    """Write a glob for Hyperscan, over bytes, the case of ASCII letters left to its flag."""
    glob = test.glob
    head = "" if glob[:1] == (ANY,) else "\\A"
    tail = "" if glob[-1:] == (ANY,) else "\\z"
    inner = glob[len(glob[:1]) if not head else 0 : len(glob) - (1 if not tail else 0)]
    return head + "".join(_part(part, test.cased) for part in inner) + tail


def _part(part: str | int, cased: bool) -> str:
    if isinstance(part, str):
        return "".join(_exactly(character) if cased else _anycase(character) for character in part)
    return ".*" if part == ANY else _CHARACTER


@cache
def _exactly(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character
    return "".join(f"\\x{byte:02x}" for byte in character.encode())


@cache
def _anycase(character: str) -> str:
    if character.isascii():
        return _exactly(character)
    written = [_exactly(form) for form in forms(character)]
    return written[0] if len(written) == 1 else f"(?:{'|'.join(written)})"


def to_raw_pattern(test: Text) -> str:
    """Write a glob so that it also finds the text escaped inside JSON: a sieve, to be confirmed."""
    written = []
    for part in test.glob:
        if isinstance(part, str):
            written += [_escaped(character) for character in part]
        else:
            written.append(".*" if part == ANY else "(?:" + _CHARACTER + "|\\\\.[0-9a-fA-F]{0,4})")
    return "".join(written).removeprefix(".*").removesuffix(".*")


_SHORT = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}


@cache
def _escaped(character: str) -> str:
    if character == "\\":
        return "\\x5c(?:\\x5c|u005[cC])?"
    if character.isascii() and character.isalnum():
        return character
    ways = [*(_exactly(form) for form in forms(character))]
    if character in '"/':
        ways.append("\\x5c" + _exactly(character))
    if character in _SHORT:
        ways.append("\\x5c" + _SHORT[character])
    if not (character.isascii() and character in " -_.:;,=()[]{}*"):
        ways.append("\\x5cu[0-9a-fA-F]{4}(?:\\x5cu[0-9a-fA-F]{4})?")
    return f"(?:{'|'.join(ways)})"


__all__ = ["ANY", "ONE", "fold", "forms", "is_literal", "literal", "matches", "to_pattern", "to_raw_pattern"]
