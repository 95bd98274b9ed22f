"""Whom a route reaches: the role, whoever stands in for it, then upwards; explained, and never elsewhere."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.rooms.notices.knowledge import Routes, routes
from tocsin.rooms.notices.queries.directory import Desk, Directory, Place
from tocsin.rooms.notices.queries.routing import Routed, resolve

NOW = datetime(2026, 11, 26, 11, tzinfo=UTC)
EC = Place("EC", "Commission", "UTC", "en", ("EC",))
AGRI = Place("AGRI", "Agriculture", "UTC", "fr", ("AGRI", "EC"))
OTHER = Place("OTHER", "Other", "UTC", "en", ("OTHER",))


def desk(place: str, role: str, email: str = "x@x.example", **more: object) -> Desk:
    given = {"name": f"{role} of {place}", "phone": "", "language": "", "confirmed_at": NOW} | more
    return Desk(organisation=place, role=role, email=email, **given)  # type: ignore[arg-type]  # as the test says


def known(*desks: Desk) -> Directory:
    found = defaultdict(list)
    for each in desks:
        found[each.organisation, each.role].append(each)
    return Directory({place.code: place for place in (EC, AGRI, OTHER)}, found)


def routed(place: Place, *desks: Desk, severity: int = 2) -> Routed:
    return resolve("indicators", severity, place, NOW, known(*desks), routes())


def test_the_officer_is_told_in_their_language_or_that_of_the_house() -> None:
    (told,) = routed(AGRI, desk("AGRI", "officer", language="de"), desk("EC", "officer")).told
    assert (told.desk and told.desk.name, told.language) == ("officer of AGRI", "de")
    (told,) = routed(AGRI, desk("AGRI", "officer")).told
    assert told.language == "fr"


@pytest.mark.parametrize(
    ("more", "trouble"),
    [
        ({"email": ""}, "no_address"),
        ({"bounced_at": NOW}, "bouncing"),
        ({"absent_until": date(2026, 11, 26)}, "absent"),
        ({"confirmed_at": NOW - timedelta(days=91)}, "expired"),
    ],
)
def test_the_deputy_stands_in_and_the_reason_is_said(more: dict[str, object], trouble: str) -> None:
    (told,) = routed(AGRI, desk("AGRI", "officer", **more), desk("AGRI", "deputy")).told  # type: ignore[arg-type]
    assert told.desk is not None
    assert told.desk.role == "deputy"
    assert [step.trouble for step in told.steps] == [trouble, ""]
    assert told.steps[0].words


def test_then_those_above_are_told() -> None:
    (told,) = routed(AGRI, desk("EC", "deputy", "ec@x.example")).told
    assert told.desk is not None
    assert told.desk.organisation == "EC"
    looks = [(step.organisation, step.role) for step in told.steps]
    assert looks == [("AGRI", "officer"), ("AGRI", "deputy"), ("EC", "officer"), ("EC", "deputy")]


def test_an_address_of_last_year_is_better_than_nobody() -> None:
    (told,) = routed(AGRI, desk("AGRI", "officer", confirmed_at=NOW - timedelta(days=400))).told
    assert told.desk is not None
    assert told.stale


def test_nobody_at_all_is_said_with_every_look() -> None:
    found = routed(AGRI, desk("OTHER", "officer"))
    assert found.reached == ()
    assert {step.trouble for step in found.told[0].steps} == {"nobody"}


def test_one_who_holds_two_roles_is_told_once() -> None:
    both = desk("AGRI", "duty", "same@x.example"), desk("AGRI", "officer", "Same@x.example")
    assert len(routed(AGRI, *both, severity=5).reached) == 1


DESKS = st.lists(
    st.builds(
        desk,
        st.sampled_from(["EC", "AGRI", "OTHER"]),
        st.sampled_from(["officer", "deputy", "duty", "head"]),
        st.sampled_from(["", "a@x.example", "b@x.example"]),
        bounced_at=st.sampled_from([None, NOW]),
        absent_until=st.sampled_from([None, date(2026, 11, 25), date(2026, 11, 27)]),
        confirmed_at=st.sampled_from([NOW, NOW - timedelta(days=200)]),
    ),
    max_size=12,
)


@given(desks=DESKS, severity=st.integers(0, 5), place=st.sampled_from([EC, AGRI, OTHER]))
def test_whoever_is_told_stands_at_the_organisation_or_above_it(desks: list[Desk], severity: int, place: Place) -> None:
    found = routed(place, *desks, severity=severity)
    assert found.told, "every organisation is told or has its reasons"
    for told in found.told:
        if told.desk is None:
            assert all(step.trouble for step in told.steps)
        else:
            assert told.desk.organisation in place.lineage
            assert told.desk.email
            assert told.desk.trouble(NOW) in {"", "expired"}


def test_no_route_at_all_reaches_nobody() -> None:
    only = [{"name": "x", "kinds": ["legal"], "to": ["officer"]}]
    narrow = Routes.model_validate(routes().model_dump(by_alias=True) | {"routes": only})
    assert resolve("indicators", 2, AGRI, NOW, known(), narrow) == Routed("", ())
