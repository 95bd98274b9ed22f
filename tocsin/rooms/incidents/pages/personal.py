"""Pages of incidents about insiders: the ground, the personal content, requests and their answers."""

from __future__ import annotations

import io
from contextlib import ExitStack
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from tocsin.platform.access import page, scope_of
from tocsin.platform.gate import Refused
from tocsin.rooms.artefacts.actions import Download, receive_body
from tocsin.rooms.incidents import actions, forms, knowledge, queries
from tocsin.rooms.incidents.models import PersonalItem
from tocsin.rooms.incidents.pages.common import act, done, me, say_wrong, show
from tocsin.rooms.incidents.pages.edits import get_or_post
from tocsin.rooms.incidents.pages.uploads import received

HERE = "incident_personal"
Form = PersonalItem.Form


def _view(request: HttpRequest, uuid: UUID) -> queries.View:
    """Give an incident to somebody who handles it; nothing of this is there for others."""
    view = queries.view_or_404(request.user, uuid)
    if not view.handler:
        raise Http404("incident")
    return view


@get_or_post
@page("incidents.work")
def insider_new(request: HttpRequest) -> HttpResponse:
    """Open an incident about an insider, sealed from the first moment."""
    require_open = scope_of(request.user).allows("incidents.open")
    if not require_open:
        raise PermissionDenied(_("You may not open incidents."))
    form = forms.InsiderForm(request.POST or None, user=me(request))
    if form.is_valid():
        given = form.cleaned_data
        try:
            opened = actions.open_insider(
                actor=me(request), title=given["title"], organisations=given["organisations"],
                severity=given["severity"], ground=form.ground(), people=given["people"],
            )  # fmt: skip
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, _("%s opened, and sealed.") % opened.reference)
            return redirect(HERE, uuid=opened.uuid)
    return render(request, "incidents/insider_new.html", {"form": form})


