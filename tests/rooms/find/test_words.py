"""Texts as words: the same words on every database, whatever is written."""

from __future__ import annotations

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from tocsin.platform.search.results import pieces
from tocsin.platform.search.words import Term, holds, terms, vector, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Évil_login.example", ["evil", "login", "example"]),
        ("C:\\Windows\\Temp\\a1.exe", ["c", "windows", "temp", "a1", "exe"]),
        ("192.0.2.7", ["192", "0", "2", "7"]),
        ("Straße Ελλάδα", ["straße", "ελλαδα"]),
        ("", []),
    ],
)
def test_words_are_letters_and_digits_without_accents(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("evil", [Term(("evil",), prefix=True)]),
        ("evil ", [Term(("evil",))]),
        ("ev", [Term(("ev",))]),
        ('"Evil login" page ', [Term(("evil", "login")), Term(("page",))]),
        ("hxxps[:]//evil[.]example/a ", [Term(("evil", "example", "a"))]),
        ("someone[at]evil[dot]example ", [Term(("someone", "evil", "example"))]),
        ("INC-26-ABCD ", [Term(("inc", "26", "abcd"))]),
        ('" - ** (OR) NEAR/2 ', [Term(("or",)), Term(("near", "2"))]),
        ("'; DROP TABLE x; -- ", [Term(("drop",)), Term(("table",)), Term(("x",))]),
    ],
)
def test_what_people_type_is_read_as_terms(asked: str, found: list[Term]) -> None:
    assert terms(asked) == found


@given(st.text(max_size=300))
def test_anything_typed_is_read(text: str) -> None:
    assert all(word.isalnum() and word == word.lower() for term in terms(text) for word in term.words)


@given(st.text(max_size=200), st.text(max_size=20))
def test_passages_hold_what_was_written_and_nothing_else(text: str, asked: str) -> None:
    shown = "".join(piece for piece, _marked in pieces(text, terms(asked)))
    assert shown.removeprefix("… ").removesuffix(" …") in text


def test_a_passage_marks_what_was_asked_for() -> None:
    cut = pieces("x" * 500 + " then Évil came " + "y" * 500, terms("evil "))
    assert [piece for piece, marked in cut if marked] == ["Évil"]
    assert len("".join(piece for piece, _marked in cut)) < 250


def test_a_term_is_held_in_order_only() -> None:
    assert holds(Term(("a", "b")), ["x", "a", "b"])
    assert not holds(Term(("a", "b")), ["b", "a"])
    assert holds(Term(("lo",), prefix=True), ["login"])


@pytest.mark.postgresql
@pytest.mark.django_db
@given(st.text(max_size=2000), st.sets(st.from_regex(r"[a-z]{1,3}[0-9]{1,6}", fullmatch=True), max_size=5))
def test_every_vector_is_one_that_the_database_takes(text: str, tokens: set[str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::tsvector", [vector("title", text.replace("\0", ""), tokens)])


@pytest.mark.postgresql
@pytest.mark.django_db
def test_the_longest_texts_make_a_vector() -> None:
    long = " ".join(f"word{number}" for number in range(25_000)) + " same" * 20_000 + " " + "z" * 100_000
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::tsvector @@ '''word24999'''::tsquery", [vector("", long, ["iv1"])])
        assert cursor.fetchone() == (True,)
