"""Bringing incidents in: the file, the columns, the look, the account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.platform import export
from tocsin.platform.access import page, scope_of
from tocsin.platform.doorway import most_bytes
from tocsin.platform.lists import bounded_count, keyset
from tocsin.platform.look.htmx import wants_fragment
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.exchange import actions, forms, knowledge, queries
from tocsin.rooms.exchange.models import Import
from tocsin.rooms.exchange.querysets import DESKS, EXPORT, IMPORT
from tocsin.rooms.exchange.schemas import RECORDS

State = Import.State


def _me(request: HttpRequest) -> Person:
    return cast("Person", request.user)


@require_safe
@page(IMPORT, EXPORT, DESKS)
def exchange(request: HttpRequest) -> HttpResponseBase:
    """Show the person's imports, and what they may take along."""
    listed = keyset(queries.imports(request.user), ("-id",), request.GET.get("cursor", ""))
    if wants_fragment(request):
        return render(request, "exchange/_imports.html", {"page": listed})
    shown = {
        "page": listed,
        "may_set_up_desks": scope_of(request.user).allows(DESKS),
        "may_import": queries.may_import(request.user),
        "kinds": queries.kinds_about(request.user) if queries.may_export(request.user) else [],
        "export_form": forms.ExportForm(),
    }
    return render(request, "exchange/exchange.html", shown)


@most_bytes(actions.MOST_BYTES)
@require_http_methods(["GET", "HEAD", "POST"])
@page(IMPORT)
def import_new(request: HttpRequest) -> HttpResponseBase:
    """Take files of a foreign system in."""
    form = forms.ImportForm(request.POST or None, request.FILES or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        given = dict(form.cleaned_data)
        files = [actions.Offered(file.name or "file", file.chunks()) for file in given.pop("file")]
        try:
            load = actions.receive(actor=_me(request), files=files, most=actions.MOST_BYTES, **given)
        except actions.ExchangeError as error:
            form.add_error(None, str(error))
        else:
            return redirect("import", uuid=load.uuid)
    most = actions.MOST_BYTES >> 20
    return render(request, "exchange/new.html", {"form": form, "most": most, "systems": knowledge.peers().values()})


@require_safe
@page(IMPORT)
def one_import(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show one import: how far it is, what it would bring, what became of it."""
    load = queries.import_or_404(request.user, uuid)
    if wants_fragment(request) and load.state in Import.AT_WORK:
        return render(request, "exchange/_state.html", {"load": load})
    shown: dict[str, Any] = {"load": load, "peer": knowledge.peers()[load.peer]}
    if load.state in (State.COLUMNS, State.READY) and load.layout:
        shown |= {"columns": queries.columns(load), "fields": list(knowledge.FIELDS.items())}
        shown["columns_form"] = forms.ColumnsForm(initial={"day_first": "1" if load.day_first else "0"})
    if load.state == State.READY:
        shown |= {
            "preview": queries.preview(request.user, load),
            "decide_form": forms.DecideForm(user=request.user, initial={"team": load.team.code if load.team else ""}),
            "people": queries.usernames(),
        }
    if load.state == State.DONE:
        shown["incidents"] = queries.brought_in(request.user, load)[:20]
    if load.rejected or load.duplicates:
        shown["rejected"] = queries.rejected(load)[:20]
    answer = render(request, "exchange/import.html", shown)
    if wants_fragment(request):
        answer["HX-Refresh"] = "true"  # it is no longer at work: the whole page is another
    return answer


def _step(request: HttpRequest, uuid: UUID, do: Callable[[Import], str]) -> HttpResponse:
    """Do something with an import and go back to it, saying how it went."""
    load = queries.import_or_404(request.user, uuid)
    try:
        messages.success(request, do(load))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    return redirect("import", uuid=uuid)


@require_POST
@page(IMPORT)
def import_columns(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Say which column is which field."""
    form = forms.ColumnsForm(request.POST)

    def do(load: Import) -> str:
        if not form.is_valid():
            raise ValidationError(_("Choose how days are written."))
        chosen, day_first = dict(forms.pairs(request.POST, "column")), form.cleaned_data["day_first"]
        actions.match_columns(actor=_me(request), load=load, columns=chosen, day_first=day_first)
        if name := form.cleaned_data["keep_as"]:
            actions.keep_mapping(actor=_me(request), name=name, columns=chosen, day_first=day_first)
        return _("The columns are known; the table is read now.")

    return _step(request, uuid, do)


@require_POST
@page(IMPORT)
def import_decide(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Keep what was chosen for the names, and bring it in when that was asked."""
    form = forms.DecideForm(request.POST, user=request.user)

    def do(load: Import) -> str:
        if not form.is_valid():
            raise ValidationError(_("Choose a team and organisations from the lists."))
        places = {name: choice for name, choice in forms.pairs(request.POST, "organisation") if choice}
        rest = form.cleaned_data["rest"]
        if rest:
            places = dict.fromkeys(queries.undecided(request.user, load), rest) | places
        actions.decide(
            actor=_me(request),
            load=load,
            organisations=places,
            people=dict(forms.pairs(request.POST, "person")),
            team=form.cleaned_data["team"],
        )
        if request.POST.get("do") != "bring":
            return _("Kept.")
        load.refresh_from_db()
        actions.ask_to_bring_in(actor=_me(request), load=load)
        return _("It is brought in now; this page shows how far it is.")

    return _step(request, uuid, do)


@require_POST
@page(IMPORT)
def import_undo(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Take a whole import back."""

    def do(load: Import) -> str:
        actions.ask_to_undo(actor=_me(request), load=load)
        return _("It is taken back now.")

    return _step(request, uuid, do)


@require_POST
@page(IMPORT)
def import_discard(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Throw away what was not brought in."""

    def do(load: Import) -> str:
        actions.discard(actor=_me(request), load=load)
        return _("Thrown away; nothing of it was brought in.")

    return _step(request, uuid, do)


@require_safe
@page(IMPORT)
def import_records(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """List what was rejected or here already, with line and reason, also as a file."""
    load = queries.import_or_404(request.user, uuid)
    found = queries.rejected(load)
    if export.wanted(request):
        return export.answer(request, RECORDS, found)
    shown = {
        "load": load,
        "page": keyset(found, ("id",), request.GET.get("cursor", "")),
        "count": bounded_count(found),
    }
    return render(request, "exchange/_records.html" if wants_fragment(request) else "exchange/records.html", shown)
