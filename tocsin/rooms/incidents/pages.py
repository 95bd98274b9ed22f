"""Pages of the incident room: thin; what is read is in queries, what is done in actions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.platform import export
from tocsin.platform.access import page
from tocsin.platform.gate import Refused
from tocsin.platform.lists import bounded_count, keyset
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts import queries as alert_queries
from tocsin.rooms.incidents import actions, forms, knowledge, queries
from tocsin.rooms.incidents.models import Incident, Severity
from tocsin.rooms.incidents.schemas import INCIDENTS

BY_SEVERITY = ("-severity", "-updated_at", "-id")
BY_CHANGE = ("-updated_at", "-id")
ROWS = 40  # more than two screens
ENTRIES, ENTRIES_MOST = 100, 2_000
Act = Callable[[queries.View, Any], str]


def _me(request: HttpRequest) -> Person:
    return cast("Person", request.user)


def _wants_fragment(request: HttpRequest) -> bool:
    htmx = request.htmx  # type: ignore[attr-defined]  # django-htmx adds it
    return bool(htmx and not htmx.boosted)


@require_safe
@page("incidents.view", "incidents.part")
def incidents(request: HttpRequest) -> HttpResponseBase:
    """List the incidents the person may know of."""
    found = queries.queue(request.user, filters=request.GET.dict())
    order = BY_CHANGE if request.GET.get("sort") == "changed" else BY_SEVERITY
    if export.wanted(request):
        return export.answer(request, INCIDENTS, found.only().order_by(*order))
    listed = keyset(found, order, request.GET.get("cursor", ""), ROWS)
    seen = queries.listed_organisations(request.user, list(listed.items))
    for incident in listed.items:
        incident.shown_organisations = seen.get(incident.pk, [])
    shown = {
        "page": listed,
        "count": bounded_count(found),
        "filters": forms.FilterForm(request.GET or None, organisations=queries.codes_in_reach(request.user)),
        "may_open": queries.may_open(request.user),
    }
    template = "incidents/_list.html" if _wants_fragment(request) else "incidents/list.html"
    return render(request, template, shown)


@require_safe
@page("incidents.view", "incidents.part")
def incident(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show one incident, in full or the parts of the person's own organisations."""
    view = queries.view_or_404(request.user, uuid)
    return render(request, "incidents/incident.html", _content(view, whole=request.GET.get("timeline") == "all"))


def _content(view: queries.View, *, whole: bool) -> dict[str, Any]:
    known = view.incident
    possible = knowledge.events_from(known.state) if view.handler else {}
    content: dict[str, Any] = {
        "view": view,
        "incident": known,
        "events": [knowledge.Event(e, knowledge.EVENT_LABELS[e]) for e in possible if e != "close"],
        "can_close": "close" in possible,
        "offer": next((h for h in view.hand_offs() if h.state == "offered"), None) if known.offered_to_id else None,
        "may_answer_offer": queries.may_answer_offer(view),
        **_timeline(view, ENTRIES_MOST if whole else ENTRIES),
        "rsit": knowledge.label(known.rsit_class, known.rsit_type),
        "comment_form": forms.CommentForm(view=view),
        "may_work": queries.may_work(view),
        "may_inform": queries.may_inform(view),
        "notice_url": queries.notice_url(view),
        "may_comment": view.handler or queries.may_answer(view),
    }
    if content["may_work"]:
        content |= _working_forms(view)
    return content


def _timeline(view: queries.View, most: int) -> dict[str, Any]:
    """Give the last entries, oldest first, in the reader's words, and whether there are earlier ones."""
    newest = list(view.timeline().order_by("-time", "-id")[: most + 1])
    for entry in newest:
        entry.said = knowledge.said(entry)  # type: ignore[attr-defined]  # for the page
    return {"entries": newest[:most][::-1], "earlier": len(newest) > most}


def _working_forms(view: queries.View) -> dict[str, Any]:
    known = view.incident
    current = {
        name: getattr(known, name) for name in ("title", "summary", "severity", "tlp", "rsit_class", "rsit_type")
    }
    return {
        "change_form": forms.ChangeForm(view=view, initial=current),
        "close_form": forms.CloseForm(view=view),
        "offer_form": forms.OfferForm(view=view),
        "seal_form": forms.SealForm(view=view),
        "task_form": forms.TaskForm(view=view),
        "organisation_form": forms.OrganisationForm(view=view),
        "inform_form": forms.InformForm(view=view),
    }


