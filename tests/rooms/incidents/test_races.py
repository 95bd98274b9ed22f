"""Two people at once: one wins, the other is told; on a database where writers do not queue up by themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests.rooms.incidents.filing import stored
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import HandOff, Incident, PersonalAccess, Rise

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql,  # SQLite lets one writer in at a time
]


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do all at the same moment; give what each gave or raised."""
    gate, outcomes = threading.Barrier(len(acts)), [None] * len(acts)

    def one(place: int, act: Callable[[], Any]) -> None:
        gate.wait()
        try:
            outcomes[place] = act()
        except Exception as error:  # noqa: BLE001  # it is what the test asks for
            outcomes[place] = error  # type: ignore[call-overload]
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return outcomes


@pytest.fixture
def second(chart: Mapping[str, Person]) -> Person:
    Membership.objects.create(person=chart["outsider"], role="responder", team=Team.objects.get(code="CSIRC"))
    return Person.objects.get(pk=chart["outsider"].pk)


@pytest.fixture
def offered(chart: Mapping[str, Person]) -> HandOff:
    opened = actions.open_incident(
        actor=chart["analyst"],
        title="t",
        organisations=[Organisation.objects.get(code="DEPA")],
        offer_to=Team.objects.get(code="CSIRC"),
    )
    offer: HandOff = opened.hand_offs.get()
    return offer


def test_one_of_two_takes_an_offer(chart: Mapping[str, Person], second: Person, offered: HandOff) -> None:
    outcomes = at_once(
        lambda: actions.accept(actor=chart["responder"], hand_off=offered),
        lambda: actions.accept(actor=second, hand_off=offered),
    )
    assert {type(one) for one in outcomes} == {Incident, ValidationError}


def test_an_offer_is_accepted_or_refused(chart: Mapping[str, Person], second: Person, offered: HandOff) -> None:
    outcomes = at_once(
        lambda: actions.accept(actor=chart["responder"], hand_off=offered),
        lambda: actions.refuse(actor=second, hand_off=offered, reason="busy"),
        lambda: actions.withdraw(actor=chart["analyst"], hand_off=offered),
    )
    assert [type(one) for one in outcomes].count(Incident) == 1
    assert [type(one) for one in outcomes].count(ValidationError) == 2
    incident = Incident.objects.get()
    accepted = HandOff.objects.get().state == "accepted"
    assert (incident.owner_team == Team.objects.get(code="CSIRC")) == accepted
    assert incident.offered_to is None


def test_sealing_and_offering_do_not_cross(chart: Mapping[str, Person], offered: HandOff) -> None:
    actions.refuse(actor=chart["responder"], hand_off=offered, reason="busy")
    for _ in range(5):
        incident = Incident.objects.get()
        at_once(
            lambda i=incident: actions.seal(actor=chart["responder"], incident=i, people=[chart["analyst"]]),  # type: ignore[misc]
            lambda: actions.offer(
                actor=chart["analyst"], incident=Incident.objects.get(), team=Team.objects.get(code="CSIRC")
            ),
        )
        now = Incident.objects.get()
        assert not (now.sealed and now.offered_to)
        if now.sealed:
            actions.unseal(actor=chart["responder"], incident=now)
        for open_one in HandOff.objects.filter(state="offered"):
            actions.withdraw(actor=chart["analyst"], hand_off=open_one)


def test_one_of_two_answers_a_request_and_the_other_is_told_who(
    chart: Mapping[str, Person], second: Person, network: Team, department_a: Organisation
) -> None:
    opened = actions.open_incident(actor=chart["analyst"], title="t", organisations=[department_a])
    crew = [Person.objects.create(username=f"net{n}", email=f"net{n}@x.example", full_name=f"Net {n}") for n in "12"]
    for person in crew:
        Membership.objects.create(person=person, role="network_operator", team=network)
    asked = actions.hand_over(
        actor=Person.objects.get(username="analyst"), incident=opened, route="H13", receiver=network
    )
    outcomes = at_once(
        lambda: actions.accept(actor=crew[0], hand_off=asked),
        lambda: actions.refuse(actor=crew[1], hand_off=asked, reason="no"),
    )
    [won] = [one for one in outcomes if isinstance(one, Incident)]
    [lost] = [one for one in outcomes if isinstance(one, ValidationError)]
    winner = crew[outcomes.index(won)]
    assert str(winner) in lost.messages[0]
    assert HandOff.objects.get().answered_by == winner


def test_rising_and_answering_do_not_cross(chart: Mapping[str, Person], offered: HandOff) -> None:
    HandOff.objects.update(due_at=timezone.now())
    outcomes = at_once(
        actions.rise_due,
        actions.rise_due,
        lambda: actions.accept(actor=chart["responder"], hand_off=offered),
    )
    assert not [one for one in outcomes if isinstance(one, Exception)]
    actions.rise_due()
    assert Rise.objects.filter(hand_off=offered).count() <= 1
    assert not Rise.objects.filter(settled_at=None, hand_off=offered).exists()


