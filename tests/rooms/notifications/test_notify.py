"""Telling people: each once, by the ways they chose, folded, and only of what they may know of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.rooms.notifications.conftest import Waiting
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Organisation
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.notifications import actions, queries
from tocsin.rooms.notifications.models import Choice, Notification, Preference

pytestmark = pytest.mark.django_db
NOTHING = {"page": False, "mail": False, "webhook": False}


def test_it_makes_a_line_that_counts_up(incident: Incident, analyst: Person, ciso: Person, waiting: Waiting) -> None:
    for _time in range(3):
        assert actions.notify(people=[ciso], kind="risen", about=incident, by=analyst) == 1
    assert waiting(ciso) == [("risen", 3)]
    assert Notification.objects.get(person=ciso).by == analyst


def test_what_was_read_begins_anew(incident: Incident, ciso: Person, waiting: Waiting) -> None:
    actions.notify(people=[ciso], kind="risen", about=incident)
    actions.mark_all_read(person=ciso)
    assert waiting(ciso) == []
    actions.notify(people=[ciso], kind="risen", about=incident)
    assert waiting(ciso) == [("risen", 1)]
    assert Notification.objects.filter(person=ciso).count() == 2


def test_kinds_and_things_have_lines_of_their_own(incident: Incident, ciso: Person, waiting: Waiting) -> None:
    another = incidents.open_incident(
        actor=ciso, title="Another", organisations=[Organisation.objects.get(code="DEPB")]
    )
    for about, kind in ((incident, "risen"), (incident, "deadline_late"), (another, "risen")):
        actions.notify(people=[ciso], kind=kind, about=about)
    assert waiting(ciso) == [("risen", 1), ("deadline_late", 1), ("risen", 1)]


def test_nobody_hears_of_what_they_did_themselves(incident: Incident, analyst: Person) -> None:
    assert actions.notify(people=[analyst, analyst], kind="risen", about=incident, by=analyst) == 0
    assert not Notification.objects.exists()


def test_nobody_at_all_asks_the_database_nothing(incident: Incident) -> None:
    with CaptureQueriesContext(connection) as made:
        assert actions.notify(people=[], kind="risen", about=incident) == 0
    assert [each["sql"] for each in made if "SAVEPOINT" not in each["sql"]] == []


def test_an_ended_account_is_not_told(incident: Incident, ciso: Person) -> None:
    Person.objects.filter(pk=ciso.pk).update(is_active=False)
    assert actions.notify(people=[ciso], kind="risen", about=incident) == 0


def test_the_act_and_its_lines_are_one(incident: Incident, ciso: Person) -> None:
    def act() -> None:
        with transaction.atomic():
            actions.notify(people=[ciso], kind="risen", about=incident)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        act()
    assert not Notification.objects.exists()


def test_as_many_people_as_there_are_cost_the_same(incident: Incident) -> None:
    def cost(number: int, kind: str) -> int:
        crew = Person.objects.bulk_create(
            Person(username=f"{kind}{n}", email=f"{kind}{n}@x.example") for n in range(number)
        )
        with CaptureQueriesContext(connection) as made:
            assert actions.notify(people=crew, kind=kind, about=incident) == number
        return len(made)

    assert cost(150, "deadline_late") <= cost(2, "risen") + 2  # it asks for roles; SQLite takes fewer rows at once


def test_a_kind_is_about_its_own_things(incident: Incident, ciso: Person) -> None:
    with pytest.raises(TypeError, match="mentioned is about entry"):
        actions.notify(people=[ciso], kind="mentioned", about=incident)
    with pytest.raises(KeyError):
        actions.notify(people=[ciso], kind="unheard_of", about=incident)


@pytest.mark.parametrize(("role", "mailed"), [("officer", True), ("head", False)])
def test_defaults_follow_the_role(role: str, *, mailed: bool, incident: Incident, outsider: Person) -> None:
    Membership.objects.create(person=outsider, role=role, organisation=Organisation.objects.get(code="DEPA"))
    actions.notify(people=[outsider], kind="task_given", about=incident)
    line = Notification.objects.get()
    assert (line.in_page, line.mail_due_at is not None, line.hook_due_at) == (True, mailed, None)


def test_a_role_that_is_over_brings_no_mail(incident: Incident, officer_a: Person) -> None:
    Membership.objects.filter(person=officer_a).update(valid_to=timezone.now())
    actions.notify(people=[officer_a], kind="task_given", about=incident)
    assert Notification.objects.get().mail_due_at is None


def test_choices_go_before_defaults(incident: Incident, ciso: Person, analyst: Person) -> None:
    actions.choose(person=ciso, chosen={"risen": NOTHING})
    actions.choose(person=analyst, chosen={"risen": {**NOTHING, "webhook": True}})
    assert actions.notify(people=[ciso, analyst], kind="risen", about=incident) == 1
    line = Notification.objects.get()
    assert (line.person, line.in_page, line.mail_due_at) == (analyst, False, None)
    assert line.hook_due_at is not None


def test_mail_is_due_after_the_minutes_chosen(incident: Incident, ciso: Person, responder: Person) -> None:
    Preference.objects.create(person=ciso, digest_minutes=60)
    actions.notify(people=[ciso, responder], kind="risen", about=incident)
    due = {line.person: line.mail_due_at - line.created_at for line in Notification.objects.all()}
    assert [round(due[who].total_seconds() / 60) for who in (ciso, responder)] == [60, 15]


@pytest.mark.parametrize("name", ["outsider", "officer_b", "admin"])
def test_who_may_not_see_the_thing_never_hears_of_it(
    name: str, incident: Incident, chart: Mapping[str, Person], waiting: Waiting
) -> None:
    actions.notify(people=[chart[name]], kind="risen", about=incident)
    assert waiting(chart[name]) == []
    assert queries.unread(chart[name]) == 0


def test_a_seal_takes_the_line_away_and_its_end_brings_it_back(
    incident: Incident, ciso: Person, responder: Person, waiting: Waiting
) -> None:
    actions.notify(people=[ciso], kind="risen", about=incident)
    incidents.seal(actor=responder, incident=incident, people=[])
    assert waiting(ciso) == []
    incidents.unseal(actor=responder, incident=incident)
    assert waiting(ciso) == [("risen", 1)]


def test_the_end_of_an_office_takes_the_line_away(incident: Incident, ciso: Person, waiting: Waiting) -> None:
    actions.notify(people=[ciso], kind="risen", about=incident)
    Membership.objects.filter(person=ciso).delete()
    assert waiting(ciso) == []


def test_a_sealed_line_costs_as_much_as_any_other(incident: Incident, ciso: Person, responder: Person) -> None:
    def cost() -> int:
        reader = Person.objects.get(pk=ciso.pk)
        with CaptureQueriesContext(connection) as made:
            queries.unread(reader)
            queries.as_shown(reader, queries.lines(reader)[:50])
        return len(made)

    actions.notify(people=[ciso], kind="risen", about=incident)
    assert cost() == 5  # the scope in two, the count, the lines, what they show
    incidents.seal(actor=responder, incident=incident, people=[])
    sealed = cost()
    Notification.objects.all().delete()
    assert cost() == sealed


def test_what_was_read_long_ago_goes(incident: Incident, ciso: Person, analyst: Person) -> None:
    now = timezone.now()
    actions.notify(people=[ciso, analyst], kind="risen", about=incident)
    actions.mark_all_read(person=ciso)
    assert actions.sweep() == 0
    Notification.objects.filter(person=ciso).update(read_at=now - timedelta(days=31))
    Notification.objects.filter(person=analyst).update(updated_at=now - timedelta(days=121))
    assert actions.sweep() == 2


def test_everybody_marks_their_own(incident: Incident, ciso: Person, analyst: Person, waiting: Waiting) -> None:
    actions.notify(people=[ciso, analyst], kind="risen", about=incident)
    theirs = Notification.objects.get(person=ciso)
    assert actions.mark_read(person=analyst, line=theirs) == 0
    assert waiting(ciso) == [("risen", 1)]
    assert actions.mark_all_read(person=analyst) == 1


def test_a_choice_of_nothing_known_is_refused(ciso: Person) -> None:
    from django.core.exceptions import ValidationError

    with pytest.raises(ValidationError, match="no kind called"):
        actions.choose(person=ciso, chosen={"x": NOTHING})
    assert not Choice.objects.exists()
