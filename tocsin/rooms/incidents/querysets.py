"""Which incidents, and which parts of them, a person may see."""

from __future__ import annotations

from typing import Any, Self

from django.db import connections, models
from django.db.models import Exists, F, OuterRef, Q

from tocsin.platform.access import Scope, scope_of

ANSWER = "hand_offs.answer"
MANY = 4  # organisations: enough rows of a list concern one of so many


def _concerning(organisations: frozenset[int], *, to_count: bool = False) -> Exists:
    from tocsin.rooms.incidents.models import IncidentEntity

    parts = IncidentEntity.objects.filter(incident=OuterRef("pk"))
    if len(organisations) > 1 and connections[parts.db].vendor == "sqlite":
        # SQLite would look up every organisation in every incident; an expression makes it read an incident's parts.
        return Exists(parts.alias(place=F("organisation_id") + 0).filter(place__in=organisations))
    if len(organisations) > MANY and not to_count and connections[parts.db].vendor == "postgresql":
        # PostgreSQL would read all parts of so many organisations into a hash before it gives the first row of a list;
        # what is no plain equality with the incident leaves it no hash, and it looks up the parts of each row.
        parts = parts.filter(incident__gte=OuterRef("pk"))
    return Exists(parts.filter(organisation__in=organisations))


def _named(scope: Scope) -> Exists:
    from tocsin.rooms.incidents.models import Seal

    # Being named opens a seal for people in office; it is no office of its own.
    person = scope.person if scope.allows("incidents.view") or scope.allows("incidents.part") else None
    return Exists(Seal.objects.filter(incident=OuterRef("pk"), person=person))


def alerts_sealed_from(person: int | None) -> models.QuerySet[Any]:
    """Give the inner ids of the alerts in sealed incidents that do not name ``person``; of all, when that is None."""
    from tocsin.rooms.incidents.models import Incident, Seal

    named = Seal.objects.filter(person=person).values("incident")
    sealed = Incident.objects.filter(sealed=True).exclude(pk__in=named).values("pk")
    return Incident.alerts.through.objects.filter(incident__in=sealed).values("alert")


def _handled(scope: Scope, *, to_count: bool = False) -> Q:
    """What a handler may see in full: their organisations', their teams', what they opened while in office."""
    teams = scope.teams("incidents.view")
    handled = Q(_concerning(scope.organisations("incidents.view"), to_count=to_count))
    if teams:
        handled |= Q(owner_team__in=teams) | Q(offered_to__in=teams)
    if scope.allows("incidents.view"):
        handled |= Q(opened_by=scope.person)
    return handled


def _possible(scope: Scope) -> models.QuerySet[Any, Any]:
    """Give the inner ids of all incidents that may turn out to be visible."""
    from tocsin.rooms.incidents.models import Incident, IncidentEntity, Seal

    reach, teams = scope.organisations("incidents.view", "incidents.part"), scope.teams("incidents.view")
    handled = Q(owner_team__in=teams) | Q(offered_to__in=teams) | Q(opened_by=scope.person)
    return (
        IncidentEntity.objects.filter(organisation__in=reach)
        .values("incident")
        .union(
            Seal.objects.filter(person=scope.person).values("incident"),
            Incident.objects.filter(handled).values("pk"),
        )
    )


class IncidentQuerySet(models.QuerySet[Any]):
    """Scopes every read of incidents. A sealed incident exists for the people named in its seal and nobody else."""

    def visible_to(self, user: Any, *, to_count: bool = False) -> Self:
        """Keep the incidents ``user`` may know of, be it in full or only the part of an organisation.

        A list is read in its order, and each row asked, until a page is full. ``to_count`` begins instead with what
        can be ``user``'s at all, where that is little: an officer's is soon counted among very many.
        """
        scope = scope_of(user)
        part = Q(_concerning(scope.organisations("incidents.part"), to_count=to_count))
        mine = Q(sealed=False) & (_handled(scope, to_count=to_count) | part)
        found = self.filter(mine | Q(sealed=True) & Q(_named(scope)))
        little = to_count and len(scope.organisations("incidents.view", "incidents.part")) <= MANY
        return found.filter(pk__in=_possible(scope)) if little else found

    def handled_by(self, user: Any) -> Self:
        """Keep the visible incidents that ``user`` may see in full."""
        scope = scope_of(user)
        return self.filter(Q(sealed=False) & _handled(scope) | Q(sealed=True) & Q(_named(scope)))

    def in_charge(self, user: Any) -> Self:
        """Keep those ``user`` sees all parts of: named on a seal, of the team that has it or is offered it, opener."""
        scope = scope_of(user)
        teams = scope.teams("incidents.view")
        mine = Q(owner_team__in=teams) | Q(offered_to__in=teams)
        if scope.allows("incidents.view"):
            mine |= Q(opened_by=scope.person)
        return self.filter(Q(sealed=False) & mine | Q(sealed=True) & Q(_named(scope)))


