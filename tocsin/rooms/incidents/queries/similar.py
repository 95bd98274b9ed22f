"""Incidents that name the same rare things."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q

from tocsin.platform.access import scope_of
from tocsin.rooms.incidents.models import (
    Incident,
    Sighting,
)
from tocsin.rooms.intel.models import Observable, harmless

SIMILAR_SHOWN = 10
RARE = 20  # what more incidents than these name is no link between any two
COUPLES = 2_000


@dataclass(frozen=True, slots=True)
class Similar:
    """Another incident, and the rare observables that both name."""

    incident: Incident
    shared: tuple[str, ...]


def similar(user: Any, incident: Incident, found: Iterable[Observable]) -> list[Similar]:
    """Find incidents that share observables with one, which few incidents name and the person may read in both."""
    rare = [each.pk for each in found if 1 < each.seen <= RARE and not each.common]
    if not rare:
        return []
    reach = Q(entity=None) | Q(entity__organisation__in=scope_of(user).organisations("incidents.view"))
    of_it = Incident.objects.filter(pk=OuterRef("incident"))
    reach |= Q(Exists(of_it.in_charge(user)))
    others = Sighting.objects.filter(reach, observable__in=rare).exclude(incident=incident)
    others = others.filter(Exists(of_it.handled_by(user)))
    couples = others.values_list("incident", "observable__kind", "observable__value").distinct()[:COUPLES]
    shared: defaultdict[int, list[str]] = defaultdict(list)
    for other, kind, value in couples:
        shared[other].append(harmless(kind, value))
    ranked = sorted(shared, key=lambda pk: (-len(shared[pk]), -pk))[:SIMILAR_SHOWN]
    known = Incident.objects.in_bulk(ranked)
    return [Similar(known[pk], tuple(shared[pk])) for pk in ranked]
