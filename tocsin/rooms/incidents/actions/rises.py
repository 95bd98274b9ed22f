"""Nobody owns nothing: what stands still rises to whoever coordinates, until somebody takes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.access import scope_of
from tocsin.platform.locks import make_way
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Team
from tocsin.rooms.incidents.actions.record import line, note, note_each, require_handler
from tocsin.rooms.incidents.actions.telling import tell_risen
from tocsin.rooms.incidents.knowledge import routes
from tocsin.rooms.incidents.models import HandOff, Incident, Rise, TimelineEntry

BATCH = 100
Reason = Rise.Reason
UNOWNED = Q(owner=None) | Q(owner__is_active=False)
HELD = ("taken", "accepted", "opened")  # what the timeline says when somebody comes to own an incident


def rise_due() -> int:
    """Settle what is not so any more, and let rise what stands still; give how many things rose. Run twice, the same.

    Hand-offs nobody answered in time, refused ones whose work nobody has, and incidents that have been without owner
    or team for as long as the data allows.
    """
    _settle_gone()
    for reason in (Reason.NO_OWNER, Reason.NO_TEAM):
        _all(lambda why=reason: _watch(why))  # type: ignore[misc]
    return _all(_late) + _all(_refused) + _all(_unowned)


def _all(step: Callable[[], int]) -> int:
    """Take a step in batches, each in a transaction of its own, until one is not full."""
    done = 0
    while count := step():
        done += count
        if count < BATCH:
            break
        make_way()
    return done


@transaction.atomic
def _late() -> int:
    now = timezone.now()
    due = HandOff.objects.filter(state=HandOff.State.OFFERED, due_at__lt=now, escalated_at=None)
    return _raise_hand_offs(due.order_by("due_at", "id"), Reason.UNANSWERED, now)


@transaction.atomic
def _refused() -> int:
    risen = Rise.objects.filter(hand_off=OuterRef("pk"), reason=Reason.REFUSED)
    found = HandOff.objects.filter(state=HandOff.State.REFUSED, incident__open=True).filter(~Exists(risen))
    return _raise_hand_offs(found.filter(_nobodys()).order_by("id"), Reason.REFUSED, timezone.now())


def _nobodys() -> Q:
    """Give the condition for refused hand-offs whose work nobody has.

    An offer that is refused leaves the incident with its owner; other work has none until it goes the same way again.
    """
    again = HandOff.objects.filter(
        incident=OuterRef("incident"), route=OuterRef("route"), pk__gt=OuterRef("pk"),
        state__in=(HandOff.State.OFFERED, HandOff.State.ACCEPTED),
    )  # fmt: skip
    unowned = Q(incident__owner=None) | Q(incident__owner__is_active=False) | Q(incident__owner_team=None)
    return (Q(moves=False) | unowned) & Q(~Exists(again))


def _raise_hand_offs(found: QuerySet[HandOff], reason: str, now: datetime) -> int:
    """Let hand-offs rise, held so that nobody answers meanwhile; once each for a reason."""
    held = found.select_for_update(of=("self", "incident")).select_related("incident", "to_team", "to_organisation")
    hand_offs = list(held[:BATCH])
    if not hand_offs:
        return 0
    Rise.objects.bulk_create(
        (
            Rise(
                incident=each.incident,
                hand_off=each,
                reason=reason,
                role=_role(each),
                since=(each.answered_at or each.due_at) if reason == Reason.REFUSED else each.due_at,
                risen_at=now,
                team=each.to_team,
                organisation=each.to_organisation,
                person=each.answered_by,
            )
            for each in hand_offs
        ),
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    HandOff.objects.filter(pk__in=[each.pk for each in hand_offs]).update(escalated_at=now, updated_at=now)
    _tell([(each.incident, each) for each in hand_offs], reason)
    return len(hand_offs)


def _role(hand_off: HandOff) -> str:
    route = routes.route(hand_off.route)
    return route.escalate if route else routes.known().rise.to


@transaction.atomic
def _watch(reason: str) -> int:
    """Begin to watch open incidents that nobody owns, or no team has, from the moment they are first seen so."""
    watched = Rise.objects.filter(incident=OuterRef("pk"), reason=reason, hand_off=None, settled_at=None)
    missing = UNOWNED if reason == Reason.NO_OWNER else Q(owner_team=None)
    found = Incident.objects.filter(missing, open=True).filter(~Exists(watched))
    incidents = list(found.select_related("owner_team").order_by("id")[:BATCH])
    now, role = timezone.now(), routes.known().rise.to
    last = _last_owners(incidents)
    made = [
        Rise(incident=each, reason=reason, role=role, since=now, team=each.owner_team, person_id=last.get(each.pk))
        for each in incidents
    ]
    Rise.objects.bulk_create(made, batch_size=BATCH, ignore_conflicts=True)
    return len(made)


def _last_owners(incidents: Sequence[Incident]) -> dict[int, int | None]:
    """Give by inner id who owns each, or owned it last as far as its timeline knows."""
    entries = TimelineEntry.objects.filter(incident__in=incidents, event__in=HELD).order_by("time", "id")
    found: dict[int, int | None] = dict(entries.values_list("incident", "author"))
    return found | {each.pk: each.owner_id for each in incidents if each.owner_id is not None}


@transaction.atomic
def _unowned() -> int:
    """Let rise what was watched for long enough."""
    now, limits = timezone.now(), routes.known().rise
    due = _watched_since(now, Reason.NO_OWNER, limits.without_owner)
    due |= _watched_since(now, Reason.NO_TEAM, limits.without_team)
    found = Rise.objects.select_for_update(of=("self", "incident")).filter(due, risen_at=None, settled_at=None)
    rises = list(found.select_related("incident").order_by("since", "id")[:BATCH])
    Rise.objects.filter(pk__in=[rise.pk for rise in rises]).update(risen_at=now, updated_at=now)
    for reason in (Reason.NO_OWNER, Reason.NO_TEAM):
        _tell([(rise.incident, None) for rise in rises if rise.reason == reason], reason)
    return len(rises)


def _watched_since(now: datetime, reason: str, limit: timedelta) -> Q:
    return Q(reason=reason, since__lte=now - limit)


def _tell(risen: Iterable[tuple[Incident, HandOff | None]], reason: str) -> None:
    """Write into trail and timeline that something rose, and tell those to whom it does."""
    risen = list(risen)
    if not risen:
        return
    bare = [incident for incident, hand_off in risen if hand_off is None]
    audit.record_many(None, "incident.rise", bare, {"reason": reason, "hand_off": ""})
    for incident, hand_off in risen:
        if hand_off is not None:
            audit.record(None, "incident.rise", incident, {"reason": reason, "hand_off": str(hand_off.uuid)})
    lines = [line(incident, "risen", author=None, reason=reason) for incident, _hand_off in risen]
    note_each(list({incident.pk: incident for incident, _hand_off in risen}.values()), lines, timezone.now())
    tell_risen([(one, _role(hand_off) if hand_off else routes.known().rise.to) for one, hand_off in risen])


def _settle_gone() -> None:
    """Settle what has an answer, an owner or an end meanwhile; what never rose is watched no longer."""
    again = Rise.objects.filter(settled_at=None)
    waiting = Q(hand_off__state=HandOff.State.OFFERED)
    refused = HandOff.objects.filter(state=HandOff.State.REFUSED, incident__open=True).filter(_nobodys())
    owned = Q(incident__owner__is_active=True)
    gone = (
        again.filter(reason=Reason.UNANSWERED).exclude(waiting),
        again.filter(reason=Reason.REFUSED).exclude(hand_off__in=refused.values("pk")),
        again.filter(reason=Reason.NO_OWNER).filter(owned | Q(incident__open=False)),
        again.filter(reason=Reason.NO_TEAM).exclude(incident__owner_team=None, incident__open=True),
    )
    now = timezone.now()
    for found in gone:
        found.filter(risen_at=None).delete()
        found.update(settled_at=now, updated_at=now)


def settle_hand_off(hand_off: HandOff, actor: Person | None) -> None:
    """Settle that a hand-off had risen, in the caller's transaction; ``actor`` is who took it, None when nobody did."""
    now = timezone.now()
    open_ones = Rise.objects.filter(hand_off=hand_off, settled_at=None)
    open_ones.update(settled_at=now, settled_by=actor, updated_at=now)


