"""The matrix: every open notice against every organisation, read and written as one piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import Aggregate, CharField
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

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
HEAD = '<th scope="col" class="turn" title="{}" data-code="{}"><span>{}</span></th>'
NOTHING = "<td>"  # HTML lets the end of a cell go unwritten


@dataclass(frozen=True, slots=True)
class Line:
    """One notice of the matrix: its cells as they stand in the page, in the order of the organisations."""

    notice: Notice
    figures: Figures
    cells: SafeString


@dataclass(frozen=True, slots=True)
class Matrix:
    """The organisations across, as they stand in the page, the notices down."""

    heads: SafeString
    lines: Sequence[Line]


def matrix(user: Any) -> Matrix:
    """Give the open notices the person may see against the organisations that were told of any."""
    places = scope_of(user).organisations(VIEW)
    open_ = Notice.objects.visible_to(user).filter(state=Notice.State.OPEN)
    shown = list(open_.order_by("-severity", "-sent_at")[:MOST_NOTICES])
    rows = Part.objects.filter(notice__in=[notice.pk for notice in shown], organisation__in=places).order_by()
    cells: dict[int, dict[str, str]] = {notice.pk: {} for notice in shown}
    states: dict[int, list[tuple[str, int, int]]] = {notice.pk: [] for notice in shown}
    alike = rows.values("notice_id", "state", "overdue", "rung").annotate(places=Joined("organisation_id"))
    for notice, state, overdue, rung, listed in alike.values_list("notice_id", "state", "overdue", "rung", "places"):
        codes = listed.split(",")
        cells[notice].update(dict.fromkeys(codes, _cell(state, overdue, rung)))
        states[notice].append((state, len(codes), len(codes) if overdue else 0))
    seen = set().union(*cells.values())
    names = Organisation.objects.filter(pk__in=seen).order_by("code").values_list("pk", "code", "name")
    across = list(names[:MOST_ORGANISATIONS])
    order = [str(pk) for pk, _code, _name in across]
    lines = []
    for each in shown:
        found = cells[each.pk].get
        lines.append(Line(each, figures(states[each.pk]), SafeString("".join([found(pk, NOTHING) for pk in order]))))
    heads = format_html_join("", HEAD, ((name, code, code) for _pk, code, name in across))
    return Matrix(heads, lines)


class Joined(Aggregate):
    """The inner ids of a group as one text, joined by commas: a hundredth of the rows to carry."""

    function = "GROUP_CONCAT"
    output_field = CharField()

    def as_postgresql(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Write it as PostgreSQL has it."""
        return self.as_sql(compiler, connection, template="STRING_AGG(%(expressions)s::text, ',')", **extra)


@cache
def _cell(state: str, overdue: bool, rung: int) -> str:
    """Write one cell: few are different, thousands are shown. A click on it leads on through its row and column."""
    late, mark = (" late", "!") if overdue else ("", "")
    steps = str(rung).translate(LOWERED) if rung else ""
    return format_html("<td class='r-{}{}'>{}{}{}", state, late, SIGNS[state], steps, mark)


def signs() -> list[tuple[str, str, str]]:
    """Give the signs of the matrix with their states and words."""
    shown = (
        state for state in Part.State if state not in {Part.State.WAITING, Part.State.WITHDRAWN, Part.State.RELEASED}
    )
    return [(SIGNS[state], state, str(state.label)) for state in shown]
