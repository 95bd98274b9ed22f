"""The queue, one alert, and many at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.platform import export
from tocsin.platform.access import page, scope_of
from tocsin.platform.bulk import said, shown_by, ticket
from tocsin.platform.lists import bounded_count, keyset, shown_count
from tocsin.platform.look.htmx import wants_fragment
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts import actions, forms, knowledge, queries
from tocsin.rooms.alerts.actions.errors import AlertError
from tocsin.rooms.alerts.models import Alert, BulkChange
from tocsin.rooms.alerts.schemas import BY_LEVEL, SHEET, Assigned, Filters, pretty, telling
from tocsin.rooms.intake import queries as intake
from tocsin.rooms.notices.actions import NoticeError
from tocsin.rooms.rules import queries as rules
from tocsin.rooms.rules.models import Level

Act = Callable[[Person, Alert, Any], str]
HITS_SHOWN = 8
ROWS = 40  # more than two screens


def _me(request: HttpRequest) -> Person:
    return cast("Person", request.user)


@require_safe
@page("alerts.view")
def alerts(request: HttpRequest) -> HttpResponseBase:
    """Show the queue."""
    filters = Filters.read(request.GET)
    cursor, fragment = request.GET.get("cursor", ""), wants_fragment(request)
    found = queries.queue(request.user, filters)
    if export.wanted(request):
        return export.answer(request, SHEET, queries.in_full(found).order_by(*filters.order))
    counts = {} if cursor or fragment else queries.counts(request.user)
    shown: dict[str, Any] = {
        "page": keyset(found, filters.order, cursor, ROWS),
        "count": "" if cursor else counts.get(filters.tab) or bounded_count(found),
        "filters": filters,
        "may_triage": queries.may_triage(request.user),
        "escalate_url": _escalate_url() if queries.may_escalate(request.user) else "",
        "may_tell": scope_of(request.user).allows("notices.send"),
        "carried": export.without_export(request),
        "dispositions": knowledge.dispositions(),
    }
    if fragment:
        return render(request, "alerts/_list.html", shown)
    shown |= {
        "tabs": list(forms.tabs(filters, counts)),
        "levels": list(forms.levels(filters, counts)),
        "assigned": Assigned.choices,
        "organisations": queries.organisations(request.user),
    }
    return render(request, "alerts/list.html", shown)


@require_safe
@page("alerts.view")
def alert(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show one alert: what fired, on what, and what was done about it."""
    found = queries.alert_as_it_stands_or_404(request.user, uuid)
    trail = list(queries.trail(found))
    steps = {step.name for step in knowledge.possible(found.state) if queries.may(request.user, step.verb, found)}
    shown = {
        "alert": found,
        "rule": rules.latest(found.rule_id),
        "trail": trail,
        "hits": keyset(queries.hits(found), queries.HIT_ORDER, size=HITS_SHOWN),
        "related": queries.related(request.user, found),
        "incidents": _incidents(request.user, found) if any(c.event == "escalate" for c in trail) else (),
        "carried": request.GET.urlencode(),
        "steps": steps,
        "may_triage": queries.may(request.user, "alerts.triage", found),
        "escalate_url": _escalate_url([found]) if "escalate" in steps else "",
        **_work(request.user, found, steps),
    }
    return render(request, "alerts/alert.html", shown)


def _incidents(user: Any, found: Alert) -> Sequence[Any]:
    links: Sequence[Any] = import_string(settings.TOCSIN_INCIDENTS_OF_ALERT)(user, found)
    return links


def _work(user: Any, found: Alert, steps: set[str]) -> dict[str, Any]:
    """Give the forms of what this person may do with the alert now."""
    forms_of = {
        "answer_form": ("answer", forms.AnswerForm),
        "ask_form": ("ask", forms.QuestionForm),
        "dispose_form": ("benign", forms.DisposeForm),
        "reopen_form": ("reopen", forms.ReasonForm),
    }
    work: dict[str, Any] = {
        name: form(auto_id=f"{name}_%s") for name, (step, form) in forms_of.items() if step in steps
    }
    work["comment_form"] = forms.CommentForm(auto_id="comment_form_%s")
    if "take" in steps:
        work["assign_form"] = forms.AssignForm(user=user, auto_id="assign_form_%s")
    if "benign" in steps:
        work["earlier"] = queries.earlier_reasons(user, found)
    return work


