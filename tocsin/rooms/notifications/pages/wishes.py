"""By which ways one wants to hear of what."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tocsin.platform.access import page
from tocsin.rooms.notifications import actions, queries
from tocsin.rooms.notifications.forms import WishesForm

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person


@require_http_methods(["GET", "HEAD", "POST"])
@page()
def wishes(request: HttpRequest) -> HttpResponseBase:
    """Show by which ways one hears of what, and take changes to it."""
    me = cast("Person", request.user)
    now, preference = queries.choices_of(me), queries.preference_of(me)
    form = WishesForm(request.POST or None, choices=now, preference=preference)
    if request.method == "POST" and form.is_valid():
        try:
            actions.prefer(person=me, **form.preferred())
        except ValidationError as error:
            form.add_error(None, error)
        else:
            actions.choose(person=me, chosen=form.chosen())
            messages.success(request, _("Kept."))
            return redirect("notification_wishes")
    secret = queries.secret_of(me, preference)
    return render(request, "notifications/wishes.html", {"form": form, "secret": secret})