@require_safe
@page("incidents.view", "incidents.part")
def personal(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Show that there is personal content, who asked for it, and how to ask."""
    view = _view(request, uuid)
    case, known = queries.case_of(view), knowledge.insider()
    content: dict[str, Any] = {"case": case, "ground_form": None}
    if case is None:
        content["ground_form"] = forms.GroundForm() if queries.may_work(view) else None
        return show(request, view, "incidents/personal.html", tab="personal", **content)
    content |= {
        "purpose": known.purposes.get(case.purpose, case.purpose),
        "basis": known.bases.get(case.basis, case.basis),
        "items": queries.personal_items(view),
        "accesses": queries.personal_accesses(view),
        "granters": queries.granters(view),
        "may_grant": scope_of(request.user).allows(actions.GRANT),
        "hours": known.grant_hours,
        "add_form": forms.PersonalForm(view=view) if queries.may_work(view) else None,
        "ask_form": forms.AskForm(view=view),
        "may_work": queries.may_work(view),
    }
    return show(request, view, "incidents/personal.html", tab="personal", **content)


@require_POST
@page("incidents.work")
def personal_flag(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Note that an incident is about an insider: purpose and basis first, sealed with it."""
    view = _view(request, uuid)
    form = forms.GroundForm(request.POST)
    if not form.is_valid():
        say_wrong(request, form)
        return redirect(HERE, uuid=uuid)

    def flag() -> str:
        people = form.cleaned_data["people"]
        actions.flag_insider(actor=me(request), incident=view.incident, ground=form.ground(), people=people)
        return _("Noted, and sealed.")

    try:
        return done(request, view, flag, request.path.removesuffix("flag/"))
    except PermissionDenied as error:
        raise Http404("incident") from error


@csrf_exempt  # `received` checks the token
@require_POST
@page("incidents.work")
def personal_add(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Take a note or files in; they are encrypted as they come."""
    view = _view(request, uuid)
    if queries.case_of(view) is None:
        raise Http404("incident")
    return received(request, partial(_add, view=view), reverse(HERE, args=[uuid]))


def _add(request: HttpRequest, view: queries.View) -> HttpResponse:
    form = forms.PersonalForm(request.POST, request.FILES, view=view)
    if not form.is_valid():
        say_wrong(request, form)
        return redirect(HERE, uuid=view.incident.uuid)
    given = form.cleaned_data
    files = [(file.name, file.kept) for file in given["file"] if file]
    with ExitStack() as taking:
        kept = [(Form.FILE, files)] if files else []
        if written := given["note"].strip().encode():
            taken = taking.enter_context(receive_body(io.BytesIO(written).read, len(written)))
            kept.append((Form.NOTE, [("", taken)]))
        if not kept:
            raise ValidationError(_("Write a note, or choose at least one file."))
        for form_of, some in kept:
            actions.add_personal(
                actor=me(request), incident=view.incident, form=form_of, kind=given["kind"], files=some
            )
    number = sum(len(some) for _form, some in kept)
    messages.success(request, ngettext("%d item is kept apart.", "%d items are kept apart.", number) % number)
    return redirect(HERE, uuid=view.incident.uuid)


@require_POST
@never_cache
@page("incidents.view", "incidents.part")
def personal_open(request: HttpRequest, uuid: UUID, item: UUID) -> HttpResponseBase:
    """Show a note, or give a file, by a grant that is in force; each time is written down."""
    view = _view(request, uuid)
    found = queries.item_or_404(view, item)
    try:
        content = actions.open_personal(actor=me(request), item=found)
    except (ValidationError, PermissionDenied) as error:
        messages.error(request, " ".join(getattr(error, "messages", [str(error)])))
        return redirect(HERE, uuid=uuid)
    except Refused as refused:
        messages.error(request, _("The gate refused: %s") % refused.decision.reason)
        return redirect(HERE, uuid=uuid)
    if found.form == Form.FILE:
        return Download(found.artefact, content)
    with content:
        text = content.read().decode()
    return show(request, view, "incidents/personal_note.html", tab="personal", item=found, text=text)


@act(forms.AskForm, back=HERE)
def personal_ask(view: queries.View, form: Any) -> str:
    """Ask to open an item."""
    item = queries.item_or_404(view, form.named["item"])
    actions.ask_personal(actor=view.user, item=item, purpose=form.cleaned_data["purpose"])
    return _("Asked. Somebody else who is named here answers.")


@act(forms.DecideForm, back=HERE)
def personal_decide(view: queries.View, form: Any) -> str:
    """Answer a request."""
    access = queries.access_or_404(view, form.named["access"])
    given = form.cleaned_data
    if access.person_id == view.user.pk:
        raise ValidationError(_("Somebody else answers what you have asked for."))
    decided = actions.decide_personal(
        actor=view.user, access=access, grant=given["grant"] == "yes", reason=given["reason"], hours=given["hours"]
    )
    return _("Granted.") if decided.in_force else _("Refused.")


@act(forms.NothingForm, back=HERE)
def personal_withdraw(view: queries.View, form: Any) -> str:
    """Take a grant or one's own request back."""
    actions.withdraw_personal(actor=view.user, access=queries.access_or_404(view, form.named["access"]))
    return _("Withdrawn.")


@act(forms.ReasonForm, back=HERE)
def personal_hold(view: queries.View, form: Any) -> str:
    """Put an item on legal hold."""
    item = queries.item_or_404(view, form.named["item"])
    actions.hold_personal(actor=view.user, item=item, reason=form.cleaned_data["reason"])
    return _("It is on legal hold.")


@act(forms.ReasonForm, back=HERE)
def personal_release(view: queries.View, form: Any) -> str:
    """Lift the legal hold of an item."""
    item = queries.item_or_404(view, form.named["item"])
    actions.release_personal(actor=view.user, item=item, reason=form.cleaned_data["reason"])
    return _("The legal hold is lifted.")


@act(forms.ReasonForm, back=HERE)
def personal_destroy(view: queries.View, form: Any) -> str:
    """Destroy an item for good."""
    item = queries.item_or_404(view, form.named["item"])
    actions.destroy_personal(actor=view.user, item=item, reason=form.cleaned_data["reason"])
    return _("It is destroyed; its digest and its custody log are kept.")
