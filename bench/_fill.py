"""Fill a database for the page figures: the EU chart, a million alerts, 100,000 incidents, two million observables, and
people who read them."""

from __future__ import annotations

import hashlib
import json
import os
import random
import secrets
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from bench._serving import FILLED
from tocsin.platform import start

ALERTS, INCIDENTS, OBSERVABLES = 1_000_000, 100_000, 2_000_000
NOTES, NAMED = 4, 20  # of an incident; its observables are its own, but for a few that are seen elsewhere too
RARE, COMMON = 40_000, 200  # observables that a handful of incidents share, and that hundreds do
AT_ONCE = 20_000
DAYS = 365
WORDS = 5_000


def main() -> None:
    """Fill the database of the environment."""
    start.migrate()
    from django.db import connection

    from tocsin.charts import chart_named
    from tocsin.rooms.constituency import actions

    actions.load_chart(chart=chart_named("eu"), actor=None)
    _fill()
    _settle()
    _index()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # documents were written room by room, not as things happened
            cursor.execute("CLUSTER search_searchdocument USING search_searchdocument_pkey")
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _settle() -> None:
    """Let the house catch up with what it was given: deadlines, warnings, and what rises because nobody has it."""
    from django.db.models import F

    from tocsin.rooms.incidents import actions
    from tocsin.rooms.incidents.models import Deadline, Rise

    def standing() -> tuple[int, int, int]:
        late = Deadline.objects.filter(breached_at__isnull=False)
        return Deadline.objects.count(), late.count(), Rise.objects.count()

    before = (-1, -1, -1)
    while before != (before := standing()):
        actions.keep_levels()
        actions.rise_due()
        Rise.objects.filter(risen_at=None).update(since=F("since") - timedelta(days=1))


def _index() -> None:
    from tocsin.platform.search import indexing
    from tocsin.platform.search.models import SearchDue

    SearchDue.objects.all().delete()  # everything is read from the beginning
    indexing.refill()
    while indexing.fill():
        pass
    SearchDue.objects.all().delete()


def _fill() -> None:
    from tocsin.rooms.constituency.models import Organisation

    draw = random.Random(20260101)
    organisations = list(Organisation.objects.order_by("pk")[:90])
    known = ["".join(draw.choice("abdeilmnorstu") for _ in range(draw.randrange(4, 10))) for _ in range(WORDS)]
    say = _sayings(draw, known)
    alerts = _alerts(draw, organisations)
    about = _incidents(draw, organisations, say)
    _joined(draw, list(about), alerts)
    _observables(draw, list(about))
    told = {"people": _people(organisations, about), "words": known}
    Path(os.environ["TOCSIN_HOME"], FILLED).write_text(json.dumps(told))


