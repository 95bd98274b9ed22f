"""One's own account (language, time zone, password, second factor, tokens), and everybody's for who manages them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.platform import access, export
from tocsin.platform.lists import Order, keyset, order_of
from tocsin.platform.look.htmx import wants_fragment
from tocsin.platform.panels import panels
from tocsin.rooms.accounts import actions, queries
from tocsin.rooms.accounts.forms import PersonForm, ProfileForm, TokenForm, ViewForm
from tocsin.rooms.accounts.schemas import PEOPLE

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person

ORDERS = (Order("", gettext_lazy("by name"), ("username",)), Order("newest", gettext_lazy("newest first"), ("-id",)))


def _me(request: HttpRequest) -> Person:
    return cast("Person", request.user)


@require_http_methods(["GET", "HEAD", "POST"])
@access.page()
def profile(request: HttpRequest) -> HttpResponse:
    """Show one's own account and take changes to it."""
    me = _me(request)
    now = {"language": me.language, "theme": me.theme, "time_zone": me.timezone, "phone": me.phone}
    form = ProfileForm(request.POST or None, initial=now)
    if request.method == "POST" and form.is_valid():
        actions.change_profile(person=me, **form.cleaned_data)
        messages.success(request, _("Kept."))
        return redirect("profile")
    return render(
        request,
        "accounts/profile.html",
        {
            "form": form,
            "tokens": queries.tokens_of(me),
            "roles": sorted(access.scope_of(me).roles()),
            "panels": panels("person", me, me),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@access.page()
@never_cache
def new_token(request: HttpRequest) -> HttpResponse:
    """Make a token and show its key, this once."""
    me = _me(request)
    form = TokenForm(request.POST or None, scope=access.scope_of(me))
    if request.method == "POST" and form.is_valid():
        token, key = actions.make_token(actor=me, person=me, **form.values())
        return render(request, "accounts/token_made.html", {"token": token, "key": key})
    return render(request, "accounts/new_token.html", {"form": form})


@access.page()
@require_POST
def revoke_token(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Make one of one's own tokens open nothing."""
    actions.revoke_token(actor=_me(request), token=queries.token_or_404(_me(request), uuid))
    messages.success(request, _("The token opens nothing any more."))
    return redirect("profile")


@access.page()
@require_POST
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep the filters of a list under a name."""
    form = ViewForm(request.POST)
    if not form.is_valid():
        messages.error(request, " ".join(str(error) for errors in form.errors.values() for error in errors))
        return redirect("/")
    try:
        view = actions.save_view(person=_me(request), **form.cleaned_data)
    except ValidationError as error:
        messages.error(request, error.message)
        return redirect(form.cleaned_data["path"])
    messages.success(request, _("The view is saved."))
    return redirect(f"{view.path}?{view.query}")


@access.page()
@require_POST
def remove_view(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Forget a view."""
    view = queries.view_or_404(_me(request), uuid)
    actions.remove_view(person=_me(request), view=view)
    messages.success(request, _("The view is removed."))
    return redirect(f"{view.path}?{view.query}")


@require_safe
@access.page("accounts.manage")
def people(request: HttpRequest) -> HttpResponseBase:
    """List the accounts."""
    text, ended = request.GET.get("q", "").strip(), request.GET.get("state") == "ended"
    found, order = queries.people(request.user, text, ended=ended), order_of(ORDERS, request.GET.get("sort", ""))
    if export.wanted(request):
        return export.answer(request, PEOPLE, found.order_by(*order.fields))
    page = keyset(found, order.fields, request.GET.get("cursor", ""))
    template = "accounts/_people.html" if wants_fragment(request) else "accounts/people.html"
    return render(request, template, {"page": page, "q": text, "ended": ended, "orders": ORDERS, "order": order})


@require_http_methods(["GET", "HEAD", "POST"])
@access.page("accounts.manage")
@never_cache
def new_person(request: HttpRequest) -> HttpResponse:
    """Make an account and show its first password, this once."""
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        password = actions.new_password()
        person = actions.create_person(actor=_me(request), password=password, **form.cleaned_data)
        return render(request, "accounts/password_made.html", {"person": person, "password": password})
    return render(request, "accounts/new_person.html", {"form": form})


@require_safe
@access.page("accounts.manage")
def person(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show one account."""
    shown = queries.person_or_404(request.user, uuid)
    context = {
        "person": shown,
        "roles": sorted(access.scope_of(shown).roles()),
        "tokens": queries.tokens_of(shown),
        "managed": queries.manages(_me(request), shown),
        "panels": panels("person", request.user, shown),
    }
    return render(request, "accounts/person.html", context)


@access.page("accounts.manage")
@require_POST
def end_person(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """End an account."""
    try:
        actions.end_person(actor=_me(request), person=queries.person_or_404(request.user, uuid))
    except ValidationError as error:
        messages.error(request, error.message)
    return redirect("person", uuid)


@access.page("accounts.manage")
@require_POST
def reopen_person(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Let somebody sign in again."""
    actions.reopen_person(actor=_me(request), person=queries.person_or_404(request.user, uuid))
    return redirect("person", uuid)


@access.page("accounts.manage")
@require_POST
@never_cache
def renew_password(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Give an account a new password and show it, this once."""
    shown = queries.person_or_404(request.user, uuid)
    password = actions.new_password()
    actions.set_password(actor=_me(request), person=shown, password=password)
    return render(request, "accounts/password_made.html", {"person": shown, "password": password})
