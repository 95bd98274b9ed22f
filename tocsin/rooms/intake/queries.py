"""What is known of sources, receipts, rejected records and single events."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from tocsin import config
from tocsin.pipeline.lake.files import Lake
from tocsin.pipeline.lake.journal import Journal, Position
from tocsin.pipeline.schema.event import Kind
from tocsin.platform.access import scope_of
from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.intake.models import POSITION, JournalPosition, LakeFile, LakeSpan, Receipt, RejectedRecord, Source

NAME = 500
OWNERS = "tocsin."  # the columns of attribution: lists of codes
OWN = frozenset({"record", "offset", "raw", "receipt", "kind.product", "kind.channel", "kind.code"})


@dataclass(frozen=True, slots=True)
class Event:
    """One event as the lake keeps it: where it came from, what it means, whom it concerns, and the raw record."""

    receipt: UUID
    record: int
    offset: int
    kind: Kind
    time: datetime | None
    fields: Mapping[str, Any]
    organisations: tuple[str, ...]
    raw: bytes


def journal() -> Journal:
    """Give the journal of this installation."""
    return _journal(config.load().home / "journal")


def lake() -> Lake:
    """Give the lake of this installation."""
    return _lake(config.load().home / "lake")


def lake_files(since: datetime) -> list[Path]:
    """Give the files of the lake that hold events after ``since``, or events without a time."""
    late = Q(latest__gte=since) | Q(latest=None)
    names = LakeFile.objects.filter(late).order_by("-day", "id").values_list("path", flat=True)
    return [config.load().home / "lake" / name for name in names]


def waiting() -> bool:
    """Tell whether something has arrived in the journal that is not taken yet."""
    here = JournalPosition.objects.filter(name=POSITION).values_list("segment", "offset").first()
    return journal().end() != (here or Position())


def sources(user: Any, *, text: str = "") -> QuerySet[Source]:
    """Give the sources a person may see, those whose name holds ``text``."""
    found = Source.objects.visible_to(user).select_related("organisation")
    return found.filter(name__icontains=text) if text else found


def source_or_404(user: Any, uuid: UUID) -> Source:
    """Give one source, as if it did not exist when it may not be seen."""
    found: Source = get_object_or_404(sources(user), uuid=uuid)
    return found


def active_source(uuid: UUID) -> Source | None:
    """Give the source a token is bound to, when it still takes deliveries."""
    found: Source | None = Source.objects.select_related("organisation").filter(uuid=uuid, active=True).first()
    return found


def may_manage(user: Any) -> bool:
    """Tell whether a person may make sources and their tokens."""
    return scope_of(user).allows("intake.manage")


def may_manage_source(user: Any, organisation: Organisation | None) -> bool:
    """Tell whether a person may make or change a source of an organisation, or one that is common to all."""
    if organisation is not None:
        return scope_of(user).allows("intake.manage", organisation.pk)
    return constituency.reaches_top(user, "intake.manage")


def organisations_managed(user: Any) -> QuerySet[Organisation]:
    """Give the organisations whose sources a person may manage."""
    return Organisation.objects.filter(pk__in=scope_of(user).organisations("intake.manage"), active=True)


def name_taken(name: str, *, by_other_than: Source | None = None) -> bool:
    """Tell whether a source has this name."""
    found = Source.objects.filter(name=name)
    return found.exclude(pk=by_other_than.pk).exists() if by_other_than else found.exists()


STATES: Mapping[str, Q] = {
    "problems": Q(status=Receipt.State.INCOMPLETE) | Q(rejected__gt=0) | ~Q(problem=""),
    "open": Q(status=Receipt.State.OPEN),
    "hits": Q(hits__gt=0),
}


def receipts(user: Any, *, source: UUID | None = None, state: str = "") -> QuerySet[Receipt]:
    """Give the receipts a person may see, without what parsers remember."""
    found = Receipt.objects.visible_to(user).filter(STATES.get(state, Q()))
    if source is not None:
        found = found.filter(source__uuid=source)
    return found.select_related("source").defer("state")


def name_of(path: Path) -> str:
    """Give a path as text that any database takes, also when its name is not UTF-8."""
    return os.fsencode(path.absolute()).decode("utf-8", "backslashreplace")[-NAME:]


def open_receipt_of(source: str, path: Path) -> Receipt | None:
    """Give the receipt of a file whose work was stopped half-way, by the name of its source."""
    stopped = Receipt.objects.filter(source__name=source, name=name_of(path), status=Receipt.State.OPEN)
    return stopped.select_related("source").order_by("-id").first()


def receipt_or_404(user: Any, uuid: UUID) -> Receipt:
    """Give one receipt, as if it did not exist when it may not be seen."""
    found: Receipt = get_object_or_404(receipts(user).select_related("source__organisation", "continues"), uuid=uuid)
    return found


def rejected(receipt: Receipt) -> QuerySet[RejectedRecord]:
    """Give the rejected records of a receipt, without what they said."""
    return RejectedRecord.objects.filter(receipt=receipt).defer("raw")


def may_read(user: Any, receipt: Receipt) -> bool:
    """Tell whether a person may read rejected records: they may name anybody, so seeing counts is not enough."""
    scope, owner = scope_of(user), receipt.source.organisation_id
    return scope.everything("alerts.view") or owner in scope.organisations("alerts.view")


def rejected_or_404(user: Any, uuid: UUID, record: int) -> RejectedRecord:
    """Give one rejected record with what it said, to those who may see the events of its source."""
    receipt = receipt_or_404(user, uuid)
    if not may_read(user, receipt):
        raise Http404
    return get_object_or_404(RejectedRecord, receipt=receipt, record=record)


def event(user: Any, receipt: UUID, record: int) -> Event | None:
    """Give one event to those who may see alerts of an organisation it concerns; else none, as if it were not there."""
    found = _event(receipt, record)
    if found is None or not _may_see(user, found.organisations):
        return None
    return _as_seen(user, found)


def _as_seen(user: Any, event: Event) -> Event:
    """Leave out which other organisations an event concerns."""
    reach = scope_of(user).organisations("alerts.view")
    mine = Organisation.objects.filter(code__in=event.organisations, pk__in=reach).values_list("code", flat=True)
    seen = tuple(sorted(mine))
    fields = {name: _owners(value, seen) if name.startswith(OWNERS) else value for name, value in event.fields.items()}
    return replace(event, organisations=seen, fields={name: value for name, value in fields.items() if value != []})


def _owners(value: Any, seen: tuple[str, ...]) -> list[str]:
    return [code for code in value or () if code in seen]


def event_or_404(user: Any, receipt: UUID, record: int) -> Event:
    """Give one event, as if it did not exist when it may not be seen."""
    found = event(user, receipt, record)
    if found is None:
        raise Http404
    return found


def _may_see(user: Any, codes: tuple[str, ...]) -> bool:
    scope = scope_of(user)
    reach = scope.organisations("alerts.view")
    known = Organisation.objects.filter(code__in=codes).values_list("pk", flat=True)
    return scope.everything("alerts.view") if not (owners := set(known)) else bool(owners & reach)


def _event(receipt: UUID, record: int) -> Event | None:
    spans = LakeSpan.objects.filter(receipt__uuid=receipt, first__lte=record, last__gte=record)
    for path in spans.order_by("last").values_list("file__path", flat=True):
        row = lake().event(path, receipt, record)
        if row is not None:
            return _as_event(receipt, row)
    return None


def _as_event(receipt: UUID, row: Mapping[str, Any]) -> Event:
    return Event(
        receipt=receipt,
        record=row["record"],
        offset=row["offset"],
        kind=Kind(row["kind.product"], row["kind.channel"], row["kind.code"]),
        time=row.get("@timestamp"),
        fields={name: value for name, value in row.items() if name not in OWN},
        organisations=tuple(row.get("tocsin.organisations", ())),
        raw=row["raw"],
    )


@cache
def _journal(folder: Path) -> Journal:
    return Journal(folder)


@cache
def _lake(folder: Path) -> Lake:
    return Lake(folder)
