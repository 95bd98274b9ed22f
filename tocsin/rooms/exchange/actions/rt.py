"""Speak with Request Tracker by its REST 2: what is asked of it, and what it said, as plain values."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

from django.utils.translation import gettext as _

from tocsin.platform import peering
from tocsin.rooms.exchange.actions.dialect import PER_PAGE, Text, There, Transaction, Trouble
from tocsin.rooms.exchange.knowledge.values import when

PAGES = 20
TOKEN, GONE, FORBIDDEN = 401, 404, 403
SERVER = 500
NAMES = 20
NUMBER = re.compile(r"[0-9]{1,18}")
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Rt:
    """One Request Tracker, opened with a token."""

    base_url: str
    token: str

    def version(self) -> str:
        """Give its version: the address is that of an RT, and the token is taken."""
        content = self._ask("GET", "rt")
        version = content.get("Version") if isinstance(content, dict) else None
        if not isinstance(version, str):
            raise Trouble(_("Something answers there, and it is no RT: look at the address."), whole=True)
        return _short(version, 60)

    def has_queue(self, name: str) -> str:
        """Give the name of a queue as it is written there; raise Trouble when it cannot be seen."""
        try:
            content = self._ask("GET", f"queue/{quote(name, safe='')}")
        except Trouble as trouble:
            if trouble.whole:
                raise
            content = None
        found = content.get("Name") if isinstance(content, dict) else None
        if not isinstance(found, str):
            raise Trouble(_("There is no queue “%s”, or the account may not see it (right SeeQueue).") % name)
        return found

    def fields(self, queue: str) -> frozenset[str]:
        """Give the names of the custom fields that the tickets of a queue have, as far as the account sees them."""
        content = self._ask("GET", f"queue/{quote(queue, safe='')}")
        named = content.get("TicketCustomFields") if isinstance(content, dict) else None
        return frozenset(
            _short(each.get("name"), 100) for each in (named or []) if isinstance(each, dict) and each.get("name")
        )

    def set_fields(self, number: str, fields: Mapping[str, str]) -> frozenset[str]:
        """Write custom fields of a ticket and give the names of those it took: RT is silent about the others."""
        self._ask("PUT", f"ticket/{number}", {"CustomFields": dict(fields)})
        content = self._ask("GET", f"ticket/{number}")
        there = content.get("CustomFields") if isinstance(content, dict) else None
        held = {
            _short(each.get("name"), 100): each.get("values")
            for each in (there or []) if isinstance(each, dict)
        }  # fmt: skip
        return frozenset(name for name, value in fields.items() if held.get(name) == ([value] if value else []))

    def find(self, reference: str, field: str) -> list[str]:
        """Give the numbers of the tickets that carry a reference in their subject or in a custom field."""
        wanted = _quoted(f"[Tocsin {reference}]")
        query = f"Subject LIKE '{wanted}'"
        if field:
            query += f" OR 'CF.{{{_quoted(field)}}}' = '{_quoted(reference)}'"
        content = self._ask("GET", "tickets?" + urlencode({"query": query, "orderby": "id", "per_page": 10}))
        return [number for each in _items(content) if (number := _number(each))]

    def create(self, queue: str, subject: str, text: str, fields: Mapping[str, str]) -> str:
        """Open a ticket and give its number."""
        given: dict[str, Any] = {"Queue": queue, "Subject": subject, "Content": text, "ContentType": "text/plain"}
        if fields:
            given["CustomFields"] = dict(fields)
        content = self._ask("POST", "ticket", given)
        number = _number(content) if isinstance(content, dict) else ""
        if not number:
            raise Trouble(_("RT opened no ticket: %s") % _said(content))
        return number

    def write(self, number: str, text: str) -> None:
        """Write a reply into a ticket."""
        self._ask("POST", f"ticket/{number}/correspond", {"Content": text, "ContentType": "text/plain"})

    def set_state(self, number: str, state: str) -> None:
        """Give a ticket a state; what RT says against it comes with its good answer, so look afterwards."""
        self._ask("PUT", f"ticket/{number}", {"Status": state})

    def ticket(self, number: str) -> There:
        """Give a ticket as it stands there."""
        content = self._ask("GET", f"ticket/{number}")
        if not isinstance(content, dict):
            raise Trouble(_("RT says nothing of ticket %s.") % number)
        return There(number, _short(content.get("Status"), 60), _name(content.get("Creator")))

    def changed(self, numbers: Collection[str]) -> dict[str, datetime]:
        """Give when each of some tickets last changed, by the clock there.

        RT reads the times in a question in the time zone of whoever asks: so they are compared here.
        """
        query = " OR ".join(f"id = {number}" for number in sorted(numbers, key=int))
        asked = {"query": query, "fields": "LastUpdated", "orderby": "id", "per_page": PER_PAGE}
        content = self._ask("GET", "tickets?" + urlencode(asked))
        found = {_number(each): when(each.get("LastUpdated")) for each in _items(content)}
        return {number: at for number, at in found.items() if number in numbers and at is not None}

    def history(self, number: str, read: int) -> Iterator[Transaction]:
        """Give a ticket's history from the page on which its ``read``th line stands."""
        first = read // PER_PAGE + 1
        fields = "Type,Creator,Created,Field,NewValue"
        for page in range(first, first + PAGES):
            asked = {"fields": fields, "per_page": PER_PAGE, "page": page}
            items = _items(self._ask("GET", f"ticket/{number}/history?{urlencode(asked)}"))
            yield from filter(None, map(_transaction, items))
            if len(items) < PER_PAGE:
                return

    def text(self, transaction: int) -> Text:
        """Give what was written: the first text that is no file, plain before HTML; of files the names alone."""
        asked = urlencode({"fields": "Filename,ContentType", "per_page": PER_PAGE})
        found = _items(self._ask("GET", f"transaction/{transaction}/attachments?{asked}"))
        names = tuple(str(each["Filename"])[:200] for each in found if each.get("Filename"))[:NAMES]
        for kind in ("text/plain", "text/html"):
            for each in found:
                if each.get("ContentType") == kind and not each.get("Filename") and _number(each):
                    return Text(self._content(_number(each)), kind == "text/html", names)
        return Text(names=names)

    def _content(self, attachment: str) -> str:
        content = self._ask("GET", f"attachment/{attachment}")
        given = str(content.get("Content", "")) if isinstance(content, dict) else ""
        try:
            return base64.b64decode(given, validate=False).decode("utf-8", "replace")
        except (binascii.Error, ValueError):
            return given

    def _ask(self, method: str, path: str, content: Any = None) -> Any:
        try:
            said = peering.ask(
                method, f"{self.base_url}/REST/2.0/{path}", {"Authorization": f"token {self.token}"}, content
            )
        except peering.Silent as error:
            raise Trouble(_("No answer: %s") % error, whole=True) from error
        if not 200 <= said.status < 300:
            raise _refusal(said)
        if not said.whole:
            raise Trouble(_("The answer is too long to be read."))
        if said.content is None:
            raise Trouble(_("Something answers there, and it is no RT: look at the address."), whole=True)
        return said.content


