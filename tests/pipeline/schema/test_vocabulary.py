"""The vocabulary is whole, its roles name its columns, and its page tells the same."""

from __future__ import annotations

import os
from itertools import pairwise

from tests.shared import ROOT
from tocsin.pipeline.schema.vocabulary import roles, vocabulary

PAGE = ROOT / "docs" / "reference" / "vocabulary.md"
HEAD = """# The vocabulary

Every event has columns named after the Elastic Common Schema (ECS). This page is written from
`tocsin/pipeline/schema/vocabulary.yaml`; `TOCSIN_TEST_REWRITE=1` with the test of the vocabulary writes it anew.

| column | type | meaning | attributed as |
|---|---|---|---|
"""


def page() -> str:
    rows = [f"| `{c.name}` | {c.type} | {c.meaning} | {', '.join(c.roles)} |" for c in vocabulary().values()]
    lookups = [
        f"| {role} | {', '.join(f'{kind}: `{column}`' for kind, column in columns.items())} |"
        for role, columns in roles().items()
    ]
    head = (
        "\n\n## Roles\n\nEach role is attributed by itself, by these columns.\n\n| role | looked up by |\n|---|---|\n"
    )
    return HEAD + "\n".join(rows) + head + "\n".join(lookups) + "\n"


def test_every_column_has_a_meaning_of_one_line() -> None:
    assert all(column.meaning and "\n" not in column.meaning for column in vocabulary().values())


def test_roles_name_columns_that_can_be_looked_up() -> None:
    for lookups in roles().values():
        for kind, name in lookups.items():
            assert vocabulary()[name].type == ("ip" if kind == "ip" else "keyword")


def test_a_column_knows_its_roles() -> None:
    assert vocabulary()["source.ip"].roles == ("source",)
    assert vocabulary()["message"].roles == ()


def test_no_column_lies_within_another() -> None:
    for one, other in pairwise(sorted(f"{name}." for name in vocabulary())):
        assert not other.startswith(one)


def test_the_page_of_the_vocabulary_is_current() -> None:
    if os.environ.get("TOCSIN_TEST_REWRITE"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()
