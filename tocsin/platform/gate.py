"""The one gate: whatever leaves the house is asked about here, denied by default, and every answer is kept.

`may_send` decides on frozen values alone; `ask` also writes the ledger. A refusal stays in the ledger even when its
asker's transaction is rolled back: it is then set aside and written by `keep_refusals` once the transaction is over.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from django.db import connection
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.platform import webhooks
from tocsin.platform.identity import new_uuid
from tocsin.platform.markings import TLP
from tocsin.platform.models import GateEntry

AT_ONCE = 500
Kind = Literal["named_person", "organisation", "community", "public"]


class Action(StrEnum):
    """By which way something would leave."""

    MAIL = "mail"
    EXPORT = "export"
    API = "api"
    WEBHOOK = "webhook"
    SMS = "sms"
    FEED = "feed"
    REPORT = "report"
    HAND_OFF = "hand_off"
    TICKET = "ticket"


@dataclass(frozen=True, slots=True)
class Item:
    """What would leave: its marking and the codes of the organisations it concerns.

    ``names`` are how those organisations are called, withheld from others unless ``naming_agreed``. ``named`` are the
    addresses of the people a sealed item is sealed to; when it is empty, any named person will do.
    """

    type: str
    uuid: UUID | None
    title: str
    tlp: TLP | str
    organisations: frozenset[str] = frozenset()
    sealed: bool = False
    named: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    naming_agreed: bool = False


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who would get it. ``lineage`` are the codes of the organisations above the recipient's own.

    ``serves`` are the codes of the organisations that a person of the house works for, when they take something along.
    """

    address: str
    organisation: str
    kind: Kind
    name: str = ""
    lineage: frozenset[str] = frozenset()
    serves: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: what must be withheld when it is yes, what would have to change when it is no.

    ``entry`` is its row in the ledger, 0 while it has none.
    """

    allowed: bool
    reason: str
    redactions: tuple[str, ...] = ()
    entry: int = 0


class Refused(Exception):
    """The gate said no; `decision` says why."""

    def __init__(self, decision: Decision) -> None:
        super().__init__(decision.reason)
        self.decision = decision


def may_send(item: Item, recipient: Recipient, action: Action) -> Decision:
    """Decide; no rule that says yes means no."""
    if item.tlp not in RULES or action not in list(Action):
        return Decision(False, _("This marking or this way out is unknown to the gate; mark it with a TLP 2.0 label."))
    objection = _seal(item, recipient) or RULES[item.tlp](item, recipient)
    if objection:
        return Decision(False, objection)
    redactions = () if item.naming_agreed or _concerned(item, recipient) else ("organisations",)
    return Decision(True, _("%(tlp)s may go to this recipient.") % {"tlp": TLP(item.tlp).label}, redactions)


def _concerned(item: Item, recipient: Recipient) -> bool:
    mine = recipient.serves | ({recipient.organisation} - {""})
    return bool(mine & item.organisations)


def _seal(item: Item, recipient: Recipient) -> str:
    if not item.sealed:
        return ""
    if recipient.kind != "named_person":
        return _("It is sealed: name one person as recipient, or open the seal first.")
    if item.named and recipient.address.lower() not in {address.lower() for address in item.named}:
        return _("It is sealed and this person is not named on it: name them on it first.")
    return ""


def _red(item: Item, recipient: Recipient) -> str:
    if recipient.kind != "named_person":
        return _("TLP:RED is for named people only: choose one person, or ask the source for a less strict marking.")
    if not _concerned(item, recipient):
        return _("TLP:RED stays with the organisations it concerns: choose a person there, or add this organisation.")
    return ""


def _amber_strict(item: Item, recipient: Recipient) -> str:
    if recipient.kind not in {"named_person", "organisation"}:
        return _("TLP:AMBER+STRICT is for one organisation: choose it or a person there as recipient.")
    if not _concerned(item, recipient):
        return _(
            "TLP:AMBER+STRICT stays with the organisations it concerns: add this one, or ask the source for AMBER."
        )
    return ""


def _amber(item: Item, recipient: Recipient) -> str:
    if recipient.kind not in {"named_person", "organisation"}:
        return _("TLP:AMBER is for an organisation and its clients: choose one or a person there as recipient.")
    if not _concerned(item, recipient) and (not recipient.organisation or not recipient.lineage & item.organisations):
        return _("TLP:AMBER stays with the organisations it concerns and those below them: add this one to it first.")
    return ""


def _green(_item: Item, recipient: Recipient) -> str:
    if recipient.kind == "public":
        return _("TLP:GREEN is not for the public: ask the source for TLP:CLEAR.")
    if not recipient.organisation:
        return _("TLP:GREEN goes to organisations that are known here: enter the recipient's organisation first.")
    return ""


def _clear(_item: Item, _recipient: Recipient) -> str:
    return ""


RULES: Mapping[TLP | str, Callable[[Item, Recipient], str]] = {
    TLP.RED: _red,
    TLP.AMBER_STRICT: _amber_strict,
    TLP.AMBER: _amber,
    TLP.GREEN: _green,
    TLP.CLEAR: _clear,
}


def redact(text: str, item: Item, redactions: Collection[str]) -> str:
    """Give ``text`` without what the decision withholds."""
    names = sorted(filter(str.strip, item.names | item.organisations), key=len, reverse=True)
    if "organisations" not in redactions or not names:
        return text
    pattern = "|".join(r"\s+".join(map(re.escape, name.split())) for name in names)  # a name may be broken over lines
    return re.sub(rf"(?<!\w)(?:{pattern})(?!\w)", _("[name withheld]"), text, flags=re.IGNORECASE)


def ask(actor: Any, item: Item, recipient: Recipient, action: Action) -> Decision:
    """Decide and write the answer to the ledger, in the caller's transaction."""
    return ask_many(actor, [(item, recipient, action)])[0]


