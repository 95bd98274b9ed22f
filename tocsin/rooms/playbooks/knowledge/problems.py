"""What is wrong with a file of a playbook: where in the JSON, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

MOST = 50  # problems told of one file
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong at ``path`` (as JSONPath writes it), and what to do."""

    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.text}"


class Unusable(Exception):
    """A file cannot become a playbook; ``problems`` say why, at least one."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(slots=True)
class Findings:
    """What a check found: ``errors`` keep the file out, ``remarks`` only tell."""

    errors: list[Problem] = field(default_factory=list)
    remarks: list[Problem] = field(default_factory=list)

    def error(self, path: str, text: str) -> None:
        """Note what keeps the file out; past a good many, one says as much as a thousand."""
        if len(self.errors) < MOST:
            self.errors.append(Problem(path, text))

    def remark(self, path: str, text: str) -> None:
        """Note what should be otherwise."""
        if len(self.remarks) < MOST:
            self.remarks.append(Problem(path, text))

    def settle(self) -> None:
        """Refuse the file when there was an error."""
        if self.errors:
            raise Unusable(self.errors)


def at(path: str, key: str | int) -> str:
    """Give the path of what stands in ``path`` at ``key``; a key that is no plain name is quoted and kept short."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if NAME.fullmatch(key) and len(key) <= 80:
        return f"{path}.{key}"
    return f"{path}[{_shown(key)}]"


def _shown(key: str) -> str:
    clean = key.encode("ascii", "backslashreplace").decode()
    return "'" + "".join(c if c.isprintable() else "?" for c in clean)[:80] + "'"
