"""Deputies and secondments: who stands in for whom, who serves where, until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from tocsin.platform.access import scope_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import ROLE_NAMES, Membership, Organisation, places

NAME_DEPUTY, MANAGE = "deputies.name", "constituency.manage"
ANNOUNCE = timedelta(days=14)
AT_ONCE, SHOWN = 100, 200


def stood_in_for(user: Any) -> QuerySet[Organisation]:
    """Give the organisations for which a person may name a deputy: where they are the officer, or manage."""
    own = Membership.objects.valid().filter(person=scope_of(user).person, role="officer").values("organisation")
    mine = Q(pk__in=own, pk__isnull=False) & Q(pk__in=places(user, NAME_DEPUTY)) | Q(pk__in=places(user, MANAGE))
    return Organisation.objects.filter(mine, active=True).order_by("code")


def officers_for(user: Any) -> QuerySet[Person]:
    """Give the officers a person may name a deputy for: themselves, or those of the organisations they manage."""
    held = Membership.objects.valid().filter(role="officer", organisation__in=places(user, MANAGE))
    me = scope_of(user)
    own = Q(pk=me.person) if me.allows(NAME_DEPUTY) else Q(pk=None)
    return Person.objects.filter(own | Q(pk__in=held.values("person")), is_active=True).order_by("username")


def deputations(user: Any) -> QuerySet[Membership]:
    """Give who stands in now or later for the person, for officers of places they manage, or is the person."""
    scope = scope_of(user)
    mine = Q(stands_in_for=scope.person) | Q(person=scope.person) | Q(organisation__in=places(user, MANAGE))
    found = Membership.objects.filter(mine, stands_in_for__isnull=False, valid_to__gt=timezone.now())
    return found.select_related("person", "stands_in_for", "organisation").order_by("valid_from", "pk")[:SHOWN]


def deputation_or_404(user: Any, uuid: UUID) -> Membership:
    """Give one deputation that the person may end."""
    mine = Q(stands_in_for=scope_of(user).person) | Q(organisation__in=places(user, MANAGE))
    found = Membership.objects.filter(mine, stands_in_for__isnull=False, uuid=uuid)
    held = found.select_related("person", "stands_in_for", "organisation").first()
    if held is None:
        raise Http404("deputation")
    return held


def person_reached_by(text: str) -> Person | None:
    """Give the active account with this name or mail address."""
    wanted = text.strip()
    found = Person.objects.filter(Q(username=wanted) | Q(email__iexact=wanted), is_active=True)[:2]
    people = list(found)
    return people[0] if len(people) == 1 else None


def secondments_of(person: Person) -> QuerySet[Membership]:
    """Give where a person serves, or will, in a team of another institution."""
    found = Membership.objects.filter(person=person, seconded_from__isnull=False, valid_to__gt=timezone.now())
    return found.select_related("team__organisation", "seconded_from").order_by("valid_from", "pk")


def deputations_of(person: Person) -> QuerySet[Membership]:
    """Give for whom a person stands in, or will."""
    found = Membership.objects.filter(person=person, stands_in_for__isnull=False, valid_to__gt=timezone.now())
    return found.select_related("organisation", "stands_in_for").order_by("valid_from", "pk")


def secondments_ending() -> list[Membership]:
    """Give the secondments that end within a fortnight, of which nobody was told yet."""
    now = timezone.now()
    found = Membership.objects.filter(
        for_a_time=True, over_at=None, announced_at=None, seconded_from__isnull=False,
        valid_from__lte=now, valid_to__gt=now, valid_to__lte=now + ANNOUNCE,
    )  # fmt: skip
    return list(found.select_related("person", "team__organisation", "seconded_from").order_by("valid_to")[:AT_ONCE])


def term_of(held: Membership) -> dict[str, Any]:
    """Give what a mail says of a role held for a time: who, as what, where, and the days, both included."""
    return {
        "held": held,
        "place": held.organisation or held.team,
        "role": ROLE_NAMES.get(held.role, held.role),
        "first_day": held.first_day,
        "last_day": held.last_day,
    }