def settle_owner(incident: Incident, actor: Person) -> None:
    """Settle that an incident had risen for want of an owner, in the transaction in which it got one."""
    settle_owners([incident], actor)


def settle_owners(incidents: Iterable[Incident], actor: Person) -> None:
    """Settle the same of many incidents."""
    now = timezone.now()
    open_ones = Rise.objects.filter(
        incident__in=[each.pk for each in incidents], reason=Reason.NO_OWNER, settled_at=None
    )
    open_ones.update(settled_at=now, settled_by=actor, updated_at=now)


@transaction.atomic
def take_up(*, actor: Person, rise: Rise, text: str = "") -> Rise:
    """Take what has risen: the actor answers for it from now on, and owns the incident if it had no owner."""
    incident = Incident.objects.select_for_update().get(pk=rise.incident_id)
    require_handler(actor, incident)
    current: Rise = Rise.objects.select_for_update().get(pk=rise.pk)
    if current.settled_at is not None:
        who = current.settled_by
        raise ValidationError(
            _("%s has taken this already.") % who if who else _("This has settled itself: there is nothing to take.")
        )
    current.settled_at, current.settled_by, current.answer = timezone.now(), actor, text
    current.save(update_fields=["settled_at", "settled_by", "answer", "updated_at"])
    if current.hand_off_id is None:
        _own(incident, actor)
    audit.record(actor, "incident.take_up", incident, {"reason": current.reason, "rise": str(current.uuid)})
    note(
        incident, "taken_up", text=text, author=actor, kind=TimelineEntry.Kind.RESPONSE,
        reason=current.reason, person=actor,
    )  # fmt: skip
    return current


def _own(incident: Incident, actor: Person) -> None:
    """Give an incident its owner, and a team where it has none and the owner serves in one."""
    incident.owner = actor
    if incident.owner_team_id is None:
        incident.owner_team = Team.objects.filter(pk__in=scope_of(actor).teams("incidents.work")).order_by("pk").first()
    incident.save(update_fields=["owner", "owner_team", "updated_at"])