def _refusal(said: peering.Said) -> Trouble:
    why = _said(said.content) or said.text
    if said.status == TOKEN:
        said_ = _("RT does not take the token: make a new one there for the account, and enter it here.")
        return Trouble(said_, whole=True)
    if said.status == FORBIDDEN:
        return Trouble(_("RT refuses: %s. Give the account the right it lacks.") % why.rstrip("."))
    if said.status == GONE:
        return Trouble(
            _("RT does not know this, or the account may not see it: look at the queue, the ticket and the rights.")
        )
    whole = said.status >= SERVER or said.status in {408, 425, 429}
    return Trouble(_("RT says %(status)d: %(why)s") % {"status": said.status, "why": why}, whole=whole)


def _said(content: Any) -> str:
    if isinstance(content, dict):
        content = content.get("message", "")
    if isinstance(content, list):
        content = " ".join(map(str, content))
    return " ".join(str(content or "").split())[:200]


def _items(content: Any) -> list[dict[str, Any]]:
    items = content.get("items") if isinstance(content, dict) else None
    if not isinstance(items, list):
        raise Trouble(_("RT answers otherwise than RT 5 does: %s") % _said(content))
    return [each for each in items if isinstance(each, dict)]


def _transaction(item: Mapping[str, Any]) -> Transaction | None:
    number, created = _number(item), when(item.get("Created"))
    if not number:
        return None
    state = item.get("Type") == "Status" and item.get("Field") == "Status"
    return Transaction(
        int(number),
        str(item.get("Type", "")),
        _name(item.get("Creator")),
        created or datetime.now(UTC),
        _short(item.get("NewValue"), 60) if state else "",
    )


def _name(user: Any) -> str:
    return _short(user.get("id") if isinstance(user, dict) else user, 200)


def _number(item: Mapping[str, Any]) -> str:
    """Give the number of something there; empty when it is none."""
    number = str(item.get("id", ""))
    return number if NUMBER.fullmatch(number) else ""


def _short(value: Any, most: int) -> str:
    """Give a word of theirs as it can be kept."""
    return CONTROL.sub("", str(value or ""))[:most]


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
