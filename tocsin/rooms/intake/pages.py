"""Pages of the intake room: sources, receipts, and what was rejected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from tocsin.platform import access, export
from tocsin.platform.lists import NEWEST, OLDEST, Order, bounded_count, keyset, order_of
from tocsin.platform.look.htmx import wants_fragment
from tocsin.rooms.accounts.actions import make_token
from tocsin.rooms.intake import actions, forms, queries
from tocsin.rooms.intake.schemas import RECEIPTS, SOURCES

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person

BY_TIME = (NEWEST, OLDEST)
BY_NAME = (Order("", gettext_lazy("by name"), ("name",)), Order("newest", gettext_lazy("newest first"), ("-id",)))


def _me(request: HttpRequest) -> Person:
    return cast("Person", request.user)


@require_safe
@access.page("intake.view")
def sources(request: HttpRequest) -> HttpResponseBase:
    """List the sources."""
    text, order = request.GET.get("q", "").strip()[:100], order_of(BY_NAME, request.GET.get("sort", ""))
    found = queries.sources(request.user, text=text)
    if export.wanted(request):
        return export.answer(request, SOURCES, found.order_by(*order.fields))
    page = keyset(found, order.fields, request.GET.get("cursor", ""))
    shown = {"page": page, "count": bounded_count(found), "may_manage": queries.may_manage(request.user)}
    shown |= {"orders": BY_NAME, "order": order, "text": text}
    return render(request, "intake/_sources.html" if wants_fragment(request) else "intake/sources.html", shown)


@access.page("intake.manage")
def source_new(request: HttpRequest) -> HttpResponseBase:
    """Make a source."""
    form = forms.SourceForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        made = actions.create_source(actor=_me(request), **form.cleaned_data)
        messages.success(request, _("The source is there; make a token for what delivers to it."))
        return redirect("source", uuid=made.uuid)
    return render(request, "intake/source_new.html", {"form": form})


@access.page("intake.view")
def source(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show a source, its last receipts, and take changes to it."""
    found = queries.source_or_404(request.user, uuid)
    now = {name: getattr(found, name) for name in ("name", "organisation", "format", "tlp", "active")}
    form = forms.ChangeSourceForm(request.POST or None, user=request.user, source=found, initial=now)
    if request.method == "POST":
        access.require(request.user, "intake.manage")
        if form.is_valid():
            actions.change_source(actor=_me(request), source=found, **form.cleaned_data)
            messages.success(request, _("Kept."))
            return redirect("source", uuid=uuid)
    may_manage = queries.may_manage_source(request.user, found.organisation)
    shown: dict[str, Any] = {"source": found, "form": form, "may_manage": may_manage}
    last = queries.receipts(request.user).filter(source=found)
    return render(request, "intake/source.html", shown | {"page": keyset(last, NEWEST.fields, size=10)})


@never_cache
@access.page("intake.manage")
def source_token(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Make a token that may deliver to this source and nothing else, and show its key, this once."""
    found = queries.source_or_404(request.user, uuid)
    if not queries.may_manage_source(request.user, found.organisation):
        raise PermissionDenied(_("The intake of this source is managed by others."))
    form = forms.TokenForm(request.POST or None)
    shown: dict[str, Any] = {"source": found, "form": form}
    if request.method == "POST" and form.is_valid():
        me, name = _me(request), form.cleaned_data["name"]
        shown["token"], shown["key"] = make_token(
            actor=me, person=me, name=name, source=found.uuid, expires_in=form.life()
        )
        shown["address"] = request.build_absolute_uri("/api/intake")
    return render(request, "intake/source_token.html", shown)


@require_safe
@access.page("intake.view")
def receipts(request: HttpRequest) -> HttpResponseBase:
    """List the receipts, the newest first."""
    chosen = forms.ReceiptFilter(request.GET)
    chosen.is_valid()
    given = chosen.cleaned_data
    found = queries.receipts(request.user, source=given.get("source"), state=given.get("state", ""))
    order = order_of(BY_TIME, request.GET.get("sort", ""))
    if export.wanted(request):
        return export.answer(request, RECEIPTS, found.order_by(*order.fields))
    shown = {
        "page": keyset(found, order.fields, request.GET.get("cursor", "")),
        "orders": BY_TIME,
        "order": order,
        "count": bounded_count(found),
        "sources": queries.sources(request.user),
        "chosen": {"source": str(given.get("source") or ""), "state": given.get("state", "")},
    }
    return render(request, "intake/_receipts.html" if wants_fragment(request) else "intake/receipts.html", shown)


@require_safe
@access.page("intake.view")
def receipt(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show one receipt and the reasons of what was rejected."""
    found = queries.receipt_or_404(request.user, uuid)
    page = keyset(queries.rejected(found), ("record",), request.GET.get("cursor", ""))
    shown = {"receipt": found, "page": page, "may_read": queries.may_read(request.user, found)}
    return render(request, "intake/_rejected.html" if wants_fragment(request) else "intake/receipt.html", shown)


@require_safe
@access.page("intake.view")
def rejected(request: HttpRequest, uuid: UUID, record: int) -> HttpResponseBase:
    """Show one rejected record as it arrived."""
    found = queries.rejected_or_404(request.user, uuid, record)
    raw = bytes(found.raw).decode("utf-8", "backslashreplace").replace("\0", "\\x00")
    return render(request, "intake/rejected.html", {"rejected": found, "receipt": found.receipt, "raw": raw})
