"""What the tests of search share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tocsin.platform.search import indexing
from tocsin.platform.search.results import Asked, search


@pytest.fixture
def found() -> Callable[..., list[str]]:
    """Bring the index up to date and give the titles of what a person finds."""

    def ask(person: Any, text: str, **more: Any) -> list[str]:
        indexing.index()
        return [one.found.title for one in search(person, Asked(text, **more)).shown]

    return ask
