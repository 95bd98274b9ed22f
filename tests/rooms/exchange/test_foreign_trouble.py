"""What goes wrong with a foreign desk: down, refused, killed in between, flooded; nothing is lost, nothing doubled."""

from __future__ import annotations

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from tests.rooms.exchange.foreign import comment, concerning, mirrored, said_in, set_up, tell, ticket_of
from tests.tracker import QUEUE, Tracker
from tocsin import config
from tocsin.platform.doctor import State
from tocsin.platform.models import AuditEntry, GateEntry
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.exchange import actions, knowledge
from tocsin.rooms.exchange.actions import carrying, desks
from tocsin.rooms.exchange.actions.dialect import Trouble
from tocsin.rooms.exchange.models import ForeignDesk, Passing, Ticket
from tocsin.rooms.incidents import actions as incidents

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_while_it_is_down_everything_waits(admin: Person, responder: Person, tracker: Tracker) -> None:
    set_up(admin, tracker)
    incident = concerning(responder, "DEPA")
    tell(responder, incident)
    tracker.stop()
    try:
        mirrored(2)
        desk = ForeignDesk.objects.get()
        assert desk.failures == 2
        assert desk.trouble.startswith("No answer: 127.0.0.1:")
        assert desk.next_poll_at > timezone.now()
        assert [f.state for f in actions.examine_desks(config.load())] == [State.WARNING, State.WELL]
        comment(responder, incident, "Said while it was down")
    finally:
        tracker.start()
    mirrored(3)
    ticket = ticket_of(incident)
    texts = tracker.texts(ticket.number)
    assert sum("Host of DEPA" in text for text in texts) == 1
    assert sum("Said while it was down" in text for text in texts) == 1
    assert (ForeignDesk.objects.get().trouble, ticket.trouble, ticket.failures) == ("", "", 0)


def test_killed_between_sending_and_noting_sends_nothing_twice(
    admin: Person, responder: Person, tracker: Tracker
) -> None:
    desk = set_up(admin, tracker)
    incident = concerning(responder, "DEPA")
    tell(responder, incident)
    rt = desks.opened(desk)
    carrying.open_tickets(desk)
    ticket = ticket_of(incident)
    errand = carrying._claim(ticket)  # what is committed before anything is sent
    assert errand is not None
    assert errand.passing is not None
    rt.create(desk.queue, errand.subject, errand.passing.text, {})  # and here it dies
    comment(responder, incident, "Said before it came back")
    mirrored(3)
    ticket.refresh_from_db()
    assert (
        sum(f"[Tocsin {incident.reference}" in str(tracker.ask(f"ticket/{n}")["Subject"]) for n in tracker.tickets())
        == 1
    )
    assert sum("Said before it came back" in text for text in tracker.texts(ticket.number)) == 1

    comment(responder, incident, "Second")
    errand = carrying._claim(ticket)
    assert errand is not None
    assert errand.passing is not None
    rt.write(ticket.number, errand.passing.text)  # and here again
    comment(responder, incident, "Third")
    mirrored(3)
    texts = tracker.texts(ticket.number)
    assert [sum(word in text for text in texts) for word in ("Second", "Third")] == [1, 1]
    assert not Passing.objects.exclude(state="done").exists()


@pytest.mark.django_db(transaction=True)  # as the worker has it: nothing around what it does
def test_what_is_wrong_is_said_with_what_to_do(admin: Person, responder: Person, tracker: Tracker) -> None:
    desk = set_up(admin, tracker, token="1-9-wrong")
    (step,) = actions.try_desk(actor=admin, desk=desk)
    assert (step.well, step.said[:28]) == (False, "RT does not take the token: ")
    incident = concerning(responder, "DEPA")
    tell(responder, incident)
    mirrored(2)
    assert ForeignDesk.objects.get().trouble.startswith("RT does not take the token")
    given = {"base_url": tracker.url, "queue": "Nowhere"}
    desk = actions.change_desk(actor=admin, desk=desk, token=tracker.tokens["tocsin"], **given)
    first, second = actions.try_desk(actor=admin, desk=desk)
    assert first.well
    assert not second.well
    assert "queue" in second.said
    mirrored()
    assert "No permission to create tickets in the queue 'Nowhere'" in ticket_of(incident).trouble
    desk = actions.change_desk(actor=admin, desk=desk, base_url=tracker.url, queue=QUEUE)
    assert all(step.well for step in actions.try_desk(actor=admin, desk=desk))
    mirrored(2)
    assert ticket_of(incident).number
    assert ticket_of(incident).trouble == ""


def test_a_robot_there_that_answers_everything_is_stopped_by_the_cap(
    admin: Person, responder: Person, tracker: Tracker
) -> None:
    set_up(admin, tracker)
    incident = concerning(responder, "DEPA")
    tell(responder, incident)
    mirrored(2)
    number, most = ticket_of(incident).number, knowledge.desks().most_in_an_hour
    already = ticket_of(incident)
    for word in range(most - 4):
        Passing.objects.create(ticket=already, way="in", state="done", transaction=f"9000{word}", text="Flood")
    for word in range(5):
        tracker.reply(number, f"Flood {word}")
    mirrored(2)
    ticket = ticket_of(incident)
    assert ticket.state == "resting"
    assert f"More than {most} things" in ticket.trouble
    assert Passing.objects.filter(ticket=ticket).count() == most
    assert AuditEntry.objects.filter(verb="exchange.ticket_rests").count() == 1
    actions.mirror_now(actor=responder, ticket=ticket)
    mirrored(2)
    assert said_in(incident) == [f"Flood {word}" for word in range(5)], "and nothing is lost"


