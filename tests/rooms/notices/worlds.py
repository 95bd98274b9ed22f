"""Worlds to try the notices in, drawn at random: a chart with people and contacts, routes, and what happens there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any
from unittest.mock import patch

from django.db import transaction
from django.utils import timezone
from hypothesis import strategies as st
from pysequoia import Tsk

from tocsin.platform import gate
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Asset, Contact, Mandate, Membership, Organisation, Team
from tocsin.rooms.notices import knowledge

MOST = 4  # organisations
ROLES = ("officer", "deputy", "head", "ciso", "board_member", "duty")
HELD = ROLES[:-1]  # a duty desk is nobody's account
NUMBERS = ("", "", "+32 2 295 60 00", "+32 2 295 60 01", "call me")
TOOLS = ("https://tool.example/a", "https://tool.example/b")
ADDRESSES = (
    "a@x.example",
    "A@x.example",
    "b@x.example",
    "c@x.example",
    "d@x.example",
    "",
    "nonsense",
    "two@@x.example",
)
ZONES = ("UTC", "Pacific/Kiritimati", "America/Lima", "Nowhere/AtAll", "")
KINDS = ("indicators", "advisory", "legal")
PLACES = st.integers(0, MOST - 1)
Draws = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class World:
    """What there is before anything happens. Places are numbers; place ``n`` holds 10.n.0.0/16."""

    parents: tuple[int | None, ...]
    zones: tuple[str, ...]
    languages: tuple[str, ...]
    people: tuple[Draws, ...]
    contacts: tuple[Draws, ...]
    routes: knowledge.Routes
    texts: bool  # whether the house has a gateway for short messages


ALSO = st.sampled_from([[], ["sms"]])


@st.composite
def routes(draw: st.DrawFn) -> knowledge.Routes:
    """Draw a file of routes."""
    some = st.lists(st.sampled_from(ROLES), max_size=2, unique=True)
    one = st.fixed_dictionaries(
        {
            "name": st.just("r"),
            "kinds": st.lists(st.sampled_from(KINDS), max_size=2),
            "severity": st.integers(0, 5),
            "organisations": st.lists(PLACES.map(code), max_size=1),
            "hours": st.sampled_from(["", "office", "closed"]),
            "to": st.lists(st.sampled_from(ROLES), min_size=1, max_size=3),
            "also": ALSO,
        }
    )
    anything = {"name": "else", "to": draw(st.lists(st.sampled_from(ROLES), min_size=1, max_size=2))}
    shares = sorted(draw(st.sets(st.sampled_from([0.1, 0.5, 1, 1.25, 2, 10]), max_size=4)))
    given = _of_the_house() | {
        "office": {"from": draw(st.integers(0, 23)), "to": draw(st.integers(1, 24))},
        "fallback": draw(st.dictionaries(st.sampled_from(ROLES), some, max_size=3)),
        "due": [draw(st.sampled_from([1, 72, 10_000]))] * 6,
        "ladder": [{"at": share, "to": draw(some), "also": draw(ALSO)} for share in shares],
        "routes": [*draw(st.lists(one, max_size=2)), *draw(st.sampled_from([[anything], [anything], [one_only()]]))],
    }
    return knowledge.Routes.model_validate(given)


@cache
def _of_the_house() -> dict[str, Any]:
    return knowledge.load(knowledge.FILE).model_dump(by_alias=True)


def one_only() -> dict[str, Any]:
    """Give a route that fits little: what is not legal is told to nobody."""
    return {"name": "legal only", "kinds": ["legal"], "to": ["officer"]}


CONTACTS = st.tuples(
    PLACES,
    st.sampled_from(ROLES),
    st.sampled_from(ADDRESSES),
    st.sampled_from(["", "en", "fr", "de"]),
    st.sampled_from([0, 0, 0, 5, -5]),  # absent until so many days from now; 0: not
    st.sampled_from([False, False, False, True]),  # bounced
    st.sampled_from([0, 0, 200]),  # confirmed so many days ago
    st.sampled_from(["", "", "works", "broken"]),  # the key
    st.booleans(),  # only encrypted
    st.sampled_from(NUMBERS),
    st.sampled_from(["", "", "", *TOOLS]),  # a tool, and no person
)
PEOPLE = st.tuples(PLACES, st.sampled_from(HELD), st.sampled_from(ADDRESSES), st.sampled_from(["en", "fr"]))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Draw a world."""
    size = draw(st.integers(1, MOST))
    parents = tuple(draw(st.sampled_from([None, *range(number)])) for number in range(size))
    return World(
        parents,
        tuple(draw(st.sampled_from(ZONES)) for _ in parents),
        tuple(draw(st.sampled_from(["en", "fr"])) for _ in parents),
        tuple(draw(st.lists(PEOPLE, max_size=5))),
        tuple(draw(st.lists(CONTACTS, max_size=6))),
        draw(routes()),
        draw(st.booleans()),
    )


