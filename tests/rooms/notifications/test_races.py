"""Two at once: no event is lost, no digest goes twice; on a database where writers do not queue up by themselves."""

from __future__ import annotations

import pytest
from django.utils import timezone

from tests.rooms.incidents.test_races import at_once
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.notifications import actions
from tocsin.rooms.notifications.models import Notification, Presence

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.postgresql,  # SQLite lets one writer in at a time
]


def test_many_who_tell_at_once_are_all_counted(incident: Incident, ciso: Person, analyst: Person) -> None:
    def tell() -> int:
        return actions.notify(people=[ciso, analyst], kind="risen", about=incident)

    for _round in range(5):
        assert at_once(*[tell] * 6) == [2] * 6
    assert list(Notification.objects.order_by("person").values_list("count", flat=True)) == [30, 30]


def test_what_is_read_while_it_is_told_loses_nothing(incident: Incident, ciso: Person) -> None:
    def tell() -> int:
        return actions.notify(people=[ciso], kind="risen", about=incident)

    for _round in range(15):
        outcomes = at_once(tell, tell, lambda: actions.mark_all_read(person=ciso), tell)
        assert [type(each) for each in outcomes] == [int] * 4, outcomes
    assert sum(Notification.objects.values_list("count", flat=True)) == 45


def test_two_workers_send_one_digest(incident: Incident, ciso: Person) -> None:
    for _round in range(5):
        actions.notify(people=[ciso], kind="risen", about=incident)
        Notification.objects.filter(read_at=None).update(mail_due_at=timezone.now())
        OutboxMessage.objects.all().delete()
        assert sum(at_once(*[actions.send_due] * 3)) == 1
        assert OutboxMessage.objects.count() == 1


def test_two_pages_of_one_person_are_one_presence(incident: Incident, ciso: Person) -> None:
    def look() -> None:
        actions.note_presence(person=ciso, subject="incident", thing=incident.pk)

    assert at_once(*[look] * 6) == [None] * 6
    assert Presence.objects.count() == 1
