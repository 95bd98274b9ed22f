"""The cast and the stage of all tests: a small constituency and the people in it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

os.environ["TOCSIN_HOME"] = tempfile.mkdtemp(prefix="tocsin-test-")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tocsin.platform.settings")

import pytest
from hypothesis import settings

settings.register_profile("house", deadline=None)  # a loaded machine is slow, and nothing is wrong with the code
settings.load_profile("house")

if TYPE_CHECKING:
    from django.test import Client

    from tests.relay import Relay
    from tests.tracker import Tracker
    from tocsin.rooms.accounts.models import Person

PASSWORD = "correct horse battery staple"

MEMBERSHIPS = {
    "analyst": ("analyst", None, "SOC"),
    "responder": ("responder", None, "CSIRC"),
    "officer_a": ("officer", "DEPA", None),
    "officer_b": ("officer", "DEPB", None),
    "ciso": ("ciso", "INST", None),
    "admin": ("administrator", "INST", None),
    "outsider": None,
}


@pytest.fixture(autouse=True)
def _nothing_of_earlier_tests() -> None:
    """Forget what a process keeps: refusals set aside, the language of who asked last, failed sign-ins that count."""
    from django.core.cache import cache
    from django.utils import translation

    from tocsin.platform import gate

    cache.clear()
    gate.forget_refusals()
    translation.activate("en")


def pytest_configure() -> None:
    """Give each process its own cache: settings are read before this file, with the home of whoever started it.

    No example of a property test is timed either: a busy machine is no defect.
    """
    import hypothesis
    from django.conf import settings

    hypothesis.settings.register_profile("untimed", deadline=None)
    hypothesis.settings.load_profile("untimed")

    settings.CACHES["default"]["LOCATION"] = os.path.join(os.environ["TOCSIN_HOME"], "cache", "web")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what only PostgreSQL can show to the run on PostgreSQL."""
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return
    left = [item for item in items if item.get_closest_marker("postgresql")]
    config.hook.pytest_deselected(items=left)
    items[:] = [item for item in items if item not in left]


@pytest.fixture
def chart(db: None) -> Mapping[str, Person]:
    """Put a small constituency into the database and give its people by name."""
    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.constituency.models import Mandate, Membership, Organisation, Team

    organisations: dict[str, Organisation] = {}
    for code, parent in {"INST": None, "DEPA": "INST", "DEPB": "INST", "OTHER": None}.items():
        above = organisations[parent] if parent else None
        organisation = Organisation.objects.create(
            code=code, name=f"Name of {code}", kind="department", parent=above, path=""
        )
        organisation.path = f"{above.path if above else '/'}{organisation.pk}/"
        organisation.place = f"{above.place} {code}" if above else code
        organisation.save()
        organisations[code] = organisation
    teams = {}
    for code in ("SOC", "CSIRC"):
        teams[code] = Team.objects.create(
            code=code, name=f"Team {code}", organisation=organisations["INST"], sees_unattributed=code == "SOC"
        )
        Mandate.objects.create(team=teams[code], organisation=organisations["INST"], subtree=True)
    people = {}
    for name, held in MEMBERSHIPS.items():
        people[name] = Person.objects.create(username=name, email=f"{name}@tocsin.example", full_name=name.title())
        if held:
            role, organisation_code, team_code = held
            Membership.objects.create(
                person=people[name],
                role=role,
                organisation=organisations[organisation_code] if organisation_code else None,
                team=teams[team_code] if team_code else None,
            )
    return people


def _one(name: str) -> Callable[[Mapping[str, Person]], Person]:
    @pytest.fixture(name=name)
    def person(chart: Mapping[str, Person]) -> Person:
        return chart[name]

    return person


analyst, responder, officer_a, officer_b, ciso, admin, outsider = (_one(name) for name in MEMBERSHIPS)


@pytest.fixture
def client_of() -> Callable[[Person], Client]:
    """Give a test client signed in as a person."""
    from django.test import Client

    def signed_in(person: Person) -> Client:
        client = Client()
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return signed_in


@pytest.fixture(scope="session")
def servers() -> Iterator[Relay]:
    """Run a mail relay and an IMAP server for all tests of this process."""
    from tests.relay import running

    with running() as relay:
        yield relay


@pytest.fixture
def relay(servers: Relay, monkeypatch: pytest.MonkeyPatch) -> Relay:
    """Give the relay with empty boxes, and let the house send its mail there."""
    servers.empty()
    monkeypatch.setenv("TOCSIN_SMTP_URL", servers.smtp)
    return servers


@pytest.fixture(scope="session")
def trackers() -> Iterator[Tracker]:
    """Run a Request Tracker for all tests of this process."""
    from tests.tracker import running

    with running() as tracker:
        yield tracker


@pytest.fixture
def tracker(trackers: Tracker, monkeypatch: pytest.MonkeyPatch) -> Tracker:
    """Give the Request Tracker, and let the house ask it: it is on this machine, which is not public."""
    monkeypatch.setenv("TOCSIN_WEBHOOK_NETWORKS", "127.0.0.0/8")
    return trackers
