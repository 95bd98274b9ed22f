"""How sign-in behaves here."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from tocsin.platform import audit
from tocsin.rooms.accounts.models import Person

logger = logging.getLogger(__name__)


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Accounts are made by administrators; nobody signs up by themselves, and sign-in sends no mail."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: Person, **how: Any) -> HttpResponse:
        """Write sign-ins into the audit trail."""
        with transaction.atomic():
            audit.record(user, "accounts.signed_in", user)
        response: HttpResponse = super().post_login(request, user, **how)
        return response

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Say in the log that somebody failed, not who they said they were."""
        logger.warning("a sign-in failed from %s", request.META.get("REMOTE_ADDR", "?"))
        super().authentication_failed(request, **credentials)

    def set_password(self, user: Person, password: str) -> None:
        """Write changes of passwords into the audit trail."""
        with transaction.atomic():
            super().set_password(user, password)
            audit.record(user, "accounts.password_changed", user)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send nothing: what leaves goes through the outbox."""
