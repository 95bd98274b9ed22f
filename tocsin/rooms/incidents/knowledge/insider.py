"""What is known of misuse by insiders, read from `insider.yaml`: purposes, legal bases, kinds of content, terms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path

from django.utils.translation import get_language
from pydantic import Field, model_validator

from tocsin.platform import documents

FILE = Path(__file__).parents[1] / "insider.yaml"


class Words(documents.Entry):
    """A text in the house's languages."""

    en: str
    fr: str

    def __str__(self) -> str:
        return self.fr if get_language() == "fr" else self.en


class Insider(documents.Entry):
    """The file."""

    grant_hours: int = Field(ge=1)
    longest_grant_hours: int = Field(ge=1, le=24 * 31)
    answer_hours: int = Field(ge=1, le=24 * 31)
    purposes: Mapping[str, Words] = Field(min_length=1)
    bases: Mapping[str, Words] = Field(min_length=1)
    kinds: Mapping[str, Words] = Field(min_length=1)

    @model_validator(mode="after")
    def _in_order(self) -> Insider:
        if self.grant_hours > self.longest_grant_hours:
            raise ValueError("grant_hours is longer than longest_grant_hours")
        return self

    def term(self, hours: int | None) -> timedelta | None:
        """Give how long a grant of so many hours lasts (None: the usual); None when nobody may grant that."""
        wanted = self.grant_hours if hours is None else hours
        return timedelta(hours=wanted) if 1 <= wanted <= self.longest_grant_hours else None


@cache
def insider() -> Insider:
    """Give what the house's file says."""
    return load(FILE)


def load(path: Path) -> Insider:
    """Read and check a file; raise `documents.BrokenFile` that names file and line of each problem."""
    return documents.read(path, Insider)[0]