def ask_many(actor: Any, asked: Sequence[tuple[Item, Recipient, Action]]) -> list[Decision]:
    """Decide about each and write the answers to the ledger together, in the caller's transaction."""
    with translation.override("en"):  # the ledger is in one language
        rows = [_ledger_row(actor, *each, may_send(*each)) for each in asked]
    GateEntry.objects.bulk_create(rows, batch_size=AT_ONCE)
    if _in_callers_transaction():
        _aside().extend(row for row in rows if not row.allowed)
    return [replace(may_send(*each), entry=row.pk) for each, row in zip(asked, rows, strict=True)]


def _ledger_row(actor: Any, item: Item, recipient: Recipient, action: Action, decision: Decision) -> GateEntry:
    return GateEntry(
        uuid=new_uuid(),
        actor=getattr(actor, "uuid", None),
        actor_name=actor.get_username() if actor is not None else "",
        action=str(action),
        item_type=item.type,
        item_uuid=item.uuid,
        item_title="" if item.sealed else item.title[:200],  # what is sealed shows nowhere else
        tlp=item.tlp,
        recipient=webhooks.shown(recipient.address)[:254],  # the outbox alone knows the whole of it
        recipient_organisation=recipient.organisation[:60],
        allowed=decision.allowed,
        reason=decision.reason[:300],
        redactions=list(decision.redactions),
    )


_local = threading.local()


def _aside() -> list[GateEntry]:
    if not hasattr(_local, "refusals"):
        _local.refusals = []
    refusals: list[GateEntry] = _local.refusals
    return refusals


def _in_callers_transaction() -> bool:
    # The transaction that Django's test cases put around everything is nobody's.
    return any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


def keep_refusals() -> None:
    """Write the refusals whose transaction was rolled back; what was committed with it stays as it is."""
    if _in_callers_transaction():
        return
    refusals = _aside()
    if refusals:
        for row in refusals:
            row.pk = None
        GateEntry.objects.bulk_create(refusals, ignore_conflicts=True)
        refusals.clear()


def forget_refusals() -> None:
    """Drop what was set aside, for tests whose database is thrown away."""
    _aside().clear()


def keeping(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Middleware: keep the refusals of a request, however it ended."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        try:
            return get_response(request)
        finally:
            keep_refusals()

    return middleware
