"""Whom the room tells of what, and whom not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.rooms.incidents.insiders import added, granted
from tests.rooms.incidents.policies import NOW, Clock
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.actions.telling import named_in, tell_risen
from tocsin.rooms.incidents.models import HandOff, Incident
from tocsin.rooms.notifications.models import Notification

pytestmark = pytest.mark.django_db
Told = Callable[..., list[str]]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def told() -> Told:
    """Give the kinds a person has been told of and may see now."""

    def kinds(person: Person) -> list[str]:
        reader = Person.objects.get(pk=person.pk)
        return list(Notification.objects.visible_to(reader).order_by("id").values_list("kind", flat=True))

    return kinds


def test_an_offer_tells_the_team(
    incident: Incident, analyst: Person, responder: Person, csirc: Team, told: Told
) -> None:
    actions.offer(actor=analyst, incident=incident, team=csirc)
    assert (told(responder), told(analyst)) == (["offered"], [])
    actions.accept(actor=responder, hand_off=HandOff.objects.get())
    assert told(analyst) == ["hand_off_accepted"]


def test_a_refusal_tells_who_offered(
    incident: Incident, analyst: Person, responder: Person, csirc: Team, told: Told
) -> None:
    sent = actions.offer(actor=analyst, incident=incident, team=csirc)
    actions.refuse(actor=responder, hand_off=sent, reason="Not ours")
    assert told(analyst) == ["hand_off_refused"]
    line = Notification.objects.get(person=analyst)
    assert (line.by, line.mail_due_at is not None) == (responder, True)


def test_taking_an_offer_back_tells_nobody_more(incident: Incident, analyst: Person, csirc: Team, told: Told) -> None:
    sent = actions.offer(actor=analyst, incident=incident, team=csirc)
    actions.withdraw(actor=analyst, hand_off=sent)
    assert told(analyst) == []


def test_what_has_risen_is_mailed_to_the_ciso(
    incident: Incident, analyst: Person, csirc: Team, ciso: Person, told: Told
) -> None:
    actions.offer(actor=analyst, incident=incident, team=csirc)
    HandOff.objects.update(due_at=timezone.now() - timedelta(minutes=1))
    actions.rise_due()
    actions.rise_due()
    assert told(ciso) == ["risen"]
    assert Notification.objects.get(person=ciso).mail_due_at is not None


def test_deadlines_warn_who_answers_and_rise_when_late(
    clock: Clock, department_a: Organisation, analyst: Person, responder: Person, ciso: Person, told: Told
) -> None:
    clock.begin(actions.open_incident(actor=analyst, title="t", organisations=[department_a], severity=4))
    seen: dict[int, tuple[int, int]] = {}
    for minutes in (10, 25, 26, 31, 32):
        clock.at = NOW + timedelta(minutes=minutes)
        actions.keep_levels()
        seen[minutes] = (told(analyst).count("deadline_near"), told(ciso).count("deadline_late"))
    assert seen == {10: (0, 0), 25: (1, 0), 26: (1, 0), 31: (1, 1), 32: (1, 1)}
    assert Notification.objects.get(kind="deadline_late", person=ciso).count == 1
    assert told(responder) == []  # neither owns it nor is of the team


def test_a_task_tells_its_assignee_or_the_officers(
    incident: Incident,
    other: Incident,
    responder: Person,
    officer_a: Person,
    officer_b: Person,
    ciso: Person,
    told: Told,
) -> None:
    part = other.entities.get(organisation__code="DEPB")
    actions.add_task(actor=responder, incident=other, title="Look", assignee=ciso)
    actions.add_task(actor=responder, incident=other, title="Isolate", entity=part)
    actions.add_task(actor=responder, incident=other, title="Nobody's")
    assert (told(ciso), told(officer_b), told(officer_a)) == (["task_given"], ["task_given"], [])


def test_who_gives_themselves_a_task_is_not_told(other: Incident, responder: Person, told: Told) -> None:
    actions.add_task(actor=responder, incident=other, title="Look", assignee=responder)
    assert told(responder) == []


def test_tasks_are_reminded_of_once(other: Incident, responder: Person, ciso: Person, told: Told) -> None:
    now = timezone.now()
    for hours in (1, 2, 48, -48):
        actions.add_task(actor=responder, incident=other, title="t", assignee=ciso, due_at=now + timedelta(hours=hours))
    assert actions.remind_of_tasks() == 1
    assert actions.remind_of_tasks() == 0
    assert told(ciso) == ["task_given", "task_due"]
    Notification.objects.filter(kind="task_due").update(read_at=now)
    assert actions.remind_of_tasks() == 0


def test_a_note_tells_whom_it_names(
    other: Incident, responder: Person, ciso: Person, analyst: Person, told: Told
) -> None:
    actions.comment(actor=responder, incident=other, text="@ciso and @analyst, and me: @responder. a@outsider")
    assert (told(ciso), told(analyst), told(responder)) == (["mentioned"], ["mentioned"], [])
    assert Notification.objects.count() == 2


@pytest.mark.parametrize("name", ["officer_a", "officer_b", "outsider", "admin"])
def test_a_note_tells_nobody_who_may_not_read_it(name: str, other: Incident, responder: Person, told: Told) -> None:
    actions.comment(actor=responder, incident=other, text=f"@{name}")
    assert told(Person.objects.get(username=name)) == []


def test_a_note_for_one_part_tells_the_officers_there(
    other: Incident, responder: Person, officer_a: Person, officer_b: Person, told: Told
) -> None:
    part = other.entities.get(organisation__code="DEPA")
    actions.comment(actor=responder, incident=other, text="@officer_a @officer_b", entity=part, audience="entity")
    assert (told(officer_a), told(officer_b)) == (["mentioned"], [])


def test_a_note_for_everyone_tells_all_concerned(
    other: Incident, responder: Person, officer_b: Person, told: Told
) -> None:
    actions.comment(actor=responder, incident=other, text="@officer_b", audience="all")
    assert told(officer_b) == ["mentioned"]


def test_a_correction_tells_only_who_is_new(
    other: Incident, responder: Person, ciso: Person, analyst: Person, told: Told
) -> None:
    entry = actions.comment(actor=responder, incident=other, text="@ciso")
    actions.correct(actor=responder, entry=entry, text="@ciso @analyst")
    assert (told(ciso), told(analyst)) == (["mentioned"], ["mentioned"])
    assert Notification.objects.get(person=ciso).count == 1


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@ciso", ["ciso"]),
        ("(@ciso)", ["ciso"]),
        ("@ciso.", ["ciso"]),
        ("@ciso, @analyst; @ciso", ["analyst", "ciso"]),
        ("mail ciso@analyst.example", []),
        ("@@ciso", []),
        ("@CISO", []),
        ("@nobody @", []),
        ("@ciso\0", ["ciso"]),
        ("@" * 5_000, []),
        (" ".join(f"@n{n}" for n in range(5_000)), []),
    ],
)
def test_names_are_found_in_texts(text: str, names: list[str], ciso: Person) -> None:
    assert sorted(named_in(text).values_list("username", flat=True)) == names


def test_who_is_offered_what_is_gone_hears_nothing(
    incident: Incident, analyst: Person, responder: Person, csirc: Team, told: Told
) -> None:
    actions.offer(actor=analyst, incident=incident, team=csirc)
    Membership.objects.filter(person=responder).delete()
    assert told(responder) == []


def test_who_is_given_many_incidents_is_told_of_the_first_few(
    responder: Person, analyst: Person, second: Person, department_a: Organisation, csirc: Team, told: Told
) -> None:
    made = [actions.open_incident(actor=responder, title=f"t{n}", organisations=[department_a]) for n in range(5)]
    order = actions.Order(act="assign", person=second)
    plan = actions.plan_many(actor=responder, found=Incident.objects.filter(pk__in=[i.pk for i in made]), order=order)
    actions.change_many(actor=responder, ids=plan.able, order=order)
    assert told(second) == ["given"] * 3
    assert told(responder) == []


def test_whoever_may_grant_is_told_of_a_request_and_who_asked_of_the_answer(
    case: Incident, responder: Person, guardian: Person, ciso: Person, second: Person, outsider: Person, told: Told
) -> None:
    item = added(responder, case)
    granted(item, responder, guardian)
    assert told(guardian) == told(ciso) == ["personal_asked"]
    assert told(second) == []
    assert told(responder) == ["personal_answered"]


def test_of_very_many_that_rise_at_once_the_first_are_told(
    responder: Person, ciso: Person, department_a: Organisation, told: Told
) -> None:
    made = [actions.open_incident(actor=responder, title=f"t{n}", organisations=[department_a]) for n in range(22)]
    tell_risen([(incident, "ciso") for incident in made])
    assert told(ciso) == ["risen"] * 20
