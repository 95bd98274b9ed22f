"""What is known of foreign ticket systems: the kinds, and which state there means which here; see `desks.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from pydantic import Field, field_validator

from tocsin.platform.documents import Entry, read
from tocsin.rooms.incidents.models import Incident

Answer = Literal["acknowledged", "done", "not_applicable", "refused"]
ANSWERS: tuple[Answer, ...] = ("acknowledged", "done", "not_applicable", "refused")
LONGEST_STATE = 60


class DeskKind(Entry):
    """One kind of ticket system."""

    title: str
    theirs: Mapping[str, Answer] = {}
    ours: Mapping[str, str] = {}

    @field_validator("ours")
    @classmethod
    def _known(cls, given: Mapping[str, str]) -> Mapping[str, str]:
        if unknown := set(given) - set(Incident.State.values):
            raise ValueError(f"no states of an incident: {', '.join(sorted(unknown))}")
        return given


class Desks(Entry):
    """The whole file."""

    kinds: Mapping[str, DeskKind]
    facts: tuple[str, ...]
    most_in_an_hour: int = Field(gt=0)
    longest: int = Field(gt=0)


@cache
def desks() -> Desks:
    """Read what is shipped."""
    found, _document = read(Path(__file__).with_name("desks.yaml"), Desks)
    return found


def theirs(kind: str, states: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """Give what the states there mean here, with what a desk overrides: an empty meaning takes one away."""
    return _merged(desks().kinds[kind].theirs, states.get("theirs", {}))


def ours(kind: str, states: Mapping[str, Mapping[str, str]]) -> Mapping[str, str]:
    """Give the states that tickets are given there, by the state of the incident."""
    return _merged(desks().kinds[kind].ours, states.get("ours", {}))


def _merged(shipped: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    return {state: meaning for state, meaning in {**shipped, **own}.items() if meaning}


def read_theirs(text: str) -> dict[str, str]:
    """Read lines such as ``resolved = done``; ValidationError names the line."""
    found = _lines(text)
    for state, meaning in found.items():
        if meaning and meaning not in ANSWERS:
            known = ", ".join(ANSWERS)
            raise ValidationError(
                _("“%(state)s = %(meaning)s”: what it can mean here is %(known)s.")
                % {"state": state, "meaning": meaning, "known": known}
            )
    return found


def read_ours(text: str) -> dict[str, str]:
    """Read lines such as ``closed = resolved``; ValidationError names the line."""
    found = _lines(text)
    for state in found:
        if state not in Incident.State.values:
            known = ", ".join(Incident.State.values)
            raise ValidationError(
                _("“%(state)s” is no state of an incident: %(known)s.") % {"state": state, "known": known}
            )
    return found


def read_fields(text: str) -> dict[str, str]:
    """Read lines such as ``Severity = severity``; ValidationError names the line."""
    found = _lines(text)
    for name, fact in found.items():
        if fact not in desks().facts:
            raise ValidationError(
                _("“%(field)s = %(fact)s”: what a field can hold is %(known)s.")
                % {"field": name, "fact": fact, "known": ", ".join(desks().facts)}
            )
    return found


def _lines(text: str) -> dict[str, str]:
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        state, equals, meaning = (part.strip() for part in line.partition("="))
        if not equals or not state or max(len(state), len(meaning)) > LONGEST_STATE:
            raise ValidationError(_("“%s” does not read like state = meaning.") % line[:100])
        found[state] = meaning
    return found


def written(states: Mapping[str, str]) -> str:
    """Give states as `read_theirs` and `read_ours` take them."""
    return "\n".join(f"{state} = {meaning}" for state, meaning in states.items())
