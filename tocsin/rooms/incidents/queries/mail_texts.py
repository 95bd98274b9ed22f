"""What mails of a conversation begin with: the templates of mails.yaml, read and checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Literal

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from tocsin.rooms.notices.knowledge import Entry, line_of

FILE = Path(__file__).parents[1] / "mails.yaml"
LANGUAGES = ("en", "fr")
PLACEHOLDERS = frozenset({
    "facts", "greeting", "kind", "organisation", "reference", "sender", "severity", "since", "state", "team",
})  # fmt: skip


class MailTextsError(Exception):
    """The file of templates is broken; the message names file, line and what to mend."""


class MailText(Entry):
    """A template in one language."""

    subject: str = Field(min_length=1, max_length=150)
    text: str = Field(min_length=1, max_length=5_000)

    def filled(self, values: Mapping[str, str]) -> tuple[str, str]:
        """Give subject and text with the placeholders filled; what a value says is never read as a template."""
        return self.subject.format_map(values), self.text.format_map(values).strip()


class MailTemplate(Entry):
    """A template in every language, its names, and whom it is meant for."""

    meant_for: Literal["organisation", "outside", "anybody"] = Field(alias="for")
    name: Mapping[Literal["en", "fr"], str]
    en: MailText
    fr: MailText

    def in_language(self, language: str) -> MailText:
        """Give it in a language, in English where it is not known."""
        return self.fr if language == "fr" else self.en


@cache
def mail_templates() -> Mapping[str, MailTemplate]:
    """Give the templates of this installation by their names."""
    return load(FILE)


def load(path: Path) -> Mapping[str, MailTemplate]:
    """Read and check a file of templates."""
    text = path.read_text(encoding="utf-8")
    try:
        node, content = yaml.compose(text), yaml.safe_load(text)
        known = TypeAdapter(dict[str, MailTemplate]).validate_python(content)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise MailTextsError(f"{path}:{line}: {error.problem}") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise MailTextsError(f"{path}:{line_of(node, first['loc'])}: {first['msg']}") from error
    for place, written in _texts(known):
        for problem in _problems(written):
            raise MailTextsError(f"{path}:{line_of(node, place)}: {problem}")
    return known


def _texts(known: Mapping[str, MailTemplate]) -> Iterator[tuple[tuple[str, ...], str]]:
    for name, template in known.items():
        for language in LANGUAGES:
            written = template.in_language(language)
            yield (name, language, "subject"), written.subject
            yield (name, language, "text"), written.text


def _problems(written: str) -> Iterator[str]:
    try:
        fields: list[Any] = list(Formatter().parse(written))
    except ValueError as error:
        yield str(error)
        return
    for _literal, field, spec, conversion in fields:
        if field is not None and (field not in PLACEHOLDERS or spec or conversion):
            yield f"{{{field}}} is no placeholder; use one of {', '.join(sorted(PLACEHOLDERS))}"
