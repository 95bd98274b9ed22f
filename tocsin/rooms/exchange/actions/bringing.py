"""Bring in what was looked at: batch by batch, each in one transaction, so that a killed worker can go on."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from tocsin.platform import audit
from tocsin.platform.access import require
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.exchange import queries
from tocsin.rooms.exchange.actions.building import Builder, LeftOut
from tocsin.rooms.exchange.actions.reading import HERE, count, settle_orphans
from tocsin.rooms.exchange.actions.receiving import go_on
from tocsin.rooms.exchange.models import Import, Origin, Staged
from tocsin.rooms.exchange.querysets import IMPORT
from tocsin.rooms.incidents import actions as incidents

INCIDENTS, BYTES, THINGS = 200, 16 << 20, 50_000  # in one batch
Fate, State = Staged.Fate, Import.State


def bring_in(load: Import) -> None:
    """Make incidents of all that waits in an import; whoever asked for it must still be allowed to."""
    person = Person.objects.get(pk=load.created_by_id)
    try:
        require(person, IMPORT)
    except PermissionDenied:
        go_on(load, [State.COMMITTING], State.FAILED, problem="Whoever asked for it may not import any more.")
        return
    builder = Builder(load, person, queries.resolution(person, load))
    while _batch(load, person, builder):
        pass
    with transaction.atomic():
        settle_orphans(load)
        accounts = count(load)
        if go_on(load, [State.COMMITTING], State.DONE, committed_at=timezone.now(), **accounts):
            audit.record(person, "exchange.bring_in", load, {"source": load.source, **accounts})
    shutil.rmtree(queries.folder(load), ignore_errors=True)


@transaction.atomic
def _batch(load: Import, person: Person, builder: Builder) -> bool:
    """Bring in the next incidents; False when none waits, or somebody else took the import further."""
    if not Import.objects.select_for_update().filter(pk=load.pk, state=State.COMMITTING).exists():
        return False
    rows = _next(load)
    if not rows:
        return False
    here = queries.already_here(load.source, {row.identity for row in rows}, own=builder.own)
    rest = [row for row in rows if row.identity not in here]
    things = _things(load, rest)
    built, kept = [], []
    for row in rest:
        try:
            built.append(builder.build(row, _items(things[row.identity])))
            kept.append(row)
        except LeftOut as reason:
            _settle([row], Fate.REJECTED, str(reason))
    details = {"import": str(load.uuid), "source": load.source}
    made = incidents.adopt(actor=person, team=load.team, adopted=built, at=builder.now, details=details)
    Origin.objects.bulk_create(
        Origin(
            incident=incident,
            load=load,
            source=load.source,
            identity=row.identity,
            url=builder.url(row),
            as_of=incident.updated_at,
        )
        for incident, row in zip(made, kept, strict=True)
    )
    _settle([row for row in rows if row.identity in here], Fate.DUPLICATE, HERE)
    _settle([*kept, *(thing for row in kept for thing in things[row.identity])], Fate.IMPORTED)
    Import.objects.filter(pk=load.pk).update(imported=load.imported + len(kept), updated_at=timezone.now())
    load.imported += len(kept)
    return True


def _next(load: Import) -> list[Staged]:
    """Give the next waiting incidents, as many as memory should hold with all that belongs to them."""
    rows = list(Staged.objects.filter(load=load, fate=Fate.WAITING, parent="").order_by("id")[:INCIDENTS])
    sizes = Staged.objects.filter(load=load, fate=Fate.WAITING, parent__in=[row.identity for row in rows])
    weight = dict(sizes.values_list("parent").annotate(total=Sum("size")))
    total, taken = 0, list[Staged]()
    for row in rows:
        total += row.size + (weight.get(row.identity) or 0)
        if taken and total > BYTES:
            break
        taken.append(row)
    return taken


def _things(load: Import, rows: Sequence[Staged]) -> Mapping[str, list[Staged]]:
    """Give what belongs to incidents and stands elsewhere in the file; more than anybody reads is rejected."""
    found: defaultdict[str, list[Staged]] = defaultdict(list)
    identities = [row.identity for row in rows]
    waiting = Staged.objects.filter(load=load, fate=Fate.WAITING, parent__in=identities).order_by("parent", "id")
    for thing in waiting.iterator(chunk_size=2_000):
        kept = found[thing.parent]
        if len(kept) < THINGS:
            kept.append(thing)
    return found


def _items(things: Sequence[Staged]) -> list[dict[str, Any]]:
    return [thing.content["item"] | {"into": thing.content["into"]} for thing in things if thing.content]


def _settle(rows: Sequence[Staged], fate: str, reason: str = "") -> None:
    values: dict[str, Any] = {"fate": fate, "reason": reason[:300]}
    if fate != Fate.REJECTED:
        values["content"] = None
    for start in range(0, len(rows), 500):
        Staged.objects.filter(pk__in=[row.pk for row in rows[start : start + 500]]).update(**values)
