"""Fill a database for the figures of service levels: 100,000 incidents with their deadlines, three people who look."""

from __future__ import annotations

import json
import os
import random
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from tocsin.platform import start

INCIDENTS, OPEN_SHARE, AT_ONCE, DAYS = 100_000, 0.3, 2_000, 365
HOURS = {5: (0.25, 4, 48), 4: (0.5, 8, 96), 3: (1, 24, 168), 2: (4, 72, 336), 1: (8, 96, 400), 0: (17, 120, 600)}
KINDS = ("acknowledge", "contain", "recover")


def main() -> None:
    """Fill the database of the environment."""
    start.migrate()
    from django.db import connection

    from tocsin.charts import chart_named
    from tocsin.rooms.constituency import actions

    actions.load_chart(chart=chart_named("eu"), actor=None)
    _fill()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def _fill() -> None:
    from tocsin.rooms.constituency.models import Mandate, Organisation, Team

    draw = random.Random(20261127)
    places = list(Organisation.objects.order_by("pk")[:90])
    twelve = Team.objects.create(code="BENCH", name="Team of twelve", organisation=places[0])
    Mandate.objects.bulk_create(Mandate(team=twelve, organisation=o, subtree=False) for o in places[20:32])
    whole = Team.objects.create(code="WHOLE", name="Team of all", organisation=places[0])
    Mandate.objects.bulk_create(Mandate(team=whole, organisation=o, subtree=False) for o in places)
    who = (("officer", "officer", places[25], None), ("twelve", "responder", None, twelve),
           ("all", "responder", None, whole), ("ciso", "ciso", places[0], None))  # fmt: skip
    people = [_person(f"bench.{name}", role, place, team) for name, role, place, team in who]
    _incidents(draw, places, twelve, whole)
    Path(os.environ["TOCSIN_HOME"], "bench-levels.json").write_text(json.dumps(people))


def _person(name: str, role: str, place: Any, team: Any) -> dict[str, str]:
    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.constituency.models import Membership

    password = secrets.token_urlsafe(12)
    person = Person.objects.create_user(name, f"{name}@tocsin.example", password)
    Membership.objects.create(person=person, role=role, organisation=place, team=team)
    return {"username": name, "password": password}


def _incidents(draw: random.Random, places: list[Any], twelve: Any, whole: Any) -> None:
    from django.utils import timezone

    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.incidents.models import Deadline, Incident, IncidentEntity

    now = timezone.now()
    people = list(Person.objects.filter(username__startswith="bench."))
    opener = Person.objects.create(username="opener", email="opener@tocsin.example")
    for begin in range(0, INCIDENTS, AT_ONCE):
        rows = [
            _incident(draw, number, now, opener, people, (twelve, whole)) for number in range(begin, begin + AT_ONCE)
        ]
        made = Incident.objects.bulk_create(rows)
        IncidentEntity.objects.bulk_create(
            IncidentEntity(incident=each, organisation=place)
            for each in made
            for place in draw.sample(places, draw.choice((1, 1, 1, 2, 4)))
        )
        deadlines = [deadline for each in made for deadline in _deadlines(draw, each, now)]
        Deadline.objects.bulk_create(deadlines, batch_size=AT_ONCE)


def _incident(draw: random.Random, number: int, now: Any, opener: Any, people: Any, teams: Any) -> Any:
    from tocsin.rooms.incidents.models import NO_DUE, Incident

    opened, is_open = now - timedelta(seconds=draw.randrange(DAYS * 86400)), draw.random() < OPEN_SHARE
    return Incident(
        reference=f"INC-26-{number:06}", title=f"Incident number {number}", severity=draw.randrange(6), open=is_open,
        opened_by=opener, state="analysis" if is_open else "closed", closed_at=None if is_open else now,
        created_at=opened,
        owner=draw.choice([*people, None]), owner_team=draw.choice([*teams, None]),
        next_due_at=now + timedelta(hours=draw.uniform(-20, 400)) if is_open else NO_DUE,
        breached=is_open and draw.random() < 0.05,
    )  # fmt: skip


def _deadlines(draw: random.Random, incident: Any, now: Any) -> list[Any]:
    from tocsin.rooms.incidents.models import Deadline

    made = []
    for kind, hours in zip(KINDS, HOURS[incident.severity], strict=True):
        took = timedelta(hours=hours * draw.expovariate(1.6))
        due = incident.created_at + timedelta(hours=hours)
        waits = incident.open and kind != "acknowledge"
        late = draw.random() < 0.03 if waits else took > due - incident.created_at
        made.append(Deadline(
            incident=incident, kind=kind, severity=incident.severity, policy="house", version="bench",
            calendar="always" if incident.severity > 1 else "eu-brussels", target=int(hours * 3600), warn_share=75,
            answers="owner", escalate="ciso", started_at=incident.created_at,
            person_id=incident.owner_id or (None if incident.owner_team_id else incident.opened_by_id),
            team_id=None if incident.owner_id else incident.owner_team_id,
            due_at=incident.next_due_at if waits else due, warn_at=due if not waits else incident.next_due_at,
            warned_at=now if late else None, breached_at=due if late else None,
            met_at=None if waits else incident.created_at + took, took=None if waits else int(took.total_seconds()),
        ))  # fmt: skip
    return made


if __name__ == "__main__":
    main()
