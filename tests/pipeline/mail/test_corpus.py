"""Hundreds of replies, read as their writers meant them; a wrong answer is far worse than none."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest

from tests.pipeline.mail.builder import build, entries
from tocsin.pipeline.mail.letter import read_letter
from tocsin.pipeline.mail.replies import ANSWERS, Understood, understand

WRITTEN = ("en", "fr", "more", "later")
MACHINES = ("automatic", "bounces")
TRAPS = ("traps", "short_traps", "context_traps")
ALL = (*WRITTEN, *MACHINES, *TRAPS, "unseen", "ordinary", "everyday", "varied", "plainly")
LEFT = {"unclear", "question"}


def read(entry: Mapping[str, Any]) -> Understood:
    return understand(read_letter(io.BytesIO(build(entry))))


def pairs(*names: str) -> Iterator[tuple[Mapping[str, Any], Understood]]:
    for name in names:
        for entry in entries(name):
            yield entry, read(entry)


def confusion(names: tuple[str, ...]) -> str:
    """Say how often what was meant was read as what."""
    counted = Counter((entry["kind"], found.kind) for entry, found in pairs(*names) if entry["kind"] != found.kind)
    return "\n".join(f"{number} x {meant} read as {kind}" for (meant, kind), number in counted.most_common())


def words(entry: Mapping[str, Any]) -> str:
    return str(entry.get("text") or entry.get("human"))[:120]


def test_the_corpus_is_large_enough() -> None:
    assert sum(len(entries(name)) for name in (*WRITTEN, *MACHINES)) >= 450
    assert len(entries("fr")) >= 100
    assert len(entries("en")) >= 100


def test_nearly_all_is_read_rightly() -> None:
    names = (*WRITTEN, *MACHINES)
    read_rightly = [entry["kind"] == found.kind for entry, found in pairs(*names)]
    assert sum(read_rightly) >= 0.95 * len(read_rightly), confusion(names)


def test_what_is_not_read_rightly_is_left_to_a_person() -> None:
    wrong = {
        (entry["kind"], found.kind, words(entry))
        for entry, found in pairs(*ALL)
        if found.kind != entry["kind"] and found.kind not in LEFT
    }
    assert wrong == set(), confusion(ALL)


def test_no_machine_and_no_doubt_is_an_answer() -> None:
    wrong = {
        (found.kind, found.evidence, words(entry))
        for entry, found in pairs(*ALL)
        if entry["kind"] not in ANSWERS and found.kind in ANSWERS
    }
    assert wrong == set(), confusion(ALL)


def test_most_words_that_the_phrases_were_not_made_for_are_understood() -> None:
    read_rightly = [entry["kind"] == found.kind for entry, found in pairs("unseen")]
    assert sum(read_rightly) >= 0.7 * len(read_rightly), confusion(("unseen",))


@pytest.mark.parametrize(
    ("name", "share"), [("ordinary", 0.92), ("everyday", 0.95), ("varied", 0.88), ("plainly", 0.74)]
)
def test_ordinary_words_are_understood(name: str, share: float) -> None:
    read_rightly = [
        entry["kind"] == found.kind and entry.get("planned_for") == found.planned_for for entry, found in pairs(name)
    ]
    assert sum(read_rightly) >= share * len(read_rightly), confusion((name,))


@pytest.mark.parametrize("name", TRAPS)
def test_no_trap_is_an_answer(name: str) -> None:
    caught = {(found.kind, found.evidence, words(entry)) for entry, found in pairs(name) if found.kind not in LEFT}
    assert caught == set()


@pytest.mark.parametrize("name", ALL)
def test_days_are_those_that_are_named(name: str) -> None:
    for entry, found in pairs(name):
        if entry["kind"] == found.kind:
            assert found.planned_for == entry.get("planned_for"), words(entry)
            assert found.away_until == entry.get("away_until"), words(entry)


@pytest.mark.parametrize("name", ALL)
def test_everything_understood_has_its_evidence(name: str) -> None:
    for entry, found in pairs(name):
        assert found.evidence or found.kind == "unclear", words(entry)
        assert bool(found.reason) == (found.kind in {"not_applicable", "refused"}), words(entry)
        assert not isinstance(found.planned_for, date) or found.kind == "planned"


def test_reports_name_recipient_status_and_the_mail_they_are_about() -> None:
    for entry, found in pairs("bounces"):
        if "address" not in entry:
            continue
        by_address = {delivery.address: delivery for delivery in found.deliveries}
        delivery = by_address[entry["address"]]
        assert delivery.status == str(entry.get("status", "")), entry
        assert delivery.permanent == entry["permanent"], entry
        assert found.original_message_id == "<notice-0417@cert.example>", entry
        assert found.original_envelope_id == entry.get("envelope", "")
