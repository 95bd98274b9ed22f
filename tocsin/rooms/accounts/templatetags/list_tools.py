"""What stands above every list: one's own saved views of it, and the list as a file."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from tocsin.rooms.accounts import queries

register = template.Library()


@register.inclusion_tag("accounts/_list_tools.html", takes_context=True)
def list_tools(context: Context) -> dict[str, Any]:
    """Show the views a person saved of this list, a way to save the present one, and the export."""
    request = context["request"]
    query = queries.view_query(request.GET.urlencode())
    views = list(queries.views_of(request.user, request.path))
    return {
        "request": request,
        "csrf_token": context.get("csrf_token"),
        "views": views,
        "query": query,
        "current": next((view for view in views if view.query == query), None),
    }
