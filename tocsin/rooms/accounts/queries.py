"""What is known of accounts and tokens."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from tocsin.platform.access import scope_of, scope_of_roles
from tocsin.rooms.accounts.models import ApiToken, Person, SavedView

USE_NOTED_EVERY = timedelta(minutes=1)


def digest(key: str) -> str:
    """Give what is kept of a key. It has 256 random bits, so one fast hash is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def token_owner(key: str) -> tuple[Person, ApiToken] | None:
    """Give whose key this is, the person's rights already cut down to the token's; none when it opens nothing."""
    token = ApiToken.objects.select_related("person").filter(digest=digest(key)).first()
    if token is None or not token.valid:
        return None
    _note_use(token)
    person = token.person
    person.tocsin_scope = scope_of(person).limited_to(token.verbs)
    return person, token


def _note_use(token: ApiToken) -> None:
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)


def tokens_of(person: Person) -> QuerySet[ApiToken]:
    """Give a person's tokens, the newest first, without those revoked or run out a month ago."""
    old = timezone.now() - timedelta(days=30)
    return person.tokens.filter(expires_at__gt=old).exclude(revoked_at__lt=old).order_by("-id")


def token_or_404(person: Person, uuid: UUID) -> ApiToken:
    """Give one of the person's own tokens."""
    token = person.tokens.filter(uuid=uuid).first()
    if token is None:
        raise Http404
    return token


def managed(user: Any) -> QuerySet[Person]:
    """Give the accounts of people who hold a role where ``user`` manages accounts, and of those without any role."""
    places = scope_of(user).organisations("accounts.manage")
    mine = Q(memberships__organisation__in=places) | Q(memberships__team__organisation__in=places)
    held = Person.objects.filter(mine | Q(memberships=None)).values("pk")
    return Person.objects.filter(pk__in=held)


def people(user: Any, text: str = "", *, ended: bool = False) -> QuerySet[Person]:
    """Give the accounts in use (or ended) in the person's care, those whose names or address hold ``text``."""
    found = managed(user).filter(is_active=not ended)
    if text:
        found = found.filter(Q(username__icontains=text) | Q(full_name__icontains=text) | Q(email__icontains=text))
    return found


def person_or_404(user: Any, uuid: UUID) -> Person:
    """Give one account in the person's care."""
    person = managed(user).filter(uuid=uuid).first()
    if person is None:
        raise Http404
    return person


def manages(actor: Person, person: Person) -> bool:
    """Tell whether ``actor`` manages every place that ``person`` reaches: nobody takes over more than their own."""
    reached = frozenset().union(*(grant.organisations for grant in scope_of_roles(person).grants))
    scope = scope_of(actor)
    return scope.allows("accounts.manage") and reached <= scope.organisations("accounts.manage")


def views_of(person: Person, path: str) -> QuerySet[SavedView]:
    """Give the views that a person saved of one list."""
    return person.views.filter(path=path)


def view_or_404(person: Person, uuid: UUID) -> SavedView:
    """Give one of the person's own views."""
    view = person.views.filter(uuid=uuid).first()
    if view is None:
        raise Http404
    return view


def view_query(query: str) -> str:
    """Give the filters in an address without what says nothing: empty ones, the place in the list, the file."""
    chosen = parse_qsl(query, keep_blank_values=False)
    return urlencode([(name, value) for name, value in chosen if name not in {"cursor", "export"}])


def taken(username: str) -> bool:
    """Tell whether somebody has, or had, this name."""
    return Person.objects.filter(username__iexact=username).exists()
