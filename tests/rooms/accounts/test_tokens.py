"""Tokens are shown once, limited, bound to an end, and noted when used."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.utils import timezone

from tocsin.platform.access import scope_of
from tocsin.platform.models import AuditEntry
from tocsin.rooms.accounts import actions, queries
from tocsin.rooms.accounts.models import ApiToken, Person

pytestmark = pytest.mark.django_db


def token(person: Person, *verbs: str) -> tuple[ApiToken, str]:
    return actions.make_token(actor=person, person=person, name="program", verbs=verbs or ["alerts.view"])


def test_the_key_is_not_kept(analyst: Person) -> None:
    made, key = token(analyst)
    row = ApiToken.objects.filter(pk=made.pk).values().get()
    assert key not in str(row)
    assert key.startswith(row["prefix"])
    assert key not in str(list(AuditEntry.objects.values()))


def test_a_key_opens_with_the_tokens_rights_only(analyst: Person) -> None:
    made, key = token(analyst, "alerts.view")
    opened = queries.token_owner(key)
    assert opened is not None
    owner, used = opened
    assert (owner, used) == (analyst, made)
    assert scope_of(owner).allows("alerts.view")
    assert not scope_of(owner).allows("alerts.triage")


def test_a_token_never_gives_more_than_its_person_has(officer_a: Person) -> None:
    _, key = token(officer_a, "accounts.manage", "alerts.view")
    opened = queries.token_owner(key)
    assert opened is not None
    assert not scope_of(opened[0]).allows("accounts.manage")


def test_a_token_of_a_source_may_nothing_else(analyst: Person) -> None:
    made, key = actions.make_token(actor=None, person=analyst, name="sensor", source=uuid.uuid4())
    opened = queries.token_owner(key)
    assert opened is not None
    assert opened[1].source == made.source
    assert not any(grant.verbs for grant in scope_of(opened[0]).grants)


@pytest.mark.parametrize("key", ["", "toc_", "toc_" + "x" * 43, "é", "\x00"])
def test_a_key_nobody_made_opens_nothing(db: None, key: str) -> None:
    assert queries.token_owner(key) is None


def test_a_token_that_ran_out_opens_nothing(analyst: Person) -> None:
    made, key = token(analyst)
    ApiToken.objects.filter(pk=made.pk).update(expires_at=timezone.now())
    assert queries.token_owner(key) is None


def test_a_revoked_token_opens_nothing(analyst: Person) -> None:
    made, key = token(analyst)
    actions.revoke_token(actor=analyst, token=made)
    assert queries.token_owner(key) is None


def test_a_token_ends_with_its_person(analyst: Person, admin: Person) -> None:
    _, key = token(analyst)
    actions.end_person(actor=admin, person=analyst)
    assert queries.token_owner(key) is None


def test_a_token_lives_a_year_at_most(analyst: Person) -> None:
    made, _ = actions.make_token(actor=analyst, person=analyst, name="x", expires_in=timedelta(days=9999))
    assert made.expires_at <= timezone.now() + timedelta(days=366)


def test_a_right_nobody_knows_is_refused(analyst: Person) -> None:
    with pytest.raises(ValidationError, match=r"alerts\.eat"):
        token(analyst, "alerts.eat")


def test_nobody_makes_a_token_for_somebody_else(analyst: Person, admin: Person) -> None:
    with pytest.raises(PermissionDenied):
        actions.make_token(actor=admin, person=analyst, name="x")


def test_nobody_revokes_somebody_elses_token(analyst: Person, responder: Person) -> None:
    made, _ = token(analyst)
    with pytest.raises(PermissionDenied):
        actions.revoke_token(actor=responder, token=made)


def test_its_last_use_is_noted_once_a_minute(analyst: Person) -> None:
    made, key = token(analyst)
    queries.token_owner(key)
    made.refresh_from_db()
    first = made.last_used_at
    assert first is not None
    queries.token_owner(key)
    made.refresh_from_db()
    assert made.last_used_at == first


def test_the_list_forgets_old_tokens(analyst: Person) -> None:
    made, _ = token(analyst)
    old, _ = token(analyst)
    ApiToken.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(days=40))
    assert list(queries.tokens_of(analyst)) == [made]
