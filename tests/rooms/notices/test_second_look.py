"""What was told changes while people answer, bounce, seal and call: nothing is lost or taken for another thing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from tests.architecture.test_routes import bearer
from tests.rooms.notices.conftest import contact, mails, part, rest, seen
from tocsin.platform import outbox
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Organisation
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.incidents.queries import matter_of
from tocsin.rooms.notices import actions, queries
from tocsin.rooms.notices.actions import Said
from tocsin.rooms.notices.models import Letter, Notice, Telling
from tocsin.rooms.notices.queries.letters import link

Write = Callable[..., Notice]
ClientOf = Callable[[Person], Client]
CHANGES = {"en": {"text": "See below."}}
OFFICER = "officer_a@tocsin.example"
pytestmark = pytest.mark.django_db


def correct(notice: Notice, actor: Person, text: str = "", **more: Any) -> None:
    actions.correct(actor=actor, notice=notice, changes=CHANGES, text=text, **more)
    actions.send(actor=actor, notice=notice, seen=seen(notice))


def reply(told: str, text: str, to: str = "") -> Letter:
    head = f"From: {OFFICER}\nTo: tocsin@tocsin.example\nSubject: Re: [{told}] x\n"
    return actions.take(f"{head}{f'In-Reply-To: {to}' if to else 'X-Y: z'}\n\n{text}\n".encode())


def message_of(telling: Telling) -> str:
    assert telling.message is not None
    return telling.message.message_id


def test_an_answer_to_what_was_told_before_is_no_answer_to_what_came_since(sent: Write, analyst: Person) -> None:
    notice = sent("192.0.2.7")
    told = part(notice, "DEPA")
    first = message_of(told.tellings.get())
    correct(notice, analyst, "192.0.2.7 192.0.2.8")
    letter = reply(told.reference, "Done, the host was reinstalled.", first)
    assert (letter.waiting, part(notice, "DEPA").state) == (True, "told")
    second = message_of(told.tellings.latest("pk"))
    assert not reply(told.reference, "Done, both hosts were reinstalled.", second).waiting
    assert part(notice, "DEPA").state == "done"


def test_a_page_opened_before_the_correction_shows_the_correction_first(sent: Write, analyst: Person) -> None:
    notice = sent("192.0.2.7")
    address = link(part(notice, "DEPA").tellings.get()).partition("/answer/")[2]
    asked = part(notice, "DEPA").asked
    correct(notice, analyst, "192.0.2.7 192.0.2.8")
    page = Client().post(f"/answer/{address}", {"kind": "done", "asked": asked}).content.decode()
    assert "has changed since you opened this" in page
    assert "192.0.2.8" in page
    assert part(notice, "DEPA").state == "told"
    Client().post(f"/answer/{address}", {"kind": "done", "asked": part(notice, "DEPA").asked})
    assert part(notice, "DEPA").state == "done"


def test_a_program_says_which_edition_it_answers(sent: Write, analyst: Person, officer_a: Person) -> None:
    notice = sent("192.0.2.7")
    correct(notice, analyst, "192.0.2.7 192.0.2.8")
    client, path = Client(headers=bearer(officer_a)), f"/api/notice-parts/{part(notice, 'DEPA').uuid}"
    given = {"kind": "done", "edition": 1}
    assert client.post(f"{path}/answer", given, content_type="application/json").status_code == 409
    assert client.get(path).json()["edition"] == 2
    given["edition"] = 2
    assert client.post(f"{path}/answer", given, content_type="application/json").status_code == 200


def test_an_address_does_not_stand_in_a_longer_one(sent: Write) -> None:
    notice = sent("192.0.2.7 192.0.2.71")
    told = part(notice, "DEPA")
    for text in ("192.0.2.71 has been reinstalled.", "192.0.2[.]71: done", "192.0.2.71 is not ours."):
        assert reply(told.reference, text).waiting, text
    assert part(notice, "DEPA").state == "told"


def test_a_reply_that_names_another_matter_than_it_answers_goes_to_a_person(sent: Write) -> None:
    notice = sent()
    letter = reply(part(notice, "DEPB").reference, "Done.", message_of(part(notice, "DEPA").tellings.get()))
    assert letter.waiting
    assert {part(notice, code).state for code in ("DEPA", "DEPB")} == {"told"}


def test_what_no_database_keeps_is_left_out_of_a_letter(sent: Write) -> None:
    told = part(sent("192.0.2.7"), "DEPA")
    head = f"From: {OFFICER}\nTo: x@y.example\nSubject: Re: [{told.reference}]\0\nMessage-ID: <a\0b@c.example>\n"
    letter = actions.take(f"{head}\nDo\0ne.\n".encode())
    assert "\0" not in letter.message_id + letter.subject + letter.text


def test_a_correction_that_was_not_sent_is_told_by_nothing_that_goes_by_itself(sent: Write, analyst: Person) -> None:
    notice = sent("192.0.2.7")
    actions.answer(part=part(notice, "DEPA"), said=Said("not_applicable", "page", "x", text="Not ours."))
    actions.correct(actor=analyst, notice=notice, changes=CHANGES, text="192.0.2.7 192.0.2.8")
    before = OutboxMessage.objects.count()
    actions.contradict()
    actions.discard(actor=analyst, notice=notice)
    actions.contradict()
    assert OutboxMessage.objects.count() == before
    assert part(notice, "DEPA").state == "not_applicable"
    correct(notice, analyst, "192.0.2.7 192.0.2.8")
    assert [text for _sort, text in Notice.objects.get().values] == ["192.0.2.7", "192.0.2.8"]


def bounce(notice: Notice) -> None:
    actions.not_reached(telling=Telling.objects.filter(part__notice=notice).latest("pk"), reason="550 no such user")


def test_a_message_that_comes_back_goes_to_the_deputy_or_on_the_list(
    ranges: None, responder: Person, ciso: Person
) -> None:
    place = Organisation.objects.get(code="DEPA")
    incident = incidents.open_incident(actor=responder, title="x", organisations=[place])
    told = incidents.inform(
        actor=responder, incident=incident, entity=incident.entities.get(), subject="s", text="Please call."
    )
    deputy = contact("DEPA", "deputy", "deputy@depa.example")
    bounce(told.notice)
    assert "Please call." in mails()["deputy@depa.example"]
    deputy.delete()
    bounce(told.notice)
    told.refresh_from_db()
    assert (told.missed, bool(told.trouble)) == (True, True)
    assert told in queries.stuck_parts(responder)


def test_a_withdrawal_that_comes_back_stands_on_the_list(sent: Write, analyst: Person) -> None:
    Membership.objects.filter(role="ciso").delete()
    notice = sent("192.0.2.7")
    actions.withdraw(actor=analyst, notice=notice, changes=CHANGES)
    actions.send(actor=analyst, notice=notice, seen=seen(notice))
    bounce(notice)
    missed = part(notice, "DEPA")
    assert (missed.state, missed.missed) == ("withdrawn", True)
    assert missed in queries.stuck_parts(analyst)
    contact("DEPA", "officer", "new@depa.example")
    assert rest(Notice.objects.get(), analyst).unreached == 0
    assert "withdraw" in mails()["new@depa.example"]
    assert not part(notice, "DEPA").missed


def test_a_correction_that_comes_back_from_whoever_had_done_it_stands_on_the_list(sent: Write, analyst: Person) -> None:
    Membership.objects.filter(role="ciso").delete()
    notice = sent("192.0.2.7 192.0.2.8")
    actions.answer(part=part(notice, "DEPA"), said=Said("done", "page", "x"))
    correct(notice, analyst, "192.0.2.7")
    bounce(notice)
    missed = part(notice, "DEPA")
    assert (missed.state, missed.missed) == ("done", True)


def test_a_call_about_the_first_edition_is_no_word_of_a_correction_that_comes_back(
    sent: Write, analyst: Person
) -> None:
    Membership.objects.filter(role="ciso").delete()
    notice = sent("192.0.2.7")
    actions.told_by_telephone(
        actor=analyst, part=part(notice, "DEPA"), name="A", number="1", at=timezone.now() - timedelta(hours=1)
    )
    correct(notice, analyst, "192.0.2.7 192.0.2.8")
    bounce(notice)
    missed = part(notice, "DEPA")
    assert (missed.state, bool(missed.trouble)) == ("unreached", True)


def test_those_who_could_not_be_told_are_told_after_a_look_only(
    sent: Write, analyst: Person, client_of: ClientOf
) -> None:
    Membership.objects.filter(role__in=("officer", "ciso")).delete()
    notice = sent("192.0.2.7")
    client = client_of(analyst)
    contact("DEPA", "officer", "new@depa.example")
    client.post(f"/notices/{notice.uuid}/rest/")
    assert not OutboxMessage.objects.exists()
    page = client.get(f"/notices/{notice.uuid}/?rest=1").content.decode()
    assert "new@depa.example" in page
    digest = page.split('name="seen" value="')[1].split('"')[0]
    client.post(f"/notices/{notice.uuid}/rest/", {"seen": digest})
    assert set(mails()) == {"new@depa.example"}


def test_what_waits_to_leave_stops_when_it_is_sealed(ranges: None, responder: Person, officer_a: Person) -> None:
    place = Organisation.objects.get(code="DEPA")
    incident = incidents.open_incident(actor=responder, title="x", organisations=[place])
    told = incidents.inform(actor=responder, incident=incident, entity=incident.entities.get(), subject="s", text="t")
    answering = told.tellings.get()
    address = link(answering).partition("/answer/")[2]
    incidents.seal(actor=responder, incident=incident, people=[])
    assert outbox.deliver_due() == 0
    assert OutboxMessage.objects.get().state == "failed"
    assert Client().get(f"/answer/{address}").status_code == 404
    incidents.seal(actor=responder, incident=incident, people=[officer_a])
    assert b"Please" not in Client().get(f"/answer/{address}").content
    assert Client().get(f"/answer/{address}").status_code == 200


def test_nothing_is_written_about_what_was_sealed_meanwhile(ranges: None, responder: Person, ciso: Person) -> None:
    place = Organisation.objects.get(code="DEPA")
    incident = incidents.open_incident(actor=responder, title="x", organisations=[place])
    stale, matter = Incident.objects.get(pk=incident.pk), matter_of(incident)
    incidents.seal(actor=responder, incident=incident, people=[])
    about: dict[str, Any] = {"title": "x", "kind": "incident", "severity": 2, "tlp": "AMBER", "matter": matter}
    with pytest.raises(actions.NoticeError, match="sealed"):
        actions.draft(actor=ciso, facts={"DEPA": ()}, **about)
    with pytest.raises(PermissionDenied):
        incidents.inform(actor=ciso, incident=stale, entity=stale.entities.get(), subject="s", text="t")
    notice = actions.draft(actor=responder, facts={"DEPA": ()}, **about)
    assert notice.sealed
    with pytest.raises(PermissionDenied):
        actions.send(actor=ciso, notice=notice, seen=seen(notice))


def test_a_call_before_the_correction_is_no_word_of_it(sent: Write, analyst: Person) -> None:
    Membership.objects.filter(role__in=("officer", "ciso")).delete()
    notice = sent("192.0.2.7")
    notice.editions.update(sent_at=timezone.now() - timedelta(hours=3))
    actions.correct(actor=analyst, notice=notice, changes=CHANGES, text="192.0.2.7 192.0.2.8")
    actions.send(actor=analyst, notice=notice, seen=seen(notice))
    call: dict[str, Any] = {"actor": analyst, "part": part(notice, "DEPA"), "number": "+32 2 1"}
    actions.told_by_telephone(**call, name="A", at=timezone.now() - timedelta(hours=2))
    assert part(notice, "DEPA").state == "unreached"
    actions.told_by_telephone(**call, name="B", at=timezone.now())  # somebody else at the same number
    after = part(notice, "DEPA")
    assert (after.state, after.edition and after.edition.number) == ("told", 2)
    with pytest.raises(actions.NoticeError, match="already"):
        actions.told_by_telephone(**call, name="B", at=timezone.now())


def test_what_was_said_earlier_undoes_nothing_said_later(sent: Write) -> None:
    notice = sent("192.0.2.7")
    told, yesterday = part(notice, "DEPA"), timezone.now() - timedelta(hours=20)
    actions.answer(part=told, said=Said("done", "link", "x"))
    day = timezone.now().date() + timedelta(days=3)
    actions.answer(part=told, said=Said("planned", "telephone", "x", planned_for=day, at=yesterday))
    assert (part(notice, "DEPA").state, told.answers.count()) == ("done", 2)


def test_a_day_too_far_away_is_not_waited_for(sent: Write) -> None:
    told = part(sent("192.0.2.7", severity=5), "DEPA")
    day = timezone.now().date() + timedelta(days=3000)
    actions.answer(part=told, said=Said("planned", "page", "x", planned_for=day))
    told.refresh_from_db()
    step = queries.rung_at(told)
    assert step is not None
    assert told.due_at is not None
    assert step < told.due_at + timedelta(days=5)


def test_when_mail_is_not_to_be_trusted_a_notice_is_told_by_telephone_alone(
    draft: Write, analyst: Person, client_of: ClientOf
) -> None:
    notice = draft("192.0.2.7")
    client_of(analyst).post(f"/notices/{notice.uuid}/by-telephone/", {"seen": seen(notice)})
    assert not OutboxMessage.objects.exists()
    assert part(notice, "DEPA").state == "unreached"
    actions.told_by_telephone(actor=analyst, part=part(notice, "DEPA"), name="A", number="1", at=timezone.now())
    assert part(notice, "DEPA").state == "told"


def test_the_preview_is_the_mail(draft: Write, analyst: Person, client_of: ClientOf) -> None:
    notice = draft("192.0.2.7")
    page = client_of(analyst).get(f"/notices/{notice.uuid}/").content.decode()
    assert f"[TLP:AMBER] [{part(notice, 'DEPA').reference}] Command server" in page
    assert "/answer/…/" in page
    assert "FIRST TLP 2.0" in page


def test_a_correction_may_correct_the_text(sent: Write, analyst: Person, client_of: ClientOf) -> None:
    notice = sent("192.0.2.7")
    client = client_of(analyst)
    form = client.get(f"/notices/{notice.uuid}/correct/").content.decode()
    assert "Please look for signs of compromise" in form
    client.post(f"/notices/{notice.uuid}/correct/", {"text_en": "Wrong advice before.", "now_en": "Do nothing at all."})
    actions.send(actor=analyst, notice=notice, seen=seen(notice))
    assert "Do nothing at all." in mails()[OFFICER]
    assert "Please look for signs" not in mails()[OFFICER]


def test_a_text_with_nul_is_refused_and_breaks_nothing(ranges: None, analyst: Person) -> None:
    given = {"title": "a\0b", "values": "192.0.2.7"}
    answer = Client(headers=bearer(analyst)).post("/api/notices", given, content_type="application/json")
    assert (answer.status_code, "NUL" in answer.json()["detail"]) == (422, True)


def test_a_feed_that_asks_twice_has_one_notice(ranges: None, analyst: Person) -> None:
    client = Client(headers=bearer(analyst) | {"Idempotency-Key": "feed-2026-11-27"})
    given = {"title": "a", "values": "192.0.2.7"}
    answers = [client.post("/api/notices", given, content_type="application/json").json() for _twice in range(2)]
    assert answers[0]["uuid"] == answers[1]["uuid"]
    assert Notice.objects.count() == 1
    other = Client(headers=bearer(analyst))
    for _twice in range(2):
        other.post("/api/notices", given, content_type="application/json")
    assert Notice.objects.count() == 3


def test_what_is_held_and_seen_is_one_fact(ranges: None, tmp_path: Path) -> None:
    import importlib
    from datetime import UTC, datetime
    from unittest.mock import patch

    from tocsin.pipeline.lake.search import Key, Seen

    module = importlib.import_module("tocsin.rooms.notices.queries.affected")
    with patch.object(module, "search", lambda *_given: {Key("192.0.2.7", "DEPA"): Seen(5)}):
        listed = queries.read_list("192.0.2.7", at=datetime.now(UTC), within={"DEPA"})
    ((fact,),) = listed.facts.values()
    assert (fact["held_as"], fact["count"]) == ("192.0.2.0/25", 5)
