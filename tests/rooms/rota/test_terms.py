"""Deputies and secondments: access begins and ends by itself, at once, for sessions and tokens alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from tests.architecture.test_routes import bearer
from tocsin.charts import chart_named
from tocsin.platform.access import scope_of
from tocsin.platform.models import AuditEntry, OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency import actions as constituency
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.notices.knowledge import routes
from tocsin.rooms.notices.queries import directory, resolve
from tocsin.rooms.rota import actions

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Person], Client]
DAY = timedelta(days=1)


@pytest.fixture
def department(chart: Mapping[str, Person]) -> Organisation:
    Organisation.objects.filter(code="DEPA").update(timezone="Europe/Brussels")
    return Organisation.objects.get(code="DEPA")


@pytest.fixture
def today(department: Organisation) -> date:
    return department.day_at(timezone.now())


@pytest.fixture
def named(department: Organisation, officer_a: Person, outsider: Person, today: date) -> Callable[..., Membership]:
    """Name a deputy from today for a week."""

    def name(**more: object) -> Membership:
        given: dict[str, object] = {
            "actor": officer_a,
            "officer": officer_a,
            "deputy": outsider,
            "organisation": department,
        }
        given |= {"first_day": today, "last_day": today + DAY * 6}
        return actions.name_deputy(**(given | more))  # type: ignore[arg-type]

    return name


@pytest.fixture
def seconded(chart: Mapping[str, Person], admin: Person, outsider: Person) -> Callable[..., Membership]:
    """Second somebody of OTHER to CSIRC from today for thirty days."""

    def second(**more: object) -> Membership:
        today = timezone.now().date()
        given: dict[str, object] = {
            "actor": admin, "person": outsider, "team": Team.objects.get(code="CSIRC"), "role": "responder",
            "home": Organisation.objects.get(code="OTHER"), "first_day": today, "last_day": today + DAY * 29,
        }  # fmt: skip
        return actions.second(**(given | more))  # type: ignore[arg-type]

    return second


def moved(held: Membership, **to: datetime) -> None:
    Membership.objects.filter(pk=held.pk).update(**to)


def fresh(person: Person) -> Person:
    return Person.objects.get(pk=person.pk)


def test_both_days_are_included_on_the_clock_of_the_organisation(
    named: Callable[..., Membership], department: Organisation
) -> None:
    first = date(timezone.now().year + 1, 1, 10)
    held = named(first_day=first, last_day=first)
    assert held.valid_from == datetime(first.year, 1, 9, 23, tzinfo=UTC)
    assert held.valid_to == datetime(first.year, 1, 10, 23, tzinfo=UTC)


def test_a_deputy_sees_what_the_officer_sees_for_as_long_as_that_lasts(
    named: Callable[..., Membership], outsider: Person, department: Organisation, client_of: ClientOf
) -> None:
    client, headers = client_of(outsider), bearer(outsider)
    assert client.get("/alerts/").status_code == 403
    held = named()
    assert client.get("/alerts/").status_code == 200  # the same session
    assert Client(headers=headers).get("/api/alerts").status_code == 200
    assert scope_of(fresh(outsider)).roles() == {"deputy"}
    moved(held, valid_to=timezone.now())
    assert client.get("/alerts/").status_code == 403
    assert Client(headers=headers).get("/api/alerts").status_code == 403


def test_a_deputy_of_tomorrow_sees_nothing_today(
    named: Callable[..., Membership], outsider: Person, today: date, client_of: ClientOf
) -> None:
    named(first_day=today + DAY)
    assert scope_of(fresh(outsider)).grants == ()
    assert client_of(outsider).get("/alerts/").status_code == 403


def test_both_are_told_in_their_language(named: Callable[..., Membership], officer_a: Person, today: date) -> None:
    named()
    told = {m.recipient: m.body for m in OutboxMessage.objects.all()}
    assert set(told) == {"outsider@tocsin.example", "officer_a@tocsin.example"}
    assert str(today + DAY * 6) in told["officer_a@tocsin.example"]


def test_meanwhile_notices_go_to_the_deputy(named: Callable[..., Membership], department: Organisation) -> None:
    def told() -> list[str]:
        known = directory()
        routed = resolve("incident", 2, known.places["DEPA"], timezone.now(), known, routes())
        return [each.desk.email for each in routed.reached if each.desk is not None]

    assert told() == ["officer_a@tocsin.example"]
    held = named()
    assert told() == ["outsider@tocsin.example"]
    moved(held, valid_to=timezone.now())
    assert told() == ["officer_a@tocsin.example"]


def test_an_officer_names_deputies_for_themselves_only(
    named: Callable[..., Membership], officer_b: Person, responder: Person, outsider: Person, admin: Person
) -> None:
    for person in (officer_b, responder, outsider):
        with pytest.raises(PermissionDenied):
            named(actor=person)
    with pytest.raises(PermissionDenied):
        named(actor=officer_b, officer=officer_b)
    with pytest.raises(ValidationError, match="is not the security officer"):
        named(actor=admin, officer=officer_b)
    named(actor=admin)


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [(-1, 3, "is over"), (3, 2, "before the first"), (0, 366, "longer than"), (4000, 4001, "longer than")],
)
def test_days_without_sense_are_refused(
    first: int, last: int, says: str, named: Callable[..., Membership], today: date
) -> None:
    with pytest.raises(ValidationError, match=says):
        named(first_day=today + DAY * first, last_day=today + DAY * last)


def test_nobody_stands_in_twice_at_once_nor_for_themselves(
    named: Callable[..., Membership], officer_a: Person, today: date, outsider: Person
) -> None:
    named()
    with pytest.raises(ValidationError, match="already during that time"):
        named(first_day=today + DAY * 6, last_day=today + DAY * 9)
    named(first_day=today + DAY * 7, last_day=today + DAY * 9)  # the day after is free
    with pytest.raises(ValidationError, match="stands in for themselves"):
        named(deputy=officer_a)
    Person.objects.filter(pk=outsider.pk).update(is_active=False)
    with pytest.raises(ValidationError, match="account has ended"):
        named(first_day=today + DAY * 20, last_day=today + DAY * 21, deputy=fresh(outsider))


def test_the_officer_is_back_early(
    named: Callable[..., Membership], officer_a: Person, officer_b: Person, outsider: Person
) -> None:
    held = named()
    with pytest.raises(PermissionDenied):
        actions.end_deputation(actor=officer_b, held=held)
    actions.end_deputation(actor=officer_a, held=held)
    assert scope_of(fresh(outsider)).grants == ()
    with pytest.raises(ValidationError, match="ended already"):
        actions.end_deputation(actor=officer_a, held=held)


def test_the_page_of_an_officer_does_it_all(
    department: Organisation, officer_a: Person, officer_b: Person, outsider: Person, today: date, client_of: ClientOf
) -> None:
    client = client_of(officer_a)
    form = {
        "organisation": "DEPA", "officer": "officer_a", "deputy": "Outsider@tocsin.example",
        "first_day": today.isoformat(), "last_day": (today + DAY).isoformat(),
    }  # fmt: skip
    assert client.post("/deputies/", form).status_code == 302
    held = Membership.objects.get(role="deputy")
    shown = client.get("/deputies/").content.decode()
    assert "Outsider" in shown
    assert "stands in for Officer_A" in client.get(f"/organisations/{department.uuid}/").content.decode()
    others = client_of(officer_b)
    assert "Outsider" not in others.get("/deputies/").content.decode()
    assert others.post(f"/deputies/{held.uuid}/end/").status_code == 404
    assert others.post("/deputies/", form).status_code == 200  # the form says no
    assert client.post(f"/deputies/{held.uuid}/end/").status_code == 302
    assert scope_of(fresh(outsider)).grants == ()


@pytest.mark.parametrize("deputy", ["nobody", "", "\0", "<script>", "=cmd|' /C calc'!A0", "x" * 1_000_000, "*", "%"])
def test_a_deputy_must_be_an_account(deputy: str, officer_a: Person, today: date, client_of: ClientOf) -> None:
    form = {
        "organisation": "DEPA", "officer": "officer_a", "deputy": deputy, "first_day": today, "last_day": today,
    }  # fmt: skip
    assert client_of(officer_a).post("/deputies/", form).status_code in {200, 400}
    assert not Membership.objects.filter(role="deputy").exists()


def test_a_secondment_ends_the_access_of_an_open_session_and_of_tokens(
    seconded: Callable[..., Membership], outsider: Person, client_of: ClientOf
) -> None:
    client, headers = client_of(outsider), bearer(outsider)
    held = seconded()
    for path, answered in (("/incidents/", client.get), ("/api/incidents", Client(headers=headers).get)):
        assert answered(path).status_code == 200
    moved(held, valid_to=timezone.now())
    assert client.get("/incidents/").status_code == 403
    assert client.get("/on-call/").status_code == 403
    assert Client(headers=headers).get("/api/incidents").status_code == 403
    assert list(Alert.objects.visible_to(fresh(outsider))) == []


def test_it_is_shown_on_the_page_of_the_team_and_of_the_person(
    seconded: Callable[..., Membership], outsider: Person, responder: Person, client_of: ClientOf
) -> None:
    held = seconded()
    team = client_of(responder).get(f"/organisations/teams/{Team.objects.get(code='CSIRC').uuid}/").content.decode()
    assert "seconded from OTHER" in team
    assert "Seconded from Name of OTHER to Team CSIRC" in client_of(outsider).get("/account/").content.decode()
    moved(held, valid_to=timezone.now())
    assert "Seconded from" not in client_of(outsider).get("/account/").content.decode()


def test_the_end_is_written_down_once(seconded: Callable[..., Membership]) -> None:
    held = seconded()
    assert actions.follow_terms() == 0
    moved(held, valid_to=timezone.now() - timedelta(seconds=1))
    assert actions.follow_terms() == 1
    assert actions.follow_terms() == 0
    entry = AuditEntry.objects.get(verb="constituency.role_over", object_uuid=held.uuid)
    assert entry.details == {"person": "outsider", "role": "responder", "at": "CSIRC", "home": "OTHER"}


def test_both_sides_are_told_a_fortnight_before_and_once(seconded: Callable[..., Membership]) -> None:
    home = Organisation.objects.get(code="OTHER")
    officer = Person.objects.create(username="officer_o", email="officer_o@tocsin.example")
    Membership.objects.create(person=officer, role="officer", organisation=home)
    Team.objects.filter(code="CSIRC").update(email="csirc@tocsin.example")
    held = seconded()
    OutboxMessage.objects.all().delete()
    moved(held, valid_to=timezone.now() + DAY * 14 + timedelta(minutes=1))
    assert actions.follow_terms() == 0
    moved(held, valid_to=timezone.now() + DAY * 14)
    assert actions.follow_terms() == 1
    assert actions.follow_terms() == 0
    told = set(OutboxMessage.objects.values_list("recipient", flat=True))
    assert told == {"outsider@tocsin.example", "csirc@tocsin.example", "officer_o@tocsin.example"}


def test_only_whoever_manages_all_that_the_team_reaches_seconds(
    seconded: Callable[..., Membership], ciso: Person, responder: Person, officer_a: Person, outsider: Person
) -> None:
    for person in (ciso, responder, officer_a, outsider):
        with pytest.raises(PermissionDenied):
            seconded(actor=person)
    with pytest.raises(ValidationError, match="stands at"):
        seconded(home=Organisation.objects.get(code="INST"))
    with pytest.raises(ValidationError, match="no such role"):
        seconded(role="emperor")
    seconded()
    with pytest.raises(ValidationError, match="already during that time"):
        seconded()


def test_an_administrator_seconds_on_the_page(admin: Person, outsider: Person, client_of: ClientOf) -> None:
    today, team = timezone.now().date(), Team.objects.get(code="CSIRC")
    client = client_of(admin)
    form = {
        "person": "outsider", "role": "responder", "home": "DEPA", "first_day": today.isoformat(),
        "last_day": (today + DAY * 20).isoformat(),
    }  # fmt: skip
    path = f"/organisations/teams/{team.uuid}/second/"
    assert client.get(path).status_code == 200
    assert client.post(path, form).status_code == 302
    held = Membership.objects.get(seconded_from__code="DEPA")
    assert client.post(f"/organisations/roles/{held.uuid}/end/").status_code == 302  # early
    assert scope_of(fresh(outsider)).grants == ()
    assert actions.follow_terms() == 0  # its end was written down by whoever ended it


def test_a_secondment_that_has_not_begun_can_be_ended(admin: Person, seconded: Callable[..., Membership]) -> None:
    today = timezone.now().date()
    held = seconded(first_day=today + DAY * 5)
    constituency.end_role(actor=admin, membership=held)
    assert not Membership.objects.valid().filter(pk=held.pk).exists()


def test_a_chart_leaves_deputies_and_secondments_alone(
    named: Callable[..., Membership], seconded: Callable[..., Membership]
) -> None:
    held = [named(), seconded()]
    constituency.load_chart(chart=chart_named("eu"), actor=None)
    for each in held:
        before = each.valid_to
        each.refresh_from_db()
        assert each.valid_to == before


def test_a_role_may_be_given_for_good_beside_one_for_a_time(
    named: Callable[..., Membership], admin: Person, outsider: Person, department: Organisation
) -> None:
    named()
    given = constituency.give_role(actor=admin, person=outsider, role="deputy", organisation=department)
    assert given.valid_to is None
    assert not given.for_a_time
    constituency.end_role(actor=admin, membership=given)
    assert scope_of(fresh(outsider)).roles() == {"deputy"}


def test_the_database_takes_no_role_for_a_time_without_its_days(outsider: Person, department: Organisation) -> None:
    now = timezone.now()
    for wrong in ({}, {"valid_from": now}, {"valid_from": now, "valid_to": now - DAY}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Membership.objects.create(person=outsider, role="deputy", organisation=department, for_a_time=True, **wrong)
