"""A report as Markdown (CommonMark with tables)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.rooms.reports.queries import Chapter, Report

# All that CommonMark gives a meaning; a backslash before ASCII punctuation takes it away (section 2.4).
_MEANING = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&:=^$@/])")


def markdown(report: Report) -> str:
    """Write a report."""
    with translation.override(report.language):
        return "\n".join(_lines(report)).rstrip() + "\n"


def plain(text: str) -> str:
    """Keep a text from being anything but text, on one line."""
    return _MEANING.sub(r"\\\1", " ".join(text.replace("\0", "\ufffd").split()))


def _lines(report: Report) -> Iterator[str]:
    yield f"# {plain(report.title)}"
    yield ""
    yield f"**{plain(report.tlp)}** {plain(report.reference)}"
    yield ""
    for chapter in report.chapters:
        yield f"## {plain(chapter.heading)}"
        yield ""
        yield from _chapter(chapter)
        yield ""
    yield "---"
    yield plain(report.footer)


def _chapter(chapter: Chapter) -> Iterator[str]:
    for name, value in chapter.facts:
        yield f"- **{plain(name)}**: {plain(value)}"
    for paragraph in chapter.prose.splitlines():
        yield plain(paragraph)
        yield ""
    if chapter.rows:
        yield _row(map(plain, chapter.header))
        yield _row(["---"] * len(chapter.header))
        for row in chapter.rows:
            yield _row(map(plain, row))
    if chapter.cut:
        yield ""
        yield plain(_("There is more than a report holds; the rest stands on the page."))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
