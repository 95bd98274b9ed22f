"""What can be found of the constituency: organisations with their contacts and assets, and teams."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from tocsin.platform.access import scope_of
from tocsin.platform.search.sources import Document, Found, Source, Watch
from tocsin.rooms.constituency.models import Asset, Contact, Organisation, Team

VIEW, TEAMS = "constituency.view", "t"


def organisations(things: Collection[int]) -> Iterator[Document]:
    """Give the texts of organisations, in three queries however many there are."""
    told: defaultdict[int, list[str]] = defaultdict(list)
    for place, *values in Contact.objects.filter(organisation__in=things).values_list(
        "organisation", "name", "email", "phone"
    ):
        told[place] += values
    for place, value in Asset.objects.filter(organisation__in=things).values_list("organisation", "value"):
        told[place].append(value)
    for one in Organisation.objects.filter(pk__in=things):
        title = " ".join(filter(None, (one.code, one.name, one.name_fr)))
        text = "\n".join(filter(None, told[one.pk]))
        yield Document(one.pk, "", "organisation", one.created_at, frozenset({f"c{one.pk}"}), title, text)


def teams(things: Collection[int]) -> Iterator[Document]:
    """Give the texts of teams, in one query."""
    for one in Team.objects.filter(pk__in=things):
        title = " ".join(filter(None, (one.code, one.name, one.name_fr)))
        yield Document(one.pk, "", "team", one.created_at, frozenset({TEAMS}), title)


def _places(user: Any) -> Collection[str]:
    return {f"c{place}" for place in scope_of(user).organisations(VIEW)}


def _teams(user: Any) -> Collection[str]:
    return {TEAMS} if scope_of(user).allows(VIEW) else set()


def _visible_organisations(user: Any, things: Collection[int]) -> Mapping[int, Found]:
    known = Organisation.objects.visible_to(user).filter(pk__in=things)
    return {one.pk: Found(str(one), "organisation", one.uuid, one.code) for one in known}


def _visible_teams(user: Any, things: Collection[int]) -> Mapping[int, Found]:
    known = Team.objects.visible_to(user).filter(pk__in=things)
    return {one.pk: Found(str(one), "team", one.uuid, one.code) for one in known}


SOURCES = (
    Source(
        name="organisations",
        model=Organisation,
        kinds={"organisation": _("organisations")},
        watches=(
            Watch(Organisation, ("code", "name", "name_fr")),
            Watch(Contact, ("organisation", "name", "email", "phone"), "{row}.organisation_id"),
            Watch(Asset, ("organisation", "value"), "{row}.organisation_id"),
        ),
        documents=organisations,
        readers=_places,
        visible=_visible_organisations,
    ),
    Source(
        name="teams",
        model=Team,
        kinds={"team": _("teams")},
        watches=(Watch(Team, ("code", "name", "name_fr")),),
        documents=teams,
        readers=_teams,
        visible=_visible_teams,
    ),
)
