"""What can be wrong with a content."""

from __future__ import annotations

from typing import Literal

Why = Literal["members", "unpacked", "ratio", "depth", "broken"]


class Refused(Exception):
    """An archive is not opened; ``why`` names the limit it is beyond."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why
