"""The Traffic Light Protocol (FIRST TLP 2.0): labels, their order, and how they join."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models


class TLP(models.TextChoices):
    """TLP 2.0 labels, from the least to the most restrictive."""

    CLEAR = "CLEAR", "TLP:CLEAR"
    GREEN = "GREEN", "TLP:GREEN"
    AMBER = "AMBER", "TLP:AMBER"
    AMBER_STRICT = "AMBER+STRICT", "TLP:AMBER+STRICT"
    RED = "RED", "TLP:RED"

    @property
    def rank(self) -> int:
        """Give the place in the order of restrictiveness, 0 for CLEAR."""
        return list(TLP).index(self)


def strictest(labels: Iterable[TLP | str]) -> TLP:
    """Join markings: the most restrictive wins. Nothing marked is AMBER, never less."""
    return max((TLP(label) for label in labels), key=lambda label: label.rank, default=TLP.AMBER)


def parse(text: str) -> TLP:
    """Read a label as people write it (``TLP:AMBER``, ``amber+strict``, TLP 1's ``WHITE``); ValueError otherwise."""
    name = text.strip().upper().removeprefix("TLP:").strip()
    if name == "WHITE":
        return TLP.CLEAR
    if name not in TLP.values:
        raise ValueError(f"{text!r} is no TLP label; use one of {', '.join(TLP.labels)}")
    return TLP(name)
