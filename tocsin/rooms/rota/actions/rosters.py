"""Change rosters; the shifts to come follow at once, those that are past stay as they were."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit, webhooks
from tocsin.platform.wallclock import zone_named
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Team
from tocsin.rooms.rota import queries
from tocsin.rooms.rota.models import WEEKS_MOST, Layer, Line, Roster, Shift, StandIn, Turn
from tocsin.rooms.rota.queries.duty import HORIZON, layers_of, plan_of
from tocsin.rooms.rota.queries.planning import Duty

TURNS_MOST, LAYERS_MOST, STAND_INS_MOST = 60, 20, 400
LONGEST_STAND_IN = timedelta(days=93)
REACH = timedelta(days=3660)


def _require(actor: Person, team: Team) -> None:
    if not queries.may_manage(actor, team):
        raise PermissionDenied(_("The people of the team change its roster, and whoever manages its organisation."))


def _held(actor: Person, team: Team) -> Roster:
    """Hold the roster of a team for this transaction; it is made on first use, on the clock of the team's host."""
    _require(actor, team)
    Roster.objects.get_or_create(team=team, defaults={"timezone": zone_named(team.organisation.timezone).key})
    return Roster.objects.select_for_update(of=("self",)).select_related("team__organisation").get(team=team)


@transaction.atomic
def set_up(*, actor: Person, team: Team, time_zone: str, webhook: str = "") -> Roster:
    """Set the clock of a roster, and where the team's own pager tool is posted to; wall-clock times stay as written."""
    roster = _held(actor, team)
    roster.timezone, roster.webhook = time_zone, webhook
    roster.full_clean()
    roster.save()
    details = {"team": team.code, "timezone": time_zone, "webhook": webhooks.shown(roster.webhook)}
    audit.record(actor, "rota.set_up", roster, details)
    _replan(roster, timezone.now())
    return roster


@transaction.atomic
def save_layer(
    *,
    actor: Person,
    team: Team,
    name: str,
    line: int,
    people: Sequence[Person],
    starts_on: date,
    handover_at: time,
    layer: Layer | None = None,
    weeks: int = 1,
    ends_on: date | None = None,
    days: Collection[int] = (),
    hours: tuple[time, time] | None = None,
) -> Layer:
    """Add a layer, or change one: ``people`` take turns in this order, the first from ``starts_on``."""
    roster = _held(actor, team)
    _check_layer(name, line, people, weeks, starts_on, ends_on, days)
    current = _own(roster, layer) if layer is not None else Layer(roster=roster)
    if layer is None and roster.layers.filter(active=True).count() >= LAYERS_MOST:
        raise ValidationError(_("A roster has %(most)d layers at most; remove one first.") % {"most": LAYERS_MOST})
    current.name, current.line, current.weeks, current.ends_on = name, line, weeks, ends_on
    current.starts_on, current.handover_at, current.days = starts_on, handover_at, sorted(set(days))
    current.hours_from, current.hours_to = hours or (None, None)
    _check_people(roster.team, people, {turn.person_id for turn in current.turns.all()} if current.pk else set())
    current.save()
    current.turns.all().delete()
    Turn.objects.bulk_create(Turn(layer=current, person=each, position=n) for n, each in enumerate(people))
    details = {"layer": name, "line": Line(line).name.lower(), "people": [each.username for each in people]}
    verb = "rota.add_layer" if layer is None else "rota.change_layer"
    audit.record(actor, verb, roster, {"team": team.code, **details, "from": starts_on, "weeks": weeks})
    _replan(roster, timezone.now())
    return current


def _check_layer(
    name: str, line: int, people: Sequence[Person], weeks: int, starts_on: date, ends_on: date | None,
    days: Collection[int],
) -> None:  # fmt: skip
    if not name.strip():
        raise ValidationError({"name": _("Give the layer a name.")})
    if line not in Line.values or not set(days) <= set(range(7)):
        raise ValidationError(_("Choose a line, and days of the week."))
    if not 1 <= weeks <= WEEKS_MOST:
        raise ValidationError({"weeks": _("A turn takes from 1 to %(most)d weeks.") % {"most": WEEKS_MOST}})
    if not 0 < len(people) <= TURNS_MOST:
        raise ValidationError({"people": _("Name from 1 to %(most)d people.") % {"most": TURNS_MOST}})
    if abs(starts_on - timezone.now().date()) > REACH:
        raise ValidationError({"starts_on": _("This day is too far away.")})
    if ends_on is not None and ends_on < starts_on:
        raise ValidationError({"ends_on": _("The last day comes before the first.")})


def _check_people(team: Team, people: Sequence[Person], before: Collection[int]) -> None:
    """Refuse whoever does not serve in the team, but leave those who stood in the layer already: the page warns."""
    serving = set(
        Membership.objects.filter(team=team, person__in=people, person__is_active=True)
        .exclude(valid_to__lte=timezone.now())
        .values_list("person", flat=True)
    )
    for person in people:
        if person.pk not in serving and person.pk not in before:
            raise ValidationError(
                _("%(person)s does not serve in this team; an administrator gives the role first.") % {"person": person}
            )


def _own(roster: Roster, layer: Layer) -> Layer:
    found = roster.layers.filter(pk=layer.pk, active=True).first()
    if found is None:
        raise ValidationError(_("Somebody else has removed this layer."))
    return found


