"""The custody log is a chain, and the audit trail knows every link of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from tocsin.platform import strongroom
from tocsin.platform.models import AuditEntry
from tocsin.platform.strongroom import Incoming, Kept
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.artefacts import actions, queries
from tocsin.rooms.artefacts.models import AppendOnly, Artefact, CustodyEntry
from tocsin.rooms.constituency.models import Organisation

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TOCSIN_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def about(chart: object) -> Organisation:
    """Give what the artefacts of these tests belong to."""
    return Organisation.objects.get(code="DEPA")


def kept(content: bytes = b"what was found") -> Kept:
    incoming = Incoming()
    incoming.write(content)
    return incoming.keep()


def registered(actor: Person, about: Organisation) -> Artefact:
    with transaction.atomic():
        return actions.register(actor=actor, kept=kept(), name="found.bin", about=about, reason="M. Roe")


@pytest.fixture
def artefact(responder: Person, about: Organisation) -> Artefact:
    made = registered(responder, about)
    actions.hold(actor=responder, artefact=made, about=about, reason="court order")
    actions.hand_over(actor=responder, artefact=made, about=about, recipient="Inspector Doe", reason="warrant")
    actions.verify(actor=responder, artefact=made, about=about)
    return made


def test_each_entry_says_who_when_and_why(artefact: Artefact, responder: Person) -> None:
    log = list(queries.custody_of(artefact))
    assert [(entry.number, entry.act, entry.recipient, entry.reason) for entry in log] == [
        (1, "received", "", "M. Roe"),
        (2, "held", "", "court order"),
        (3, "handed_over", "Inspector Doe", "warrant"),
        (4, "verified", "", ""),
    ]
    assert {entry.person for entry in log} == {responder}
    assert [entry.time for entry in log] == sorted(entry.time for entry in log)


def test_the_trail_is_about_what_it_belongs_to_and_names_no_content(artefact: Artefact, about: Organisation) -> None:
    entries = AuditEntry.objects.filter(verb__startswith="artefact.").order_by("id")
    assert {entry.object_uuid for entry in entries} == {about.uuid}
    chains = list(queries.custody_of(artefact).values_list("number", "chain"))
    told = [entry.details or {} for entry in entries]
    assert [(each["number"], each["chain"]) for each in told] == chains
    assert {frozenset(each) for each in told} == {frozenset({"artefact", "number", "chain"})}


@pytest.mark.parametrize("field", ["reason", "recipient", "person", "act", "time", "number"])
def test_a_change_in_any_field_is_noticed(
    field: str, artefact: Artefact, about: Organisation, analyst: Person, responder: Person
) -> None:
    assert queries.custody_is_whole(artefact, about)
    entry = CustodyEntry.objects.get(artefact=artefact, number=3)
    changed = {
        "reason": "nothing", "recipient": "Nobody", "person": analyst, "act": "downloaded", "number": 9,
        "time": artefact.created_at,
    }  # fmt: skip
    CustodyEntry.objects.filter(pk=entry.pk).update(**{field: changed[field]})
    assert not queries.custody_is_whole(artefact, about)
    assert actions.verify(actor=responder, artefact=artefact, about=about).act == "altered"


@pytest.mark.parametrize("field", ["digest", "size", "name"])
def test_a_change_of_what_it_is_said_to_be_is_noticed(field: str, artefact: Artefact, about: Organisation) -> None:
    Artefact.objects.filter(pk=artefact.pk).update(**{field: {"digest": "0" * 64, "size": 5, "name": "x"}[field]})
    assert not queries.custody_is_whole(Artefact.objects.get(), about)


@pytest.mark.parametrize("number", [1, 2, 4])
def test_an_entry_that_is_gone_is_missed(number: int, artefact: Artefact, about: Organisation) -> None:
    CustodyEntry.objects.filter(artefact=artefact, number=number)._raw_delete("default")
    assert not queries.custody_is_whole(artefact, about)


def test_a_chain_written_afresh_is_not_the_trail_s(artefact: Artefact, about: Organisation) -> None:
    log = CustodyEntry.objects.filter(artefact=artefact)
    log.filter(number=2).update(reason="nothing")
    chain = ""
    for entry in log.select_related("artefact", "person").order_by("number"):
        chain = queries.link(chain, entry)
        log.filter(pk=entry.pk).update(chain=chain)
    assert not queries.custody_is_whole(artefact, about)


def test_an_entry_is_never_changed(artefact: Artefact) -> None:
    entry = artefact.custody.get(number=1)
    for act in (entry.save, entry.delete):
        with pytest.raises(AppendOnly, match="never changed"):
            act()


def test_custody_of_one_says_nothing_of_another(artefact: Artefact, about: Organisation, responder: Person) -> None:
    other = registered(responder, about)
    CustodyEntry.objects.filter(artefact=other).update(reason="x")
    assert not queries.custody_is_whole(other, about)
    assert queries.custody_is_whole(artefact, about)


def test_the_sweep_knows_what_is_wanted(artefact: Artefact, about: Organisation, responder: Person) -> None:
    orphan, gone = kept(), registered(responder, about)
    actions.destroy(actor=responder, artefact=gone, about=about, reason="over")
    assert actions.sweep() == 0  # nothing is a day old
    assert strongroom.sweep(queries.kept, older_than=-60) == 2  # as the end of the transaction did not come
    assert queries.kept([artefact.uuid, gone.uuid, orphan.uuid]) == {artefact.uuid}
    with actions.open_content(actor=responder, artefact=artefact, about=about) as content:
        assert content.read() == b"what was found"
    with pytest.raises(ValidationError, match="destroyed"):
        actions.open_content(actor=responder, artefact=Artefact.objects.get(pk=gone.pk), about=about)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("a.txt", "a.txt"),
        ("C:\\temp\\a.exe", "a.exe"),
        ("../../etc/passwd", "passwd"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("a\0b\r\nc.txt", "abc.txt"),
        ("", "unnamed"),
        ("/", "unnamed"),
        ("x" * 1_000_000, "x" * 255),
    ],
)
def test_a_name_is_only_a_name(given: str, name: str, responder: Person, about: Organisation) -> None:
    with transaction.atomic():
        made = actions.register(actor=responder, kept=kept(), name=given, about=about)
    assert made.name == name
