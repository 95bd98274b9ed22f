"""What detection hands out: rules that run, rules that were refused, and hits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogSource:
    """Say what a rule looks at, in Sigma's three words."""

    product: str = ""
    category: str = ""
    service: str = ""

    def __str__(self) -> str:
        words = (("product", self.product), ("category", self.category), ("service", self.service))
        return ", ".join(f"{name} {value}" for name, value in words if value)


@dataclass(frozen=True, slots=True)
class Rule:
    """Describe one rule that runs. ``version`` changes whenever anything in the rule's text does."""

    id: str
    title: str
    level: str
    status: str
    techniques: tuple[str, ...]
    path: str
    version: str
    subject: tuple[str, ...]
    source: LogSource
    description: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Say which rule is not run, where it stands and why."""

    path: str
    line: int | None
    rule_id: str
    title: str
    reason: str

    def __str__(self) -> str:
        place = self.path if self.line is None else f"{self.path}:{self.line}"
        named = " ".join(word for word in (self.rule_id, self.title) if word)
        return f"{place}: {named}: {self.reason}" if named else f"{place}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Hit:
    """Say that a rule holds for a row of a batch."""

    rule: Rule
    row: int
