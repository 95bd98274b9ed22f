"""A report as PDF, set by typst from `report.typ`. What people wrote reaches it as data, never as markup."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from django.utils import translation
from django.utils.translation import gettext as _

from tocsin.rooms.reports.queries import Report

TEMPLATE = Path(__file__).with_name("report.typ")


def pdf(report: Report) -> bytes:
    """Set a report."""
    import typst  # heavy, and needed here alone

    with translation.override(report.language):
        words = {"cut": _("There is more than a report holds; the rest stands on the page."), "page": _("page")}
    told = json.dumps(asdict(report) | {"words": words}).replace("\\u0000", "\\ufffd")
    set_: bytes = typst.compile(TEMPLATE, root=TEMPLATE.parent, format="pdf", sys_inputs={"report": told})
    return set_
