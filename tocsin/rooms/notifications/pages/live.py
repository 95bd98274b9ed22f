"""What open pages ask every few seconds: whether anything changed, how much waits for me, who else is here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from tocsin.platform.access import page
from tocsin.rooms.notifications import actions, queries
from tocsin.rooms.notifications.queries import live as news

if TYPE_CHECKING:
    from tocsin.rooms.accounts.models import Person

PREFIX = "/live/"
Answer = Callable[[HttpRequest], HttpResponseBase]


def unchanged(get_response: Answer) -> Answer:
    """Middleware: answer that nothing is new, before anybody looks who asks; see `queries.live`."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        tag = _tag_of(request) if request.path.startswith(PREFIX) else None
        if tag is not None and tag.fresh() and tag.unchanged(_sign_in(request)):
            return HttpResponse(status=304, headers={"ETag": request.headers["If-None-Match"]})
        return get_response(request)

    return middleware


def _tag_of(request: HttpRequest) -> news.Tag | None:
    token = request.headers.get("If-None-Match", "").strip('"')
    if not token or request.method != "GET":
        return None
    return news.Tag.opened(token, request.get_full_path(), _sign_in(request))


@require_safe
@page()
def live(request: HttpRequest, kind: str = "", uuid: UUID | None = None) -> HttpResponseBase:
    """Tell what changed of a page's subject since the state it shows (``since``), and how many lines wait.

    Lines about the subject that were there when the page was ``made`` are read by that. What one may not know of
    answers as what does not exist.
    """
    had = _tag_of(request)
    same = had.renewed(request.user, _sign_in(request)) if had is not None else None
    if same is not None:
        if same.meet:
            actions.note_presence(person=_me(request), subject=same.subject, thing=same.thing)
        return HttpResponse(status=304, headers={"ETag": f'"{same.shut()}"'})
    subject = news.subject_of(kind)
    if kind and subject is None:
        return JsonResponse({}, status=404)
    tag = news.tag(request.user, kind, uuid, request.get_full_path(), _sign_in(request))
    try:
        found = subject.read(request.user, uuid, _moment(request, "since")) if subject is not None else None
    except Http404:
        return JsonResponse({}, status=404)
    return _answer(request, tag, subject, found)


def _answer(request: HttpRequest, tag: news.Tag, subject: news.Subject | None, found: news.News | None) -> JsonResponse:
    tag = replace(tag, thing=found.thing if found is not None else 0)
    told: dict[str, Any] = {"unread": _unread(request, subject, tag.thing, _moment(request, "made"))}
    if found is not None:
        told |= {"changes": [_told(change) for change in found.changes], "said": _said(found)}
    if found is not None and found.meet:
        actions.note_presence(person=_me(request), subject=tag.subject, thing=tag.thing)
        told["here"] = news.present(request.user, tag.subject, tag.thing)
        tag = replace(tag, meet=True)
    return JsonResponse(told, headers={"ETag": f'"{tag.shut()}"'})


def _unread(request: HttpRequest, subject: news.Subject | None, thing: int, made: datetime) -> int:
    """Count what waits, without what whoever opened this page has seen by that."""
    waiting = queries.unread(request.user)
    if waiting and thing and subject is not None:
        waiting -= actions.mark_seen(person=_me(request), lines=subject.lines(thing), until=made)
    return max(waiting, 0)


def _me(request: HttpRequest) -> Person:
    return cast("Person", request.user)


def _sign_in(request: HttpRequest) -> str:
    return request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")


def _moment(request: HttpRequest, name: str) -> datetime:
    """Give a moment of the page that asks, in seconds since 1970; now when there is none or no such moment."""
    now = timezone.now()
    try:
        return min(datetime.fromtimestamp(float(request.GET.get(name, "")), UTC), now)
    except (ValueError, OverflowError, OSError):
        return now


def _told(change: news.Change) -> dict[str, str]:
    return {"who": change.who, "what": change.what, "at": f"{change.at.astimezone(UTC):%H:%M:%S}Z"}


def _said(found: news.News) -> str:
    count = len(found.changes)
    if found.more:
        return ngettext("More than %(count)d change", "More than %(count)d changes", count) % {"count": count}
    return ngettext("%(count)d change", "%(count)d changes", count) % {"count": count}
