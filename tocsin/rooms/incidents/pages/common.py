"""What the pages of the room share: an action as a page, its outcome said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from tocsin.platform.access import page
from tocsin.platform.gate import Refused
from tocsin.platform.look.htmx import wants_fragment
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import forms, knowledge, queries
from tocsin.rooms.incidents.pages.drawers import Drawer

Act = Callable[[queries.View, Any], str]


def me(request: HttpRequest) -> Person:
    """Give who asks."""
    return cast("Person", request.user)


def show(request: HttpRequest, view: queries.View, template: str, *, tab: str, **content: Any) -> HttpResponse:
    """Render one tab of an incident within what all of them share: title, states, what can happen next."""
    possible = queries.possible(view.user, view.incident, handler=view.handler)
    asked = {step.asks for step in possible}
    shared = {
        "view": view,
        "incident": view.incident,
        "tab": tab,
        "tabs": queries.tabs(view),
        "events": [knowledge.event(step) for step in possible if not step.asks],
        "can_close": "closing" in asked,
        "can_reject": "disposition" in asked,
        "can_merge": "incident" in asked,
        "raised": list(knowledge.raised(view.incident)) if view.handler else [],
        "may_work": queries.may_work(view),
        "may_answer_offer": queries.may_answer_offer(view),
    }
    return render(request, template, shared | content)


def act(
    form_class: type[forms.PartForm], back: str = "incident", kept: tuple[str, ...] = (), drawer: Drawer | None = None
) -> Callable[[Act], Callable[..., HttpResponseBase]]:
    """Make a page of an action: form checked, the outcome said, ``back`` to a page of the incident.

    With a ``drawer`` its address also gives the form, empty or with what is wrong; without one it takes POST only.
    ``kept`` names the parameters besides ``uuid`` that the page gone back to takes over from this address.
    """

    def made(do: Act) -> Callable[..., HttpResponseBase]:
        @require_http_methods(["POST", *(("GET", "HEAD") if drawer else ())])
        @page("incidents.view", "incidents.part")
        def posted(request: HttpRequest, /, uuid: UUID, **chosen: Any) -> HttpResponseBase:
            view = queries.view_or_404(request.user, uuid)
            where = {"uuid": uuid, **{name: chosen[name] for name in kept}}
            if drawer and request.method != "POST":
                return opened(request, view, drawer, form_class(view=view, initial=drawer.initial(view)))
            form = form_class(request.POST, view=view)
            form.named = chosen
            if not form.is_valid():
                if drawer and drawer.open_to(view):
                    return opened(request, view, drawer, form)
                say_wrong(request, form)
                return redirect(reverse(back, kwargs=where))
            return done(request, view, lambda: do(view, form), reverse(back, kwargs=where))

        return posted

    return made


def opened(request: HttpRequest, view: queries.View, drawer: Drawer, form: forms.PartForm) -> HttpResponse:
    """Show the form of a drawer: as a piece of the incident's page, or as a page by itself."""
    if not drawer.open_to(view):
        raise Http404("form")
    if wants_fragment(request):
        return render(request, drawer.template, {"incident": view.incident, "drawer": drawer, "form": form})
    return show(request, view, "incidents/drawer.html", tab="incident", drawer=drawer, form=form)


def say_wrong(request: HttpRequest, form: Any) -> None:
    """Say what is wrong with a form that was posted from another page."""
    for field, errors in form.errors.items():
        messages.error(request, _wrong(form, field, errors))


def _wrong(form: Any, field: str, errors: Any) -> str:
    said = " ".join(str(error) for error in errors)
    return f"{form.fields[field].label}: {said}" if field in form.fields else said


def done(request: HttpRequest, view: queries.View, do: Callable[[], str], back: str = "") -> HttpResponse:
    """Do something and go ``back`` to an address, by default the incident's, saying how it went."""
    try:
        messages.success(request, do())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    except Refused as refused:
        messages.error(request, _("The gate refused: %s") % refused.decision.reason)
    return redirect(back or reverse("incident", args=[view.incident.uuid]))
