"""Fill a database for the page figures: the EU chart, 100,000 alerts, 10,000 incidents, two people who read them."""

from __future__ import annotations

import hashlib
import json
import os
import random
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from tocsin.platform import start

ALERTS, INCIDENTS = 100_000, 10_000


def main() -> None:
    """Fill the database of the environment."""
    start.migrate()
    from django.db import connection

    from tocsin.charts import chart_named
    from tocsin.rooms.constituency import actions

    actions.load_chart(chart=chart_named("eu"), actor=None)
    _fill()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as its own housekeeping does within a minute


def _fill() -> None:
    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.constituency.models import Mandate, Membership, Organisation, Team

    draw = random.Random(20260101)
    organisations = list(Organisation.objects.order_by("pk")[:90])
    alerts = _alerts(draw, organisations)
    incidents = _incidents(draw, organisations, alerts)
    team = Team.objects.create(code="BENCH", name="Team of twelve", organisation=organisations[0])
    twelve = organisations[20:32]
    Mandate.objects.bulk_create(Mandate(team=team, organisation=o, subtree=False) for o in twelve)
    people: list[dict[str, Any]] = []
    for username, role, at in (("bench.officer", "officer", organisations[25]), ("bench.analyst", "analyst", None)):
        password = secrets.token_urlsafe(12)
        person = Person.objects.create_user(username, f"{username}@tocsin.example", password)
        Membership.objects.create(person=person, role=role, organisation=at, team=None if at else team)
        reach = {at.pk} if at else {o.pk for o in twelve}
        people.append(
            {
                "username": username,
                "password": password,
                "may_open": role == "analyst",
                "organisations": [o.code for o in twelve],
                "incidents": [uuid for uuid, about in incidents if about & reach][:40],
            }
        )
    Path(os.environ["TOCSIN_HOME"], "bench-people.json").write_text(json.dumps(people))


def _alerts(draw: random.Random, organisations: list[Any]) -> list[Any]:
    from django.utils import timezone

    from tocsin.rooms.alerts.models import Alert

    now = timezone.now()
    rows = []
    for number in range(ALERTS):
        seen = now - timedelta(seconds=draw.randrange(90 * 86400))
        is_open = draw.random() < 0.3
        rows.append(
            Alert(
                key=hashlib.sha256(str(number).encode()).hexdigest(),
                rule_id=f"rule-{number % 200}",
                rule_version="1",
                title=f"Something seen of kind {number % 200}",
                level=draw.choice((1, 1, 2, 2, 2, 3, 4)),
                organisation=draw.choice(organisations),
                subject_kind="host",
                subject=f"host{number % 5000}.example",
                window_start=seen,
                first_seen=seen,
                last_seen=seen,
                count=draw.randrange(1, 50),
                state="new" if is_open else "closed_false_positive",
                open=is_open,
            )
        )
    return Alert.objects.bulk_create(rows, batch_size=2000)


def _incidents(draw: random.Random, organisations: list[Any], alerts: list[Any]) -> list[tuple[str, set[int]]]:
    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.incidents.models import Incident, IncidentEntity, TimelineEntry

    opener = Person.objects.create(username="bench.opener", email="opener@tocsin.example")
    made = Incident.objects.bulk_create(
        [
            Incident(
                title=f"Incident number {number}",
                severity=draw.randrange(6),
                open=draw.random() < 0.3,
                opened_by=opener,
            )
            for number in range(INCIDENTS)
        ],
        batch_size=2000,
    )
    about = {incident.pk: draw.sample(organisations, draw.choice((1, 1, 1, 2, 4))) for incident in made}
    parts = [IncidentEntity(incident=i, organisation=o) for i in made for o in about[i.pk]]
    IncidentEntity.objects.bulk_create(parts, batch_size=2000)
    entries = [
        TimelineEntry(incident=incident, kind="comment", text=f"Note {n}", author=opener, audience="all")
        for incident in made
        for n in range(20 if incident.pk % 10 == 0 else 3)
    ]
    TimelineEntry.objects.bulk_create(entries, batch_size=2000)
    joined = Incident.alerts.through
    joined.objects.bulk_create(
        [joined(incident=incident, alert=draw.choice(alerts)) for incident in made], batch_size=2000
    )
    return [(str(i.uuid), {o.pk for o in about[i.pk]}) for i in made]


if __name__ == "__main__":
    main()
