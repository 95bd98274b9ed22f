"""Why a record was not brought in, in the reader's language. Books and files keep the English; pages say it."""

from __future__ import annotations

import re
from functools import cache

from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

HOLE = re.compile(r"\\{(\w+)\\}")
SAYINGS = (
    _("already here"),
    _("the same record stands in the file twice"),
    _("the incident it belongs to is not in the file"),
    _("its incident is already here, and is left as it is"),
    _("its incident was rejected"),
    _("it is no object with fields"),
    _("it is nothing that {peer} exports, by its fields: {names}"),
    _("it does not say which incident it belongs to"),
    _("there is nothing in it"),
    _("it has no title"),
    _("it was deleted there"),
    _("left out, as was decided: {places}"),
    _("longer than 16 MB"),
    _("nested deeper than {depth}"),
    _("not JSON"),
    _("not JSON: {error}"),
    _("the file ends in the middle of it"),
    _("a line of more than a million characters"),
    _("{cells} cells where the heading has {width}"),
    _("a cell of more than {number} characters"),
    _("a quotation mark in it is not closed, or stands in the middle of a cell"),
    _("{name}: not known to this reader"),
    _("{name}: more than {number} in one record"),
    _("{name}: files are not in the export; bring them to the incident by hand"),
    _("{name}: the files are not in the export; add them by hand"),
    _("{name}: tie it again by hand"),
    _("{name}: it comes as a closed incident of its own"),
    _("{name}: no case took it up; let what raised it deliver to the intake"),
    _("{name}: the timeline tells of them; teams are this house's own"),
    _("{name}: they are reckoned anew by this house's service levels"),
    _("{name}: they come with the chart"),
    _("{name}: they are made here from what arrives"),
    _("{name}: what was told was told by the other house"),
)


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Give each saying with what recognises it; those with fewer holes come first."""
    ordered = sorted(SAYINGS, key=lambda saying: saying.count("{"))
    return tuple((saying, re.compile(HOLE.sub(r"(?P<\1>.*)", re.escape(saying)), re.DOTALL)) for saying in ordered)


def said(text: str) -> str:
    """Give a reason in the language of whoever reads the page; one that nobody knows stays as it is."""
    for saying, pattern in _patterns():
        if found := pattern.fullmatch(text):
            told = gettext(saying)
            for name, value in found.groupdict().items():
                told = told.replace(f"{{{name}}}", value)
            return told
    return text
