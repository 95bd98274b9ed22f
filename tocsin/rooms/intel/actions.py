"""Keep observables, each once, however many see it at the same time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from django.db.models import F

from tocsin.pipeline import observables
from tocsin.rooms.intel.models import Observable, digest_of

AT_ONCE = 500


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


def _known(wanted: Mapping[str, observables.Observable]) -> dict[str, int]:
    digests = sorted(wanted)
    known: dict[str, int] = {}
    for start in range(0, len(digests), AT_ONCE):
        rows = Observable.objects.filter(digest__in=digests[start : start + AT_ONCE])
        known |= dict(rows.values_list("digest", "pk"))
    return known