def _people(organisations: list[Any], about: dict[int, tuple[str, set[int]]]) -> list[dict[str, Any]]:
    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.constituency.models import Mandate, Membership, Team

    team = Team.objects.create(code="BENCH", name="Team of twelve", organisation=organisations[0])
    twelve = organisations[20:32]
    Mandate.objects.bulk_create(Mandate(team=team, organisation=o, subtree=False) for o in twelve)
    people: list[dict[str, Any]] = []
    for username, role, at in (("bench.officer", "officer", organisations[25]), ("bench.analyst", "responder", None)):
        password = secrets.token_urlsafe(12)
        person = Person.objects.create_user(username, f"{username}@tocsin.example", password)
        Membership.objects.create(person=person, role=role, organisation=at, team=None if at else team)
        reach = {at.pk} if at else {o.pk for o in twelve}
        seen = [uuid for uuid, places in about.values() if places & reach]
        people.append(
            {
                "username": username,
                "password": password,
                "may_open": role != "officer",
                "organisations": [o.code for o in twelve],
                "incidents": seen[:: len(seen) // 60][:60],
            }
        )
    return people


def _sayings(draw: random.Random, known: list[str]) -> Callable[[int], str]:
    """Give a speaker whose words are as unequal as those of a language: the n-th is said 1/n as often as the first."""
    weights = [1 / (rank + 1) for rank in range(WORDS)]
    said = draw.choices(known, weights, k=400_000)

    def say(number: int) -> str:
        at = draw.randrange(len(said) - number)
        return " ".join(said[at : at + number])

    return say


def _in_batches(number: int) -> Iterator[range]:
    for first in range(0, number, AT_ONCE):
        yield range(first, min(first + AT_ONCE, number))


def _moment(draw: random.Random) -> datetime:
    from django.utils import timezone

    return timezone.now() - timedelta(seconds=draw.randrange(DAYS * 86_400))


def _alerts(draw: random.Random, organisations: list[Any]) -> list[int]:
    from tocsin.rooms.alerts.models import Alert

    made: list[int] = []
    for batch in _in_batches(ALERTS):
        rows = []
        for number in batch:
            seen, is_open = _moment(draw), draw.random() < 0.03
            rows.append(
                Alert(
                    key=hashlib.sha256(str(number).encode()).hexdigest(),
                    rule_id=f"rule-{number % 200}",
                    rule_version="1",
                    title=f"Something seen of kind {number % 200}",
                    level=draw.choice((1, 1, 2, 2, 2, 3, 4)),
                    organisation=draw.choice(organisations),
                    subject_kind="host",
                    subject=f"host{number % 50_000}.example",
                    window_start=seen,
                    first_seen=seen,
                    last_seen=seen,
                    count=draw.randrange(1, 50),
                    state="new" if is_open else "closed_false_positive",
                    open=is_open,
                )
            )
        made += [alert.pk for alert in Alert.objects.bulk_create(rows, batch_size=2000)]
    return made


def _incidents(
    draw: random.Random, organisations: list[Any], say: Callable[[int], str]
) -> dict[int, tuple[str, set[int]]]:
    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.incidents.models import Incident, IncidentEntity, TimelineEntry

    opener = Person.objects.create(username="bench.opener", email="opener@tocsin.example")
    about: dict[int, tuple[str, set[int]]] = {}
    for batch in _in_batches(INCIDENTS):
        made = Incident.objects.bulk_create(
            [
                Incident(
                    title=say(5),
                    summary=say(30),
                    severity=draw.randrange(6),
                    open=draw.random() < 0.1,
                    opened_by=opener,
                    created_at=_moment(draw),
                )
                for _number in batch
            ],
            batch_size=2000,
        )
        places = {incident.pk: draw.sample(organisations, draw.choice((1, 1, 1, 2, 4))) for incident in made}
        about |= {incident.pk: (str(incident.uuid), {o.pk for o in places[incident.pk]}) for incident in made}
        IncidentEntity.objects.bulk_create(
            [IncidentEntity(incident=i, organisation=o) for i in made for o in places[i.pk]], batch_size=2000
        )
        TimelineEntry.objects.bulk_create(
            [
                TimelineEntry(
                    incident=incident, kind="comment", text=say(20), author=opener, audience="all",
                    time=incident.created_at, created_at=incident.created_at,
                )
                for incident in made
                for _ in range(100 if incident.pk % 500 == 0 else NOTES)
            ],
            batch_size=2000,
        )  # fmt: skip
    return about


def _joined(draw: random.Random, incidents: list[int], alerts: list[int]) -> None:
    from tocsin.rooms.incidents.models import Incident

    joined = Incident.alerts.through
    joined.objects.bulk_create(
        [joined(incident_id=pk, alert_id=draw.choice(alerts)) for pk in incidents], batch_size=2000
    )


def _observables(draw: random.Random, incidents: list[int]) -> None:
    from django.db.models import Count, OuterRef, Subquery
    from django.db.models.functions import Coalesce

    from tocsin.pipeline import observables, warninglists
    from tocsin.rooms.incidents.models import Incident, Sighting
    from tocsin.rooms.intel.models import Observable, digest_of

    pks, looked = [], warninglists.current()  # none of them stands on a list
    for batch in _in_batches(OBSERVABLES):
        named = [observables.Observable("domain", f"n{number}.evil{number % 977}.example") for number in batch]
        made = [Observable(kind=o.kind, value=o.value, digest=digest_of(o), seen=1, checked=looked) for o in named]
        pks += [each.pk for each in Observable.objects.bulk_create(made, batch_size=2000)]
    opened = dict(Incident.objects.values_list("pk", "created_at"))
    rare, common, own = pks[:RARE], pks[RARE : RARE + COMMON], iter(pks[RARE + COMMON :])
    for start_at in range(0, len(incidents), 1000):
        rows: list[Sighting] = []
        for incident in incidents[start_at : start_at + 1000]:
            own_ones = {next(own, rare[0]) for _ in range(NAMED - 3)}
            seen = own_ones | {draw.choice(rare), draw.choice(rare), draw.choice(common)}
            at = {"incident_id": incident, "audience": "all", "created_at": opened[incident]}
            rows += [Sighting(observable_id=pk, **at) for pk in seen]
        Sighting.objects.bulk_create(rows, batch_size=2000)
    counted = Sighting.objects.filter(observable=OuterRef("pk")).order_by().values("observable").annotate(n=Count("pk"))
    Observable.objects.filter(pk__in=rare + common).update(seen=Coalesce(Subquery(counted.values("n")), 0))


if __name__ == "__main__":
    main()
