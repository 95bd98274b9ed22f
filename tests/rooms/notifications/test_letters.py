"""Digests by mail and the signed posts to a person's own tool: quiet, gathered, and without a fact of anything."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from tests.receiver import certificate, receiving
from tocsin.platform import outbox, webhooks
from tocsin.platform.models import GateEntry, OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.notifications import actions, queries
from tocsin.rooms.notifications.actions.letters import quiet_until
from tocsin.rooms.notifications.models import Notification, Preference

pytestmark = pytest.mark.django_db
BRUSSELS = ZoneInfo("Europe/Brussels")
MINE = "https://tool.example/hook?key=s3cret"
SIGNATURE = "webhook-signature"
ONLY_TOOL = {"page": False, "mail": False, "webhook": True}


def due(**which: object) -> None:
    """Let the minutes of gathering pass."""
    now = timezone.now()
    Notification.objects.filter(mail_due_at__isnull=False, **which).update(mail_due_at=now)


def mails() -> list[OutboxMessage]:
    return list(OutboxMessage.objects.order_by("id"))


def test_one_mail_tells_of_all_that_came(incident: Incident, ciso: Person) -> None:
    for kind in ("risen", "risen", "deadline_late"):
        actions.notify(people=[ciso], kind=kind, about=incident)
    assert actions.send_due() == 0  # not yet
    due(kind="risen")  # what waits besides goes along
    assert actions.send_due() == 1
    (mail,) = mails()
    assert (mail.recipient, mail.subject) == (ciso.email, "[TLP:AMBER] 3 things wait for you")
    assert f"Something has risen to you: {incident.reference} (2 ×)" in mail.body
    assert f"A deadline was missed: {incident.reference}\n" in mail.body
    assert f"/incidents/{incident.uuid}/" in mail.body
    assert actions.send_due() == 0
    assert GateEntry.objects.get(pk=mail.decision_id).item_type == "notification"


def test_a_mail_says_no_more_than_the_reference(incident: Incident, ciso: Person) -> None:
    actions.notify(people=[ciso], kind="risen", about=incident)
    due()
    actions.send_due()
    (mail,) = mails()
    for fact in ("Macro", "DEPA", "Name of"):
        assert fact not in mail.subject + mail.body


def test_a_mail_is_in_the_readers_language(incident: Incident, ciso: Person) -> None:
    Person.objects.filter(pk=ciso.pk).update(language="fr")
    actions.notify(people=[ciso], kind="risen", about=incident)
    due()
    actions.send_due()
    assert "Quelque chose est remonté jusqu’à vous" in mails()[0].body


def test_what_was_read_meanwhile_is_not_mailed(incident: Incident, ciso: Person) -> None:
    actions.notify(people=[ciso], kind="risen", about=incident)
    due()
    actions.mark_all_read(person=ciso)
    assert actions.send_due() == 0
    assert mails() == []


def test_who_is_told_already_is_not_mailed_again_until_they_read(incident: Incident, ciso: Person) -> None:
    actions.notify(people=[ciso], kind="risen", about=incident)
    due()
    actions.send_due()
    actions.notify(people=[ciso], kind="risen", about=incident)
    due()
    assert actions.send_due() == 0
    actions.mark_all_read(person=ciso)
    actions.notify(people=[ciso], kind="risen", about=incident)
    due()
    assert actions.send_due() == 1


@pytest.mark.parametrize("lost", ["seal", "office", "account", "address"])
def test_nothing_leaves_for_whom_it_is_lost(lost: str, incident: Incident, ciso: Person, responder: Person) -> None:
    actions.notify(people=[ciso], kind="risen", about=incident)
    due()
    if lost == "seal":
        incidents.seal(actor=responder, incident=incident, people=[])
    elif lost == "office":
        Membership.objects.filter(person=ciso).delete()
    elif lost == "account":
        Person.objects.filter(pk=ciso.pk).update(is_active=False)
    else:
        Person.objects.filter(pk=ciso.pk).update(email="")
    assert actions.send_due() == 0
    assert mails() == []
    assert not Notification.objects.filter(mail_due_at__isnull=False).exists()


def test_of_what_is_sealed_only_those_named_are_mailed(incident: Incident, ciso: Person, responder: Person) -> None:
    incidents.seal(actor=responder, incident=incident, people=[ciso])
    actions.notify(people=[ciso], kind="risen", about=incident)
    due()
    assert actions.send_due() == 1
    entry = GateEntry.objects.get(pk=mails()[0].decision_id)
    assert (entry.allowed, entry.item_title) == (True, "")


def test_quiet_hours_hold_the_mail_back(incident: Incident, ciso: Person) -> None:
    now = timezone.now().astimezone(UTC)
    begin, end = (now - timedelta(hours=1)).time(), (now + timedelta(hours=1)).time().replace(microsecond=0)
    Preference.objects.create(person=ciso, quiet_from=begin, quiet_to=end)
    actions.notify(people=[ciso], kind="risen", about=incident)
    due()
    assert actions.send_due() == 0
    line = Notification.objects.get()
    assert line.mail_due_at is not None
    assert now < line.mail_due_at <= now + timedelta(hours=1)
    Preference.objects.update(quiet_from=None, quiet_to=None)
    due()
    assert actions.send_due() == 1


@pytest.mark.parametrize(
    ("hours", "now", "until"),
    [
        ((22, 7), "2026-03-10T20:00", None),  # 21:00 in Brussels
        ((22, 7), "2026-03-10T21:30", "2026-03-11T06:00"),
        ((22, 7), "2026-03-11T04:00", "2026-03-11T06:00"),
        ((22, 7), "2026-03-11T06:00", None),  # just over
        ((12, 14), "2026-07-01T10:00", "2026-07-01T12:00"),
        ((12, 14), "2026-07-01T12:00", None),
        ((22, 2), "2026-03-28T23:30", "2026-03-29T01:00"),  # 02:00 is skipped that night
    ],
)
def test_quiet_hours_are_by_the_clock_of_the_person(hours: tuple[int, int], now: str, until: str | None) -> None:
    preference = Preference(quiet_from=time(hours[0]), quiet_to=time(hours[1]))
    found = quiet_until(preference, BRUSSELS, datetime.fromisoformat(f"{now}:00+00:00"))
    assert found == (datetime.fromisoformat(f"{until}:00+00:00") if until else None)


def test_no_quiet_hours_are_never_quiet() -> None:
    assert quiet_until(Preference(), BRUSSELS, timezone.now()) is None


def hooked(person: Person, url: str = MINE) -> None:
    actions.prefer(person=person, digest_minutes=15, quiet_from=None, quiet_to=None, webhook=url)
    actions.choose(person=person, chosen={"risen": ONLY_TOOL})


def test_the_own_tool_is_told_at_once(incident: Incident, ciso: Person) -> None:
    hooked(ciso)
    actions.notify(people=[ciso], kind="risen", about=incident)
    assert actions.send_due() == 1
    (posted,) = mails()
    assert (posted.channel, posted.recipient) == ("webhook", MINE)
    told = json.loads(posted.body)
    (line,) = told["data"]["lines"]
    assert (told["type"], line["kind"], line["reference"], line["count"]) == (
        "notifications", "risen", incident.reference, 1,
    )  # fmt: skip
    assert "Macro" not in posted.body
    assert Notification.objects.get().read_at is not None  # it waits nowhere else
    assert actions.send_due() == 0


def test_the_tool_hears_nothing_of_what_is_sealed(incident: Incident, ciso: Person, responder: Person) -> None:
    hooked(ciso)
    incidents.seal(actor=responder, incident=incident, people=[ciso])
    actions.notify(people=[ciso], kind="risen", about=incident)
    assert actions.send_due() == 0
    assert mails() == []


def test_without_a_tool_nothing_is_posted(incident: Incident, ciso: Person) -> None:
    actions.choose(person=ciso, chosen={"risen": {**ONLY_TOOL, "page": True}})
    actions.notify(people=[ciso], kind="risen", about=incident)
    assert actions.send_due() == 0
    assert queries.unread(Person.objects.get(pk=ciso.pk)) == 1


def test_each_tool_is_signed_for_with_a_secret_of_its_person(
    incident: Incident, ciso: Person, responder: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate(tmp_path)))
    monkeypatch.setenv("TOCSIN_WEBHOOK_NETWORKS", "127.0.0.0/8, ::1/128")
    with receiving(tmp_path) as receiver:
        for person in (ciso, responder):
            hooked(person, receiver.url)
            actions.notify(people=[person], kind="risen", about=incident)
        assert actions.send_due() == 2
        assert outbox.deliver_due(outbox.Channel.WEBHOOK) == 2
    secrets = {queries.secret_of(each, queries.preference_of(each)) for each in (ciso, responder)}
    assert len(secrets | {webhooks.secret_for("INST", receiver.url)}) == 3  # nobody else's, nor their institution's
    for _path, headers, body in receiver.taken:
        at, name = int(headers["webhook-timestamp"]), headers["webhook-id"]
        signed = {secret for secret in secrets if webhooks.signature(secret, name, at, body) == headers[SIGNATURE]}
        secrets -= signed
    assert not secrets


@pytest.mark.parametrize("url", ["http://tool.example/", "https://127.0.0.1/", "https://[::1]/", "ftp://x", "x"])
def test_a_tool_stands_at_a_public_address(url: str, ciso: Person) -> None:
    with pytest.raises(ValidationError):
        hooked(ciso, url)
    assert not Preference.objects.exists()


@pytest.mark.parametrize(("begin", "end"), [(time(22), None), (None, time(7)), (time(7), time(7))])
def test_quiet_hours_begin_and_end(begin: time | None, end: time | None, ciso: Person) -> None:
    with pytest.raises(ValidationError):
        actions.prefer(person=ciso, digest_minutes=15, quiet_from=begin, quiet_to=end)