@require_safe
@page("alerts.view")
def alert_hits(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """List all hits of an alert, newest first."""
    found = queries.alert_or_404(request.user, uuid)
    listed = keyset(queries.hits(found), queries.HIT_ORDER, request.GET.get("cursor", ""))
    template = "alerts/_hits.html" if wants_fragment(request) else "alerts/hits.html"
    return render(request, template, {"alert": found, "page": listed})


@require_safe
@page("alerts.view")
def alert_raw(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show the raw lines that were kept of the first and the last hits."""
    found = queries.alert_or_404(request.user, uuid)
    if "first" in request.GET:
        first = queries.raw_lines(found).first()
        return render(request, "alerts/_first.html", {"raw": telling(bytes(first.raw)) if first else None})
    lines = [(line, pretty(bytes(line.raw))) for line in queries.raw_lines(found)]
    template = "alerts/_raw.html" if wants_fragment(request) else "alerts/raw.html"
    return render(request, template, {"alert": found, "lines": lines})


@require_safe
@page("alerts.view")
def alert_event(request: HttpRequest, uuid: UUID, receipt: UUID, record: int) -> HttpResponseBase:
    """Show the raw event of one hit."""
    found = queries.alert_or_404(request.user, uuid)
    hit = queries.hit_or_404(found, receipt, record)
    event = intake.event(request.user, receipt, record)
    raw = event.raw if event else queries.raw_copy(hit)
    shown = {"alert": found, "hit": hit, "event": event, "raw": pretty(raw) if raw is not None else None}
    return render(request, "alerts/event.html", shown)


def act(form_class: Callable[..., Any]) -> Callable[[Act], Callable[..., HttpResponseBase]]:
    """Make a page of an action: POST only, form checked, the outcome said, back to the alert or on to the next."""

    def made(do: Act) -> Callable[..., HttpResponseBase]:
        @require_POST
        @page("alerts.view")
        def posted(request: HttpRequest, /, uuid: UUID) -> HttpResponseBase:
            found = queries.alert_or_404(request.user, uuid)
            form = form_class(request.POST)
            if not form.is_valid():
                for name, errors in form.errors.items():
                    messages.error(request, f"{form.fields[name].label}: {' '.join(errors)}")
                return redirect("alert", uuid=uuid)
            try:
                messages.success(request, do(_me(request), found, form.cleaned_data))
            except AlertError as error:
                messages.error(request, str(error))
                return redirect("alert", uuid=uuid)
            return _onwards(request, found)

        return posted

    return made


def _onwards(request: HttpRequest, done: Alert) -> HttpResponseBase:
    if "next" not in request.POST:
        return HttpResponseRedirect(f"{reverse('alert', args=[done.uuid])}?{request.GET.urlencode()}".rstrip("?"))
    following = queries.next_open(request.user, done, Filters.read(request.GET))
    carried = f"?{request.GET.urlencode()}" if request.GET else ""
    if following is None:
        return HttpResponseRedirect(f"{reverse('alerts')}{carried}")
    return HttpResponseRedirect(f"{reverse('alert', args=[following.uuid])}{carried}")


@act(forms.NothingForm)
def take(actor: Person, found: Alert, _given: Any) -> str:
    """Take it."""
    actions.take(actor=actor, alert=found)
    return _("You have taken this alert.")


@act(forms.NothingForm)
def release(actor: Person, found: Alert, _given: Any) -> str:
    """Put it back."""
    actions.release(actor=actor, alert=found)
    return _("The alert is back in the queue.")


@act(forms.CommentForm)
def comment(actor: Person, found: Alert, given: Any) -> str:
    """Say something."""
    actions.comment(actor=actor, alert=found, text=given["text"])
    return _("Comment added.")


@act(forms.QuestionForm)
def ask(actor: Person, found: Alert, given: Any) -> str:
    """Ask the organisation."""
    actions.ask(actor=actor, alert=found, question=given["text"])
    return _("The alert waits for an answer.")


@act(forms.AnswerForm)
def answer(actor: Person, found: Alert, given: Any) -> str:
    """Answer."""
    actions.answer(actor=actor, alert=found, text=given["text"])
    return _("Answer given; triage goes on.")


@act(forms.DisposeForm)
def dispose(actor: Person, found: Alert, given: Any) -> str:
    """Close it."""
    actions.dispose(actor=actor, alert=found, **given)
    return _("“%(title)s” is closed: %(state)s.") % {"title": found.title, "state": found.get_state_display()}


@act(forms.ReasonForm)
def reopen(actor: Person, found: Alert, given: Any) -> str:
    """Open it again."""
    actions.reopen(actor=actor, alert=found, reason=given["reason"])
    return _("The alert is in triage again.")


@require_POST
@page("alerts.triage")
def assign(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Give it to a colleague."""
    found = queries.alert_or_404(request.user, uuid)
    form = forms.AssignForm(request.POST, user=request.user)
    if not form.is_valid():
        messages.error(request, _("Choose one of your colleagues."))
        return redirect("alert", uuid=uuid)
    try:
        actions.assign(actor=_me(request), alert=found, assignee=form.cleaned_data["assignee"])
        messages.success(request, _("Given to %s.") % form.cleaned_data["assignee"])
    except AlertError as error:
        messages.error(request, str(error))
    return redirect("alert", uuid=uuid)


@require_POST
@page("alerts.view")
def bulk(request: HttpRequest) -> HttpResponseBase:
    """Do one thing with the alerts that were ticked, or with all that match once their preview was seen."""
    given = request.POST
    chosen = list(queries.visible_by_uuids(request.user, given.getlist("selected")))
    if given.get("do") == "escalate" and chosen and (url := _escalate_url(chosen)):
        return redirect(url)
    back = given.get("back", "")
    home = back if back.startswith(f"{reverse('alerts')}?") else reverse("alerts")
    if given.get("do") == "tell":
        return _told(request, home, chosen)
    how = {"do": given.get("do", ""), "disposition": given.get("disposition", "")}
    how["reason"] = given.get("reason", "")[: forms.LONGEST_TEXT]
    try:
        if "whole" in given and "upto" not in given:
            return render(
                request,
                "alerts/bulk.html",
                {"how": how, "back": home, "room": reverse("alerts"), **_preview(request, home, how)},
            )
        change = _changed(request, home, chosen, how)
    except AlertError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _said(change))
    return HttpResponseRedirect(home)


def _told(request: HttpRequest, home: str, chosen: list[Alert]) -> HttpResponseBase:
    """Write a notice to those whom the alerts concern; its preview comes next, and nothing is sent yet."""
    if "whole" in request.POST:
        chosen = list(_whole(request, home, queries.newest())[: actions.MOST_TOLD + 1])
    try:
        return redirect("notice", actions.notice_of(actor=_me(request), alerts=chosen).uuid)
    except (NoticeError, AlertError) as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(home)


def _changed(request: HttpRequest, home: str, chosen: list[Alert], how: Mapping[str, str]) -> BulkChange:
    if "upto" in request.POST:
        return actions.change_all(actor=_me(request), found=_as_shown(request, home, how), **how)
    if not chosen:
        raise actions.NothingToDo(_("Select at least one alert."))
    return actions.change_chosen(actor=_me(request), alerts=chosen, **how)


def _whole(request: HttpRequest, home: str, upto: int) -> QuerySet[Alert]:
    """Give all alerts of the list the person came from, no newer than ``upto``."""
    return queries.to_change(request.user, Filters.read(QueryDict(urlsplit(home).query)), upto)


def _as_shown(request: HttpRequest, home: str, how: Mapping[str, str]) -> QuerySet[Alert]:
    """Give the alerts of the preview, or refuse: it was another one, or more match now than it showed."""
    shown = shown_by(request.POST["upto"], how["do"], how["disposition"], home)
    if shown is None:
        raise actions.NothingToDo(_("Look at what would change first."))
    upto, total = shown
    found = _whole(request, home, upto)
    if actions.allowing(found, actions.step_of(**how)).order_by()[: total + 1].count() > total:
        raise actions.NothingToDo(_("More match now than were shown; look again."))
    return found


def _preview(request: HttpRequest, home: str, how: Mapping[str, str]) -> dict[str, Any]:
    """Count what would change and what would not, before anything does."""
    step, upto = actions.step_of(**how), queries.newest()
    found = _whole(request, home, upto)
    allowing = actions.allowing(found, step)
    total, levels, organisations = queries.summed(allowing, actions.MOST)
    if not total:
        raise actions.NothingToDo(_("None of these alerts allows this now."))
    matching = allowing.order_by().count()
    return {
        "step": step,
        "upto": ticket([upto, matching], how["do"], how["disposition"], home),
        "total": total,
        "more": matching > total,
        "passed_over": shown_count(found.order_by().count() - matching),
        "levels": [(level, Level(level).label, levels[level]) for level in sorted(levels, reverse=True)],
        "organisations": organisations,
        "first": allowing.order_by(*BY_LEVEL)[:10],
    }


def _said(change: BulkChange) -> str:
    if change.event == "take":
        text = ngettext("%d alert taken.", "%d alerts taken.", change.count) % change.count
    else:
        text = ngettext("%d alert closed.", "%d alerts closed.", change.count) % change.count
    return said(text, reverse("alerts_bulk_change", args=[change.uuid]))


@require_http_methods(["GET", "HEAD", "POST"])
@page("alerts.view")
def bulk_change(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show what was done with many alerts at once, and take it back."""
    change = queries.change_or_404(request.user, uuid)
    if request.method != "POST":
        return render(request, "alerts/bulk_change.html", {"change": change})
    try:
        count = actions.undo(actor=_me(request), change=change)
        messages.success(request, ngettext("%d alert is as before.", "%d alerts are as before.", count) % count)
    except AlertError as error:
        messages.error(request, str(error))
    return redirect("alerts")


def _escalate_url(chosen: Sequence[Alert] = ()) -> str:
    """Give the page that makes an incident of alerts; the room above has it."""
    try:
        page_of_incident = reverse("incident_from_alerts")
    except NoReverseMatch:
        return ""
    return f"{page_of_incident}?{urlencode([('alert', one.uuid) for one in chosen])}" if chosen else page_of_incident
