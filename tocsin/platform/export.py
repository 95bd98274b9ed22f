"""A list as a file to take along: comma-separated, asked for at the gate, harmless in a spreadsheet."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from tocsin.platform import audit, gate
from tocsin.platform.gate import Action, Item, Recipient
from tocsin.platform.markings import TLP, strictest

MOST = 50_000
AT_ONCE = 1_000
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last are full-width
# Readers of other countries separate cells by semicolons: what follows one may begin a cell too.
_CALCULATED = re.compile(rf"(^|[;\t\r\n])(?=[{re.escape(''.join(FORMULA))}])")
BYTE_ORDER_MARK = "\ufeff"  # without it spreadsheets read UTF-8 as something else


@dataclass(frozen=True, slots=True)
class Sheet:
    """How a list is written: each column's name and the path of its value (``organisation.code``).

    ``organisations`` and ``tlp`` are the lookups of what the gate asks about; ``prepare`` fills in a batch of rows.
    """

    name: str
    columns: Mapping[str, str]
    organisations: str = ""
    tlp: str = ""
    sealed: str = ""
    prepare: Callable[[Any, Sequence[Any]], None] | None = None


def wanted(request: HttpRequest) -> bool:
    """Tell whether the list is asked for as a file."""
    return request.GET.get("export") == "csv"


def answer(request: HttpRequest, sheet: Sheet, rows: QuerySet[Any]) -> HttpResponseBase:
    """Give all rows as a file, when the gate allows it; a list that is too long is sent back to be narrowed."""
    count = rows.order_by()[: MOST + 1].count()
    if count > MOST:
        messages.error(request, _("A file holds at most 50,000 rows. Choose more filters, then export again."))
        return redirect(f"{request.path}?{without_export(request)}")
    item, recipient = _item(sheet, rows, count, request.user), recipient_of(request.user)
    with transaction.atomic():
        decision = gate.ask(request.user, item, recipient, Action.EXPORT)
        if not decision.allowed:
            raise PermissionDenied(decision.reason)
        details = {"list": sheet.name, "rows": count, "filter": without_export(request)}
        audit.record(request.user, "list.export", None, details)
    written = StreamingHttpResponse(_lines(sheet, rows, request.user), content_type="text/csv; charset=utf-8")
    label = TLP(item.tlp).label.replace(":", "-").replace("+", "-")
    name = f"tocsin-{sheet.name}-{label}-{timezone.now():%Y%m%dT%H%MZ}.csv"
    written["Content-Disposition"] = f'attachment; filename="{name}"'
    return written


def recipient_of(person: Any) -> Recipient:
    """Give a person of the house as the gate's recipient; the room that knows whom they serve tells."""
    found: Recipient = import_string(settings.TOCSIN_RECIPIENT)(person)
    return found


def without_export(request: HttpRequest) -> str:
    """Give the filters of the list as they stand in the address."""
    kept = request.GET.copy()
    for name in ("export", "cursor"):
        kept.pop(name, None)
    return kept.urlencode()


def _item(sheet: Sheet, rows: QuerySet[Any], count: int, person: Any) -> Item:
    recipient = recipient_of(person)
    codes = frozenset(filter(None, _distinct(rows, sheet.organisations)))
    sealed = bool(sheet.sealed) and rows.filter(**{sheet.sealed: True}).exists()
    return Item(
        type=f"list.{sheet.name}",
        uuid=None,
        title=f"{sheet.name} ({count})",
        tlp=strictest(_distinct(rows, sheet.tlp)),
        # What is no organisation's own is the house's, and goes with whoever serves anybody.
        organisations=codes or recipient.serves,
        sealed=sealed,
        named=frozenset({recipient.address}) if sealed else frozenset(),
        naming_agreed=True,  # rows and names are those the person sees on the page
    )


def _distinct(rows: QuerySet[Any], lookup: str) -> Iterable[str]:
    return rows.order_by().values_list(lookup, flat=True).distinct() if lookup else ()


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Write rows as comma-separated text, each value harmless in a spreadsheet."""
    write = csv.writer(_Line(), quoting=csv.QUOTE_ALL).writerow
    return "".join([write(header), *(write([cell(value) for value in row]) for row in rows)])


def _lines(sheet: Sheet, rows: QuerySet[Any], person: Any) -> Iterator[str]:
    write = csv.writer(_Line(), quoting=csv.QUOTE_ALL).writerow
    yield BYTE_ORDER_MARK + write(sheet.columns)
    found = rows.iterator(chunk_size=AT_ONCE)
    while batch := list(islice(found, AT_ONCE)):
        if sheet.prepare is not None:
            sheet.prepare(person, batch)
        yield "".join(write([cell(_value(row, path)) for path in sheet.columns.values()]) for row in batch)


class _Line:
    """Gives back what a writer writes, instead of keeping it."""

    def write(self, text: str) -> str:
        return text


def _value(row: Any, path: str) -> Any:
    for name in path.split("."):
        if row is None:
            return ""
        row = getattr(row, name)
    return row() if callable(row) else row


def cell(value: Any) -> str:
    """Write one value; what a spreadsheet would take for a formula is kept from being one.

    A number stays a number. OWASP: CSV injection.
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    if isinstance(value, bool | int | float | date):
        return str(value)
    if isinstance(value, list | tuple | set | frozenset):
        return cell(" ".join(str(part) for part in value))
    text = str(value).replace("\0", "\ufffd")
    return _CALCULATED.sub(r"\1'", text)
