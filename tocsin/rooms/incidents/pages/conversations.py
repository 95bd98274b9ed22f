"""The tab of conversations: what was said with each party, and a new mail with its preview."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tocsin.platform.access import page
from tocsin.platform.gate import Refused
from tocsin.rooms.incidents import actions, forms, queries
from tocsin.rooms.incidents.pages.common import act, me, show

TAB = "conversations"


@require_safe
@page("incidents.view", "incidents.part")
def conversations(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show the conversations of an incident, and one of them with all that was said."""
    view = queries.view_or_404(request.user, uuid)
    found = queries.conversations(view)
    chosen = queries.chosen_or_404(found, request.GET.get("with", ""))
    content: dict[str, Any] = {"conversations": found, "chosen": chosen, "may_write": queries.may_inform(view)}
    if chosen is not None:
        content["entries"] = queries.entries(view, chosen)
        content["answer_query"] = urlencode(queries.answer_to(chosen, content["entries"]))
        content["own_part"] = queries.own_part(view, chosen)
        content["answer_form"] = forms.AnswerForm(view=view)
    return show(request, view, "incidents/conversations.html", tab=TAB, **content)


@require_http_methods(["GET", "HEAD", "POST"])
@page("incidents.inform")
def conversation_write(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Write a mail: fill in a template, look at all that would leave, confirm what stands against it, send."""
    view = queries.view_or_404(request.user, uuid)
    if not queries.may_inform(view):
        raise Http404("incident")
    if request.method != "POST":
        given = {name: request.GET[name] for name in forms.MailForm.base_fields if name in request.GET}
        form = forms.MailForm(view=view, initial={"tlp": view.incident.tlp} | given)
        return _form(request, view, form)
    form = forms.MailForm(request.POST, view=view)
    if not form.is_valid():
        return _form(request, view, form)
    try:
        return _asked(request, view, form)
    except ValidationError as error:  # of the address: it looks like one and is none
        form.add_error(None, error)
        return _form(request, view, form)


def _asked(request: HttpRequest, view: queries.View, form: forms.MailForm) -> HttpResponse:
    writing = form.writing()
    match request.POST.get("do"):
        case "fill" if writing.template:
            subject, text = queries.filled(view, writing.template, writing)
            changed = form.cleaned_data | {"subject": subject, "text": text}
            return _form(request, view, forms.MailForm(view=view, initial=changed))
        case "preview":
            return _preview(request, view, form)
        case "send":
            return _send(request, view, form)
        case _:
            return _form(request, view, forms.MailForm(view=view, initial=form.cleaned_data))


def _form(request: HttpRequest, view: queries.View, form: forms.MailForm) -> HttpResponse:
    return show(request, view, "incidents/conversation_write.html", tab=TAB, form=form)


def _preview(request: HttpRequest, view: queries.View, form: forms.MailForm) -> HttpResponse:
    preview = queries.preview(view.incident, form.writing())
    confirmed = request.POST.getlist("confirm")
    content = {"form": form, "preview": preview, "confirmed": confirmed}
    return show(request, view, "incidents/conversation_preview.html", tab=TAB, **content)


def _send(request: HttpRequest, view: queries.View, form: forms.MailForm) -> HttpResponse:
    try:
        mail = actions.converse(
            actor=me(request), incident=view.incident, writing=form.writing(), seen=request.POST.get("seen", ""),
            confirmed=request.POST.getlist("confirm"),
        )  # fmt: skip
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return _preview(request, view, form)
    except Refused as refused:
        messages.error(request, _("The gate refused: %s") % refused.decision.reason)
        return _preview(request, view, form)
    messages.success(request, _("On its way to %s.") % mail.address)
    where = reverse("incident_conversations", args=[view.incident.uuid])
    return redirect(f"{where}?with={queries.key_of(mail.thread)}")


@act(forms.AnswerForm, back="incident_conversations")
def conversation_answer(view: queries.View, form: Any) -> str:
    """Answer for one's own organisation."""
    actions.answer_conversation(actor=view.user, incident=view.incident, **form.cleaned_data)
    return _("Your answer stands in the conversation.")


@act(forms.KeyForm, back="incident_conversations")
def conversation_settle(view: queries.View, form: Any) -> str:
    """Note that nothing in a conversation waits for an answer."""
    chosen = queries.chosen_or_404(queries.conversations(view), str(form.cleaned_data["key"]))
    actions.settle_conversation(actor=view.user, incident=view.incident, threads=chosen.threads if chosen else ())
    return _("Nothing waits there any more.")
