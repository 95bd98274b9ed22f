"""Each starter rule fires on every line of its positive sample and on no line of its negative one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules_starter.watching import Watch, starter_plan
from tocsin.exercise.story import STARTER_RULES, rule_id

SAMPLES = Path(__file__).parents[1] / "data" / "rules_starter"
RULES = sorted(path.stem for path in STARTER_RULES.glob("*.yml"))


def _sample(rule: str, kind: str) -> Path:
    (found,) = (SAMPLES / rule).glob(f"{kind}.*")
    return found


def _records_hit(path: Path, rule: str) -> tuple[set[int], int]:
    watch = Watch()
    hit = {hit.record for hit in watch.hits(path) if hit.rule.id == rule_id(rule)}
    assert watch.rejects == []
    return hit, watch.records


@pytest.mark.parametrize("rule", RULES)
def test_it_fires_on_each_line_of_its_positive_sample(rule: str) -> None:
    hit, records = _records_hit(_sample(rule, "positive"), rule)
    assert records > 0
    assert hit == set(range(1, records + 1))


@pytest.mark.parametrize("rule", RULES)
def test_it_stays_silent_on_its_negative_sample(rule: str) -> None:
    hit, records = _records_hit(_sample(rule, "negative"), rule)
    assert records > 0
    assert hit == set()


def test_no_sample_is_left_without_a_rule() -> None:
    assert sorted(path.name for path in SAMPLES.iterdir()) == RULES


def test_all_starter_rules_can_be_run() -> None:
    assert [(refusal.path, refusal.reason) for refusal in starter_plan().refused] == []
    assert len(starter_plan().rules) == len(RULES)
