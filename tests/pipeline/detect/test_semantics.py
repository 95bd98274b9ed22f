"""What each modifier and each sort of value means; docs/reference/detection.md says the same in prose."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pipeline.detect.building import fires, plan, rows, rule

CASES: list[tuple[str, Any, dict[str, Any], dict[str, Any]]] = [
    # what, selection, an event it holds for, one it does not
    ("plain text is the whole value", {"A": "cmd.exe"}, {"A": "cmd.exe"}, {"A": "cmd.exe "}),
    ("case does not count", {"A": "CMD.exe"}, {"A": "cmd.EXE"}, {"A": "cmd_exe"}),
    ("case does not count beyond ASCII", {"A": "été"}, {"A": "ÉTÉ"}, {"A": "ete"}),
    ("case does not count in patterns beyond ASCII", {"A|contains": "été"}, {"A": "L'ÉTÉ INDIEN"}, {"A": "l'ete"}),
    ("letters of another script stay different", {"A|contains": "k"}, {"A": "ok"}, {"A": "o\N{KELVIN SIGN}"}),
    ("a list is any of them", {"A": ["x", "y"]}, {"A": "y"}, {"A": "z"}),
    ("two fields are both", {"A": "x", "B": "y"}, {"A": "x", "B": "y"}, {"A": "x"}),
    ("a list of mappings is any of them", [{"A": "x"}, {"B": "y"}], {"B": "y"}, {"A": "y"}),
    ("* is any text", {"A": "a*c"}, {"A": "a\nbb c"}, {"A": "abcd"}),
    ("* may be nothing", {"A": "a*c"}, {"A": "ac"}, {"A": "a"}),
    ("? is one character", {"A": "a?c"}, {"A": "aéc"}, {"A": "ac"}),
    ("? is not two characters", {"A": "a?c"}, {"A": "a\nc"}, {"A": "abbc"}),
    ("an escaped * is itself", {"A": r"a\*c"}, {"A": "a*c"}, {"A": "abc"}),
    ("a backslash before others is itself", {"A|endswith": r"\cmd.exe"}, {"A": r"C:\cmd.exe"}, {"A": "cmd.exe"}),
    ("only a * asks that there is a value", {"A": "*"}, {"A": ""}, {"B": "x"}),
    ("contains", {"A|contains": "bc"}, {"A": "aBCd"}, {"A": "b c"}),
    ("startswith", {"A|startswith": "ab"}, {"A": "ABc"}, {"A": "cab"}),
    ("endswith", {"A|endswith": "bc"}, {"A": "aBC"}, {"A": "bca"}),
    ("endswith before a newline is not at the end", {"A|endswith": "bc"}, {"A": "\nbc"}, {"A": "bc\n"}),
    ("contains and all", {"A|contains|all": ["x", "y"]}, {"A": "y x"}, {"A": "x"}),
    ("cased", {"A|cased": "Cmd"}, {"A": "Cmd"}, {"A": "cmd"}),
    ("contains and cased", {"A|contains|cased": "Cmd"}, {"A": "a Cmd"}, {"A": "a cmd"}),
    ("cased beyond ASCII", {"A|contains|cased": "É"}, {"A": "ÉTÉ"}, {"A": "été"}),
    ("the same text cased and not", {"A": "Cmd", "A|cased": "Cmd"}, {"A": "Cmd"}, {"A": "CMD"}),
    ("re searches anywhere, minding case", {"A|re": "b+c"}, {"A": "abbcd"}, {"A": "aBBcd"}),
    ("re with i", {"A|re|i": "b+c"}, {"A": "aBBcd"}, {"A": "ac"}),
    ("re anchors are the ends of the value", {"A|re": "^b$"}, {"A": "b"}, {"A": "a\nb\nc"}),
    ("re with m", {"A|re|m": "^b$"}, {"A": "a\nb\nc"}, {"A": "ab"}),
    ("re: a dot is no newline", {"A|re": "a.c"}, {"A": "aéc"}, {"A": "a\nc"}),
    ("re with s", {"A|re|s": "a.c"}, {"A": "a\nc"}, {"A": "ac"}),
    ("re counts characters, not bytes", {"A|re": "^a.{2}$"}, {"A": "aéé"}, {"A": "aé"}),
    ("re that matches nothing at all", {"A|re": "^$"}, {"A": ""}, {"A": "x"}),
    ("a number is the number", {"A": 3}, {"A": 3}, {"A": 30}),
    ("a number as text, padded or with zeros", {"A": 3}, {"A": " 03.0 "}, {"A": "3x"}),
    ("a number is not hexadecimal", {"A": 16}, {"A": "16"}, {"A": "0x10"}),
    ("text that looks like a number is text", {"A": "3"}, {"A": 3}, {"A": "3.0"}),
    ("a fraction", {"A": 1.5}, {"A": "1.50"}, {"A": "1.55"}),
    ("lt", {"A|lt": 10}, {"A": "9"}, {"A": "10"}),
    ("lte", {"A|lte": 10}, {"A": 10}, {"A": "10.1"}),
    ("gt compares numbers, not text", {"A|gt": 10}, {"A": "100"}, {"A": "9"}),
    ("gte", {"A|gte": 10}, {"A": "10"}, {"A": "9.99"}),
    ("gt needs a number", {"A|gt": -1}, {"A": "0"}, {"A": "many"}),
    ("true", {"A": True}, {"A": True}, {"A": False}),
    ("true as text", {"A": True}, {"A": "True"}, {"A": "1"}),
    ("text true meets true", {"A": "true"}, {"A": True}, {"A": None}),
    ("null is a missing field", {"A": None}, {"B": "x"}, {"A": "x"}),
    ("null is a null value", {"A": None}, {"A": None}, {"A": ""}),
    ("empty text is no missing field", {"A": ""}, {"A": ""}, {"B": "x"}),
    ("null or text", {"A": [None, "x"]}, {"A": "X"}, {"A": "y"}),
    ("exists", {"A|exists": True}, {"A": ""}, {"B": "x"}),
    ("exists not", {"A|exists": False}, {"B": "x"}, {"A": "x"}),
    ("neq", {"A|neq": "x"}, {"A": "y"}, {"A": "X"}),
    ("neq of several is none of them", {"A|neq": ["x", "y"]}, {"A": "z"}, {"A": "y"}),
    ("neq holds where the field is missing", {"A|neq": "x"}, {"B": "x"}, {"A": "x"}),
    ("cidr of IPv4", {"A|cidr": "10.0.0.0/8"}, {"A": "10.255.0.1"}, {"A": "11.0.0.1"}),
    ("cidr of IPv6", {"A|cidr": "2001:db8::/32"}, {"A": "2001:DB8:0::1"}, {"A": "2001:db9::1"}),
    ("cidr and an IPv4 address mapped into IPv6", {"A|cidr": "10.0.0.0/8"}, {"A": "::ffff:10.0.0.1"}, {"A": "::10"}),
    ("cidr and what is no address", {"A|cidr": "0.0.0.0/0"}, {"A": "0.0.0.0"}, {"A": "10.0.0"}),
    ("fieldref", {"A|fieldref": "B"}, {"A": "x", "B": "X"}, {"A": "x", "B": "y"}),
    ("fieldref needs both", {"A|fieldref": "B"}, {"A": "x", "B": "x"}, {"C": "x"}),
    ("fieldref startswith", {"A|fieldref|startswith": "B"}, {"A": "xy", "B": "X"}, {"A": "ax", "B": "x"}),
    ("fieldref endswith", {"A|fieldref|endswith": "B"}, {"A": "ax", "B": "X"}, {"A": "xa", "B": "x"}),
    ("fieldref contains", {"A|fieldref|contains": "B"}, {"A": "axa", "B": "X"}, {"A": "a", "B": "x"}),
    ("windash", {"A|contains|windash": " -x"}, {"A": "a /x"}, {"A": "a x"}),
    ("windash knows long dashes", {"A|contains|windash": " -x"}, {"A": "a \N{EN DASH}x"}, {"A": "a +x"}),
    ("windash and all", {"A|windash|contains|all": ["-a", "-b"]}, {"A": "/a –b"}, {"A": "/a"}),
    ("base64", {"A|base64|contains": "foobar"}, {"A": "x Zm9vYmFy"}, {"A": "foobar"}),
    ("base64offset", {"A|base64offset|contains": "foobar"}, {"A": "eGZvb2Jhcg=="}, {"A": "foobar"}),
    ("wide and base64offset", {"A|wide|base64offset|contains": "foo"}, {"A": "ZgBvAG8A"}, {"A": "Zm9v"}),
    ("hour", {"A|hour": 3}, {"A": "2026-01-31T03:59:00Z"}, {"A": "2026-01-31T04:00:00Z"}),
    ("hour is of UTC", {"A|hour": 3}, {"A": "2026-01-31T05:59:00+02:00"}, {"A": "soon"}),
    ("year", {"A|year": 2026}, {"A": "2026-01-31 03:59:00.123"}, {"A": "2025-01-31"}),
    ("week", {"A|week": 5}, {"A": "2026-01-31"}, {"A": "2026-02-28"}),
    ("a keyword is anywhere in a value", ["mimikatz"], {"A": "x", "B": "a MimiKatz b"}, {"A": "mimi katz"}),
    ("keywords are any of them", ["x1", "x2"], {"A": "x2"}, {"A": "x3"}),
    ("a keyword is not a field's name", ["mimikatz"], {"A": "mimikatz"}, {"mimikatz": "x"}),
    ("a keyword with a backslash", [r"\system32\a"], {"A": r"C:\System32\a.exe"}, {"A": "C:/system32/a.exe"}),
    ("a keyword with quotes", ['say "x"'], {"A": 'they say "X"'}, {"A": "say x"}),
    ("a keyword beyond ASCII", ["été"], {"A": "l'ÉTÉ"}, {"A": "ete"}),
    ("a keyword with a newline", ["a\nb"], {"A": "xa\nbx"}, {"A": "a b"}),
    ("a keyword with a wildcard stays in a value", ["a*b"], {"A": "xaxbx"}, {"A": "a", "B": "b"}),
    ("all keywords, in any values", {"|all": ["x1", "x2"]}, {"A": "x2", "B": "x1"}, {"A": "x1"}),
    ("a keyword that is a number", [4711], {"A": 14711}, {"A": "4712"}),
    ("a keyword inside objects", ["deep"], {"A": {"b": ["x", "deep"]}}, {"A": {"deep": "x"}}),
    ("a keyword by regular expression", {"|re": "ab+c"}, {"A": "xabbc"}, {"A": "xac"}),
    ("a value of several lines is one value", {"A": "x"}, {"A": "x"}, {"A": "x\ny"}),
    ("Data holds several values", {"Data": "x"}, {"Data": ["x", "y"]}, {"Data": ["xx", "y"]}),
    ("contains in one of several values", {"Data|contains": "x"}, {"Data": ["y", "ax"]}, {"Data": ["y"]}),
]


@pytest.mark.parametrize(
    ("selection", "event"), [(case[1], case[2]) for case in CASES], ids=[case[0] for case in CASES]
)
def test_it_holds(selection: Any, event: dict[str, Any]) -> None:
    assert fires(selection, event)


@pytest.mark.parametrize(
    ("selection", "event"), [(case[1], case[3]) for case in CASES], ids=[case[0] for case in CASES]
)
def test_it_does_not_hold(selection: Any, event: dict[str, Any]) -> None:
    assert not fires(selection, event)


CONDITIONS = [
    ("a and b", [3]),
    ("a or b", [1, 2, 3]),
    ("a and not b", [1]),
    ("not a", [0, 2]),
    ("not (a or b)", [0]),
    ("1 of a*", [1, 3]),
    ("all of them", [3]),
    ("1 of them", [1, 2, 3]),
    ("not 1 of them", [0]),
    ("not not a", [1, 3]),
    (["a and b", "not a and not b"], [0, 3]),
]


@pytest.mark.parametrize(("condition", "expected"), CONDITIONS, ids=[str(condition) for condition, _ in CONDITIONS])
def test_conditions(condition: Any, expected: list[int]) -> None:
    compiled = plan(rule({"a": {"A": "1"}, "b": {"B": "1"}, "condition": condition}))
    events = [{"A": a, "B": b} for b in ("0", "1") for a in ("0", "1")]
    assert [row for _, row in rows(compiled, events)] == expected
