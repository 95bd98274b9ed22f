"""The page where somebody answers without signing in."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_http_methods

from tocsin.rooms.notices import actions, forms, queries
from tocsin.rooms.notices.models import Answer, Telling


@require_http_methods(["GET", "HEAD", "POST"])
def answer(request: HttpRequest, token: str) -> HttpResponseBase:
    """Show whoever holds a signed link their own organisation's part, and take their answer. A look changes nothing."""
    telling = queries.telling_of(token)
    if telling is None or not queries.still_theirs(telling) or queries.sealed_from(telling):
        return render(request, "notices/link_over.html", status=404)
    known = telling.part
    with translation.override(request.GET.get("lang") if request.GET.get("lang") in {"en", "fr"} else telling.language):
        form = forms.LinkForm(request.POST if request.method == "POST" else None, initial={"asked": known.asked})
        shown: dict[str, Any] = {"part": known, "notice": known.notice, "telling": telling, "form": form}
        shown |= {"token": token, "hidden": queries.hidden(telling)}
        if form.is_valid():
            shown |= _answered(form, telling)
        elif not queries.hidden(telling):
            shown["content"] = queries.read_content(known, telling.language)
        shown["others"] = queries.median_of_others(known)
        return render(request, "notices/link.html", shown)


def _answered(form: forms.LinkForm, telling: Telling) -> dict[str, Any]:
    given = form.cleaned_data
    said = actions.Said(
        kind=given["kind"],
        via=Answer.Via.LINK,
        name=f"{given['name']} ({telling.shown})" if given["name"] else telling.shown,
        text=given["text"],
        planned_for=given["planned_for"],
        telling=telling,
        asked=given["asked"],
    )
    try:
        actions.answer_by_link(telling=telling, said=said)
    except (actions.NoticeError, PermissionDenied) as error:
        content = queries.read_content(telling.part, telling.language)
        again = forms.LinkForm(initial={**given, "asked": telling.part.asked})
        return {"refused": str(error), "form": again, "content": None if queries.hidden(telling) else content}
    telling.part.refresh_from_db()
    return {"answered": True, "form": None}
