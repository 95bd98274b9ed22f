"""Making accounts and tokens, changing and ending them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import access, audit, sms
from tocsin.rooms.accounts import queries
from tocsin.rooms.accounts.models import ApiToken, Person, SavedView

TOKEN_LIFE = timedelta(days=90)
VIEWS_MOST = 100
TOKEN_LIFE_MOST = timedelta(days=366)


def new_password() -> str:
    """Make a password nobody has to think up."""
    return secrets.token_urlsafe(12)


def create_person(
    *,
    actor: Person | None,
    username: str,
    email: str,
    full_name: str = "",
    language: str = "en",
    time_zone: str = "UTC",
    password: str | None = None,
) -> Person:
    """Make an account; without a password nobody can sign in with it yet. No actor means the system."""
    if actor is not None:
        access.require(actor, "accounts.manage")
    with transaction.atomic():
        person: Person = Person.objects.create_user(
            username, email, password, full_name=full_name, language=language, timezone=time_zone
        )
        audit.record(actor, "accounts.created", person, {"username": username})
    return person


def change_profile(*, person: Person, language: str, theme: str, time_zone: str, phone: str = "") -> None:
    """Keep how a person wants to see the pages, and the number they are called at when they are on call."""
    if phone:
        sms.checked(phone)
    person.language, person.theme, person.timezone, person.phone = language, theme, time_zone, phone
    told = {"language": language, "timezone": time_zone, "telephone": bool(phone)}
    with transaction.atomic():
        person.save(update_fields=["language", "theme", "timezone", "phone"])
        audit.record(person, "accounts.profile_changed", person, told)


def save_view(*, person: Person, path: str, name: str, query: str) -> SavedView:
    """Keep how a person likes to see a list; the same name again replaces what it stood for."""
    if not queries.views_of(person, path).filter(name=name).exists() and person.views.count() >= VIEWS_MOST:
        raise ValidationError(_("You have saved as many views as there can be; remove one first."))
    view, _made = SavedView.objects.update_or_create(
        person=person, path=path, name=name, defaults={"query": queries.view_query(query)}
    )
    return view


def remove_view(*, person: Person, view: SavedView) -> None:
    """Forget a view of one's own."""
    SavedView.objects.filter(person=person, pk=view.pk).delete()


def end_person(*, actor: Person, person: Person) -> None:
    """End an account: no sign-in, no tokens. What the person did stays."""
    _require_over(actor, person)
    if actor.pk == person.pk:
        raise ValidationError(_("You cannot end your own account; another administrator can."))
    with transaction.atomic():
        Person.objects.filter(pk=person.pk).update(is_active=False)
        audit.record(actor, "accounts.ended", person)


def reopen_person(*, actor: Person, person: Person) -> None:
    """Let somebody whose account was ended sign in again."""
    _require_over(actor, person)
    with transaction.atomic():
        Person.objects.filter(pk=person.pk).update(is_active=True)
        audit.record(actor, "accounts.reopened", person)


def set_password(*, actor: Person | None, person: Person, password: str) -> None:
    """Set somebody's password; all their sessions end."""
    if actor is not None:
        _require_over(actor, person)
    person.set_password(password)
    with transaction.atomic():
        person.save(update_fields=["password"])
        audit.record(actor, "accounts.password_set", person)


def make_token(
    *,
    actor: Person | None,
    person: Person,
    name: str,
    verbs: Iterable[str] = (),
    source: UUID | None = None,
    expires_in: timedelta = TOKEN_LIFE,
) -> tuple[ApiToken, str]:
    """Make a token and give it with its key, which is never seen again. One with a ``source`` only delivers to it."""
    wanted = sorted({str(verb) for verb in verbs})
    if unknown := set(wanted) - set(access.all_verbs()):
        raise ValidationError(_("There is no right called %(verbs)s.") % {"verbs": ", ".join(sorted(unknown))})
    if actor is not None and actor.pk != person.pk:
        raise PermissionDenied(_("People make their own tokens."))
    key = f"toc_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        token = ApiToken.objects.create(
            person=person,
            name=name,
            prefix=key[:12],
            digest=queries.digest(key),
            verbs=wanted,
            source=source,
            expires_at=timezone.now() + min(expires_in, TOKEN_LIFE_MOST),
        )
        audit.record(actor, "accounts.token_made", token, {"name": name, "verbs": wanted, "source": source})
    return token, key


def revoke_token(*, actor: Person, token: ApiToken) -> None:
    """Make a token open nothing from now on."""
    if token.person_id != actor.pk:
        _require_over(actor, token.person)
    with transaction.atomic():
        ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
        audit.record(actor, "accounts.token_revoked", token, {"name": token.name})


def _require_over(actor: Person, person: Person) -> None:
    access.require(actor, "accounts.manage")
    if not queries.manages(actor, person):
        raise PermissionDenied(
            _("This person also works where you do not manage accounts. Ask an administrator there.")
        )
