"""Read single values as foreign systems write them: times, yes and no, text with markup."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from tocsin.pipeline.mail.markup import to_text

EARLIEST, LATEST = datetime(1985, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
MILLISECONDS = 100_000_000_000  # a number above this is no count of seconds of our times
LONGEST_TEXT = 200_000
_NUMBERS = re.compile(
    r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})(?:[T ,]+(\d{1,2})[:h](\d{2})(?:[:m](\d{2})(?:[.,]\d+)?)?\s*([ap]m)?)?",
    re.IGNORECASE,
)
_TAG = re.compile(
    r"</?(?:p|br|div|span|a|b|i|u|em|strong|ul|ol|li|h[1-6]|table|tr|td|th|pre|code|font|img|script|style|blockquote)"
    r"\b[^<>]{0,500}>",
    re.IGNORECASE,
)
YES = frozenset({"1", "true", "yes", "y", "on", "x", "oui", "vrai", "ja", "wahr", "restricted", "confidential"})


def when(value: Any, *, day_first: bool = True) -> datetime | None:
    """Read a time: seconds or milliseconds since 1970, ISO 8601, RFC 2822, or figures; None when it is none.

    A time without a zone is taken as UTC; one before 1985 or after 2100 is taken for a mistake.
    """
    try:
        found = _number(float(value)) if _is_number(value) else _written(str(value).strip(), day_first)
        found = found if found is None or found.tzinfo else found.replace(tzinfo=UTC)
        utc = found.astimezone(UTC) if found is not None else None
    except (ValueError, OverflowError, TypeError, OSError):
        return None
    return utc if utc is not None and EARLIEST <= utc < LATEST else None


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) or (isinstance(value, str) and value.strip().isdecimal() and len(value) > 8)


def _number(value: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=value / 1000 if abs(value) > MILLISECONDS else value)


def _written(text: str, day_first: bool) -> datetime | None:
    if not 6 <= len(text) <= 80:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    if found := _NUMBERS.fullmatch(text):
        return _figures(found, day_first)
    return parsedate_to_datetime(text) if text[:1].isalpha() or text[:1].isdigit() else None


def _figures(found: re.Match[str], day_first: bool) -> datetime:
    first, middle, last = int(found[1]), int(found[2]), int(found[3])
    if first > 99:
        year, month, day = first, middle, last
    else:
        day, month = (first, middle) if day_first or first > 12 else (middle, first)
        year = last if last > 99 else 2000 + last
    hour = int(found[4] or 0)
    if found[7]:
        hour = hour % 12 + (12 if found[7].lower() == "pm" else 0)
    return datetime(year, month, day, hour, int(found[5] or 0), int(found[6] or 0), tzinfo=UTC)


def yes(value: Any) -> bool:
    """Tell whether a value says yes."""
    return value is True or str(value).strip().casefold() in YES


def said(value: Any) -> str:
    """Give a value as one reads it: lists with commas, tables as ``name: value``, nothing as nothing."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        named = str(value.get("name") or value.get("title") or "")
        content = next((value[key] for key in ("value", "string", "number", "date", "integer") if key in value), None)
        if content is not None:
            return f"{named}: {said(content)}" if named else said(content)
        return ", ".join(f"{key}: {shown}" for key, each in value.items() if (shown := said(each)))
    if isinstance(value, list):
        return ", ".join(filter(None, map(said, value)))
    return str(value)


def plain(text: str) -> str:
    """Give a text without its markup, when it has any, and not longer than we keep."""
    text = text[: 4 * LONGEST_TEXT]
    if _TAG.search(text):
        text = to_text(text)[0].strip()
    return text if len(text) <= LONGEST_TEXT else text[: LONGEST_TEXT - 1] + "…"