class DeadlineQuerySet(models.QuerySet[Any]):
    """Scopes every read of deadlines: those of incidents one may know of, those of parts for whoever sees the part."""

    def visible_to(self, user: Any) -> Self:
        """Keep the deadlines of visible incidents: of the whole, and of the parts ``user`` sees."""
        from tocsin.rooms.incidents.models import Incident

        reach = scope_of(user).organisations("incidents.view", "incidents.part")
        charged = Incident.objects.in_charge(user).filter(pk=OuterRef("incident"))
        known = Incident.objects.visible_to(user).filter(pk=OuterRef("incident"))
        part = Q(entity=None) | Q(entity__organisation__in=reach) | Q(Exists(charged))
        return self.filter(part, Exists(known))


class HandOffQuerySet(models.QuerySet[Any]):
    """Scopes every read of hand-offs: the two sides, and those who may read all that was handed over."""

    def visible_to(self, user: Any) -> Self:
        """Keep the hand-offs of one's own teams and organisations, and of incidents one handles.

        Of these, who is not in charge sees what is about organisations in their reach. One of a sealed incident is
        there for the people named alone.
        """
        scope = scope_of(user)
        reach = scope.organisations("incidents.view")
        outside = self.model.about.through.objects.filter(handoff=OuterRef("pk")).exclude(organisation__in=reach)
        incident = _incidents().filter(pk=OuterRef("incident"))
        handled = Q(Exists(incident.handled_by(user))) & ~Exists(outside)
        seen = _sides(scope) | Q(Exists(incident.in_charge(user))) | handled
        return self.filter(Q(incident__sealed=False) & seen | Q(incident__sealed=True) & _named_on_incident(scope))

    def received_by(self, user: Any) -> Self:
        """Keep what was handed to one's own teams, and to the organisations one answers for or heads."""
        scope = scope_of(user)
        mine = Q(to_team__in=scope.teams(ANSWER)) | Q(to_organisation__in=scope.organisations("incidents.part"))
        return self._unsealed_for(scope, mine)

    def sent_from(self, user: Any) -> Self:
        """Keep what one's own teams and organisations, or oneself, handed over."""
        scope = scope_of(user)
        mine = Q(from_team__in=scope.teams(ANSWER)) | Q(from_organisation__in=scope.organisations("incidents.part"))
        if scope.allows("incidents.view") or scope.allows("incidents.part"):
            mine |= Q(sent_by=scope.person)
        return self._unsealed_for(scope, mine)

    def _unsealed_for(self, scope: Scope, mine: Q) -> Self:
        return self.filter(mine, Q(incident__sealed=False) | Q(incident__sealed=True) & _named_on_incident(scope))


class RiseQuerySet(models.QuerySet[Any]):
    """Scopes every read of what has risen."""

    def visible_to(self, user: Any) -> Self:
        """Keep what rose of incidents one handles, if it is about a hand-off then one that may be seen."""
        from tocsin.rooms.incidents.models import HandOff

        seen = HandOff.objects.visible_to(user).filter(pk=OuterRef("hand_off"))
        handled = _incidents().filter(pk=OuterRef("incident")).handled_by(user)
        return self.filter(Exists(handled), Q(hand_off=None) | Exists(seen), risen_at__isnull=False)


def _incidents() -> IncidentQuerySet:
    from tocsin.rooms.incidents.models import Incident

    found: IncidentQuerySet = Incident.objects.all()
    return found


def _sides(scope: Scope) -> Q:
    """Whatever one's own teams and organisations handed over or were handed."""
    teams = scope.teams("incidents.view")
    places = scope.organisations("incidents.part")
    teams_own = Q(from_team__in=teams) | Q(to_team__in=teams)
    return teams_own | Q(from_organisation__in=places) | Q(to_organisation__in=places)


def _named_on_incident(scope: Scope) -> Q:
    from tocsin.rooms.incidents.models import Seal

    person = scope.person if scope.allows("incidents.view") or scope.allows("incidents.part") else None
    return Q(Exists(Seal.objects.filter(incident=OuterRef("incident"), person=person)))


class OfSealedQuerySet(models.QuerySet[Any]):
    """Scopes every read of what hangs on incidents about insiders: it is there for the people named alone."""

    def visible_to(self, user: Any) -> Self:
        """Keep what hangs on sealed incidents that name ``user``."""
        path = "incident" if self.model.__name__ == "PersonalItem" else "item__incident"
        named = _incidents().filter(pk=OuterRef(path), sealed=True).handled_by(user)
        return self.filter(Exists(named))
