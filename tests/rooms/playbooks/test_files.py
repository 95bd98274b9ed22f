"""Files come and go: byte for byte as they are, and as a playbook of our own once they were edited."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, ValidationError

from tests.rooms.playbooks.files import branching, identifier, linear, written
from tocsin.platform.models import AuditEntry, GateEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.playbooks import actions, queries
from tocsin.rooms.playbooks.actions.importing import STARTER
from tocsin.rooms.playbooks.knowledge import Line, understand
from tocsin.rooms.playbooks.models import Playbook, PlaybookVersion
from tocsin.rooms.playbooks.queries.files import line_of


def lines(playbook: Playbook) -> list[Line]:
    version = playbook.versions.order_by("-number")[0]
    return [line_of(step) for step in version.steps.order_by("position")]


def save(actor: Person, playbook: Playbook, kept: list[Line], **more: Any) -> PlaybookVersion:
    known = Playbook.objects.select_related("current").get(pk=playbook.pk).current
    assert known is not None
    given = {"name": known.name, "description": known.description, "types": known.types, "tlp": known.tlp}
    return actions.save(actor=actor, playbook=playbook, seen=known.number, lines=kept, **(given | more))


def shape(raw: bytes) -> list[tuple[Any, ...]]:
    found = understand(raw).lines
    places = {str(line.key): place for place, line in enumerate(found)}
    return [
        (line.kind, line.depth, line.title, line.when, line.label, places.get(line.resume, line.resume))
        for line in found
    ]


@pytest.mark.django_db
def test_a_file_leaves_byte_for_byte_as_it_came(responder: Person) -> None:
    raw = b"\xef\xbb\xbf\r\n" + written(linear("One")).replace(b"\n", b"\r\n") + b"\n\n"
    playbook = actions.take_file(actor=responder, raw=raw).playbook
    version = playbook.versions.get()
    assert actions.export_file(actor=responder, playbook=playbook, version=version) == raw
    assert version.digest == hashlib.sha256(raw).hexdigest()
    assert GateEntry.objects.filter(item_type="playbook", allowed=True).count() == 1
    assert list(AuditEntry.objects.values_list("verb", flat=True))[-2:] == ["playbook.import", "playbook.export"]


@pytest.mark.django_db
def test_the_same_file_again_changes_nothing(responder: Person, playbook: Playbook) -> None:
    again = actions.take_file(actor=responder, raw=written(linear("One", "Two", "Three")))
    assert (again.playbook, again.new) == (playbook, False)
    assert PlaybookVersion.objects.count() == 1


@pytest.mark.django_db
def test_a_later_file_is_the_next_version_and_edits_stay(responder: Person, playbook: Playbook) -> None:
    save(responder, playbook, lines(playbook)[:2])
    later = linear("One", "Two", "Four", modified="2026-02-02T00:00:00.000Z", name="Newer")
    taken = actions.take_file(actor=responder, raw=written(later))
    assert taken.playbook == playbook
    assert [(one.number, one.edited, one.steps.count()) for one in playbook.versions.order_by("number")] == [
        (1, False, 3), (2, True, 2), (3, False, 3),
    ]  # fmt: skip
    assert Playbook.objects.get().name == "Newer"
    assert "edited here" in playbook.versions.get(number=3).note


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("modified", "word"), [("2026-01-02T03:04:05.678Z", "same time"), ("2026-01-01T00:00:00Z", "later")]
)
def test_an_older_file_or_another_of_the_same_time_is_refused(
    responder: Person, playbook: Playbook, modified: str, word: str
) -> None:
    with pytest.raises(ValidationError, match=word):
        actions.take_file(
            actor=responder, raw=written(linear("Else", modified=modified, created="2026-01-01T00:00:00Z"))
        )
    assert PlaybookVersion.objects.count() == 1


@pytest.mark.django_db
def test_a_revoked_file_is_taken_in_switched_off(responder: Person) -> None:
    assert not actions.take_file(actor=responder, raw=written(linear("One", revoked=True))).playbook.active


@pytest.mark.django_db
def test_an_edited_one_leaves_as_a_playbook_of_its_own(responder: Person) -> None:
    signed = branching() | {"signatures": [{"signee": "x"}], "labels": ["kept"], "playbook_types": ["mitigation"]}
    playbook = actions.take_file(actor=responder, raw=written(signed)).playbook
    version = save(responder, playbook, lines(playbook), name="Ours", tlp="GREEN")
    raw = queries.file_of(version)
    made = json.loads(raw)
    assert made["id"] == f"playbook--{playbook.own_id}"
    assert made["derived_from"] == [identifier("playbook_2")]
    assert made["modified"] >= made["created"] > signed["modified"]
    assert (made["name"], made["labels"], "signatures" in made) == ("Ours", ["kept"], False)
    assert (understand(raw).tlp, understand(raw).remarks) == ("GREEN", ())
    assert shape(raw) == shape(written(signed))
    assert queries.file_of(version) == raw
    assert bytes(playbook.versions.get(number=1).source or b"") == written(signed)


@pytest.mark.django_db
@pytest.mark.parametrize("path", sorted(STARTER.glob("*.json")), ids=lambda path: path.stem)
def test_the_houses_own_are_valid_translated_and_come_through_an_edit(path: Any, responder: Person) -> None:
    read = understand(path.read_bytes())
    assert read.remarks == ()
    assert read.rsit
    assert all("fr" in line.translations for line in read.lines if line.kind != "branch" or line.title)
    assert all(line.responsible and line.minutes for line in read.lines if line.kind == "action")
    playbook = actions.take_file(actor=responder, raw=path.read_bytes()).playbook
    raw = queries.file_of(save(responder, playbook, lines(playbook)))
    again = understand(raw)
    assert again.remarks == ()
    assert shape(raw) == shape(path.read_bytes())
    assert [(line.translations, line.responsible, line.minutes) for line in again.lines] == [
        (line.translations, line.responsible, line.minutes) for line in read.lines
    ]
    assert (again.rsit, again.severity_from, again.translations) == (
        read.rsit, read.severity_from, read.translations,
    )  # fmt: skip


@pytest.mark.django_db
def test_the_starter_set_is_taken_once(responder: Person) -> None:
    actions.ensure_starter()
    assert [taken.new for taken in actions.take_starter(actor=responder)] == [False, False, False]
    Playbook.objects.filter(name="Ransomware").delete()
    actions.ensure_starter()
    assert Playbook.objects.count() == 2


@pytest.mark.django_db
def test_one_written_here_leaves_as_valid_cacao(responder: Person) -> None:
    playbook = actions.write_new(actor=responder, name="Mine", step="Look", tlp="CLEAR")
    read = understand(queries.file_of(playbook.versions.get()))
    assert ([line.title for line in read.lines], read.tlp, read.remarks) == (["Look"], "CLEAR", ())


@pytest.mark.django_db
def test_others_bring_and_change_nothing(analyst: Person, officer_a: Person, playbook: Playbook) -> None:
    for person in (analyst, officer_a):
        with pytest.raises(PermissionDenied):
            actions.take_file(actor=person, raw=written(linear("One")))
        with pytest.raises(PermissionDenied):
            save(person, playbook, lines(playbook))
        with pytest.raises(PermissionDenied):
            actions.switch(actor=person, playbook=playbook, on=False)
        with pytest.raises(PermissionDenied):
            actions.write_new(actor=person, name="x", step="x")
        with pytest.raises(PermissionDenied):
            actions.settle(actor=person, playbook=playbook, owner_team=None, rsit=[], severity_from=0)
    with pytest.raises(PermissionDenied):
        actions.export_file(actor=officer_a, playbook=playbook, version=playbook.versions.get())


@pytest.mark.django_db
def test_whoever_saves_second_is_told(responder: Person, ciso: Person, playbook: Playbook) -> None:
    first = lines(playbook)
    save(responder, playbook, first[:2])
    with pytest.raises(ValidationError, match="version 2 while you edited version 1"):
        actions.save(
            actor=ciso, playbook=playbook, seen=1, lines=first, name="n", description="", types=[], tlp="AMBER"
        )
    assert playbook.versions.count() == 2


@pytest.mark.django_db
def test_a_changed_text_loses_its_translation_only(responder: Person) -> None:
    actions.take_starter(actor=responder)
    playbook = Playbook.objects.get(name="Ransomware")
    version = save(responder, playbook, lines(playbook), description="Other")
    assert version.translations == {"fr": {"name": "Rançongiciel"}}


@pytest.mark.django_db
def test_unknown_classes_are_refused(responder: Person, playbook: Playbook) -> None:
    with pytest.raises(ValidationError, match="no class"):
        actions.settle(actor=responder, playbook=playbook, owner_team=None, rsit=["dancing"], severity_from=0)