def test_two_that_echo_each_other_come_to_rest(admin: Person, responder: Person, tracker: Tracker) -> None:
    """Each of two houses writes what it has into one ticket; a robot beside them repeats whatever it reads."""
    set_up(admin, tracker)
    set_up(admin, tracker, "DEPB", token=tracker.tokens["handler"])
    incident = concerning(responder, "DEPA", "DEPB")
    tell(responder, incident)
    tell(responder, incident, "DEPB")
    mirrored(2)
    shared = ticket_of(incident).number
    Ticket.objects.filter(entity__organisation__code="DEPB").update(number="", state="stopped")
    Ticket.objects.filter(entity__organisation__code="DEPB").update(number=f"0{shared}", state="live", last_heard=0)
    repeated = 0
    for _round in range(5):
        texts = tracker.texts(shared)
        for text in texts[repeated:]:
            tracker.reply(shared, f"Received: {text}")
        repeated = len(texts)
        mirrored()
        if _round == 0:
            comment(responder, incident, "Round one", "DEPA")
            comment(responder, incident, "Round one", "DEPB")
    ours = [text for text in tracker.texts(shared) if not text.startswith("Received: ")]
    assert len(ours) == 3, "the opening, and what each house wrote itself"


def test_what_the_gate_refuses_stays_here_and_is_said(admin: Person, responder: Person, tracker: Tracker) -> None:
    set_up(admin, tracker)
    incident = concerning(responder, "DEPA")
    tell(responder, incident)
    incidents.change(actor=responder, incident=incident, tlp="RED")
    before = tracker.tickets()
    mirrored(3)
    ticket = ticket_of(incident)
    assert tracker.tickets() == before
    assert (ticket.state, "named people" in ticket.trouble) == ("refused", True)
    assert GateEntry.objects.filter(action="ticket", allowed=False).count() == 1, "asked once, until something changes"
    incidents.change(actor=responder, incident=incident, tlp="AMBER")
    mirrored(2)
    assert ticket_of(incident).state == "live"
    assert len(tracker.tickets()) == len(before) + 1


def test_hostile_text_is_cut_and_harmless(admin: Person, responder: Person, tracker: Tracker) -> None:
    set_up(admin, tracker)
    incident = concerning(responder, "DEPA")
    tell(responder, incident)
    mirrored(2)
    number = ticket_of(incident).number
    tracker.reply(number, "\u202eevil\x07\x1b[31m" + "x" * 60_000)
    tracker.reply(number, "<style>p{}</style><img src=x onerror=alert(1)>", ContentType="text/html")
    mirrored(2)
    (text,) = said_in(incident)
    assert len(text) < knowledge.desks().longest + 100
    assert text.startswith("evil[31mxxx")
    assert text.endswith("[cut; the rest is in the ticket]")


def test_a_desk_is_for_the_administrators_of_its_organisation(
    admin: Person, responder: Person, officer_a: Person, tracker: Tracker
) -> None:
    for person in (responder, officer_a):
        with pytest.raises(PermissionDenied):
            set_up(person, tracker)
    desk = set_up(admin, tracker)
    with pytest.raises(ValidationError, match="already"):
        set_up(admin, tracker)
    assert tracker.tokens["tocsin"].encode() not in bytes(desk.token)
    with pytest.raises(ValidationError, match="needs its token"):
        actions.change_desk(actor=admin, desk=desk, base_url="https://evil.example", queue=QUEUE)
    other = ForeignDesk.objects.get()
    other.uuid = responder.uuid  # its token is bound to its own id
    with pytest.raises(Trouble, match="enter it again"):
        desks.opened(other)
    actions.run_desk(actor=admin, desk=desk, active=False)
    incident = concerning(responder, "DEPA")
    tell(responder, incident)
    mirrored(2)
    assert not Ticket.objects.exists()
    assert set(AuditEntry.objects.filter(verb__startswith="exchange.desk").values_list("verb", flat=True)) == {
        "exchange.desk_set_up", "exchange.desk_stop",
    }  # fmt: skip


@pytest.mark.parametrize(
    "url",
    [
        "http://rt.example.org",
        "https://10.0.0.1",
        "ftp://rt.example.org",
        "https://u:p@rt.example.org",
        "https://rt/?x=1",
    ],
)
def test_a_desk_is_somewhere_public_or_listed(admin: Person, tracker: Tracker, url: str) -> None:
    with pytest.raises(ValidationError):
        set_up(admin, tracker, base_url=url)


def test_an_address_that_is_not_listed_any_more_is_not_asked(
    admin: Person, tracker: Tracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = set_up(admin, tracker)
    monkeypatch.setenv("TOCSIN_WEBHOOK_NETWORKS", "")
    (step,) = actions.try_desk(actor=admin, desk=desk)
    assert "is not public" in step.said
