"""Texts as words, the same on every database: letters and digits, without accents, in small letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WORD = re.compile(r"[^\W_]+")
CHUNK = re.compile(r'"([^"]*)"|(\S+)')
SCHEME = re.compile(r"^(?:hxxps?|https?|ftps?|meow)\[?:\]?//", re.IGNORECASE)
BRACKETS = re.compile(r"[\[({]\s*(\.|@|:|dot|at)\s*[\])}]", re.IGNORECASE)
PLAIN = {"dot": ".", "at": "@"}
POSITIONS, PLACES, LETTERS = 16_383, 255, 500  # of a text search vector, by PostgreSQL's documentation
TERMS, PREFIX = 12, 3


def folded(text: str) -> str:
    """Give a text in small letters without accents."""
    if text.isascii():
        return text.lower()
    marked = unicodedata.normalize("NFD", text.lower())
    return "".join(letter for letter in marked if not unicodedata.combining(letter))


def words(text: str) -> list[str]:
    """Give the words of a text in order, none longer than an index bears."""
    return [word[:LETTERS] for word in WORD.findall(folded(text))]


@dataclass(frozen=True, slots=True)
class Term:
    """Words that must stand one after the other; the last one may go on when ``prefix``."""

    words: tuple[str, ...]
    prefix: bool = False


def terms(text: str) -> list[Term]:
    """Read what a person asks for: words, "words in quotation marks", addresses in any dress.

    The last word may be unfinished.
    """
    found: list[Term] = []
    for match in CHUNK.finditer(text):
        quoted, chunk = match.groups()
        plain = quoted if quoted is not None else SCHEME.sub("", BRACKETS.sub(_bare, chunk))
        if pieces := tuple(words(plain)[:TERMS]):
            last = match.end() == len(text) and quoted is None
            found.append(Term(pieces, last and len(pieces[-1]) >= PREFIX))
    return found[:TERMS]


def _bare(match: re.Match[str]) -> str:
    return PLAIN.get(match[1].lower(), match[1])


def holds(term: Term, text: Sequence[str]) -> bool:
    """Tell whether the words of a text hold a term."""
    width = len(term.words)
    *first, last = term.words
    for start in range(len(text) - width + 1):
        end = text[start + width - 1]
        if (end.startswith(last) if term.prefix else end == last) and list(text[start : start + width - 1]) == first:
            return True
    return False


def vector(title: str, text: str, tokens: Iterable[str]) -> str:
    """Write PostgreSQL's text search vector of a document; tokens stand in it as ``=token``, which no word is."""
    places: dict[str, list[int]] = {}
    for number, word in enumerate(words(f"{title}\n{text}"), start=1):
        at = places.setdefault(word, [])
        if len(at) < PLACES:
            at.append(min(number, POSITIONS))  # what comes later is found, though not as a phrase
    written = [f"'{word}':{','.join(map(str, at))}" for word, at in places.items()]
    return " ".join([*written, *(f"'={token}'" for token in sorted(tokens))])