@transaction.atomic
def remove_layer(*, actor: Person, layer: Layer) -> None:
    """Remove a layer with its shifts to come; who was on duty stays on record."""
    roster = _held(actor, layer.roster.team)
    current = _own(roster, layer)
    current.active = False
    current.save(update_fields=["active"])
    audit.record(actor, "rota.remove_layer", roster, {"team": roster.team.code, "layer": current.name})
    _replan(roster, timezone.now())


@transaction.atomic
def stand_in(
    *, actor: Person, layer: Layer, person: Person, starts_at: datetime, ends_at: datetime, note: str = ""
) -> StandIn:
    """Put somebody on duty in a layer for some time, instead of whoever's turn it is."""
    roster = _held(actor, layer.roster.team)
    current, now = _own(roster, layer), timezone.now()
    if ends_at <= starts_at:
        raise ValidationError({"ends_at": _("The end must be later than the beginning.")})
    if ends_at <= now:
        raise ValidationError({"ends_at": _("This time is over; who was on duty stays on record.")})
    if ends_at - starts_at > LONGEST_STAND_IN or starts_at > now + REACH:
        raise ValidationError({"ends_at": _("That is too long, or too far away; change the layer instead.")})
    if current.stand_ins.filter(ends_at__gt=now).count() >= STAND_INS_MOST:
        raise ValidationError(_("There are too many changes to this layer; change its order instead."))
    _check_people(roster.team, [person], ())
    made = StandIn.objects.create(
        layer=current, person=person, starts_at=max(starts_at, now), ends_at=ends_at, note=note[:200]
    )
    told = {"layer": current.name, "person": person.username, "from": starts_at, "until": ends_at}
    audit.record(actor, "rota.stand_in", roster, {"team": roster.team.code, **told})
    _replan(roster, now)
    return made


@transaction.atomic
def withdraw_stand_in(*, actor: Person, stand_in: StandIn) -> None:
    """Take a change back: from now on it is again whoever's turn it is."""
    roster, now = _held(actor, stand_in.layer.roster.team), timezone.now()
    current = StandIn.objects.filter(pk=stand_in.pk).select_related("person", "layer").first()
    if current is None or current.ends_at <= now:
        raise ValidationError(_("This has been taken back, or is over."))
    told = {"layer": current.layer.name, "person": current.person.username, "from": current.starts_at}
    audit.record(actor, "rota.withdraw_stand_in", roster, {"team": roster.team.code, **told})
    if current.starts_at < now:
        current.ends_at = now
        current.save(update_fields=["ends_at"])
    else:
        current.delete()
    _replan(roster, now)


@transaction.atomic
def swap(*, actor: Person, one: Shift, other: Shift) -> None:
    """Let the people of two shifts of one team take each other's."""
    if one.team_id != other.team_id or one.person_id == other.person_id:
        raise ValidationError(_("Choose two shifts of two people in one team."))
    now = timezone.now()
    if min(one.ends_at, other.ends_at) <= now:
        raise ValidationError(_("This time is over; who was on duty stays on record."))
    people = one.person, other.person
    for shift, person in zip((one, other), reversed(people), strict=True):
        stand_in(
            actor=actor, layer=shift.layer, person=person, starts_at=shift.starts_at, ends_at=shift.ends_at,
            note=_("swapped"),
        )  # fmt: skip


def plan_ahead() -> int:
    """Plan the shifts of every roster as far ahead as shifts are planned; give how many rosters there are."""
    rosters = list(Roster.objects.values_list("pk", flat=True))
    for pk in rosters:
        with transaction.atomic():
            roster = Roster.objects.select_for_update(of=("self",)).select_related("team__organisation").get(pk=pk)
            _replan(roster, timezone.now())
    return len(rosters)


def _replan(roster: Roster, now: datetime) -> None:
    """Bring the shifts from now on to what the layers say, touching only what differs."""
    now = now.replace(microsecond=0)
    until = (now + HORIZON).astimezone(UTC)
    wanted: dict[tuple[int, datetime], tuple[Layer, Duty]] = {
        (layer.pk, duty.start): (layer, duty)
        for layer in layers_of(roster)
        for duty in plan_of(layer, roster.timezone, now, until)
    }
    for shift in roster.team.shifts.filter(ends_at__gt=now).order_by("pk"):
        _follow(shift, wanted, now)
    Shift.objects.bulk_create(
        Shift(
            layer=layer, team=roster.team, line=layer.line, person_id=duty.person,
            starts_at=duty.start, ends_at=duty.end, stands_in=duty.stands_in,
        )
        for layer, duty in wanted.values()
    )  # fmt: skip
    roster.planned_until = until
    roster.save(update_fields=["planned_until", "updated_at"])


def _follow(shift: Shift, wanted: dict[tuple[int, datetime], tuple[Layer, Duty]], now: datetime) -> None:
    """Keep a shift that is still wanted, cut one that has begun and is not, remove one that is to come."""
    running = shift.starts_at < now
    key = shift.layer_id, now if running else shift.starts_at
    layer, duty = wanted.get(key, (None, None))
    if layer is not None and duty is not None and duty.person == shift.person_id and layer.line == shift.line:
        del wanted[key]
        if (shift.ends_at, shift.stands_in) != (duty.end, duty.stands_in):
            shift.ends_at, shift.stands_in = duty.end, duty.stands_in
            shift.save(update_fields=["ends_at", "stands_in"])
    elif running:
        shift.ends_at = now
        shift.save(update_fields=["ends_at"])
    else:
        shift.delete()
