"""What an incident made of alerts most likely is."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

import tocsin
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions, knowledge
from tocsin.rooms.incidents.knowledge.suggestions import SuggestionsError, load, suggestions
from tocsin.rooms.incidents.models import Incident

ClientOf = Callable[[Person], Client]
TYPES = {"phishing", "scanner"}


@pytest.mark.parametrize(
    ("techniques", "title", "expected"),
    [
        (["T1566.001"], "Attachment opened", "phishing"),
        (["T1566"], "", "phishing"),
        (["t1566.002"], "", "phishing"),
        (["T15660"], "", ""),
        (["T1078.002"], "", "privileged-account-compromise"),
        (["T1078"], "", "unprivileged-account-compromise"),
        (["T1078.004"], "", "unprivileged-account-compromise"),
        (["T1498.002"], "", "ddos"),
        (["T1498"], "", "dos"),
        ([], "Ransomware note on a share", "sabotage"),
        ([], "SSH brute force", "brute-force"),
        ([], "RANSOM", "sabotage"),
        ([], "A transom window", ""),
        ([], "", ""),
        (["T1046", "T1486"], "", "sabotage"),
    ],
)
def test_techniques_and_words_speak_for_a_type(techniques: list[str], title: str, expected: str) -> None:
    assert knowledge.suggested_type(techniques, [title]) == expected


def test_no_entry_is_hidden_by_an_earlier_one() -> None:
    for entry in suggestions():
        for technique in entry.techniques:
            assert knowledge.suggested_type([technique], []) == entry.type, technique
        for word in entry.words:
            assert knowledge.suggested_type([], [word]) == entry.type, word


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[{type: fishing}]", "entry 1: the taxonomy has no type 'fishing'"),
        ("[{type: scanner, techniques: [1046]}]", "techniques"),
        ("[{type: scanner, techniques: [TA0001]}]", "'TA0001' is no technique"),
        ("[{type: scanner, tecniques: [T1046]}]", "tecniques"),
        ("{type: scanner}", "list"),
        ("[{type: ", "suggestions.yaml"),
    ],
)
def test_a_file_that_cannot_be_used_says_what_to_mend(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "suggestions.yaml"
    path.write_text(text)
    with pytest.raises(SuggestionsError, match=said):
        load(path, TYPES)


@pytest.mark.django_db
def test_a_type_brings_its_class(responder: Person) -> None:
    place = Organisation.objects.get(code="DEPA")
    made = actions.open_incident(actor=responder, title="x", organisations=[place], rsit_type="phishing")
    assert (made.rsit_class, made.rsit_type) == ("fraud", "phishing")
    with pytest.raises(ValidationError):
        actions.open_incident(actor=responder, title="x", organisations=[place], rsit_type="fishing")
    assert Incident.objects.count() == 1


def test_every_rule_the_house_begins_with_speaks_for_a_type() -> None:
    rules = [path.read_text() for path in Path(tocsin.__file__).parent.rglob("*.yml")]
    techniques = {found.upper() for text in rules for found in re.findall(r"attack\.(t\d{4}(?:\.\d{3})?)", text)}
    assert len(techniques) > 20
    assert [each for each in sorted(techniques) if not knowledge.suggested_type([each], [])] == []
