"""A page climbs its ladder until somebody takes it, and nobody is called twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.test import Client
from django.utils import timezone

from tests.rooms.rota.conftest import called, later, sent
from tocsin.platform.models import AuditEntry, GateEntry, OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.incidents.queries import matter_of
from tocsin.rooms.rota import actions, queries
from tocsin.rooms.rota.models import Call, Page, Roster

pytestmark = pytest.mark.django_db
State = Page.State
Paged = Callable[..., Page]


def test_the_first_line_is_called_at_once(paged: Paged) -> None:
    page = paged()
    assert called(page) == [(1, "responder", "sms"), (1, "responder", "mail")]
    assert {to for to, _body in sent()} == {"+3222956001", "responder@tocsin.example"}
    assert (page.state, page.step) == (State.OPEN, 1)


def test_a_message_says_which_page_it_is_and_nothing_of_the_matter(paged: Paged) -> None:
    page = paged(reason="The archive of DEPA burns")
    for _to, body in sent():
        assert page.reference in body
        assert "/called/" in body
        assert "archive" not in body
        assert "DEPA" not in body
    assert not GateEntry.objects.filter(item_title__contains="archive").exists()
    assert not AuditEntry.objects.filter(details__icontains="archive").exists()


def test_a_short_message_is_one_line_and_short(paged: Paged) -> None:
    paged()
    body = OutboxMessage.objects.get(channel="sms").body
    assert "\n" not in body
    assert len(body) < 230


def test_nothing_is_done_before_its_time(paged: Paged) -> None:
    page = later(paged(), 9)
    assert actions.escalate() == 0
    assert len(called(page)) == 2


def test_silence_climbs_the_whole_ladder_and_ends_at_the_ciso(paged: Paged, ciso: Person) -> None:
    page = paged()
    for minutes in (10, 10, 15, 15):
        later(page, minutes)
        assert actions.escalate() == 1
        assert actions.escalate() == 0  # once is enough
    steps = {step: {name for each, name, _means in called(page) if each == step} for step in range(1, 6)}
    assert steps == {1: {"responder"}, 2: {"responder"}, 3: {"second"}, 4: {"lead"}, 5: {"ciso"}}
    later(page, 10)
    assert actions.escalate() == 1
    page.refresh_from_db()
    assert (page.state, page.next_step_at) == (State.UNANSWERED, None)
    assert "nobody has answered" in desk_of(ciso)


def desk_of(person: Person) -> str:
    client = Client()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client.get("/").content.decode()


def test_an_emergency_climbs_faster(paged: Paged) -> None:
    page = later(paged(severity=5), 5)
    actions.escalate()
    assert called(page)[-1] == (2, "responder", "telephone")


def test_a_worker_that_was_away_leaves_people_time_between_two_steps(paged: Paged) -> None:
    page = later(paged(), 600)
    assert actions.escalate() == 1
    assert actions.escalate() == 0
    page.refresh_from_db()
    assert page.next_step_at is not None
    assert page.next_step_at > timezone.now() + timedelta(minutes=1)


def test_whoever_takes_it_ends_it(paged: Paged, responder: Person, crew: Mapping[str, Person]) -> None:
    page = paged()
    actions.acknowledge(actor=responder, page=page)
    later(page, 600)
    assert actions.escalate() == 0
    page.refresh_from_db()
    assert (page.state, page.answered_by, page.answered_via) == (State.ACKNOWLEDGED, responder, "page")
    assert set(OutboxMessage.objects.values_list("state", flat=True)) == {"failed"}  # nothing leaves any more
    with pytest.raises(ValidationError, match="Responder has taken it already"):
        actions.acknowledge(actor=crew["second"], page=page)


def test_the_link_takes_it_without_signing_in_and_a_look_changes_nothing(paged: Paged) -> None:
    page = paged()
    path = queries.link(Call.objects.filter(page=page, means="sms").get()).partition("//")[2].partition("/")[2]
    client = Client()
    shown = client.get(f"/{path}").content.decode()
    page.refresh_from_db()
    assert page.state == State.OPEN
    assert "Something burns" not in shown
    assert "you have taken it" in client.post(f"/{path}").content.decode()
    page.refresh_from_db()
    assert (page.state, page.answered_via) == (State.ACKNOWLEDGED, "link")
    assert page.answered_by is not None
    assert page.answered_by.username == "responder"
    assert "Responder has taken it already" in client.post(f"/{path}").content.decode()


@pytest.mark.parametrize("token", ["x", "0" * 32, "a.b", "\u2028", "%00"])
def test_a_link_that_was_not_made_here_is_none(token: str, paged: Paged) -> None:
    paged()
    assert Client().get(f"/called/{token}/").status_code in {400, 404}


def test_the_link_of_whoever_has_left_the_team_opens_nothing(paged: Paged, responder: Person) -> None:
    page = paged()
    path = "/" + queries.link(Call.objects.filter(page=page, means="sms").get()).split("/", 3)[3]
    Membership.objects.filter(person=responder).update(valid_to=timezone.now())
    assert Client().get(path).status_code == 404
    assert Client().post(path).status_code == 404
    assert Page.objects.get().state == State.OPEN


def test_the_telephone_is_answered_or_not(paged: Paged, analyst: Person, crew: Mapping[str, Person]) -> None:
    page = later(paged(), 10)
    actions.escalate()
    first = Call.objects.get(page=page, means="telephone")
    actions.note_telephone(actor=analyst, call=first, reached=False)
    assert actions.escalate() == 1  # at once, not in ten minutes
    second = Call.objects.get(page=page, means="telephone", step=3)
    actions.note_telephone(actor=analyst, call=second, reached=True)
    page.refresh_from_db()
    assert (page.state, page.answered_by, page.answered_via) == (State.ACKNOWLEDGED, crew["second"], "telephone")
    with pytest.raises(ValidationError):
        actions.note_telephone(actor=analyst, call=second, reached=False)


def test_whoever_is_on_duty_reads_what_to_say(
    paged: Paged, analyst: Person, client_of: Callable[[Person], Client]
) -> None:
    page = later(paged(), 10)
    actions.escalate()
    shown = client_of(analyst).get(f"/on-call/pages/{page.uuid}/").content.decode()
    assert "+3222956001" in shown
    assert f"This is {analyst}" in shown
    call = Call.objects.get(means="telephone")
    assert (
        client_of(analyst).post(f"/on-call/pages/{page.uuid}/call/{call.uuid}/", {"reached": "no"}).status_code == 302
    )
    call.refresh_from_db()
    assert call.reached is False


def test_messages_that_failed_for_good_lead_on_at_once(paged: Paged) -> None:
    page = paged()
    OutboxMessage.objects.filter(channel="sms").update(state="failed")
    assert actions.escalate() == 0  # the mail may still arrive
    OutboxMessage.objects.update(state="failed")
    assert actions.escalate() == 1
    page.refresh_from_db()
    assert page.step == 2


def test_a_step_that_reaches_nobody_is_passed_over(paged: Paged, crew: Mapping[str, Person]) -> None:
    Person.objects.filter(username="responder").update(is_active=False)
    page = paged()
    assert page.step == 3
    assert called(page) == [(3, "second", "sms"), (3, "second", "mail"), (3, "second", "telephone")]


def test_a_page_that_can_reach_nobody_is_refused_and_leaves_nothing(
    crew: Mapping[str, Person], csirc: Team, analyst: Person, layer: Callable[..., object]
) -> None:
    with pytest.raises(ValidationError, match="keeps no roster"):
        actions.page(team=csirc, reason="x", matter=None, severity=3, actor=analyst)
    layer(crew["responder"], [crew["responder"]])
    Person.objects.exclude(pk=analyst.pk).update(is_active=False)
    with pytest.raises(ValidationError, match="Nobody could be called"):
        actions.page(team=csirc, reason="x", matter=None, severity=3, actor=analyst)


def test_without_a_gateway_people_are_called_by_mail(paged: Paged, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_SMS_GATEWAY", "")
    page = paged()
    troubles = dict(Call.objects.filter(page=page).values_list("means", "trouble"))
    assert troubles == {"sms": "The house has no gateway for short messages.", "mail": ""}


def test_the_teams_own_tool_is_posted_to(paged: Paged, responder: Person, csirc: Team) -> None:
    actions.set_up(actor=responder, team=csirc, time_zone="UTC", webhook="https://pager.example/hook?key=1")
    page = paged(reason="The archive burns")
    posted = OutboxMessage.objects.get(channel="webhook")
    assert posted.recipient == "https://pager.example/hook?key=1"
    assert page.reference in posted.body
    assert "archive" not in posted.body
    assert Roster.objects.get().secret.startswith("whsec_")


def test_two_pages_about_one_matter_are_one(paged: Paged, analyst: Person) -> None:
    opened = open_incident(analyst)
    paged(matter=matter_of(opened))
    with pytest.raises(ValidationError, match="is being paged about this already"):
        paged(matter=matter_of(opened))


def test_who_wrote_it_withdraws_it(paged: Paged, analyst: Person, officer_a: Person) -> None:
    page = paged()
    with pytest.raises(PermissionDenied):
        actions.withdraw(actor=officer_a, page=page)
    actions.withdraw(actor=analyst, page=page)
    with pytest.raises(ValidationError, match="withdrawn"):
        actions.acknowledge(actor=Person.objects.get(username="responder"), page=page)
    with pytest.raises(ValidationError):
        actions.withdraw(actor=analyst, page=page)


@pytest.mark.parametrize("reason", ["", "   ", "\n"])
def test_a_page_says_why(reason: str, paged: Paged) -> None:
    with pytest.raises(ValidationError, match="Say why"):
        paged(reason=reason)


@pytest.mark.parametrize("severity", [-1, 6, 10**9])
def test_a_severity_is_one_of_six(severity: int, paged: Paged) -> None:
    with pytest.raises(ValidationError):
        paged(severity=severity)


def test_an_officer_pages_nobody(paged: Paged, officer_a: Person) -> None:
    with pytest.raises(PermissionDenied):
        paged(actor=officer_a)


def open_incident(actor: Person) -> Incident:
    return incidents.open_incident(
        actor=actor, title="The archive burns", organisations=[Organisation.objects.get(code="DEPA")]
    )


def test_the_timeline_of_an_incident_tells_it_all(
    paged: Paged, responder: Person, csirc: Team, client_of: Callable[[Person], Client]
) -> None:
    opened = open_incident(responder)
    client = client_of(responder)
    form = {"team": "CSIRC", "reason": "Come"}
    assert client.post(f"/incidents/{opened.uuid}/page/", form).status_code == 302
    page = later(Page.objects.get(), 10)
    actions.escalate()
    actions.acknowledge(actor=responder, page=page)
    events = list(opened.timeline.exclude(event="opened").values_list("event", flat=True))
    assert events == ["page_paged", "page_escalated", "page_acknowledged"]
    shown = client.get(f"/incidents/{opened.uuid}/").content.decode()
    assert f"Responder takes the page {page.reference} for Team CSIRC." in shown
    assert page.reference in client.get(f"/incidents/{opened.uuid}/pages/").content.decode()


def test_a_page_goes_with_the_incident_that_is_merged_and_comes_back(paged: Paged, responder: Person) -> None:
    one, other = open_incident(responder), open_incident(responder)
    page = paged(matter=matter_of(one), actor=responder)
    planned = incidents.plan_merge(actor=responder, source=one, target=other)
    incidents.merge(actor=responder, source=one, target=other, seen=planned.digest)
    page.refresh_from_db()
    assert page.matter == other.uuid
    actions.acknowledge(actor=responder, page=page)
    assert other.timeline.filter(event="page_acknowledged").exists()
    incidents.take_apart(actor=responder, incident=Incident.objects.get(pk=one.pk))
    page.refresh_from_db()
    assert page.matter == one.uuid


def test_of_something_sealed_only_the_people_named_are_called(
    paged: Paged, responder: Person, crew: Mapping[str, Person]
) -> None:
    opened = open_incident(responder)
    incidents.seal(actor=responder, incident=opened, people=[crew["second"]])
    opened.refresh_from_db()
    page = incidents.page_team(actor=responder, incident=opened, team=Team.objects.get(code="CSIRC"), reason="Come")
    actions.withdraw(actor=responder, page=page)
    Person.objects.filter(pk=responder.pk).update(is_active=False)
    crew_second = Person.objects.get(username="second")
    page = incidents.page_team(actor=crew_second, incident=opened, team=Team.objects.get(code="CSIRC"), reason="Come")
    assert {name for _step, name, _means in called(page)} == {"second"}
    for minutes in (10, 10, 15, 15, 15, 60):
        later(page, minutes)
        actions.escalate()
    assert {name for _step, name, _means in called(page)} == {"second"}
    page.refresh_from_db()
    assert page.state == State.UNANSWERED


def test_a_sealed_page_does_not_exist_for_anybody_else(
    paged: Paged, responder: Person, crew: Mapping[str, Person], client_of: Callable[[Person], Client]
) -> None:
    opened = open_incident(responder)
    page = incidents.page_team(actor=responder, incident=opened, team=Team.objects.get(code="CSIRC"), reason="Secret")
    incidents.seal(actor=responder, incident=opened, people=[])
    for name in ("lead", "ciso"):
        client = client_of(crew[name])
        assert client.get(f"/on-call/pages/{page.uuid}/").status_code == 404
        for path in ("/", "/on-call/", "/audit/", "/ledger/"):
            assert page.reference not in client.get(path).content.decode()
            assert str(page.uuid) not in client.get(path).content.decode()
    assert client_of(responder).get(f"/on-call/pages/{page.uuid}/").status_code == 200


def test_sealing_stops_what_waits_to_leave_for_others(paged: Paged, responder: Person, analyst: Person) -> None:
    opened = open_incident(analyst)
    page = paged(matter=matter_of(opened))
    assert OutboxMessage.objects.filter(state="queued").count() == 2
    Membership.objects.create(person=analyst, role="responder", team=Team.objects.get(code="CSIRC"))
    incidents.seal(actor=Person.objects.get(pk=analyst.pk), incident=opened, people=[])
    assert OutboxMessage.objects.filter(state="queued").count() == 0
    page.refresh_from_db()
    assert page.sealed
    path = "/" + queries.link(Call.objects.filter(page=page)[0]).split("/", 3)[3]
    assert Client().get(path).status_code == 404


def test_nobody_named_on_call_is_said_and_nothing_is_left(paged: Paged, analyst: Person) -> None:
    Membership.objects.create(person=analyst, role="responder", team=Team.objects.get(code="SOC"))
    me = Person.objects.get(pk=analyst.pk)
    opened = open_incident(me)
    incidents.seal(actor=me, incident=opened, people=[])
    with pytest.raises(ValidationError, match="Nobody who is named in the seal"):
        incidents.page_team(actor=me, incident=opened, team=Team.objects.get(code="CSIRC"), reason="Come")


def test_everything_is_on_record(paged: Paged, responder: Person) -> None:
    page = later(paged(), 10)
    actions.escalate()
    actions.acknowledge(actor=responder, page=page)
    verbs = AuditEntry.objects.filter(object_uuid=page.uuid).order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["page.begin", "page.step", "page.step", "page.acknowledge"]
