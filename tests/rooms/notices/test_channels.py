"""Beside mail: an organisation's own tool is posted to, and whoever is on duty gets a short message."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.rooms.notices.conftest import contact, part, seen
from tocsin import config
from tocsin.cli import main
from tocsin.platform.models import AuditEntry, GateEntry, OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Contact, Organisation
from tocsin.rooms.notices import actions, queries
from tocsin.rooms.notices.models import Answer, Notice, Part, Telling

TOOL = "https://tickets.depa.example/hook"
NUMBER = "+32 2 295 60 00"
pytestmark = pytest.mark.django_db


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_SMS_GATEWAY", "gateway.yaml")


@pytest.fixture
def tool(ranges: None) -> Contact:
    return contact("DEPA", "tool", "", name="Tickets", webhook=TOOL)


def told(notice: Notice, code: str) -> list[tuple[str, str, str]]:
    rows = Telling.objects.filter(part__notice=notice, part__organisation__code=code).order_by("pk")
    return list(rows.values_list("channel", "why", "address"))


def posted() -> list[dict[str, object]]:
    return [json.loads(each.body) for each in OutboxMessage.objects.filter(channel="webhook").order_by("pk")]


def test_a_tool_is_told_beside_the_people_its_own_facts_only(tool: Contact, sent: Callable[..., Notice]) -> None:
    notice = sent()
    assert told(notice, "DEPA") == [("mail", "first", "officer_a@tocsin.example"), ("webhook", "first", TOOL)]
    assert [channel for channel, *_ in told(notice, "DEPB")] == ["mail"]
    (content,) = posted()
    data = content["data"]
    assert content["type"] == "notice.first"
    assert isinstance(data, dict)
    assert {fact["value"] for fact in data["facts"]} == {"192.0.2.7"}
    assert (data["reference"], data["organisation"]) == (part(notice, "DEPA").reference, "DEPA")
    assert "/answer/" in data["answer"]


def test_a_tool_hears_of_reminders_corrections_and_the_withdrawal(
    tool: Contact, sent: Callable[..., Notice], analyst: Person
) -> None:
    notice = sent()
    now = timezone.now()
    Part.objects.filter(notice=notice).update(told_at=now - timedelta(hours=200), next_step_at=now)
    actions.step_due()
    actions.correct(actor=analyst, notice=notice, changes={"en": {"text": "One more."}}, text="192.0.2.7\n192.0.2.8")
    actions.send(actor=analyst, notice=notice, seen=seen(notice))
    actions.withdraw(actor=analyst, notice=notice, changes={"en": {"text": "Wrong."}})
    actions.send(actor=analyst, notice=notice, seen=seen(notice))
    assert [each["type"] for each in posted()] == [
        "notice.first", "notice.reminder", "notice.correction", "notice.withdrawal",
    ]  # fmt: skip


def test_whose_tool_alone_can_be_told_stands_on_the_list(tool: Contact, draft: Callable[..., Notice]) -> None:
    Contact.objects.exclude(pk=tool.pk).delete()
    for person in Person.objects.all():
        person.memberships.filter(organisation__isnull=False).delete()
    notice = draft()
    row = next(row for row in queries.plan(notice.editions.get()).rows if row.part.organisation.code == "DEPA")
    assert (row.reached, bool(row.trouble)) == ([], True)


def test_what_is_for_named_people_is_not_posted(tool: Contact, sent: Callable[..., Notice]) -> None:
    notice = sent(tlp="RED")
    assert [channel for channel, *_ in told(notice, "DEPA")] == ["mail"]
    assert part(notice, "DEPA").trouble == ""


def test_a_tool_that_fails_bothers_no_deputy(tool: Contact, sent: Callable[..., Notice]) -> None:
    contact("DEPA", "deputy", "deputy@depa.example")
    notice = sent()
    OutboxMessage.objects.filter(channel="webhook").update(state="failed", error="said 410")
    actions.failed_on_the_way()
    telling = Telling.objects.get(channel="webhook")
    assert (telling.failure, telling.failed_at is not None) == ("said 410", True)
    assert len(told(notice, "DEPA")) == 2
    assert part(notice, "DEPA").state == "told"


def test_in_an_emergency_the_duty_desk_gets_a_short_message_besides(
    gateway: None, ranges: None, sent: Callable[..., Notice]
) -> None:
    contact("DEPA", "duty", "duty@depa.example", phone=NUMBER, language="fr")
    notice = sent(severity=4)
    ways = [(channel, address) for channel, _why, address in told(notice, "DEPA")]
    assert ways == [("mail", "duty@depa.example"), ("sms", "+3222956000"), ("mail", "officer_a@tocsin.example")]
    text = OutboxMessage.objects.get(channel="sms").body
    assert part(notice, "DEPA").reference in text
    assert "/answer/" in text
    assert "Répondez" in text
    assert "192.0.2" not in text
    assert "Command server" not in text
    assert len(text) < 300


def test_without_a_gateway_nobody_is_texted(ranges: None, sent: Callable[..., Notice]) -> None:
    contact("DEPA", "duty", "duty@depa.example", phone=NUMBER)
    assert "sms" not in {channel for channel, *_ in told(sent(severity=4), "DEPA")}


def test_whoever_has_a_telephone_alone_is_reached_by_it(
    gateway: None, ranges: None, sent: Callable[..., Notice], analyst: Person
) -> None:
    Organisation.objects.get(code="DEPA").memberships.all().delete()
    contact("DEPA", "officer", "", phone=NUMBER)
    notice = sent()
    assert told(notice, "DEPA") == [("sms", "first", "+3222956000")]
    actions.withdraw(actor=analyst, notice=notice, changes={"en": {"text": "Wrong."}})
    actions.send(actor=analyst, notice=notice, seen=seen(notice))
    assert told(notice, "DEPA")[1:] == [("sms", "withdrawal", "+3222956000")]
    assert "/answer/" not in OutboxMessage.objects.latest("pk").body


def test_a_text_that_fails_where_the_mail_arrived_bothers_no_deputy(
    gateway: None, ranges: None, sent: Callable[..., Notice]
) -> None:
    contact("INST", "duty", "duty@inst.example")
    contact("DEPA", "duty", "duty@depa.example", phone=NUMBER)
    notice = sent(severity=4)
    OutboxMessage.objects.filter(channel="sms").update(state="failed", error="no such number")
    actions.failed_on_the_way()
    assert "duty@inst.example" not in {address for *_, address in told(notice, "DEPA")}
    OutboxMessage.objects.filter(recipient="duty@depa.example").update(state="failed", error="550")
    actions.failed_on_the_way()
    assert "duty@inst.example" in {address for *_, address in told(notice, "DEPA")}


def test_the_link_in_a_text_and_at_a_tool_is_still_theirs(
    gateway: None, tool: Contact, sent: Callable[..., Notice]
) -> None:
    contact("DEPA", "duty", "duty@depa.example", phone=NUMBER)
    sent(severity=4)
    others = Telling.objects.exclude(channel="mail").select_related("part__organisation")
    assert [queries.still_theirs(telling) for telling in others] == [True, True]
    Contact.objects.all().delete()
    assert [queries.still_theirs(telling) for telling in others] == [False, False]


@pytest.mark.parametrize(
    "given",
    [
        {"role": "tool"},
        {"role": "tool", "webhook": "http://tickets.depa.example/"},
        {"role": "tool", "webhook": TOOL, "email": "a@depa.example"},
        {"role": "officer", "email": "a@depa.example", "webhook": TOOL},
    ],
)
def test_a_tool_has_an_address_of_its_own_sort(ranges: None, given: dict[str, str]) -> None:
    place = Organisation.objects.get(code="DEPA")
    with pytest.raises(ValidationError):
        Contact(organisation=place, name="x", **given).full_clean()


def test_a_tool_need_not_be_confirmed(tool: Contact, tmp_path: Path) -> None:
    Contact.objects.update(confirmed_at=timezone.now() - timedelta(days=200))
    tool.refresh_from_db()
    assert not tool.to_confirm


def test_what_may_be_a_secret_in_the_url_of_a_tool_is_shown_to_its_own_people_alone(
    tool: Contact, sent: Callable[..., Notice], draft: Callable[..., Notice], chart: Mapping[str, Person],
    client_of: Callable[[Person], Client],
) -> None:  # fmt: skip
    Contact.objects.update(webhook=f"{TOOL}?token=hush")
    sent()
    assert OutboxMessage.objects.get(channel="webhook").recipient == f"{TOOL}?token=hush"
    assert GateEntry.objects.get(action="webhook").recipient == TOOL
    telling = Telling.objects.get(channel="webhook")
    part_page = reverse("notice_part", args=[telling.part.uuid])
    place, link = f"/organisations/{tool.organisation.uuid}/", queries.link(telling).removeprefix(config.load().url)
    preview = f"/notices/{draft().uuid}/"
    pages = [("analyst", place), ("analyst", preview), ("analyst", part_page), ("analyst", "/ledger/")]
    for name, address in (*pages, ("officer_a", part_page), ("outsider", link)):
        page = client_of(chart[name]).get(address).content.decode()
        assert (TOOL in page, "hush" in page) == (True, False), address
    for name in ("officer_a", "admin"):
        assert b"hush" in client_of(chart[name]).get(place).content
    for command in (["whom", "192.0.2.7"], ["whom", "192.0.2.7", "--json"]):
        said = CliRunner().invoke(main, command).output
        assert (TOOL in said, "hush" in said) == (True, False)


def test_a_tool_that_answers_by_its_link_is_named_without_what_may_be_a_secret(
    tool: Contact, sent: Callable[..., Notice], client: Client
) -> None:
    Contact.objects.update(webhook=f"{TOOL}?token=hush")
    sent()
    telling = Telling.objects.get(channel="webhook")
    actions.not_reached(telling=telling, reason="said 410")
    assert (AuditEntry.objects.get(verb="notice.not_reached").details or {})["address"] == TOOL
    client.post(queries.link(telling).removeprefix(config.load().url), {"kind": "done", "text": "", "name": "Ada"})
    assert Answer.objects.get().name == f"Ada ({TOOL})"
