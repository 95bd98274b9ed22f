"""What is known of the constituency, and who may see what of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Q

from tocsin.platform.access import Grant, Scope, verbs_of
from tocsin.rooms.constituency.models import Membership, Organisation


def scope_of(user: Any) -> Scope:
    """Give what a person may do where, from the memberships that are valid now, in two queries."""
    held = list(_memberships(user))
    reached = _Reach(row["place"] for row in held if row["place"])
    organisations: dict[tuple[str, int | None, bool], set[int]] = defaultdict(set)
    for row in held:
        organisations[row["role"], row["team"], bool(row["everything"])] |= reached.below(row["place"], row["subtree"])
    return Scope(
        person=user.pk,
        grants=tuple(
            Grant(role, verbs_of(role), frozenset(ids), team, everything)
            for (role, team, everything), ids in organisations.items()
        ),
    )


def _memberships(user: Any) -> Iterable[dict[str, Any]]:
    """Give one row for each place that a role reaches: the organisation itself, or each mandate of the team."""
    rows = Membership.objects.filter(Membership.valid_now(), person=user).values_list(
        "role",
        "team",
        "team__sees_unattributed",
        "organisation__path",
        "team__mandates__organisation__path",
        "team__mandates__subtree",
    )
    for role, team, everything, own, mandated, subtree in rows:
        yield {
            "role": role,
            "team": team,
            "everything": everything,
            "place": own or mandated,
            "subtree": team is None or subtree,
        }


class _Reach:
    """The organisations at and below some places of the tree, fetched at once."""

    def __init__(self, places: Iterable[str]) -> None:
        condition = Q(pk=None)
        for place in set(places):
            condition |= Q(path__startswith=place)
        self._paths = list(Organisation.objects.filter(condition).values_list("pk", "path"))

    def below(self, place: str | None, subtree: bool) -> set[int]:
        if not place:
            return set()
        return {pk for pk, path in self._paths if path == place or (subtree and path.startswith(place))}
