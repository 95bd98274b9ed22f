"""Template tags about deadlines: spans of a calendar's time, names of calendars, figures that lead to their list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django import template
from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import pgettext

from tocsin.platform.calendars import Calendar

register = template.Library()

ROW, LEFT, WIDE = 18, 26, 200  # of the chart, in its own units


@register.simple_tag
def lasted(seconds: int) -> str:
    """Write a span of a calendar's time in hours and minutes: a day of such time is no day on the wall."""
    if seconds < 60:
        return pgettext("seconds", "%(n)d s") % {"n": seconds}
    hours, minutes = divmod(seconds // 60, 60)
    parts = [pgettext("hours", "%(n)d h") % {"n": hours}] if hours else []
    if minutes and hours < 100:
        parts.append(pgettext("minutes", "%(n)d min") % {"n": minutes})
    return " ".join(parts)


@register.simple_tag
def calendar_name(code: str, calendars: Mapping[str, Calendar]) -> str:
    """Give the name of a calendar; its code when the house has it no more."""
    return str(calendars.get(code, code))


@register.simple_tag
def figure_link(number: int, query: str) -> SafeString:
    """Show a number that leads to the incidents behind it."""
    if not number:
        return SafeString("0")
    return format_html('<a href="{}?{}">{}</a>', reverse("incidents"), query, intcomma(number))


@register.inclusion_tag("incidents/_share_chart.html")
def share_chart(rows: Sequence[Any], title: object) -> dict[str, Any]:
    """Draw which share was met in time, a bar for each row of the table beside it."""
    bars = [
        {"top": number * ROW, "text": number * ROW + 11, "width": row.share * WIDE // 100, "row": row}
        for number, row in enumerate(row for row in rows if row.share is not None)
    ]
    return {"bars": bars, "title": title, "height": len(bars) * ROW, "left": LEFT, "wide": WIDE, "end": LEFT + WIDE + 4}
