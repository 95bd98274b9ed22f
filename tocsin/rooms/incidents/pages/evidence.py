"""The evidence of an incident: its list, one piece of it, and what is done with it."""

from __future__ import annotations

from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from tocsin import config
from tocsin.platform.access import page
from tocsin.platform.gate import Refused
from tocsin.platform.lists import NEWEST, keyset
from tocsin.rooms.artefacts.actions import Download
from tocsin.rooms.artefacts.models import CustodyEntry
from tocsin.rooms.incidents import actions, forms, knowledge, queries
from tocsin.rooms.incidents.models import Evidence
from tocsin.rooms.incidents.pages.common import act, me, say_wrong, show
from tocsin.rooms.incidents.pages.uploads import received

LIST, ONE = "incident_evidence", "incident_evidence_one"


@require_safe
@page("incidents.view", "incidents.part")
def evidence(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """List the evidence the person may see, newest first, with the form to add some."""
    view = queries.view_or_404(request.user, uuid)
    content = {
        "page": keyset(queries.evidence_of(view), NEWEST.fields, request.GET.get("cursor", "")),
        "form": forms.EvidenceForm(view=view) if queries.may_add_evidence(view) else None,
        "limit": config.load().upload_limit,
    }
    return show(request, view, "incidents/evidence.html", tab="evidence", **content)


@require_safe
@page("incidents.view", "incidents.part")
def evidence_one(request: HttpRequest, uuid: UUID, evidence: UUID) -> HttpResponseBase:
    """Show one piece of evidence with its custody log."""
    view = queries.view_or_404(request.user, uuid)
    found = queries.evidence_or_404(view, evidence)
    destroy_form = forms.ReasonForm(view=view)
    destroy_form.auto_id = "destroy_%s"
    content = {
        "evidence": found,
        "custody": queries.custody_log(view, found),
        "problem": knowledge.TEXT_PROBLEMS.get(found.text_problem, ""),
        "may_verify": queries.may_add_evidence(view),
        "hold_form": forms.ReasonForm(view=view),
        "destroy_form": destroy_form,
        "hand_over_form": forms.EvidenceHandOverForm(view=view),
    }
    return show(request, view, "incidents/evidence_one.html", tab="evidence", **content)


@csrf_exempt  # `received` checks the token
@require_POST
@page("incidents.view", "incidents.part")
def evidence_add(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Take files in as they come, once it is clear that the person may add some here."""
    view = queries.view_or_404(request.user, uuid)
    if not queries.may_add_evidence(view):
        raise PermissionDenied(_("You may look at this evidence only."))
    return received(request, partial(_add, view=view), reverse(LIST, args=[uuid]))


def _add(request: HttpRequest, view: queries.View) -> HttpResponse:
    form = forms.EvidenceForm(request.POST, request.FILES, view=view)
    if form.is_valid():
        files = [(file.name, file.kept) for file in form.cleaned_data["file"]]
        about = actions.About(**form.said())
        added = actions.add_evidence(actor=me(request), incident=view.incident, files=files, about=about)
        said = ngettext("%(number)d file added.", "%(number)d files added.", len(added)) % {"number": len(added)}
        messages.success(request, said)
    else:
        say_wrong(request, form)
    return redirect(LIST, uuid=view.incident.uuid)


@require_POST
@page("incidents.view", "incidents.part")
def evidence_download(request: HttpRequest, uuid: UUID, evidence: UUID) -> HttpResponseBase:
    """Give the file as it was sent; asked of the gate, and written into its custody log."""
    view = queries.view_or_404(request.user, uuid)
    found = queries.evidence_or_404(view, evidence)
    try:
        return Download(found.artefact, actions.take_along(actor=me(request), evidence=found))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except Refused as refused:
        messages.error(request, _("The gate refused: %s") % refused.decision.reason)
    return redirect(ONE, uuid=uuid, evidence=evidence)


def _chosen(view: queries.View, form: Any) -> Evidence:
    return queries.evidence_or_404(view, form.named["evidence"])


@act(forms.NothingForm, back=ONE, kept=("evidence",))
def evidence_verify(view: queries.View, form: Any) -> str:
    """Read it again and compare."""
    entry = actions.verify_evidence(actor=view.user, evidence=_chosen(view, form))
    if entry.act == CustodyEntry.Act.ALTERED:
        raise ValidationError(_("It is not what was taken in, or its custody log was changed: %s") % entry.reason)
    return _("It is what was taken in: its digest and its custody log are whole.")


@act(forms.ReasonForm, back=ONE, kept=("evidence",))
def evidence_hold(view: queries.View, form: Any) -> str:
    """Put it on legal hold."""
    actions.hold_evidence(actor=view.user, evidence=_chosen(view, form), **form.cleaned_data)
    return _("It is on legal hold.")


@act(forms.ReasonForm, back=ONE, kept=("evidence",))
def evidence_release(view: queries.View, form: Any) -> str:
    """Lift the legal hold."""
    actions.release_evidence(actor=view.user, evidence=_chosen(view, form), **form.cleaned_data)
    return _("The legal hold is lifted.")


@act(forms.EvidenceHandOverForm, back=ONE, kept=("evidence",))
def evidence_hand_over(view: queries.View, form: Any) -> str:
    """Write down to whom it was handed."""
    actions.hand_over_evidence(actor=view.user, evidence=_chosen(view, form), **form.cleaned_data)
    return _("Written down.")


@act(forms.ReasonForm, back=ONE, kept=("evidence",))
def evidence_destroy(view: queries.View, form: Any) -> str:
    """Destroy it for good."""
    actions.destroy_evidence(actor=view.user, evidence=_chosen(view, form), **form.cleaned_data)
    return _("It is destroyed; its digest and its custody log are kept.")