def test_one_of_two_takes_what_has_risen(chart: Mapping[str, Person], second: Person, offered: HandOff) -> None:
    HandOff.objects.update(due_at=timezone.now())
    actions.rise_due()
    rise = Rise.objects.get()
    outcomes = at_once(
        lambda: actions.take_up(actor=chart["ciso"], rise=rise),
        lambda: actions.take_up(actor=second, rise=rise),
        lambda: actions.accept(actor=chart["responder"], hand_off=offered),
    )
    assert [type(one) for one in outcomes].count(ValidationError) in {1, 2}
    assert Rise.objects.get().settled_at is not None


def test_one_of_two_makes_an_incident_of_an_alert(
    chart: Mapping[str, Person], second: Person, client_of: Callable[[Person], Client]
) -> None:
    now = timezone.now()
    alert = Alert.objects.create(
        key="k", rule_id="r", rule_version="1", title="t", level=3, organisation=Organisation.objects.get(code="DEPA"),
        window_start=now, first_seen=now, last_seen=now,
    )  # fmt: skip
    form = {"title": "mine", "severity": "3", "tlp": "AMBER", "organisations": ["DEPA"], "alert": str(alert.uuid)}
    clients = [client_of(chart["analyst"]), client_of(second)]
    outcomes = at_once(*(lambda c=c: c.post("/incidents/from-alerts/", form).status_code for c in clients))
    assert sorted(outcomes) == [200, 302]
    assert Incident.objects.count() == 1
    assert Alert.objects.get().incidents.count() == 1


def test_two_close_an_alert_for_two_reasons(
    chart: Mapping[str, Person], second: Person, client_of: Callable[[Person], Client]
) -> None:
    now = timezone.now()
    alert = Alert.objects.create(
        key="k", rule_id="r", rule_version="1", title="t", level=3, organisation=Organisation.objects.get(code="DEPA"),
        window_start=now, first_seen=now, last_seen=now,
    )  # fmt: skip
    address = f"/alerts/{alert.uuid}/dispose/"
    clients = [client_of(chart["analyst"]), client_of(second)]
    reasons = [{"disposition": "benign", "reason": "one"}, {"disposition": "duplicate", "reason": "two"}]
    pairs = zip(clients, reasons, strict=True)
    assert at_once(*(lambda c=c, r=r: c.post(address, r).status_code for c, r in pairs)) == [302, 302]
    assert alert.comments.count() == 1


def test_many_are_changed_beside_somebody_who_changes_one(chart: Mapping[str, Person], second: Person) -> None:
    place = Organisation.objects.get(code="DEPA")
    made = [actions.open_incident(actor=chart["responder"], title="t", organisations=[place]) for _ in range(6)]
    Incident.objects.update(owner=None)
    order, ids = actions.Order(act="take"), [one.pk for one in made]
    outcomes = at_once(
        lambda: actions.change_many(actor=chart["responder"], ids=ids, order=order),
        lambda: actions.change_many(actor=second, ids=ids, order=order),
        lambda: actions.comment(actor=chart["ciso"], incident=made[3], text="Look"),
    )
    (one,) = (outcome[0] for outcome in outcomes[:2] if isinstance(outcome, tuple))
    assert one.count == 6
    assert sum(isinstance(outcome, ValidationError) for outcome in outcomes[:2]) == 1
    assert set(Incident.objects.values_list("owner", flat=True)) == {one.person_id}


def test_a_change_is_taken_back_once(chart: Mapping[str, Person]) -> None:
    place = Organisation.objects.get(code="DEPA")
    made = [actions.open_incident(actor=chart["responder"], title="t", organisations=[place]) for _ in range(3)]
    order = actions.Order(act="severity", severity=5, reason="r")
    change, _passed = actions.change_many(actor=chart["responder"], ids=[one.pk for one in made], order=order)
    outcomes = at_once(*[lambda: actions.undo_many(actor=chart["responder"], change=change)] * 2)
    assert sorted(outcomes, key=str)[0] == 3
    assert {type(one) for one in outcomes} == {int, ValidationError}


def test_one_of_two_answers_a_request(chart: Mapping[str, Person], second: Person) -> None:
    Membership.objects.create(person=chart["admin"], role="data_protection", team=Team.objects.get(code="CSIRC"))
    guardian = Person.objects.get(pk=chart["admin"].pk)
    case = actions.open_insider(
        actor=chart["responder"], title="t", organisations=[Organisation.objects.get(code="DEPA")],
        ground=actions.Ground("misuse_inquiry", "legal_obligation", "x"), people=[chart["ciso"], guardian, second],
    )  # fmt: skip
    [item] = actions.add_personal(
        actor=second, incident=case, form="note", kind="note", files=[("", stored(b"about somebody"))]
    )
    asked = at_once(*[lambda: actions.ask_personal(actor=second, item=item, purpose="p")] * 2)
    (access,) = (one for one in asked if isinstance(one, PersonalAccess))
    outcomes = at_once(
        lambda: actions.decide_personal(actor=chart["ciso"], access=access, grant=True),
        lambda: actions.decide_personal(actor=guardian, access=access, grant=False, reason="no"),
        lambda: actions.decide_personal(actor=guardian, access=access, grant=True),
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["PersonalAccess", "ValidationError", "ValidationError"]
    access.refresh_from_db()
    assert (access.state == "granted") == (access.until is not None)
