"""What may leave, to whom: the whole table, and the ledger."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, cast, get_args

import pytest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from tocsin.platform import gate
from tocsin.platform.gate import Action, Item, Recipient
from tocsin.platform.identity import new_uuid
from tocsin.platform.markings import TLP
from tocsin.platform.models import GateEntry

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person

WHERE = {
    "concerned": ("DEPA", frozenset({"INST"})),
    "below": ("UNIT", frozenset({"DEPA", "INST"})),
    "above": ("INST", frozenset[str]()),
    "other": ("OTHER", frozenset[str]()),
    "unknown": ("", frozenset[str]()),
}

# What may pass when nothing is sealed: marking -> kind of recipient -> where the recipient is.
YES = {
    "RED": {"named_person": "concerned"},
    "AMBER+STRICT": {"named_person": "concerned", "organisation": "concerned"},
    "AMBER": {"named_person": "concerned below", "organisation": "concerned below"},
    "GREEN": dict.fromkeys(("named_person", "organisation", "community"), "concerned below above other"),
    "CLEAR": dict.fromkeys(
        ("named_person", "organisation", "community", "public"), "concerned below above other unknown"
    ),
}


def item(tlp: TLP = TLP.AMBER, *, sealed: bool = False, named: frozenset[str] = frozenset()) -> Item:
    return Item(
        "incidents.incident", new_uuid(), "Macro", tlp, frozenset({"DEPA"}), sealed, named, frozenset({"Dep. of A"})
    )


def recipient(where: str = "concerned", kind: str = "named_person") -> Recipient:
    code, lineage = WHERE[where]
    return Recipient("officer@a.example", code, cast("gate.Kind", kind), "Officer", lineage)


@pytest.mark.parametrize("tlp", TLP)
@pytest.mark.parametrize("kind", get_args(gate.Kind))
@pytest.mark.parametrize("where", WHERE)
@pytest.mark.parametrize("sealed", [False, True])
def test_the_whole_table(tlp: TLP, kind: str, where: str, sealed: bool) -> None:
    expected = where in YES[tlp.value].get(kind, "").split() and (not sealed or kind == "named_person")
    for action in Action:
        decision = gate.may_send(item(tlp, sealed=sealed), recipient(where, kind), action)
        as_stored = replace(item(tlp, sealed=sealed), tlp=tlp.value)
        assert gate.may_send(as_stored, recipient(where, kind), action) == decision
        assert decision.allowed is expected, decision.reason
        assert decision.reason.endswith(".")
        assert len(decision.reason) <= 300


def test_an_unknown_marking_or_way_out_is_refused() -> None:
    assert not gate.may_send(item(cast("TLP", "PURPLE")), recipient(), Action.MAIL).allowed
    assert not gate.may_send(item(TLP.CLEAR), recipient(), cast("Action", "pigeon")).allowed


def test_an_item_that_concerns_nobody_stays_unless_green_or_clear() -> None:
    for tlp, (code, _) in product((TLP.AMBER, TLP.AMBER_STRICT, TLP.RED), WHERE.values()):
        nobodys = Item("t", None, "", tlp)
        assert not gate.may_send(nobodys, Recipient("a@b.example", code, "named_person"), Action.MAIL).allowed


def test_a_sealed_item_goes_only_to_those_named_on_it() -> None:
    named = item(TLP.RED, sealed=True, named=frozenset({"Officer@a.example"}))
    assert gate.may_send(named, recipient(), Action.MAIL).allowed
    others = item(TLP.RED, sealed=True, named=frozenset({"ciso@a.example"}))
    assert not gate.may_send(others, recipient(), Action.MAIL).allowed


def test_outsiders_do_not_learn_who_is_affected() -> None:
    affair = item(TLP.GREEN)
    decision = gate.may_send(affair, recipient("other"), Action.MAIL)
    assert decision.redactions == ("organisations",)
    text = gate.redact("DEPA (dep. of a) lost a mailbox; DEPARTURE times stand.", affair, decision.redactions)
    assert text == "[name withheld] ([name withheld]) lost a mailbox; DEPARTURE times stand."


def test_those_affected_read_their_own_name() -> None:
    affair = item(TLP.GREEN)
    decision = gate.may_send(affair, recipient("concerned"), Action.MAIL)
    assert gate.redact("DEPA", affair, decision.redactions) == "DEPA"


def test_the_ledger_keeps_every_answer(analyst: Person) -> None:
    yes = gate.ask(analyst, item(), recipient(), Action.MAIL)
    no = gate.ask(analyst, item(TLP.RED), recipient("other"), Action.EXPORT)
    rows = {row.pk: row for row in GateEntry.objects.all()}
    assert (rows[yes.entry].allowed, rows[no.entry].allowed) == (True, False)
    assert rows[no.entry].reason == no.reason
    assert rows[no.entry].actor == analyst.uuid


def test_the_ledger_speaks_english_and_the_answer_the_persons_language(db: None) -> None:
    with translation.override("fr"):
        decision = gate.ask(None, item(), recipient("other"), Action.MAIL)
    row = GateEntry.objects.get()
    assert row.pk == decision.entry
    assert row.reason.startswith("TLP:AMBER stays")


def test_the_ledger_does_not_tell_what_is_sealed(db: None) -> None:
    gate.ask(None, item(TLP.RED, sealed=True), recipient(), Action.MAIL)
    assert GateEntry.objects.get().item_title == ""


def ask_and_fail(where: str) -> None:
    with transaction.atomic():
        gate.ask(None, item(), recipient(where), Action.MAIL)
        raise ZeroDivisionError


@pytest.mark.django_db(transaction=True)
def test_a_refusal_outlives_its_transaction_and_a_yes_does_not() -> None:
    for where in ("other", "concerned"):
        with pytest.raises(ZeroDivisionError):
            ask_and_fail(where)
    assert not GateEntry.objects.exists()
    gate.keep_refusals()
    gate.keep_refusals()
    assert [row.allowed for row in GateEntry.objects.all()] == [False]


@pytest.mark.django_db(transaction=True)
def test_a_committed_refusal_is_kept_once() -> None:
    with transaction.atomic():
        decision = gate.ask(None, item(), recipient("other"), Action.MAIL)
        gate.keep_refusals()
    gate.keep_refusals()
    assert GateEntry.objects.get().pk == decision.entry


def test_the_middleware_keeps_what_a_failed_request_was_refused(db: None) -> None:
    def view(request: HttpRequest) -> HttpResponse:
        ask_and_fail("other")
        return HttpResponse()

    with pytest.raises(ZeroDivisionError):
        gate.keeping(view)(HttpRequest())
    assert GateEntry.objects.filter(allowed=False).count() == 1
