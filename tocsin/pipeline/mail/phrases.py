"""Load the phrases by which replies are understood, and find them in a text.

    PhraseError     the file of a language cannot be used; the message names file and line

Phrases are expressions of RE2, whose time is linear: what they are held against was written by anybody.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import re2  # type: ignore[import-untyped]  # has no type information
import yaml

ANSWERING = frozenset({
    "harmless", "background", "question", "cause", "limits", "not_applicable", "refused", "planned", "contained",
    "ended", "done", "working", "received",
})  # fmt: skip
STOPPING = frozenset({
    "doubt", "negation", "reason", "timing", "future", "postponed", "undone", "ahead", "matter", "remedy", "denial",
    "partial",
})  # fmt: skip
MACHINE = frozenset({
    "out_of_office", "returning", "return", "automatic", "automatic_subject", "absent_subject", "bounced", "delayed",
})  # fmt: skip
MEANING = frozenset({"words"}) | ANSWERING | STOPPING | MACHINE
QUOTING = frozenset({"attribution", "original", "header", "mobile", "closing", "disclaimer"})
SECTIONS = MEANING | QUOTING
# So many bytes may an expression take for what it has seen; longer ones than PART see too much.
MEMORY, PART = 32 * 1024 * 1024, 16_000
_MACRO = re.compile(r"\{([a-z_]+)\}")
_MARKS = str.maketrans({"’": "'", "‘": "'", "`": "'", "´": "'", "œ": "oe", "Œ": "oe", "æ": "ae", "–": "-", "—": "-"})
Sections = Mapping[str, tuple[str, ...]]


class PhraseError(Exception):
    """A file of phrases cannot be used; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Found:
    """A phrase in a text: where it stands and how it reads there."""

    start: int
    end: int
    text: str


class Phrases:
    """The phrases of one section in all languages."""

    def __init__(self, expressions: tuple[str, ...], whole_line: bool = False) -> None:
        begin, end = (r"^[ \t]*", r"[ \t]*[.,!:]*[ \t]*$") if whole_line else (r"(?m)\b", r"\b")
        self._patterns = [_compile(f"{begin}(?:{joined}){end}") for joined in _joined(expressions)]

    def all(self, text: str) -> Iterator[Found]:
        """Give all places where one of the phrases stands, the longest where several begin."""
        matches = (match for pattern in self._patterns for match in pattern.finditer(text))
        behind = 0
        for start, opposite in sorted((match.start(), -match.end()) for match in matches):
            if start >= behind and -opposite > start:
                behind = -opposite
                yield Found(start, behind, text[start:behind])

    def first(self, text: str) -> str:
        """Give the first phrase in the text, nothing when there is none."""
        matches = [match for pattern in self._patterns if (match := pattern.search(text))]
        found = min(matches, key=lambda match: (match.start(), -match.end()), default=None)
        return found.group().strip() if found else ""


def _joined(expressions: tuple[str, ...]) -> Iterator[str]:
    """Join expressions up to the length that is searched fastest."""
    part: list[str] = []
    for expression in expressions:
        if part and len(expression) + sum(map(len, part)) > PART:
            yield "|".join(part)
            part = []
        part.append(expression)
    yield "|".join(part)


def plain(text: str) -> str:
    """Write a text as the phrases are written: small letters, no accents, one kind of apostrophe."""
    letters = unicodedata.normalize("NFKD", text.translate(_MARKS))
    return "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()


@cache
def meaning(section: str) -> Phrases:
    """Give a section of phrases that stand anywhere in a clause."""
    return Phrases(_section(section))


@cache
def quoting(section: str) -> Phrases:
    """Give a section of what marks a quote; all but disclaimers stand for whole lines."""
    return Phrases(_section(section), whole_line=section != "disclaimer")


def _section(section: str) -> tuple[str, ...]:
    return tuple(phrase for language in _languages() for phrase in language.get(section, ()))


@cache
def _languages() -> tuple[Sections, ...]:
    folder = files(__package__).joinpath("languages")
    found = sorted((file for file in folder.iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    # The words of en.yaml, which comes first, are those of en_context.yaml too.
    words: dict[str, dict[str, str]] = {}
    return tuple(
        read_phrases(file.read_text(encoding="utf-8"), file.name, words.setdefault(file.name[:2], {})) for file in found
    )


def read_phrases(text: str, name: str, words: dict[str, str] | None = None) -> Sections:
    """Read the phrases of a file by section, and try every one of them; its words are added to those that are known."""
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PhraseError(f"{name}:{line}: not YAML: {error.problem}") from error
    words = {} if words is None else words
    found: dict[str, tuple[str, ...]] = {}
    for section, below in _entries(root, name):
        if section not in SECTIONS:
            raise _wrong(below, name, f"'{section}' is no section; there are {', '.join(sorted(SECTIONS))}")
        if section == "words":
            for word, item in _entries(below, name):
                words[word] = _expression(item, name, words)
        else:
            found[section] = tuple(_phrase(item, name, words) for item in _items(below, name))
    return found


def _expression(node: yaml.Node, name: str, words: Mapping[str, str]) -> str:
    """Put the words into a phrase and see whether it is an expression."""
    if not isinstance(node, yaml.ScalarNode) or not node.value:
        raise _wrong(node, name, "a phrase must be a text")

    def word(match: re.Match[str]) -> str:
        if match[1] not in words:
            raise _wrong(node, name, f"{{{match[1]}}} is not among the words above it")
        return f"(?:{words[match[1]]})"

    expression = _MACRO.sub(word, plain(node.value))
    try:
        _compile(expression)
    except re2.error as error:
        raise _wrong(node, name, f"not an expression: {error}") from error
    return expression


def _phrase(node: yaml.Node, name: str, words: Mapping[str, str]) -> str:
    expression = _expression(node, name, words)
    if _compile(expression).fullmatch(""):
        raise _wrong(node, name, "this phrase is found in every text")
    return expression


def _compile(expression: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    # The longest explanation wins: "is not ours" before "ours".
    options.longest_match = True
    # Groups are asked for by nobody, and cost ten times the time.
    options.never_capture = True
    options.max_mem = MEMORY
    return re2.compile(expression, options=options)


def _entries(node: Any, name: str) -> Iterator[tuple[str, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        raise _wrong(node, name, "here must be names with something below them")
    seen: set[str] = set()
    for key, value in node.value:
        if key.value in seen:
            raise _wrong(key, name, f"'{key.value}' stands here twice")
        seen.add(key.value)
        yield str(key.value), value


def _items(node: yaml.Node, name: str) -> Iterator[yaml.Node]:
    if not isinstance(node, yaml.SequenceNode):
        raise _wrong(node, name, "here must be a list of phrases")
    yield from node.value


def _wrong(node: yaml.Node | None, name: str, message: str) -> PhraseError:
    return PhraseError(f"{name}:{node.start_mark.line + 1 if node else 1}: {message}")
