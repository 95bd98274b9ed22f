"""The engine and the obvious evaluator agree on rules and events nobody thought of."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule

from tests.pipeline.detect.building import WINDOWS, plan, rows, rule
from tests.pipeline.detect.obvious import holds

FIELDS = ("A", "B", "C")
LETTERS = 'aAbBkéÉ\N{KELVIN SIGN}ßs -/\\\n"0.'
TEXT = st.text(LETTERS, max_size=5)
GLOB = st.text(LETTERS + "*?", max_size=5)
REGEX = st.sampled_from(
    ["a", "^a", "b$", "a.b", "^[^a]+$", "(a|b){2}", "é?k", r"\\", "^$", "[A-Z]", r"a\s", "^.{2,3}$", "(?:ab)*"]
)
NUMBER = st.sampled_from([0, 3, -1, 2.5, 10**12])
NUMERAL = st.sampled_from(["0", "3", "03.0", " 3", "-1", "2.5", "2.50", "+0", "3x", "0x3", "1000000000000", "1e3"])
ADDRESS = st.sampled_from(["10.0.0.1", "10.0.0.1 ", "192.168.0.1", "2001:db8::1", "2001:DB8:0:0::2", "fe80::1", "10"])
NETWORK = st.sampled_from(["10.0.0.0/8", "10.0.0.1/32", "0.0.0.0/0", "2001:db8::/32", "::/0"])
PLAIN = ["", "contains", "startswith", "endswith", "cased", "contains|cased", "windash", "contains|windash", "neq"]


def listed(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return values | st.lists(values, min_size=1, max_size=3)


def item(modifiers: st.SearchStrategy[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, Any]]:
    return st.tuples(st.tuples(st.sampled_from(FIELDS), modifiers).map(lambda key: "|".join(filter(None, key))), values)


ITEM = st.one_of(
    item(st.sampled_from(PLAIN), listed(GLOB)),
    item(st.sampled_from(PLAIN), listed(GLOB)),
    item(st.sampled_from(["contains|all", "endswith|all", "neq|all"]), st.lists(GLOB, min_size=1, max_size=3)),
    item(st.sampled_from(["re", "re|i", "re|m", "re|s", "re|i|m|s", "re|neq"]), listed(REGEX)),
    item(st.sampled_from(["", "neq"]), listed(NUMBER | st.booleans() | st.none())),
    item(st.sampled_from(["lt", "lte", "gt", "gte"]), listed(NUMBER)),
    item(st.just("cidr"), listed(NETWORK)),
    item(st.just("exists"), st.booleans()),
    item(st.sampled_from(["fieldref", "fieldref|contains", "fieldref|startswith"]), st.sampled_from(FIELDS)),
    item(st.sampled_from(["base64", "base64offset|contains"]), TEXT.filter(bool)),
)
MAPPING = st.lists(ITEM, min_size=1, max_size=3).map(dict)
KEYWORDS = st.lists(GLOB.filter(lambda glob: glob.strip("*") != "") | NUMBER, min_size=1, max_size=2)
SELECTION = MAPPING | st.lists(MAPPING, min_size=1, max_size=2) | KEYWORDS
CONDITION = st.sampled_from(
    [
        "x",
        "not x",
        "x and y",
        "x or y",
        "x and not y",
        "not (x or y)",
        "1 of them",
        "all of them",
        "not x or not y",
        "x or (y and not z)",
    ]
)
RULE = st.fixed_dictionaries({"x": SELECTION, "y": SELECTION, "z": SELECTION, "condition": CONDITION})
VALUE = st.one_of(TEXT, TEXT, NUMERAL, ADDRESS, st.sampled_from(["true", "False", "YQ==", "/a", "-a"]))
EVENT = st.dictionaries(st.sampled_from(FIELDS), VALUE | st.none(), max_size=3)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(detections=st.lists(RULE, min_size=1, max_size=3), events=st.lists(EVENT, min_size=1, max_size=6))
def test_the_engine_agrees_with_the_obvious_evaluator(
    detections: list[dict[str, Any]], events: list[dict[str, str | None]]
) -> None:
    documents = [rule(detection, f"rule {number}") for number, detection in enumerate(detections)]
    compiled = plan(*documents)
    refused = {refusal.title for refusal in compiled.refused}
    expected = set()
    for document in documents:
        if document["title"] not in refused:
            parsed = SigmaRule.from_dict({**document, "logsource": WINDOWS})
            expected |= {(document["title"], row) for row, event in enumerate(events) if holds(parsed, event)}
        else:
            assert _sigma_refuses_too(document)
    assert set(rows(compiled, events)) == expected


def _sigma_refuses_too(document: dict[str, Any]) -> bool:
    try:
        _ = [condition.parsed for condition in SigmaRule.from_dict(document).detection.parsed_condition]
    except SigmaError:
        return True
    return False
