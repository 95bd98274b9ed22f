"""In one process: tell 90 organisations, queue 10,000 notices, fill a matrix of 200 x 150; prints seconds as JSON."""

from __future__ import annotations

import json
import os
import secrets
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

from tocsin.platform import start

ORGANISATIONS, INDICATORS, CONCERNED = 200, 500, 90
QUEUED, NOTICES = 10_000, 150


def main() -> None:
    """Measure on the database of the environment."""
    start.migrate()
    from django.db import connection

    actor = _people()
    told = _tell(actor)
    queued = _queue(actor)
    _matrix(actor)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # as its own housekeeping does within a minute
    json.dump({"tell_90_s": told, "queue_10000_s": queued}, sys.stdout)


def _people() -> Any:
    """Make organisations with an officer and a range each, and somebody who serves them all."""
    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.constituency.models import Asset, Membership, Organisation

    root = Organisation.objects.create(code="TOP", name="Top", kind="department", path="", place="TOP")
    root.path = f"/{root.pk}/"
    root.save()
    for number in range(ORGANISATIONS):
        code = f"O{number:03}"
        place = Organisation.objects.create(
            code=code, name=f"Office {number}", kind="department", parent=root, path="", place=f"TOP {code}"
        )
        Organisation.objects.filter(pk=place.pk).update(path=f"{root.path}{place.pk}/")
        Asset.objects.create(organisation=place, kind="prefix", value=f"10.{number}.0.0/16")
        officer = Person.objects.create(username=code.lower(), email=f"{code.lower()}@x.example", full_name=code)
        Membership.objects.create(person=officer, role="officer", organisation=place)
    password = secrets.token_urlsafe(12)
    actor = Person.objects.create_user("bench.ciso", "ciso@x.example", password)
    Membership.objects.create(person=actor, role="ciso", organisation=root)
    Path(os.environ["TOCSIN_HOME"], "bench-ciso.json").write_text(
        json.dumps({"username": "bench.ciso", "password": password})
    )
    return actor


def _tell(actor: Any) -> float:
    """Go from a list of 500 indicators, of which 60 concern 90 organisations, to 90 mails handed over."""
    from tocsin.platform import outbox
    from tocsin.rooms.notices import actions, queries

    own = [f"10.{number}.0.1" for number in range(CONCERNED)]
    others = [f"233.252.{n // 250}.{n % 250 + 1}" for n in range(INDICATORS - CONCERNED)]
    begin = time.perf_counter()
    notice = actions.draft_list(
        actor=actor, text="\n".join(own + others), title="Bench", kind="indicators", severity=2, tlp="AMBER"
    )
    seen = queries.plan(notice.editions.get()).digest
    sent = actions.send(actor=actor, notice=notice, seen=seen)
    delivered = outbox.deliver_due()
    took = time.perf_counter() - begin
    assert (sent.organisations, delivered) == (CONCERNED, CONCERNED)
    return took


def _queue(actor: Any) -> float:
    """Put 10,000 notices on their way: fifty editions to 200 organisations each."""
    from tocsin.rooms.notices import actions, queries

    facts = {f"O{n:03}": [{"value": f"10.{n}.0.1", "sort": "ip", "held_as": f"10.{n}.0.0/16"}]
             for n in range(ORGANISATIONS)}  # fmt: skip
    begin = time.perf_counter()
    for number in range(QUEUED // ORGANISATIONS):
        notice = actions.draft(
            actor=actor, title=f"Queued {number}", kind="exposure", severity=2, tlp="AMBER", facts=facts
        )
        sent = actions.send(actor=actor, notice=notice, seen=queries.plan(notice.editions.get()).digest)
        assert sent.people == ORGANISATIONS
    return time.perf_counter() - begin


def _matrix(actor: Any) -> None:
    """Fill up to 150 open notices of 200 parts in all states."""
    from django.utils import timezone

    from tocsin.rooms.constituency.models import Organisation
    from tocsin.rooms.notices.models import Notice, Part

    now = timezone.now()
    places = list(Organisation.objects.filter(code__startswith="O"))
    states = [Part.State.TOLD, Part.State.ACKNOWLEDGED, Part.State.DONE, Part.State.PLANNED, Part.State.REFUSED]
    for number in range(NOTICES - Notice.objects.filter(state="open").count()):
        notice = Notice.objects.create(
            title=f"Filled {number}", kind="advisory", severity=number % 6, state="open", due_hours=24,
            created_by=actor, sent_at=now, due_at=now + timedelta(hours=number),
        )  # fmt: skip
        Part.objects.bulk_create(
            Part(notice=notice, organisation=place, state=states[(n + number) % 5], rung=n % 4, overdue=n % 7 == 0)
            for n, place in enumerate(places)
        )


if __name__ == "__main__":
    main()
