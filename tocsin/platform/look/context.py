"""What every page needs beside its own content."""

from __future__ import annotations

from django.http import HttpRequest


def page(request: HttpRequest) -> dict[str, object]:
    """Give the menu of the rooms this person may enter."""
    return {}
