"""Roles held for a time: a deputy while the officer is away, somebody seconded to another institution's team."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.charts.schema import known_roles
from tocsin.platform import audit
from tocsin.platform.access import scope_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.actions.single import VERB, require_at, told
from tocsin.rooms.constituency.models import Membership, Organisation, Team

NAME_DEPUTY, OFFICER, DEPUTY = "deputies.name", "officer", "deputy"
LONGEST_DEPUTY, LONGEST_SECONDMENT = timedelta(days=366), timedelta(days=3660)


@transaction.atomic
def name_deputy(
    *, actor: Person, organisation: Organisation, officer: Person, deputy: Person, first_day: date, last_day: date
) -> Membership:
    """Let somebody stand in for a security officer, both days included, on the organisation's clock.

    The officer does it, or whoever manages the organisation. Access begins and ends by itself.
    """
    scope = scope_of(actor)
    own = actor.pk == officer.pk and scope.allows(NAME_DEPUTY, organisation.pk)
    if not own and not scope.allows(VERB, organisation.pk):
        raise PermissionDenied(_("The security officer names the deputy, or an administrator of the organisation."))
    Organisation.objects.select_for_update().get(pk=organisation.pk)  # two at once would name one person twice
    if not Membership.objects.valid().filter(person=officer, role=OFFICER, organisation=organisation).exists():
        raise ValidationError(
            _("%(person)s is not the security officer of %(organisation)s.")
            % {"person": officer, "organisation": organisation}
        )
    if deputy.pk == officer.pk:
        raise ValidationError(_("Nobody stands in for themselves; name somebody else."))
    held = Membership(person=deputy, role=DEPUTY, organisation=organisation, stands_in_for=officer)
    return _give(actor, held, organisation, (first_day, last_day), LONGEST_DEPUTY, "constituency.name_deputy")


@transaction.atomic
def second(
    *, actor: Person, person: Person, team: Team, role: str, home: Organisation, first_day: date, last_day: date
) -> Membership:
    """Let a person of one institution serve in another's team, both days included, on the clock of the team's host.

    Whoever manages the team's host and all that its mandate reaches does it. The end ends the access by itself.
    """
    require_at(actor, None, team)
    if role not in known_roles():
        raise ValidationError({"role": _("There is no such role.")})
    if home.pk == team.organisation_id:
        raise ValidationError(
            _("The team stands at %(organisation)s itself: give the role without dates.") % {"organisation": home}
        )
    Team.objects.select_for_update().get(pk=team.pk)
    held = Membership(person=person, role=role, team=team, seconded_from=home)
    return _give(actor, held, team.organisation, (first_day, last_day), LONGEST_SECONDMENT, "constituency.second")


def _give(
    actor: Person, held: Membership, place: Organisation, days: tuple[date, date], longest: timedelta, verb: str
) -> Membership:
    first_day, last_day = days
    _check_days(first_day, last_day, place.day_at(timezone.now()), longest)
    if not held.person.is_active:
        raise ValidationError(_("This account has ended; an administrator can open it again."))
    held.for_a_time = True
    held.valid_from = place.beginning_of(first_day)
    held.valid_to = place.beginning_of(last_day + timedelta(days=1))
    _check_free(held)
    held.save()
    details = {"from": first_day, "until": last_day} | _others(held)
    audit.record(actor, verb, held, told(held) | details)
    return held


def _others(held: Membership) -> dict[str, Any]:
    if held.stands_in_for is not None:
        return {"for": held.stands_in_for.username}
    return {"home": held.seconded_from.code} if held.seconded_from is not None else {}


def _check_days(first_day: date, last_day: date, today: date, longest: timedelta) -> None:
    if first_day < today:
        raise ValidationError({"first_day": _("This day is over; begin today or later.")})
    if last_day < first_day:
        raise ValidationError({"last_day": _("The last day comes before the first.")})
    if last_day - first_day >= longest or first_day - today > LONGEST_SECONDMENT:
        raise ValidationError(
            {"last_day": _("This is longer than %(days)d days; choose an earlier day.") % {"days": longest.days}}
        )


def _check_free(held: Membership) -> None:
    begins = Q(valid_from=None) | Q(valid_from__lt=held.valid_to)
    ends = Q(valid_to=None) | Q(valid_to__gt=held.valid_from)
    same = Membership.objects.filter(
        begins, ends, person=held.person, role=held.role, organisation=held.organisation, team=held.team
    )
    if same.exists():
        raise ValidationError(
            _("%(person)s has this role here already during that time; choose other days.") % {"person": held.person}
        )


@transaction.atomic
def end_deputation(*, actor: Person, held: Membership) -> None:
    """End a deputation before its last day: the officer is back, or an administrator decides so."""
    scope = scope_of(actor)
    if held.stands_in_for_id is None or held.organisation is None:
        raise ValidationError(_("This deputy was named without dates; an administrator ends that role."))
    own = held.stands_in_for_id == actor.pk and scope.allows(NAME_DEPUTY, held.organisation.pk)
    if not own and not scope.allows(VERB, held.organisation.pk):
        raise PermissionDenied(_("The officer who is stood in for ends it, or an administrator of the organisation."))
    current = Membership.objects.select_for_update().get(pk=held.pk)
    now = timezone.now()
    if current.valid_to is not None and current.valid_to <= now:
        raise ValidationError(_("This has ended already."))
    current.valid_to = current.over_at = now
    current.valid_from = min(current.valid_from or now, now)
    current.save(update_fields=["valid_from", "valid_to", "over_at"])
    audit.record(actor, "constituency.end_role", current, told(current))


@transaction.atomic
def note_over() -> list[Membership]:
    """Write down which roles for a time have ended since the last look; give them. What ended is noted once."""
    now = timezone.now()
    due = Membership.objects.filter(for_a_time=True, over_at=None, valid_to__lte=now).order_by("valid_to", "pk")
    found = list(due.select_for_update(of=("self",)).select_related("person", "organisation", "team")[:200])
    Membership.objects.filter(pk__in=[held.pk for held in found]).update(over_at=now)
    for held in found:
        audit.record(None, "constituency.role_over", held, told(held) | _others(held))
    return found


@transaction.atomic
def note_announced(*, held: Membership) -> bool:
    """Note that people were told of a coming end; False when that has happened before."""
    waiting = Membership.objects.filter(pk=held.pk, announced_at=None)
    if not waiting.update(announced_at=timezone.now()):
        return False
    audit.record(None, "constituency.announce_end", held, told(held) | _others(held))
    return True
