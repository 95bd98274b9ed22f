"""What all pages of the room need."""

from __future__ import annotations

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest

from tocsin.rooms.accounts.models import Person

SEND, ANSWER, MANAGE, ROWS = "notices.send", "notices.answer", "constituency.manage", 40


def me(request: HttpRequest) -> Person:
    """Give who asks, as the actions want it."""
    return cast("Person", request.user)


def complain(request: HttpRequest, form: Any) -> None:
    """Say what is wrong with a form, on the page that comes next."""
    for errors in form.errors.values():
        messages.error(request, " ".join(errors))