@require_http_methods(["GET", "HEAD", "POST"])
@page("incidents.open")
def incident_new(request: HttpRequest) -> HttpResponseBase:
    """Open an incident from nothing but a title, as on the telephone."""
    form = forms.OpenForm(request.POST or None, user=_me(request))
    if form.is_valid() and (opened := _open(request, form)):
        return opened
    return render(request, "incidents/new.html", {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
@page("incidents.open")
def incident_from_alerts(request: HttpRequest) -> HttpResponseBase:
    """Open an incident from alerts, with everything filled in that they tell."""
    chosen = request.GET.getlist("alert") or request.POST.getlist("alert")
    alerts = list(alert_queries.visible_by_uuids(request.user, chosen))
    if not alerts:
        messages.error(request, _("Choose at least one alert."))
        return redirect("alerts")
    known = list(queries.joinable(request.user, [a.organisation for a in alerts if a.organisation]))
    if "join" in request.POST:
        return _join(request, request.POST["join"], known, alerts)
    form = forms.OpenForm(
        request.POST if "title" in request.POST else None, user=_me(request), initial=_told_by(_me(request), alerts)
    )
    if form.is_valid() and (opened := _open(request, form, alerts=alerts)):
        return opened
    return render(request, "incidents/new.html", {"form": form, "alerts": alerts, "joinable": known})


def _join(request: HttpRequest, chosen: str, known: list[Incident], alerts: list[Any]) -> HttpResponse:
    incident = next((one for one in known if str(one.uuid) == chosen), None)
    if incident is None:
        messages.error(request, _("Choose one of the incidents you handle."))
        return redirect("alerts")
    return _done(request, queries.view_or_404(request.user, incident.uuid), lambda: _joined(request, incident, alerts))


def _joined(request: HttpRequest, incident: Incident, alerts: list[Any]) -> str:
    actions.join_alerts(actor=_me(request), incident=incident, alerts=alerts)
    return ngettext("%d alert added.", "%d alerts added.", len(alerts)) % len(alerts)


def _told_by(user: Person, alerts: list[Any]) -> dict[str, Any]:
    worst = max(alerts, key=lambda alert: alert.level)
    one = len({alert.organisation_id for alert in alerts}) == 1
    team = queries.default_team(user, [a.organisation for a in alerts if a.organisation])
    return {
        # Everyone concerned reads the title: it names a subject only when it is everyone's own.
        "title": f"{worst.title} – {worst.subject}"[:200] if one and worst.subject else worst.title,
        "organisations": sorted({a.organisation.code for a in alerts if a.organisation}),
        "severity": {0: Severity.BASELINE, 1: Severity.LOW, 2: Severity.MEDIUM}.get(worst.level, Severity.HIGH),
        "offer_to": team.code if team else None,
    }


def _open(request: HttpRequest, form: forms.OpenForm, **more: Any) -> HttpResponse | None:
    try:
        opened = actions.open_incident(actor=_me(request), **form.cleaned_data, **more)
    except ValidationError as error:
        form.add_error(None, error)
        return None
    messages.success(request, _("%s opened.") % opened.reference)
    return redirect("incident", uuid=opened.uuid)


def act(form_class: type[forms.PartForm]) -> Callable[[Act], Callable[..., HttpResponseBase]]:
    """Make a page of an action: POST only, form checked, the outcome said, back to the incident."""

    def made(do: Act) -> Callable[..., HttpResponseBase]:
        @require_POST
        @page("incidents.view", "incidents.part")
        def posted(request: HttpRequest, /, uuid: UUID, **chosen: Any) -> HttpResponseBase:
            view = queries.view_or_404(request.user, uuid)
            form = form_class(request.POST, view=view)
            form.chosen = chosen  # type: ignore[attr-defined]
            if not form.is_valid():
                for field, errors in form.errors.items():
                    messages.error(request, _wrong(form, field, errors))
                return redirect("incident", uuid=uuid)
            return _done(request, view, lambda: do(view, form))

        return posted

    return made


def _wrong(form: Any, field: str, errors: Any) -> str:
    said = " ".join(str(error) for error in errors)
    return f"{form.fields[field].label}: {said}" if field in form.fields else said


def _done(request: HttpRequest, view: queries.View, do: Callable[[], str]) -> HttpResponse:
    try:
        messages.success(request, do())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except Refused as refused:
        messages.error(request, _("The gate refused: %s") % refused.decision.reason)
    return redirect("incident", uuid=view.incident.uuid)


@act(forms.CommentForm)
def comment(view: queries.View, form: Any) -> str:
    """Say something."""
    said = form.cleaned_data
    audience = said.get("audience") or ("entity" if said["entity"] else "team")
    actions.comment(
        actor=view.user, incident=view.incident, text=said["text"], entity=said["entity"], audience=audience
    )
    return _("Comment added.")


@act(forms.ChangeForm)
def change(view: queries.View, form: Any) -> str:
    """Change what is known."""
    actions.change(actor=view.user, incident=view.incident, **form.changes())
    return _("Changed.")


@act(forms.EventForm)
def advance(view: queries.View, form: Any) -> str:
    """Let the incident advance."""
    after = actions.advance(actor=view.user, incident=view.incident, event=form.cleaned_data["event"])
    return _("State: %s") % Incident.State(after.state).label


@act(forms.CloseForm)
def close(view: queries.View, form: Any) -> str:
    """Close with a cause."""
    actions.close(actor=view.user, incident=view.incident, cause=form.cleaned_data["cause"])
    return _("Closed.")


@act(forms.NothingForm)
def take(view: queries.View, _form: Any) -> str:
    """Own it."""
    actions.take(actor=view.user, incident=view.incident)
    return _("You own this incident.")


@act(forms.OfferForm)
def offer(view: queries.View, form: Any) -> str:
    """Offer it to another team."""
    team = form.cleaned_data["team"]
    actions.offer(actor=view.user, incident=view.incident, team=team, text=form.cleaned_data["note"])
    return str(_("Offered to %s.") % team)


@act(forms.NothingForm)
def accept(view: queries.View, form: Any) -> str:
    """Accept an offer."""
    actions.accept(actor=view.user, hand_off=queries.offer_or_404(view, form.chosen["offer"]))
    return _("You own this incident.")


@act(forms.ReasonForm)
def refuse(view: queries.View, form: Any) -> str:
    """Refuse an offer with a reason."""
    hand_off = queries.offer_or_404(view, form.chosen["offer"])
    actions.refuse(actor=view.user, hand_off=hand_off, reason=form.cleaned_data["reason"])
    return _("Refused.")


@act(forms.NothingForm)
def withdraw(view: queries.View, form: Any) -> str:
    """Take an offer back."""
    actions.withdraw(actor=view.user, hand_off=queries.offer_or_404(view, form.chosen["offer"]))
    return _("Withdrawn.")


@act(forms.SealForm)
def seal(view: queries.View, form: Any) -> str:
    """Seal it to named people."""
    actions.seal(actor=view.user, incident=view.incident, people=form.cleaned_data["people"])
    return _("Sealed. It now exists for the people you named, and for nobody else.")


@act(forms.NothingForm)
def unseal(view: queries.View, _form: Any) -> str:
    """Remove the seal."""
    actions.unseal(actor=view.user, incident=view.incident)
    return _("The seal is removed.")


@act(forms.OrganisationForm)
def add_organisation(view: queries.View, form: Any) -> str:
    """Add an organisation concerned."""
    actions.add_organisation(actor=view.user, incident=view.incident, **form.cleaned_data)
    return _("Added.")


@act(forms.TaskForm)
def add_task(view: queries.View, form: Any) -> str:
    """Ask for something to be done."""
    actions.add_task(actor=view.user, incident=view.incident, **form.cleaned_data)
    return _("Task added.")


@act(forms.TaskAnswerForm)
def answer_task(view: queries.View, form: Any) -> str:
    """Answer a task."""
    actions.answer_task(actor=view.user, task=queries.task_or_404(view, form.chosen["task"]), **form.cleaned_data)
    return _("Answered.")


@act(forms.InformForm)
def inform(view: queries.View, form: Any) -> str:
    """Tell an organisation's officer."""
    told = actions.inform(actor=view.user, incident=view.incident, **form.cleaned_data)
    return _("On its way to %s.") % ", ".join(told.tellings.order_by("pk").values_list("address", flat=True))
