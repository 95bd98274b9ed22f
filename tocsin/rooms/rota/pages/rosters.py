"""Rosters: who is on call now and later, and the forms that change it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tocsin.platform.access import page, scope_of
from tocsin.platform.lists import keyset
from tocsin.platform.wallclock import zone_named
from tocsin.rooms.rota import actions, forms, queries
from tocsin.rooms.rota.models import PAGE
from tocsin.rooms.rota.pages.common import FORM, done, filled, me, posted

USE, VIEW, MANAGE = ("rota.page", "rota.manage"), "constituency.view", "rota.manage"
COMING, WAITING = timedelta(weeks=25), 8  # as far as shifts are planned


@require_safe
@page(*USE)
def on_call(request: HttpRequest) -> HttpResponseBase:
    """Show who is on call in every team, one's own next shifts, and the pages that wait."""
    now = timezone.now()
    shown = {
        "teams": queries.teams_on_call(request.user),
        "mine": queries.shifts_of_person(me(request), now, now + COMING)[:WAITING],
        "page": keyset(queries.pages(request.user), ("-id",), request.GET.get("cursor", ""), 20),
        "now": now,
    }
    return render(request, "rota/on_call.html", shown)


@require_safe
@page(VIEW)
def roster(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Show four weeks of a team's roster, and what is wrong with them."""
    team = queries.team_or_404(request.user, uuid)
    known, may_manage = queries.roster_of(team), queries.may_manage(request.user, team)
    content: dict[str, Any] = {"team": team, "roster": known, "may_manage": may_manage, "now": timezone.now()}
    content["notes"] = team.pk in scope_of(request.user).teams(PAGE)
    if known is not None:
        content |= _weeks(request, known) | {"layers": queries.layers_of(known)}
    return render(request, "rota/roster.html", content)


def _weeks(request: HttpRequest, known: Any) -> dict[str, Any]:
    form = forms.DayForm(request.GET or None)
    day: date | None = form.cleaned_data["day"] if form.is_valid() else None
    weeks = queries.weeks_of(known, queries.week_start(known, day))
    start = max(weeks.begins, timezone.now())
    return {
        "weeks": weeks,
        "day_form": form,
        "day": day,
        "zone_shown": zone_named(known.timezone),
        "warnings": queries.warnings(known, weeks.shifts, start, weeks.ends) if weeks.ends > start else [],
        "before": weeks.begins.date() - timedelta(weeks=3, days=5),
        "after": weeks.ends.date() + timedelta(days=2),
    }


@require_safe
@page(VIEW)
def roster_calendar(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Give a team's shifts of half a year as iCalendar."""
    team, now = queries.team_or_404(request.user, uuid), timezone.now()
    known = queries.roster_of(team)
    shifts = queries.shifts_of(known, now - timedelta(weeks=4), now + COMING) if known is not None else []
    return _calendar(str(team), shifts, f"{team.code}.ics")


@require_safe
@page()
def my_calendar(request: HttpRequest) -> HttpResponse:
    """Give one's own shifts of half a year as iCalendar."""
    now = timezone.now()
    shifts = queries.shifts_of_person(me(request), now - timedelta(weeks=4), now + COMING)
    return _calendar(_("My shifts"), list(shifts), "my-shifts.ics")


def _calendar(title: str, shifts: Any, name: str) -> HttpResponse:
    answer = HttpResponse(queries.as_calendar(title, shifts), content_type="text/calendar; charset=utf-8")
    safe = "".join(letter if letter.isalnum() or letter in "-._" else "_" for letter in name)
    answer["Content-Disposition"] = f'attachment; filename="{safe}"'
    return answer


@require_http_methods(FORM)
@page(MANAGE)
def roster_set_up(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Set the clock of a roster and the team's tool."""
    team = queries.managed_team_or_404(request.user, uuid)
    form = forms.RosterForm(posted(request), roster=queries.roster_of(team), team=team)

    def do(said: dict[str, Any]) -> str:
        actions.set_up(actor=me(request), team=team, **said)
        return _("Kept.")

    return filled(request, form, do, team, title=_("Clock and pager tool"))


@require_http_methods(FORM)
@page(MANAGE)
def layer_add(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Add a layer."""
    team = queries.managed_team_or_404(request.user, uuid)
    form = forms.LayerForm(posted(request), team=team, initial=_fresh())

    def do(said: dict[str, Any]) -> str:
        actions.save_layer(actor=me(request), team=team, **said)
        return _("Kept. The shifts to come follow.")

    return filled(request, form, do, team, title=_("Add a layer"))


def _fresh() -> dict[str, Any]:
    today = timezone.now().date()
    return {"starts_on": today - timedelta(days=today.weekday()), "handover_at": "09:00", "weeks": 1}


@require_http_methods(FORM)
@page(MANAGE)
def layer(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Change a layer."""
    known = queries.layer_or_404(request.user, uuid)
    team = known.roster.team
    form = forms.LayerForm(posted(request), team=team, layer=known)

    def do(said: dict[str, Any]) -> str:
        actions.save_layer(actor=me(request), team=team, layer=known, **said)
        return _("Kept. The shifts to come follow.")

    return filled(request, form, do, team, title=str(known), layer=known)


@require_POST
@page(MANAGE)
def layer_remove(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Remove a layer."""
    known = queries.layer_or_404(request.user, uuid)

    def do(_said: dict[str, Any]) -> str:
        actions.remove_layer(actor=me(request), layer=known)
        return _("Removed. Who was on duty stays on record.")

    return done(request, forms.NothingForm(request.POST), do, "roster", known.roster.team.uuid)


@require_http_methods(FORM)
@page(MANAGE)
def stand_in_add(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Put somebody on duty for some time."""
    team = queries.managed_team_or_404(request.user, uuid)
    known = queries.roster_of(team)
    if known is None:
        raise Http404("roster")
    form = forms.StandInForm(posted(request), roster=known)

    def do(said: dict[str, Any]) -> str:
        made = actions.stand_in(actor=me(request), **said)
        return _("%(person)s stands in.") % {"person": made.person}

    return filled(request, form, do, team, title=_("Somebody stands in"))


@require_http_methods(FORM)
@page(MANAGE)
def shift_swap(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Let two people take each other's shift."""
    team = queries.managed_team_or_404(request.user, uuid)
    known = queries.roster_of(team)
    if known is None:
        raise Http404("roster")
    form = forms.SwapForm(posted(request), roster=known)

    def do(said: dict[str, Any]) -> str:
        actions.swap(actor=me(request), **said)
        return _("Swapped.")

    return filled(request, form, do, team, title=_("Swap two shifts"))


@require_POST
@page(MANAGE)
def stand_in_remove(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Take a change back."""
    known = queries.stand_in_or_404(request.user, uuid)

    def do(_said: dict[str, Any]) -> str:
        actions.withdraw_stand_in(actor=me(request), stand_in=known)
        return _("Taken back.")

    return done(request, forms.NothingForm(request.POST), do, "roster", known.layer.roster.team.uuid)
