"""How long a search takes over HTTP among all that `bench._fill` writes, for an officer of one organisation and an
analyst of twelve: common and rare words, phrases, beginnings of words, addresses, narrowed or not."""

from __future__ import annotations

import statistics
from typing import Any
from urllib.parse import urlencode

from bench._serving import filled, on_each, signed_in, timed

CEILING_MS = 100.0


def measure() -> list[dict[str, Any]]:
    """Measure on every database there is."""
    return on_each(_on)


def _on(database: str, url: str) -> list[dict[str, Any]]:
    with filled(url) as (base, told):
        took = [
            timed(session, f"{base}/search/?{urlencode(asked)}")[0]
            for session in [signed_in(base, person) for person in told["people"]]
            for asked in [{"q": "first"}, *_questions(told["words"])]
        ]
    return [
        {
            "name": "search.p95_ms",
            "value": statistics.quantiles(took, n=20)[-1],
            "unit": "ms",
            "floor": None,
            "ceiling": CEILING_MS,
            "yardstick": f"median {statistics.median(took):.1f} ms of {len(took)}, longest {max(took):.1f} ms",
            "database": database,
        }
    ]


def _questions(words: list[str]) -> list[dict[str, str]]:
    """Ask for words by how often they are said, alone and together, and for what stands in alerts and observables."""
    ranked = [words[rank] for rank in (0, 1, 3, 10, 30, 100, 300, 1000, 3000)]
    asked = [{"q": f"{word} "} for word in ranked]
    asked += [{"q": f"{word} ", "kind": "note"} for word in ranked]
    asked += [{"q": f"{word} ", "span": "month"} for word in ranked]
    asked += [{"q": f"{words[0]} {word} "} for word in ranked]
    asked += [{"q": f'"{words[0]} {word}"'} for word in ranked]
    asked += [{"q": word[:4]} for word in ranked]
    asked += [{"q": f"host{number}.example"} for number in (7, 4711, 49_999)]
    asked += [{"q": f"n{number}.evil{number % 977}.example"} for number in (7, 40_007, 1_234_567)]
    asked += [{"q": "something seen of kind 7 "}, {"q": "rule-99"}, {"q": "example "}, {"q": "nosuchword"}]
    return asked
