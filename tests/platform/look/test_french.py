"""The French pages are French, and what is shipped is what was written."""

from __future__ import annotations

import gettext
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from tocsin.platform.access import all_verbs
from tocsin.platform.look.words import VERBS
from tocsin.rooms.accounts.models import Person

FOLDER = Path(settings.LOCALE_PATHS[0]) / "fr" / "LC_MESSAGES"
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]")


def entries() -> list[tuple[str, str, list[str]]]:
    """Read the catalogue: context, English, French (singular and plural)."""
    found = []
    for block in (FOLDER / "django.po").read_text().split("\n\n")[1:]:
        parts = {key: _text(lines) for key, lines in re.findall(r'^(msg\S+) ((?:".*"\n?)+)', block, re.M)}
        french = [text for key, text in parts.items() if key.startswith("msgstr")]
        found.append((parts.get("msgctxt", ""), parts["msgid"], french))
    return found


def _text(lines: str) -> str:
    return "".join(json.loads(line) for line in lines.splitlines())


def test_what_is_shipped_is_what_was_written() -> None:
    with (FOLDER / "django.mo").open("rb") as file:
        shipped = gettext.GNUTranslations(file)
    for context, english, french in entries():
        if len(french) == 1 and french[0]:
            assert (shipped.pgettext(context, english) if context else shipped.gettext(english)) == french[0]


def test_a_translation_fills_in_the_same_things() -> None:
    for _context, english, french in entries():
        for text in filter(None, french):
            assert sorted(PLACEHOLDER.findall(text)) == sorted(PLACEHOLDER.findall(english)), english


def test_nothing_is_guessed() -> None:
    assert "fuzzy" not in (FOLDER / "django.po").read_text()


def test_the_meaning_of_every_right_is_collected_for_translation() -> None:
    assert set(VERBS) == set(all_verbs().values())


@pytest.mark.django_db
def test_a_french_person_reads_french(analyst: Person, client_of: Callable[[Person], Client]) -> None:
    analyst.language = "fr"
    analyst.save()
    content = client_of(analyst).get("/").content.decode()
    assert "Ce qui vous attend" in content
    assert "Se déconnecter" in content
    assert "What waits" not in content


@pytest.fixture
def english_again() -> Iterator[None]:
    yield
    translation.deactivate()  # Django leaves a browser's language set until the next request


@pytest.mark.django_db
@pytest.mark.usefixtures("english_again")
def test_a_stranger_reads_the_language_of_the_browser(client: Client) -> None:
    answer = client.get("/account/sign-in/", headers={"accept-language": "fr-BE,fr;q=0.9"})
    assert "La salle des opérations" in answer.content.decode()


def test_words_are_marked_by_names_that_are_collected() -> None:
    renamed = re.compile(r"import (?:p?n?gettext\w*) as (?!_$)\w+", re.MULTILINE)
    assert [str(path) for path in (FOLDER.parents[3]).rglob("*.py") if renamed.search(path.read_text())] == []
