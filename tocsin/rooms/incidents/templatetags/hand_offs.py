"""How what was handed over is put into words: routes, and the frozen copy of observables, levels and times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tocsin.platform.look import tags
from tocsin.rooms.incidents.knowledge import routes
from tocsin.rooms.intel.models import Observable
from tocsin.rooms.rules.models import Level

register = template.Library()


@register.simple_tag
def route_name(number: str) -> str:
    """Give what is handed over by a route, in the reader's language."""
    return routes.name_of(number)


@register.simple_tag
def short_span(span: timedelta) -> str:
    """Write how long there is to answer."""
    return tags.short(span)


@register.simple_tag
def handed_observable(one: Mapping[str, str]) -> SafeString:
    """Show an observable of a copy, so that no program makes a link of it."""
    kept = Observable(kind=one.get("kind", ""), value=one.get("value", ""))
    shown = '<small class="muted">{}</small> <span class="mono">{}</span>'
    return format_html(shown, kept.get_kind_display(), kept.shown)


@register.simple_tag
def handed_level(value: int) -> SafeString:
    """Show the level of an alert of a copy."""
    return tags.level(value, str(Level(value).label) if value in Level.values else "")


@register.simple_tag(takes_context=True)
def handed_time(context: Context, written: str) -> Any:
    """Show a time of a copy."""
    try:
        return tags.time(context, datetime.fromisoformat(written))
    except ValueError:
        return tags.NOTHING
