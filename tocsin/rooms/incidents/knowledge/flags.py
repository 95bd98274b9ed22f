"""What is noted of an incident beside its state, read from `flags.yaml`: the values, and what follows from each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.db.models import BooleanField
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from tocsin.rooms.incidents.models import Incident

FILE = Path(__file__).parents[1] / "flags.yaml"
YES_NO = {"no": _("no"), "yes": _("yes")}


class FlagsError(Exception):
    """The file of flags is broken; the message names file, line and what to mend."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Strict):
    """A text in the house's languages."""

    en: str
    fr: str

    def __str__(self) -> str:
        return self.fr if get_language() == "fr" else self.en


class Value(_Strict):
    """What comes of a value: a sentence, and the service whose team should be offered the incident."""

    follows: Words | None = None
    offer: str = ""


class _Entry(Words):
    values: dict[str, Value]
    must_say: bool = False


def _field(name: str) -> Any:
    return getattr(Incident, name).field


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing noted of an incident, a field of it."""

    name: str
    label: Words
    values: Mapping[str, Value]
    must_say: bool

    def of(self, incident: Incident) -> str:
        """Give the value an incident has."""
        return self.written(getattr(incident, self.name))

    def written(self, value: Any) -> str:
        """Give a field's value as the file and the forms write it."""
        return ("yes" if value else "no") if self._yes_no() else str(value)

    def read(self, written: str) -> Any:
        """Give the field's value that is written so."""
        return written == "yes" if self._yes_no() else written

    def choices(self) -> Sequence[tuple[str, Any]]:
        """Give the values with their names."""
        names: Mapping[str, Any] = YES_NO if self._yes_no() else dict(_field(self.name).flatchoices)
        return [(value, names[value]) for value in self.values]

    def _yes_no(self) -> bool:
        return isinstance(_field(self.name), BooleanField)


@dataclass(frozen=True, slots=True)
class Raised:
    """A flag that is not at rest on an incident: its value in words, and what follows."""

    flag: Flag
    value: str
    shown: Any
    meaning: Value


@cache
def flags() -> Mapping[str, Flag]:
    """Give every flag by the field it is kept in."""
    return load(FILE)


def raised(incident: Incident) -> Iterator[Raised]:
    """Give the flags of an incident that have left their first value."""
    for flag in flags().values():
        value = flag.of(incident)
        if value != next(iter(flag.values)):
            yield Raised(flag, value, dict(flag.choices())[value], flag.values[value])


def load(path: Path) -> Mapping[str, Flag]:
    """Read and check a file of flags; raise FlagsError that names the line to mend."""
    text = path.read_text()
    root = yaml.compose(text)
    if not isinstance(root, yaml.MappingNode):
        raise FlagsError(f"{path}:1: this must be a mapping")
    lines = {key.value: key.start_mark.line + 1 for key, _value in root.value}
    made = {}
    for name, given in yaml.safe_load(text).items():
        try:
            entry = TypeAdapter(_Entry).validate_python(given)
        except ValidationError as error:
            raise FlagsError(f"{path}:{lines[name]}: {name}: {error.errors()[0]['msg']}") from error
        made[name] = Flag(name, Words(en=entry.en, fr=entry.fr), entry.values, entry.must_say)
        _check(made[name], f"{path}:{lines[name]}: {name}")
    return made


def _check(flag: Flag, where: str) -> None:
    if not hasattr(Incident, flag.name):
        raise FlagsError(f"{where}: no field of an incident has this name")
    field = _field(flag.name)
    possible = {"no", "yes"} if isinstance(field, BooleanField) else set(dict(field.flatchoices))
    if set(flag.values) != possible:
        raise FlagsError(f"{where}: its values are {', '.join(sorted(possible))}")
