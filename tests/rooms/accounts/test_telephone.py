"""A person's telephone: entered by themselves, seen by their team and administrators."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from tocsin.platform.models import AuditEntry
from tocsin.rooms.accounts import actions
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Team

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Person], Client]
FORM = {"language": "en", "time_zone": "UTC", "theme": "auto"}


@pytest.mark.parametrize("phone", ["+32 2 295 60 00", "0032 2 295.60.00", "+32 (0)2 295-60-00", ""])
def test_a_number_is_kept_as_it_was_written(phone: str, responder: Person, client_of: ClientOf) -> None:
    assert client_of(responder).post("/account/", FORM | {"phone": phone}).status_code == 302
    responder.refresh_from_db()
    assert responder.phone == phone


@pytest.mark.parametrize(
    "phone",
    ["02 295 60 00", "call me", "+32", "<b>", "=cmd|' /C calc'!A0", "\0", "+1" * 500_000, "-1"],
)
def test_what_cannot_be_dialled_is_refused(phone: str, responder: Person, client_of: ClientOf) -> None:
    assert client_of(responder).post("/account/", FORM | {"phone": phone}).status_code in {200, 400}
    responder.refresh_from_db()
    assert responder.phone == ""
    with pytest.raises(ValidationError):
        actions.change_profile(person=responder, language="en", theme="auto", time_zone="UTC", phone=phone)


def test_only_the_team_and_administrators_see_it(
    responder: Person, chart: Mapping[str, Person], client_of: ClientOf
) -> None:
    Person.objects.filter(pk=responder.pk).update(phone="+32 2 295 60 01")
    path = f"/organisations/teams/{Team.objects.get(code='CSIRC').uuid}/"
    shown = {name for name in chart if "+32 2 295 60 01" in client_of(chart[name]).get(path).content.decode()}
    assert shown == {"responder", "admin"}
    assert "+32 2 295 60 01" in client_of(chart["admin"]).get(f"/people/{responder.uuid}/").content.decode()


def test_the_audit_trail_does_not_keep_the_number(responder: Person, client_of: ClientOf) -> None:
    client_of(responder).post("/account/", FORM | {"phone": "+32 2 295 60 01"})
    details = AuditEntry.objects.get(verb="accounts.profile_changed").details
    assert details == {"language": "en", "timezone": "UTC", "telephone": True}
