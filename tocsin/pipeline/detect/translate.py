"""Take a rule out of pySigma's tree into our terms; what we cannot run is refused here."""

from __future__ import annotations

from collections.abc import Callable
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
    Placeholder,
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
    SigmaString,
    SigmaTimestampPart,
    SpecialChars,
)

from tocsin.pipeline.detect.errors import CannotRun
from tocsin.pipeline.detect.terms import (
    ANY,
    ONE,
    Cidr,
    Condition,
    Glob,
    Leaf,
    Missing,
    Number,
    Regex,
    SameAs,
    Test,
    Text,
    TimePart,
    conjunction,
    disjunction,
    negation,
)
from tocsin.pipeline.detect.text import fold

_OPERATORS = {
    CompareOperators.LT: "lt",
    CompareOperators.LTE: "lte",
    CompareOperators.GT: "gt",
    CompareOperators.GTE: "gte",
    CompareOperators.NEQ: "neq",
}
_WILDCARDS = {SpecialChars.WILDCARD_MULTI: ANY, SpecialChars.WILDCARD_SINGLE: ONE}


def condition_of(rule: SigmaRule) -> Condition:
    """Give what a rule asks; of several conditions any will do."""
    return disjunction(_node(condition.parsed) for condition in rule.detection.parsed_condition)


def _node(node: Any) -> Condition:
    match node:
        case ConditionAND():
            return conjunction(_node(part) for part in node.args)
        case ConditionOR():
            return disjunction(_node(part) for part in node.args)
        case ConditionNOT():
            return negation(_node(node.args[0]))
        case ConditionFieldEqualsValueExpression():
            return _leaf(node.field, node.value)
        case ConditionValueExpression():
            return _leaf(None, node.value)
    raise CannotRun("the condition refers to a detection without content", "condition:")


def _leaf(field: str | None, value: Any) -> Condition:
    if isinstance(value, SigmaExpansion):
        return disjunction(_leaf(field, expanded) for expanded in value.values)
    return Leaf(field, (_keyword(value) if field is None else _test(value),))


def _keyword(value: Any) -> Test:
    if isinstance(value, SigmaNumber) and not isinstance(value, SigmaTimestampPart):
        return Text((ANY, str(value.number), ANY))
    test = _test(value)
    if isinstance(test, Text):
        return Text(_tidy((ANY, *test.glob, ANY)), test.cased)
    if isinstance(test, Regex):
        return test
    if test == Missing(False):
        raise CannotRun("a keyword that is only * would be found in every record")
    raise CannotRun(f"a keyword cannot be a {type(value).__name__}: only text and regular expressions are searched for")


def _test(value: Any) -> Test:
    for cls, build in _TESTS.items():
        if isinstance(value, cls):
            return build(value)
    raise CannotRun(f"values of the type {type(value).__name__} are not supported")


def _text(value: SigmaString) -> Test:
    cased = isinstance(value, SigmaCasedString)
    glob = _tidy(tuple(_part(part, cased) for part in value.s))
    return Missing(False) if glob == (ANY,) else Text(glob, cased)


def _part(part: str | SpecialChars | Placeholder, cased: bool) -> str | int:
    """Take over a part, folded where case does not count: then tests that ask the same are the same."""
    if isinstance(part, Placeholder):
        raise CannotRun(f"the placeholder %{part.name}% has no values here", f"%{part.name}%")
    if isinstance(part, str):
        return part if cased else fold(part)
    return _WILDCARDS[part]


def _tidy(glob: Glob) -> Glob:
    """Join neighbouring literals and drop a wildcard that follows its like."""
    tidy: list[str | int] = []
    for part in glob:
        if part == "" or (part == ANY and tidy[-1:] == [ANY]):
            continue
        if tidy and isinstance(part, str) and isinstance(tidy[-1], str):
            tidy[-1] += part
        else:
            tidy.append(part)
    return tuple(tidy)


def _regex(value: SigmaRegularExpression) -> Test:
    for part in value.regexp.s:
        if isinstance(part, Placeholder):
            raise CannotRun(f"the placeholder %{part.name}% has no values here", f"%{part.name}%")
    letters = (value.sigma_to_re_flag[flag] for flag in value.flags)
    return Regex(str(value.regexp), "".join(sorted(letters)))


def _compare(value: SigmaCompareExpression) -> Test:
    return Number(_OPERATORS[value.op], value.number.number)


def _reference(value: SigmaFieldReference) -> Test:
    return SameAs(value.field, value.starts_with, value.ends_with)


# In this order: several of these are subclasses of a later one.
_TESTS: dict[type, Callable[[Any], Test]] = {
    SigmaTimestampPart: lambda value: TimePart(value.timestamp_part.name.lower(), int(value.number)),
    SigmaNumber: lambda value: Number("eq", value.number),
    SigmaString: _text,
    SigmaBool: lambda value: Text(("true" if value.boolean else "false",)),
    SigmaNull: lambda _: Missing(True),
    SigmaExists: lambda value: Missing(not value.exists),
    SigmaRegularExpression: _regex,
    SigmaCIDRExpression: lambda value: Cidr(str(value.network)),
    SigmaCompareExpression: _compare,
    SigmaFieldReference: _reference,
}
