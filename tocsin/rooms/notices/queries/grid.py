"""The matrix: every open notice against every organisation, read and written as one piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tocsin.platform.access import scope_of
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.notices.models import VIEW, Notice, Part
from tocsin.rooms.notices.queries.following import Figures, figures

MOST_NOTICES, MOST_ORGANISATIONS = 200, 400
SIGNS: Mapping[str, str] = {
    Part.State.WAITING: "·",
    Part.State.TOLD: "○",
    Part.State.UNREACHED: "✗",
    Part.State.ACKNOWLEDGED: "◔",
    Part.State.PLANNED: "◑",
    Part.State.REFUSED: "⊘",
    Part.State.NOT_APPLICABLE: "–",
    Part.State.DONE: "●",
    Part.State.RELEASED: "–",
    Part.State.WITHDRAWN: "–",
}
LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
NOTHING = SafeString("<td></td>")


@dataclass(frozen=True, slots=True)
class Line:
    """One notice of the matrix: its cells as they stand in the page, in the order of the organisations."""

    notice: Notice
    figures: Figures
    cells: SafeString


@dataclass(frozen=True, slots=True)
class Matrix:
    """The organisations across, the notices down."""

    organisations: Sequence[tuple[str, str]]
    lines: Sequence[Line]


def matrix(user: Any) -> Matrix:
    """Give the open notices the person may see against the organisations that were told of any."""
    places = scope_of(user).organisations(VIEW)
    open_ = Notice.objects.visible_to(user).filter(state=Notice.State.OPEN)
    shown = list(open_.order_by("-severity", "-sent_at")[:MOST_NOTICES])
    rows = Part.objects.filter(notice__in=[notice.pk for notice in shown], organisation__in=places)
    cells: dict[int, dict[int, SafeString]] = {notice.pk: {} for notice in shown}
    states: dict[int, list[tuple[str, bool]]] = {notice.pk: [] for notice in shown}
    seen: set[int] = set()
    language = get_language() or "en"
    for notice, place, uuid, state, overdue, rung in rows.values_list(
        "notice_id", "organisation_id", "uuid", "state", "overdue", "rung"
    ):
        cells[notice][place] = SafeString(_cell(state, overdue, rung, language) % uuid)
        states[notice].append((state, overdue))
        seen.add(place)
    names = Organisation.objects.filter(pk__in=seen).order_by("code").values_list("pk", "code", "name")
    across = list(names[:MOST_ORGANISATIONS])
    lines = [
        Line(
            notice,
            figures(states[notice.pk]),
            mark_safe("".join([cells[notice.pk].get(pk, NOTHING) for pk, _code, _name in across])),  # noqa: S308  # made below
        )
        for notice in shown
    ]
    return Matrix([(code, name) for _pk, code, name in across], lines)


@cache
def _cell(state: str, overdue: bool, rung: int, language: str) -> str:  # noqa: ARG001  # the words depend on it
    """Give one cell with a place for its id: few are different, thousands are shown."""
    address = reverse("notice_part", args=["00000000-0000-0000-0000-000000000000"])
    written = format_html(
        '<td class="r-{}{}"><a href="{}" title="{}{}">{}{}</a></td>',
        state, " late" if overdue else "", address, Part.State(state).label, f" · {_('ladder')} {rung}" if rung else "",
        SIGNS[state], str(rung).translate(LOWERED) if rung else "",
    )  # fmt: skip
    return written.replace("%", "%%").replace("00000000-0000-0000-0000-000000000000", "%s")


def signs() -> list[tuple[str, str, str]]:
    """Give the signs of the matrix with their states and words."""
    shown = (
        state for state in Part.State if state not in {Part.State.WAITING, Part.State.WITHDRAWN, Part.State.RELEASED}
    )
    return [(SIGNS[state], state, str(state.label)) for state in shown]
