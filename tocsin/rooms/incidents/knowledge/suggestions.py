"""The type that is suggested for an incident made of alerts, read from `suggestions.yaml`."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tocsin.rooms.incidents.knowledge.classes import class_of

FILE = Path(__file__).parents[1] / "suggestions.yaml"
_TECHNIQUE = r"^T\d{4}(\.\d{3})?$"
_WORD = re.compile(r"[a-z0-9][a-z0-9-]*")


class SuggestionsError(Exception):
    """The file of suggestions is broken; the message names the entry and what to mend."""


class Suggestion(BaseModel):
    """A type, and what in an alert speaks for it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: str
    techniques: tuple[str, ...] = Field(default=())
    words: frozenset[str] = Field(default=frozenset())

    def fits(self, techniques: Collection[str], words: Collection[str]) -> bool:
        """Tell whether one of the techniques is, or is below, one of these, or one of the words is."""
        below = any(one == mine or one.startswith(f"{mine}.") for one in techniques for mine in self.techniques)
        return below or not self.words.isdisjoint(words)


def load(path: Path, types: Collection[str]) -> Sequence[Suggestion]:
    """Read a file of suggestions; SuggestionsError when it is not one, or names a type there is not."""
    try:
        found = TypeAdapter(list[Suggestion]).validate_python(yaml.safe_load(path.read_text()))
    except (yaml.YAMLError, ValidationError) as error:
        raise SuggestionsError(f"{path.name}: {error}") from error
    for number, each in enumerate(found, 1):
        if each.type not in types:
            raise SuggestionsError(f"{path.name}: entry {number}: the taxonomy has no type '{each.type}'")
        if wrong := [one for one in each.techniques if not re.fullmatch(_TECHNIQUE, one)]:
            raise SuggestionsError(
                f"{path.name}: entry {number}: '{wrong[0]}' is no technique; write T1566 or T1566.001"
            )
    return found


@cache
def suggestions() -> Sequence[Suggestion]:
    """Give the suggestions in their order."""
    return load(FILE, class_of())


def suggested_type(techniques: Iterable[str], titles: Iterable[str]) -> str:
    """Give the type that alerts with these techniques and titles speak for; empty when they speak for none."""
    seen = {one.upper() for one in techniques}
    words = {word for title in titles for word in _WORD.findall(title.lower())}
    return next((each.type for each in suggestions() if each.fits(seen, words)), "")
