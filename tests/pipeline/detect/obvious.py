"""The slow and obvious way to say whether a rule holds for an event, to hold the fast way against."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.rule import SigmaRule
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaRegularExpressionFlag,
    SigmaString,
    SpecialChars,
)

Event = Mapping[str, str | None]
FLAGS = {
    SigmaRegularExpressionFlag.IGNORECASE: re.IGNORECASE,
    SigmaRegularExpressionFlag.MULTILINE: re.MULTILINE,
    SigmaRegularExpressionFlag.DOTALL: re.DOTALL,
}


def holds(rule: SigmaRule, event: Event) -> bool:
    """Say whether any condition of a rule holds."""
    return any(_holds(condition.parsed, event) for condition in rule.detection.parsed_condition)


def _holds(node: Any, event: Event) -> bool:
    if isinstance(node, ConditionAND):
        return all(_holds(part, event) for part in node.args)
    if isinstance(node, ConditionOR):
        return any(_holds(part, event) for part in node.args)
    if isinstance(node, ConditionNOT):
        return not _holds(node.args[0], event)
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return _passes(node.value, event.get(node.field), event)
    assert isinstance(node, ConditionValueExpression)
    return any(_found(node.value, value) for value in event.values() if value is not None)


def _found(keyword: Any, value: str) -> bool:
    if isinstance(keyword, SigmaExpansion):
        return any(_found(one, value) for one in keyword.values)
    if isinstance(keyword, SigmaNumber):
        return str(keyword.number) in value
    if isinstance(keyword, SigmaString):
        parts = [SpecialChars.WILDCARD_MULTI, *keyword.s, SpecialChars.WILDCARD_MULTI]
        return _like(parts, value, isinstance(keyword, SigmaCasedString))
    return _passes(keyword, value, {})


def _passes(test: Any, value: str | None, event: Event) -> bool:
    if isinstance(test, SigmaExpansion):
        return any(_passes(one, value, event) for one in test.values)
    if isinstance(test, SigmaNull):
        return value is None
    if isinstance(test, SigmaExists):
        return (value is not None) == test.exists
    return value is not None and _compared(test, value, event)


def _compared(test: Any, value: str, event: Event) -> bool:
    if isinstance(test, SigmaString):
        return _like(test.s, value, isinstance(test, SigmaCasedString))
    if isinstance(test, SigmaBool):
        return value.lower() == str(test.boolean).lower()
    if isinstance(test, SigmaNumber):
        return _number(value) == test.number
    if isinstance(test, SigmaCompareExpression):
        return _ordered(test, _number(value))
    if isinstance(test, SigmaRegularExpression):
        flags = sum(FLAGS[flag] for flag in test.flags)
        return re.search(str(test.regexp), value, flags) is not None
    if isinstance(test, SigmaCIDRExpression):
        try:
            return ip_address(value.strip()) in test.network
        except ValueError:
            return False
    assert isinstance(test, SigmaFieldReference)
    return _referred(test, value, event.get(test.field))


def _ordered(test: SigmaCompareExpression, number: float | None) -> bool:
    if number is None:
        return False
    other = test.number.number
    return {
        CompareOperators.LT: number < other,
        CompareOperators.LTE: number <= other,
        CompareOperators.GT: number > other,
        CompareOperators.GTE: number >= other,
        CompareOperators.NEQ: number != other,
    }[test.op]


def _number(value: str) -> float | None:
    try:
        return float(value) if re.fullmatch(r"\s*[+-]?\d+(\.\d+)?\s*", value, re.ASCII) else None
    except ValueError:
        return None


def _referred(test: SigmaFieldReference, value: str, other: str | None) -> bool:
    if other is None:
        return False
    parts: list[Any] = [other]
    if test.starts_with:
        parts = [*parts, SpecialChars.WILDCARD_MULTI]
    if test.ends_with:
        parts = [SpecialChars.WILDCARD_MULTI, *parts]
    return _like(parts, value, cased=False)


def _like(parts: Any, value: str, cased: bool) -> bool:
    """Walk along a glob and a value character by character, keeping every place the value may have reached."""
    places = {0}
    for part in parts:
        if part is SpecialChars.WILDCARD_MULTI:
            places = set(range(min(places, default=len(value) + 1), len(value) + 1))
        elif part is SpecialChars.WILDCARD_SINGLE:
            places = {place + 1 for place in places if place < len(value)}
        else:
            for character in part:
                places = {p + 1 for p in places if p < len(value) and _same(character, value[p], cased)}
    return len(value) in places


def _same(one: str, other: str, cased: bool) -> bool:
    if one == other or cased:
        return one == other
    return one.isascii() == other.isascii() and len(one.lower()) == 1 and one.lower() == other.lower()
