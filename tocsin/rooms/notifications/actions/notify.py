"""Tell people of something, in the transaction in which it happens: a few statements, however many people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Model
from django.utils import timezone

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership
from tocsin.rooms.notifications.knowledge import EVERYONE, WAYS, Kind, kind_of, sources
from tocsin.rooms.notifications.models import DIGEST_MINUTES, Choice, Notification, Preference

AT_ONCE = 500
TRIES = 9  # a line may be read between being found and being counted up
Ways = Mapping[str, bool]


@transaction.atomic
def notify(*, people: Iterable[Person | int], kind: str, about: Model, by: Person | None = None) -> int:
    """Tell people, each by the ways they chose, that something of a kind happened about a thing; give how many.

    Whoever did it (``by``) is not told, nor whose account has ended. A second event about the same thing counts up
    the line that was not read yet. Who may not see the thing may be among ``people``: nothing is ever shown to them.
    """
    known = kind_of(kind)
    if not isinstance(about, sources()[known.about].model):
        raise TypeError(f"{kind} is about {known.about}, not {type(about).__name__}")
    wanted = {each.pk if isinstance(each, Person) else each for each in people} - {by.pk if by is not None else 0}
    ways = _ways(known, kind, wanted) if wanted else {}
    if ways:
        _write(ways, kind, known.about, about.pk, by)
    return len(ways)


def _ways(known: Kind, name: str, people: Collection[int]) -> dict[int, Ways]:
    """Give by which ways each of the people is told; whoever wants to hear nothing is left out."""
    active = set(Person.objects.filter(pk__in=people, is_active=True).values_list("pk", flat=True))
    rows = Choice.objects.filter(person__in=active, kind=name).values_list("person", *WAYS)
    chosen: dict[int, Ways] = {person: dict(zip(WAYS, ways, strict=True)) for person, *ways in rows}
    left = active - chosen.keys()
    roles = _roles(known, left) if left else {}
    found = {**{person: known.defaults(roles.get(person, ())) for person in left}, **chosen}
    return {person: ways for person, ways in found.items() if any(ways.values())}


def _roles(known: Kind, people: Collection[int]) -> dict[int, set[str]]:
    """Give the roles of people, if the defaults ask for them."""
    if {role for way in WAYS for role in getattr(known, way)} <= {EVERYONE}:
        return {}
    found: dict[int, set[str]] = {}
    for person, role in Membership.objects.valid().filter(person__in=people).values_list("person", "role"):
        found.setdefault(person, set()).add(role)
    return found


def _write(ways: Mapping[int, Ways], name: str, source: str, thing: int, by: Person | None) -> None:
    """Make the lines that are not there, then count all of them up: two who do so at once lose nothing."""
    now = timezone.now()
    delays = dict(Preference.objects.filter(person__in=ways).values_list("person", "digest_minutes"))
    left = set(ways)
    for _try in range(TRIES):
        lines = [
            Notification(
                person_id=person, kind=name, source=source, thing=thing, in_page=ways[person]["page"],
                mail_due_at=_mail_due(now, delays.get(person)) if ways[person]["mail"] else None,
                hook_due_at=now if ways[person]["webhook"] else None,
            )
            for person in sorted(left)
        ]  # fmt: skip
        Notification.objects.bulk_create(lines, batch_size=AT_ONCE, ignore_conflicts=True)
        unread = Notification.objects.filter(person__in=left, kind=name, source=source, thing=thing, read_at=None)
        held = dict(unread.select_for_update().order_by("person").values_list("pk", "person"))  # none is read meanwhile
        Notification.objects.filter(pk__in=held).update(count=F("count") + 1, by=by, updated_at=now)
        left -= set(held.values())
        if not left:
            return


def _mail_due(now: datetime, minutes: int | None) -> datetime:
    return now + (timedelta(minutes=DIGEST_MINUTES if minutes is None else minutes))