def code(number: int) -> str:
    """Give the code of a place."""
    return f"P{number}"


@contextmanager
def living_in(world: World) -> Iterator[Person]:
    """Put a world into the database, give the analyst who serves all of it, and throw all of it away afterwards."""
    gateway = {"TOCSIN_SMS_GATEWAY": "gateway.yaml" if world.texts else ""}
    routed = patch.object(knowledge, "load", lambda _path: world.routes)
    with transaction.atomic(), routed, patch.dict(os.environ, gateway):
        knowledge.routes.cache_clear()
        try:
            yield _settled(world)
        finally:
            transaction.set_rollback(True)
            knowledge.routes.cache_clear()
            gate.forget_refusals()


def _settled(world: World) -> Person:
    places: list[Organisation] = []
    for number, parent in enumerate(world.parents):
        above = places[parent] if parent is not None else None
        place = Organisation.objects.create(
            code=code(number), name=f"Place {number}", kind="department", parent=above, path="",
            timezone=world.zones[number], language=world.languages[number],
        )  # fmt: skip
        place.path = f"{above.path if above else '/'}{place.pk}/"
        place.save()
        Asset.objects.create(organisation=place, kind="prefix", value=f"10.{number}.0.0/16")
        places.append(place)
    for number, drawn in enumerate(world.people):
        employ(f"person{number}", *drawn)
    for number, drawn in enumerate(world.contacts):
        add_contact(f"contact{number}", *drawn)
    team = Team.objects.create(code="CERT", name="CERT", organisation=places[0])
    for place in places:
        Mandate.objects.create(team=team, organisation=place, subtree=True)
    analyst = Person.objects.create(username="analyst", email="analyst@tocsin.example")
    Membership.objects.create(person=analyst, role="analyst", team=team)
    return analyst


def employ(name: str, number: int, role: str, address: str, language: str) -> None:
    """Give somebody a role, if the place is there."""
    place = Organisation.objects.filter(code=code(number)).first()
    if place is not None:
        person = Person.objects.create(username=name, full_name=name, email=address, language=language)
        Membership.objects.create(person=person, role=role, organisation=place)


def add_contact(
    name: str, number: int, role: str, address: str, language: str, absent: int, bounced: bool, seen: int, key: str,
    only_encrypted: bool, phone: str, webhook: str,
) -> None:  # fmt: skip
    """Add a contact, if the place is there. Nothing is checked: charts and imports bring the oddest things."""
    place, now = Organisation.objects.filter(code=code(number)).first(), timezone.now()
    if place is not None:
        Contact.objects.create(
            organisation=place, role="tool" if webhook else role, name=name, email="" if webhook else address,
            phone=phone, webhook=webhook, language=language,
            absent_until=(now + timedelta(days=absent)).date() if absent else None,
            bounced_at=now if bounced else None, confirmed_at=now - timedelta(days=seen),
            key={"works": working_key(), "broken": "no key at all"}.get(key, ""), only_encrypted=only_encrypted,
        )  # fmt: skip


@cache
def working_key() -> str:
    """Give a public key that works."""
    return str(Tsk.generate("somebody@x.example").extract_certificate())


def answering(place: Organisation) -> set[str]:
    """Give the addresses of those who answer for a place, there or above it; worked out apart from the code tried."""
    found: set[str] = set()
    above: Organisation | None = place
    while above is not None and place.active:
        if above.active:
            held = Membership.objects.filter(organisation=above, role__in=HELD, person__is_active=True)
            found |= set(held.values_list("person__email", flat=True))
            contacts = Contact.objects.filter(organisation=above)
            found |= {
                address for row in contacts.values_list("email", "phone", "webhook") for address in row if address
            }
        above = above.parent
    return {address.lower().replace(" ", "") for address in found if address}
