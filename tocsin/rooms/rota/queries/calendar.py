"""Shifts as iCalendar (RFC 5545), for the calendar program of whoever is on duty."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from tocsin import config
from tocsin.rooms.rota.models import Line, Shift


def as_calendar(title: str, shifts: Iterable[Shift]) -> bytes:
    """Write shifts as a calendar. A shift keeps its UID for as long as layer and beginning stay the same."""
    calendar = Calendar()
    calendar.add("prodid", "-//Tocsin//Rota//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", _plain(title))
    now, host = timezone.now(), config.load().tocsin_mail_from.rpartition("@")[2]
    for shift in shifts:
        event = Event()
        event.add("uid", f"{shift.layer.uuid}-{shift.starts_at:%Y%m%dT%H%M%SZ}@{host}")
        event.add("dtstamp", now)
        event.add("dtstart", shift.starts_at)
        event.add("dtend", shift.ends_at)
        event.add("summary", _plain(_summary(shift)))
        event.add("transp", "TRANSPARENT")  # one can be on call and in a meeting
        calendar.add_component(event)
    written: bytes = calendar.to_ical()
    return written


def _summary(shift: Shift) -> str:
    given = {"team": shift.team, "line": Line(shift.line).label, "person": shift.person}
    return _("On call, %(team)s, %(line)s: %(person)s") % given


def _plain(text: str) -> str:
    """Give a text without control characters, which no calendar may hold."""
    return "".join(letter for letter in text if letter.isprintable())
