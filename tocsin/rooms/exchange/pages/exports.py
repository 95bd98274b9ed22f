"""Everything one sees, as files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from django.http import Http404, HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tocsin.platform.access import page
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.exchange import actions, forms, queries
from tocsin.rooms.exchange.querysets import EXPORT


@require_safe
@page(EXPORT)
def export_file(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Give one kind, or ``everything``, as JSON lines."""
    asked = forms.ExportForm(request.GET)
    since = asked.cleaned_data.get("since") if asked.is_valid() else None
    chosen = [each for each in queries.kinds_for(request.user) if kind in {each.name, "everything"}]
    if not chosen:
        raise Http404("kind")
    taking = actions.begin(actor=cast("Person", request.user), kinds=[each.name for each in chosen], since=since)

    def lines() -> Iterator[bytes]:
        for each in chosen:
            yield from taking.lines(each, since)

    answer = StreamingHttpResponse(lines(), content_type="application/x-ndjson; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="tocsin-{kind}-{timezone.now():%Y%m%dT%H%MZ}.jsonl"'
    return answer
