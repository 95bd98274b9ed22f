"""Keep a rule quiet somewhere until a day, prolong that, and lift it early; each with its reason in the audit trail."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.access import require, scope_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts import queries
from tocsin.rooms.alerts.actions.errors import NotSuppressed, ReasonMissing
from tocsin.rooms.alerts.models import LONGEST, SOON, Suppression, SuppressionChange
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.notifications.actions import notify

AT_ONCE = 500  # reminders of one run
VERB = "alerts.triage"
Event = SuppressionChange.Event


@transaction.atomic
def suppress(
    *,
    actor: Person,
    rule: str,
    reason: str,
    until: datetime,
    organisation: Organisation | None,
    everywhere: bool = False,
    subject: str = "",
) -> Suppression:
    """Keep a rule quiet at one organisation, at all the actor works for, or (with neither) for what is nobody's."""
    places = _places(actor, organisation, everywhere)
    title = queries.title_of(actor, rule)
    if not title:
        raise NotSuppressed(_("No rule has this id, and no alert you see comes from it."))
    _check(reason, until)
    what = {"rule_id": rule, "organisation": organisation, "everywhere": everywhere, "subject": subject}
    there = Suppression.objects.in_force(timezone.now()).filter(**what)
    if there.filter(owner=actor).exists() if everywhere else there.exists():
        raise NotSuppressed(_("This is suppressed already; prolong what is there."))
    made: Suppression = Suppression.objects.create(
        **what, title=title[:300], reason=reason.strip(), owner=actor, until=until
    )
    made.places.set(places)
    code = organisation.code if organisation is not None else ""
    _tell(actor, made, Event.MAKE, reason, rule=rule, organisation=code, everywhere=everywhere, subject=subject)
    return made


@transaction.atomic
def prolong(*, actor: Person, suppression: Suppression, until: datetime, reason: str) -> Suppression:
    """Let a suppression that is in force hold until a later day."""
    held = _held(actor, suppression)
    _check(reason, until)
    if until <= held.until:
        raise NotSuppressed(_("It holds until then already; choose a later day."))
    held.until, held.reminded_at = until, None
    held.save(update_fields=["until", "reminded_at", "updated_at"])
    _tell(actor, held, Event.PROLONG, reason)
    return held


@transaction.atomic
def lift(*, actor: Person, suppression: Suppression, reason: str = "") -> Suppression:
    """End a suppression early: what comes from now on is in the queue again."""
    held = _held(actor, suppression)
    held.ended_at, held.ended_by = timezone.now(), actor
    held.save(update_fields=["ended_at", "ended_by", "updated_at"])
    _tell(actor, held, Event.LIFT, reason, hidden=held.hidden)
    return held


@transaction.atomic
def remind() -> int:
    """Tell the owners of suppressions that end soon, once for each end; give how many there were."""
    now = timezone.now()
    ending = Suppression.objects.in_force(now).filter(until__lte=now + SOON, reminded_at=None)
    held = list(ending.select_for_update(skip_locked=True).order_by("until", "id")[:AT_ONCE])
    for each in held:
        notify(people=[each.owner_id], kind="suppression_ends", about=each)
    Suppression.objects.filter(pk__in=[each.pk for each in held]).update(reminded_at=now)
    return len(held)


def _places(actor: Person, organisation: Organisation | None, everywhere: bool) -> Collection[Any]:
    require(actor, VERB, organisation.pk if organisation is not None else None)
    if organisation is not None:
        return [organisation]
    if everywhere:
        return scope_of(actor).organisations(VERB)
    if not scope_of(actor).everything(VERB):
        raise PermissionDenied(_("What belongs to no organisation is for teams that see all."))
    return []


def _check(reason: str, until: datetime) -> None:
    now = timezone.now()
    if not reason.strip():
        raise ReasonMissing(_("Give a reason."))
    if until <= now:
        raise NotSuppressed(_("This day is over; choose a later one."))
    if until > now + LONGEST:
        raise NotSuppressed(_("At most %d days ahead; it can be prolonged later.") % LONGEST.days)


def _held(actor: Person, suppression: Suppression) -> Suppression:
    """Lock a suppression all of whose places are the actor's, and refuse one that is over."""
    held: Suppression = Suppression.objects.select_for_update().get(pk=suppression.pk)
    if not queries.may_change(actor, held):
        raise PermissionDenied(_("It also reaches organisations for which you do not work."))
    if not held.in_force:
        raise NotSuppressed(_("It has ended already; alerts come into the queue again."))
    return held


def _tell(actor: Person, held: Suppression, event: SuppressionChange.Event, text: str, **more: Any) -> None:
    said = text.strip()
    SuppressionChange.objects.create(suppression=held, author=actor, event=event, text=said, until=held.until)
    audit.record(actor, f"suppression.{event}", held, {"text": said, "until": held.until, **more})
