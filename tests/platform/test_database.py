"""How the database of the environment is spoken to."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection

from tocsin.config import ConfigError
from tocsin.platform.database import database


@pytest.mark.parametrize(
    ("url", "options"),
    [
        ("postgresql://u@h/d", {"options": "-c jit=off -c max_parallel_workers_per_gather=0"}),
        ("postgresql://u@h/d?sslmode=require&options=", {"options": "", "sslmode": "require"}),
        ("postgres://u@h/d?options=-c%20jit%3Don", {"options": "-c jit=on"}),
    ],
)
def test_an_address_has_the_last_word(url: str, options: dict[str, str], tmp_path: Path) -> None:
    assert database(url, tmp_path)["OPTIONS"] == options


def test_another_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="postgresql"):
        database("mysql://u@h/d", tmp_path)


@pytest.mark.django_db
def test_questions_are_answered_by_one_process() -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SHOW max_parallel_workers_per_gather")
            assert cursor.fetchone() == ("0",)
    else:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode")
            assert cursor.fetchone()[0] in {"wal", "memory"}
