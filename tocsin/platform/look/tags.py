"""Template tags of every room: markings, levels, states and times look the same everywhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.template.context import Context
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from tocsin.platform.markings import TLP

register = template.Library()

NOTHING = SafeString('<span class="muted">–</span>')


@register.simple_tag
@lru_cache(maxsize=64)
def tlp(value: str) -> SafeString:
    """Show a TLP label in the colours FIRST gives it."""
    if value not in TLP.values:
        return NOTHING
    return format_html('<span class="tlp tlp-{}">TLP:{}</span>', value.lower().replace("+", "-"), value)


@register.simple_tag
@lru_cache(maxsize=256)  # few words, written on every row of every list
def level(value: int, label: str) -> SafeString:
    """Show the level of a rule or an alert (0 to 4)."""
    return format_html('<span class="level level-{}">{}</span>', value, label)


@register.simple_tag
@lru_cache(maxsize=256)
def severity(value: int, label: str) -> SafeString:
    """Show the severity of an incident (S0 to S5)."""
    return format_html('<span class="severity severity-{0}"><b>S{0}</b> <span>{1}</span></span>', value, label)


@register.simple_tag
@lru_cache(maxsize=256)
def state(value: str, label: str) -> SafeString:
    """Show the state of anything that has states."""
    return format_html('<span class="state state-{}">{}</span>', value, label)


@register.simple_tag(takes_context=True)
def time(context: Context, value: datetime | None) -> SafeString:
    """Show a time in UTC, to the second, with the person's own time beside it."""
    if value is None:
        return NOTHING
    utc = value.astimezone(UTC)
    return format_html(
        '<time datetime="{}"><span>{}</span>{}</time>',
        f"{utc:%Y-%m-%dT%H:%M:%SZ}",
        f"{utc:%Y-%m-%d %H:%M:%S}Z",
        _local(context, utc),
    )


@register.filter
def wall(value: datetime, zone: ZoneInfo) -> datetime:
    """Give a time as the clock on a wall elsewhere shows it, for a date format to write out."""
    return value.astimezone(zone).replace(tzinfo=None)  # else templates turn it back


@register.simple_tag
def since(value: datetime | None) -> SafeString:
    """Show how long ago something was (or how soon it will be), the full time on pointing at it."""
    if value is None:
        return NOTHING
    passed = timezone.now() - value
    text = _("%(time)s ago") if passed >= timedelta() else _("in %(time)s")
    return _relative(value, text % {"time": short(abs(passed))}, "")


@register.simple_tag
def due(value: datetime | None) -> SafeString:
    """Show how long until something must be done; late is late."""
    if value is None:
        return NOTHING
    left = value - timezone.now()
    if left < timedelta():
        return _relative(value, _("%(time)s late") % {"time": short(-left)}, "late")
    return _relative(value, _("in %(time)s") % {"time": short(left)}, "soon" if left < timedelta(hours=4) else "")


@register.inclusion_tag("partials/empty.html")
def empty_state(text: str, hint: str = "") -> dict[str, Any]:
    """Say that there is nothing here, and what that means."""
    return {"text": text, "hint": hint}


def short(span: timedelta) -> str:
    """Write a span of time in one unit: 40 s, 12 min, 5 h, 3 d."""
    seconds = int(span.total_seconds())
    if seconds < 60:
        return pgettext("seconds", "%(n)d s") % {"n": seconds}
    if seconds < 3600:
        return pgettext("minutes", "%(n)d min") % {"n": seconds // 60}
    if seconds < 48 * 3600:
        return pgettext("hours", "%(n)d h") % {"n": seconds // 3600}
    return pgettext("days", "%(n)d d") % {"n": seconds // 86400}


def _relative(value: datetime, text: str, kind: str) -> SafeString:
    utc = value.astimezone(UTC)
    return format_html(
        '<time class="relative {}" datetime="{}" title="{}">{}</time>',
        kind,
        f"{utc:%Y-%m-%dT%H:%M:%SZ}",
        f"{utc:%Y-%m-%d %H:%M:%S} UTC",
        text,
    )


def _local(context: Context, utc: datetime) -> SafeString:
    zone = context.get("zone")
    if zone is None:
        return SafeString("")
    local = utc.astimezone(zone)
    shown = f"{local:%H:%M}" if local.date() == utc.date() else f"{local:%m-%d %H:%M}"
    return format_html(' <small class="local" title="{}">{}</small>', zone.key, shown)
