"""Understand what well-known programs write in their log messages."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

import yaml

SHORT = {
    "user": "user.name",
    "target": "user.target.name",
    "actor": "user.name",
    "address": "source.ip",
    "domain": "source.domain",
    "port": "source.port",
    "tty": "process.tty",
    "folder": "process.working_directory",
    "command": "process.command_line",
    "method": "authentication.method",
    "problem": "error.message",
}
# The names Sigma rules for sudo use.
NATIVE = {"sudo": {"tty": "TTY", "folder": "PWD", "target": "USER", "command": "COMMAND"}}


# What rsyslog and others write instead of the same message once more.
_REPEATED = re.compile(r"message repeated \d+ times?: \[ ?(.*?)\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Saying:
    """Name what a message of a certain wording tells."""

    pattern: re.Pattern[str]
    action: str
    outcome: str = ""


def understood(program: str, message: str) -> Mapping[str, str]:
    """Give the columns a message fills, none when its wording is not known."""
    again = _REPEATED.fullmatch(message)
    for saying in _sayings(program):
        match = saying.pattern.fullmatch(again[1] if again else message)
        if match:
            return _columns(program, saying, match)
    return {}


def _columns(program: str, saying: Saying, match: re.Match[str]) -> dict[str, str]:
    columns = {"event.action": saying.action, "event.category": "authentication"}
    if saying.outcome:
        columns["event.outcome"] = saying.outcome
    native = NATIVE.get(program, {})
    for part, value in match.groupdict().items():
        if not value:
            continue
        name = "source.domain" if part == "address" and not is_ip(value) else SHORT[part]
        columns[name] = value
        if part in native:
            columns[native[part]] = value
    if "user.name" not in columns and "user.target.name" in columns:
        columns["user.name"] = columns["user.target.name"]
    if "process.command_line" in columns:
        columns["process.executable"] = columns["process.command_line"].partition(" ")[0]
        columns["event.category"] = "process"
    return columns


@lru_cache(maxsize=65_536)
def is_ip(text: str) -> bool:
    """Tell an address from a name."""
    try:
        ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return True


@cache
def _sayings(program: str) -> tuple[Saying, ...]:
    known = _all()
    return (*known.get(program, ()), *known["any"])


@cache
def _all() -> Mapping[str, tuple[Saying, ...]]:
    text = files(__package__).joinpath("messages.yaml").read_text(encoding="utf-8")
    return {
        program: tuple(Saying(re.compile(s["pattern"], re.DOTALL), s["action"], s.get("outcome", "")) for s in sayings)
        for program, sayings in yaml.safe_load(text).items()
    }
