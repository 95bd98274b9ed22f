"""Give a filled house fifty people who work in it: one in three an officer, the others analysts and responders."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

CROWD, PEOPLE = "bench-crowd.json", 50


def main() -> None:
    """Make their accounts in the database of the environment, once."""
    from tocsin.platform import start

    start.migrate()
    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.constituency.models import Membership, Organisation, Team

    places, team = list(Organisation.objects.order_by("pk")[:90]), Team.objects.get(code="BENCH")
    told = []
    for number in range(PEOPLE):
        name, password = f"bench.crowd{number:02}", secrets.token_urlsafe(12)
        person = Person.objects.create_user(name, f"{name}@tocsin.example", password)
        if number % 3 == 0:
            Membership.objects.create(person=person, role="officer", organisation=places[20 + number % 12])
        else:
            Membership.objects.create(person=person, role="analyst" if number % 3 == 1 else "responder", team=team)
        told.append({"username": name, "password": password, "works": number % 3 == 2})
    Path(os.environ["TOCSIN_HOME"], CROWD).write_text(json.dumps(told))


if __name__ == "__main__":
    main()
