"""The files of phrases say where they are wrong."""

from __future__ import annotations

import pytest

from tocsin.pipeline.mail.phrases import MEANING, QUOTING, PhraseError, meaning, plain, quoting, read_phrases


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("done:\n  - (fixed", r"p\.yaml:2: not an expression: .*"),
        ("done:\n  - a\n  - x*", r"p\.yaml:3: this phrase is found in every text"),
        ("finished:\n  - a", r"p\.yaml:2: 'finished' is no section; there are .*"),
        ("done: fixed", r"p\.yaml:1: here must be a list of phrases"),
        ("done:\n  - {a: b}", r"p\.yaml:2: a phrase must be a text"),
        ("done:\n  - '{thing} fixed'", r"p\.yaml:2: \{thing\} is not among the words above it"),
        ("done:\n  - a\ndone:\n  - b", r"p\.yaml:3: 'done' stands here twice"),
        ("- a", r"p\.yaml:1: here must be names with something below them"),
        ("", r"p\.yaml:1: here must be names with something below them"),
        ("done: [", r"p\.yaml:\d: not YAML: .*"),
    ],
)
def test_a_wrong_file_names_its_line(text: str, message: str) -> None:
    with pytest.raises(PhraseError, match=f"^{message}$"):
        read_phrases(text, "p.yaml")


def test_words_are_put_into_phrases() -> None:
    found = read_phrases("words:\n  thing: 'server|port'\ndone:\n  - '{thing} fixed'", "p")
    assert found == {"done": ("(?:server|port) fixed",)}


def test_the_files_of_a_language_share_their_words() -> None:
    words: dict[str, str] = {}
    read_phrases("words:\n  thing: 'server|port'", "p", words)
    assert read_phrases("done:\n  - '{thing} fixed'", "q", words) == {"done": ("(?:server|port) fixed",)}


def test_phrases_are_written_plainly() -> None:
    assert plain("L’Été – ŒUVRE") == "l'ete - oeuvre"


def test_the_files_of_the_house_are_right() -> None:
    for section in MEANING - {"words"}:
        assert meaning(section).first("") == ""
    for section in QUOTING:
        assert quoting(section).first("") == ""
