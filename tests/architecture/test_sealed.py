"""A sealed incident is, for whoever it does not name, one that does not exist: everywhere, to the number of queries."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.architecture.doors import Door, doors
from tests.architecture.stage import furnish
from tests.architecture.test_routes import bearer, routes
from tocsin.platform.models import GateEntry, OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.incidents import actions, queries
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices.models import Letter, ThreadMail
from tocsin.rooms.notices.queries import plan
from tocsin.rooms.rota.models import Page

SECRET = "Sealed away"
FORMS: dict[str, Any] = {
    "text": "x", "title": "x", "event": "classify", "cause": "x", "reason": "x", "state": "done", "subject": "x",
    "severity": "5", "tlp": "RED", "team": "CSIRC", "organisation": "DEPA", "audience": "all", "people": "analyst",
    "do": "take", "disposition": "benign",
}  # fmt: skip
Answer = tuple[int, bytes, int]


@pytest.fixture
def sealed(chart: Mapping[str, Person]) -> Mapping[str, Any]:
    """Seal an incident with everything in it, and give its ids beside those of things that do not exist."""
    things = furnish(chart)
    incident = Incident.objects.get()
    actions.accept(actor=chart["responder"], hand_off=incident.hand_offs.get(moves=True))
    asked = incident.hand_offs.get(moves=False)
    actions.refuse(actor=chart["officer_a"], hand_off=asked, reason=SECRET)
    actions.rise_due()
    part = actions.inform(
        actor=chart["responder"], incident=incident, entity=incident.entities.get(), subject=SECRET, text=SECRET
    )
    about = notices.draft(
        actor=chart["responder"], title=SECRET, kind="incident", severity=3, tlp="AMBER", facts={"DEPA": ()},
        matter=queries.matter_of(incident),
    )  # fmt: skip
    notices.send(actor=chart["responder"], notice=about, seen=plan(about.editions.get()).digest)
    told = OutboxMessage.objects.get(telling__part=part)
    OutboxMessage.objects.filter(pk=told.pk).update(state="uncertain")
    Letter.objects.create(digest="d", part=part, reading="unclear", subject=SECRET, waiting=True)
    ThreadMail.objects.update(subject=SECRET, text=SECRET)
    Letter.objects.exclude(thread=None).update(subject=SECRET, text=SECRET, sender=SECRET)
    actions.change(actor=chart["responder"], incident=incident, title=SECRET, summary=SECRET)
    Alert.objects.update(title=SECRET)
    GateEntry.objects.filter(item_type="incident").update(item_title=SECRET, reason=SECRET)
    actions.seal(actor=chart["responder"], incident=incident, people=[])
    handed = {asked.uuid, things["rise_take.uuid"]}
    names = [
        *(name for name, value in things.items() if value in {incident.uuid, *handed}),
        "uuid",
        "offer",
        "task",
        "evidence",
        "notification_read.uuid",
        "notification.uuid",
    ]
    messages = {"message_confirm.uuid": told.uuid, "message_again.uuid": told.uuid}
    notice = things["notice.uuid"]
    written = {name: about.uuid for name, value in things.items() if value == notice}
    pages = {name: value for name, value in things.items() if value == Page.objects.get().uuid}
    written |= pages | {"page_telephone.call": things["page_telephone.call"]}
    written |= {name: part.uuid for name in things if name.startswith("notice_part") or name == "notice-part.uuid"}
    return {**things, **messages, **written, "sealed": {*names, *messages, *written}}


def nobody_knows(sealed: Mapping[str, Any]) -> Iterator[tuple[Door, Door]]:
    """Pair each address of something sealed with the same address of something that does not exist."""
    absent = {**sealed, **{name: uuid4() for name in sealed["sealed"]}}
    for real, none in zip(doors(sealed), doors(absent), strict=True):
        if real.path != none.path and not real.route.startswith("api/"):
            yield real, none


def asked(ask: Callable[[], Any]) -> Answer:
    with CaptureQueriesContext(connection) as made:
        answer = ask()
    body = re.sub(rb"[0-9a-f]{8}-[0-9a-f-]{27}|[A-Za-z0-9]{64}", b"", answer.content)
    return answer.status_code, body, len(made)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["analyst", "officer_a", "ciso", "admin", "outsider"])
def test_no_address_tells_it_from_one_that_does_not_exist(
    name: str, sealed: Mapping[str, Any], chart: Mapping[str, Person], client_of: Callable[[Person], Client]
) -> None:
    client = client_of(chart[name])
    pairs = list(nobody_knows(sealed))
    assert len(pairs) >= 25
    for real, none in pairs:
        for method in (client.get, client.post):
            method(none.path, FORMS)
            answers = [asked(lambda m=method, p=path: m(p, FORMS)) for path in (real.path, none.path)]  # type: ignore[misc]
            assert answers[0] == answers[1], f"{real.path} as {name}"
            assert answers[0][0] in {403, 404, 405}, f"{real.path}: {answers[0][0]}"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["analyst", "officer_a", "ciso", "admin", "outsider"])
def test_no_route_tells_it_from_one_that_does_not_exist(
    name: str, sealed: Mapping[str, Any], chart: Mapping[str, Person]
) -> None:
    client = Client(headers=bearer(chart[name]))
    client.get("/api/alerts")  # the use of the token is noted once a minute
    absent = {**sealed, **{each: uuid4() for each in sealed["sealed"]}}
    pairs = [(real[1], none[1]) for real, none in zip(routes(sealed), routes(absent), strict=True) if real != none]
    assert len(pairs) >= 2
    for real, none in pairs:
        assert asked(lambda p=real: client.get(p)) == asked(lambda p=none: client.get(p)), real  # type: ignore[misc]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["analyst", "officer_a", "ciso", "admin", "outsider"])
def test_no_page_or_collection_mentions_it(
    name: str, sealed: Mapping[str, Any], chart: Mapping[str, Person], client_of: Callable[[Person], Client]
) -> None:
    incident, alert = Incident.objects.get(), Alert.objects.get()
    page = Page.objects.get()
    hidden = (
        page.reference,
        str(page.uuid),
        page.reason,
        SECRET,
        incident.reference,
        str(incident.uuid),
        str(alert.uuid),
        "incident.seal",
        "alert.escalate",
    )
    pages, api = client_of(chart[name]), Client(headers=bearer(chart[name]))
    for question in ("", "?state=all", "?state=escalated", f"?q={SECRET[:6]}&text={SECRET[:6]}&state=all"):
        asked_for = [(pages, door.path) for door in doors(sealed)] + [(api, path) for _method, path in routes(sealed)]
        for client, path in asked_for:
            if path == "/account/sign-out/" or str(incident.uuid) in path or str(alert.uuid) in path:
                continue
            answer = client.get(path + question)
            body = b"".join(answer) if answer.streaming else answer.content
            for text in hidden:
                assert text.encode() not in body, f"{path}{question} shows {text} to {name}"


@pytest.mark.django_db
def test_the_people_named_see_it_all(sealed: Mapping[str, Any], chart: Mapping[str, Person]) -> None:
    responder = Person.objects.get(pk=chart["responder"].pk)
    uuids: list[UUID] = list(Incident.objects.visible_to(responder).values_list("uuid", flat=True))
    assert uuids == [Incident.objects.get().uuid]
    assert Alert.objects.visible_to(responder).exists()
