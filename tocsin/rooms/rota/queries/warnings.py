"""What is wrong with a roster in the weeks to come: nobody on duty, two duties at once, people who have left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext as _

from tocsin.platform.wallclock import zone_named
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership
from tocsin.rooms.rota.models import Line, Roster, Shift
from tocsin.rooms.rota.queries.duty import people_by_id
from tocsin.rooms.rota.queries.planning import gaps, overlaps

Span = tuple[datetime, datetime]
AHEAD = timedelta(weeks=4)
MOST = 20
EVER, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Warned:
    """One thing to mend, in words; ``bad`` when somebody who is paged would not come."""

    text: str
    bad: bool = True


def warnings(roster: Roster, shifts: Sequence[Shift], start: datetime, end: datetime) -> list[Warned]:
    """Look through a team's shifts between two moments; two queries."""
    people, zone = people_by_id(shifts), zone_named(roster.timezone)
    serves = _service(roster, people)
    manned = {shift: _manned(shift, serves.get(shift.person_id, ())) for shift in shifts}
    found = [
        *_gaps(shifts, manned, start, end, zone),
        *_left(manned, zone),
        *_twice(roster, people, shifts, start, end, zone),
        *_unreachable(people),
    ]
    return found[:MOST]


def _service(roster: Roster, people: Mapping[int, Person]) -> Mapping[int, list[Span]]:
    """Give when each of the people serves in the team; nobody whose account has ended does."""
    found: dict[int, list[Span]] = defaultdict(list)
    held = Membership.objects.filter(team=roster.team, person__in=people).values_list(
        "person", "valid_from", "valid_to"
    )
    for person, begins, ends in held:
        if people[person].is_active:
            found[person].append((begins or EVER, ends or NEVER))
    return found


def _manned(shift: Shift, service: Sequence[Span]) -> list[Span]:
    return overlaps([(shift.starts_at, shift.ends_at)], service)


def _gaps(
    shifts: Sequence[Shift], manned: Mapping[Shift, Sequence[Span]], start: datetime, end: datetime, zone: ZoneInfo
) -> Iterator[Warned]:
    for line in sorted({Line.FIRST, *(Line(shift.line) for shift in shifts)}):
        spans = [span for shift in shifts if shift.line == line for span in manned[shift]]
        for gap in gaps(spans, start, end):
            text = _("Nobody on the %(line)s %(when)s.") % {"line": line.label, "when": shown(gap, zone)}
            yield Warned(text, bad=line == Line.FIRST)


def _left(manned: Mapping[Shift, Sequence[Span]], zone: ZoneInfo) -> Iterator[Warned]:
    for shift, spans in manned.items():
        for gap in gaps(spans, shift.starts_at, shift.ends_at):
            given = {"person": shift.person, "when": shown(gap, zone)}
            yield Warned(_("%(person)s has a shift %(when)s and does not serve in the team then.") % given)


def _twice(
    roster: Roster,
    people: Mapping[int, Person],
    shifts: Sequence[Shift],
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
) -> Iterator[Warned]:
    others = Shift.objects.filter(person__in=people, ends_at__gt=start, starts_at__lt=end)
    elsewhere: dict[int, list[Span]] = defaultdict(list)
    for person, begins, ends in others.exclude(team=roster.team).values_list("person", "starts_at", "ends_at"):
        elsewhere[person].append((begins, ends))
    here: dict[int, dict[int, list[Span]]] = defaultdict(lambda: defaultdict(list))
    for shift in shifts:
        here[shift.person_id][shift.layer_id].append((shift.starts_at, shift.ends_at))
    for person, layers in here.items():
        spans = list(layers.values())
        for number, one in enumerate(spans):
            for other in spans[number + 1 :]:
                for both in overlaps(one, other)[:1]:
                    given = {"person": people[person], "when": shown(both, zone)}
                    yield Warned(_("%(person)s is on duty twice in this team %(when)s.") % given)
        for both in overlaps([span for each in spans for span in each], elsewhere[person])[:1]:
            given = {"person": people[person], "when": shown(both, zone)}
            yield Warned(_("%(person)s is on duty in another team as well %(when)s.") % given)


def _unreachable(people: Mapping[int, Person]) -> Iterator[Warned]:
    for person in people.values():
        if not person.phone:
            text = _("%(person)s has entered no telephone: pages reach them by mail only.") % {"person": person}
            yield Warned(text, bad=False)


def shown(span: Span, zone: ZoneInfo) -> str:
    """Write when something is, on the team's clock."""
    begins, ends = (each.astimezone(zone) for each in span)
    until = f"{ends:%H:%M}" if ends.date() == begins.date() else f"{WEEKDAYS[ends.weekday()]} {ends:%Y-%m-%d %H:%M}"
    return f"{WEEKDAYS[begins.weekday()]} {begins:%Y-%m-%d %H:%M}–{until}"
