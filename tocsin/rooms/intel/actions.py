"""Keep observables, each once, however many see it at the same time."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from django.db import transaction
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest

from tocsin.pipeline import observables, warninglists
from tocsin.platform.locks import make_way
from tocsin.rooms.intel.models import Observable, digest_of

AT_ONCE = 500
RUN = 20.0  # seconds


def keep(found: Iterable[observables.Observable]) -> Mapping[observables.Observable, int]:
    """Keep observables in the caller's transaction; give the inner id of each, in three statements for hundreds."""
    wanted = {digest_of(each): each for each in found}
    known = _known(wanted)
    new = [
        Observable(kind=each.kind, value=each.value, digest=digest)
        for digest, each in sorted(wanted.items())
        if digest not in known
    ]
    if new:
        Observable.objects.bulk_create(new, batch_size=AT_ONCE, ignore_conflicts=True)
        known |= _known({each.digest: wanted[each.digest] for each in new})
    return {each: known[digest] for digest, each in wanted.items()}


def count(ids: Collection[int]) -> None:
    """Note that observables (inner ids) were seen in one more matter."""
    for start in range(0, len(ids), AT_ONCE):
        Observable.objects.filter(pk__in=sorted(ids)[start : start + AT_ONCE]).update(seen=F("seen") + 1)


def mark_common(folder: Path) -> int:
    """Mark observables that stand on a public list of what all the world has; give how many were looked up.

    Only those are looked up that were not, or by another version of the lists; at most `RUN` seconds of them.
    """
    version, until, looked = warninglists.current(), time.monotonic() + RUN, 0
    unchecked = Observable.objects.filter(Q(checked__lt=version) | Q(checked__gt=version))
    if not version or not unchecked.exists():
        return 0
    lists = warninglists.load(folder)
    while time.monotonic() < until and (found := list(unchecked.only("kind", "value", "common")[:AT_ONCE])):
        changed = []
        for each in found:
            why = lists.why_common(observables.Observable(each.known_kind, each.value))[:200]
            if why != each.common:
                each.common = why
                changed.append(each)
        with transaction.atomic():
            Observable.objects.bulk_update(changed, ["common"])
            Observable.objects.filter(pk__in=[each.pk for each in found]).update(checked=version)
        looked += len(found)
        if len(found) == AT_ONCE:
            make_way()
    return looked


def discount(ids: Collection[int]) -> None:
    """Note that observables (inner ids) were seen in one matter less: two that named them have become one."""
    count_many(dict.fromkeys(ids, 1), -1)


def count_many(matters: Mapping[int, int], sign: int = 1) -> None:
    """Note in how many more matters (or, with -1, fewer) each observable (inner id) was seen."""
    by_number: defaultdict[int, list[int]] = defaultdict(list)
    for pk, number in matters.items():
        by_number[number].append(pk)
    for number, ids in by_number.items():
        for start in range(0, len(ids), AT_ONCE):
            found = Observable.objects.filter(pk__in=sorted(ids)[start : start + AT_ONCE])
            found.update(seen=Greatest(F("seen") + sign * number, Value(0)))


def _known(wanted: Mapping[str, observables.Observable]) -> dict[str, int]:
    digests = sorted(wanted)
    known: dict[str, int] = {}
    for start in range(0, len(digests), AT_ONCE):
        rows = Observable.objects.filter(digest__in=digests[start : start + AT_ONCE])
        known |= dict(rows.values_list("digest", "pk"))
    return known
