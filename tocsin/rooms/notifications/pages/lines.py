"""What waits for oneself."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tocsin.platform.access import page
from tocsin.platform.lists import keyset
from tocsin.rooms.notifications import actions, queries

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person

ORDER = ("-updated_at", "-id")
SIZE = 50


@require_safe
@page()
def notifications(request: HttpRequest) -> HttpResponseBase:
    """Show one's own lines, the newest first: what waits, or all that is kept."""
    all_of_it = request.GET.get("show") == "all"
    found = queries.lines(request.user)
    here = keyset(found if all_of_it else found.unread(), ORDER, request.GET.get("cursor", ""), SIZE)
    shown = queries.as_shown(request.user, here.items)
    return render(request, "notifications/list.html", {"page": here, "lines": shown, "all": all_of_it})


@require_POST
@page()
def read(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Take a line as read."""
    actions.mark_read(person=_me(request), line=queries.line_or_404(request.user, uuid))
    return redirect("notifications")


@require_POST
@page()
def read_all(request: HttpRequest) -> HttpResponseBase:
    """Take everything as read."""
    actions.mark_all_read(person=_me(request))
    messages.success(request, _("Nothing waits for you any more."))
    return redirect("notifications")


def _me(request: HttpRequest) -> Person:
    return cast("Person", request.user)
