"""A playbook drawn as boxes and lines, laid out here: one column, branches side by side, meeting again below."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from tocsin.rooms.playbooks.knowledge.outline import DECIDED, DONE, Kind, Node, When, tree
from tocsin.rooms.playbooks.models import Step

WIDE, HIGH = 190, 44  # of a box, in pixels
ASIDE, BELOW, LABEL = 22, 22, 20  # between columns, between boxes, for the name of a branch
LETTERS, LINES = 25, 2


@dataclass(frozen=True, slots=True)
class Box:
    """A step: where it stands, its text in lines, and its number in the list."""

    x: int
    y: int
    number: int
    kind: str
    title: str
    lines: tuple[tuple[int, str], ...]

    @property
    def middle(self) -> int:
        """The middle of its width."""
        return self.x + WIDE // 2

    @property
    def corners(self) -> str:
        """The corners of what a decision is drawn as."""
        left, right, middle = self.x, self.x + WIDE, self.y + HIGH // 2
        across = ((left, middle), (left + 12, self.y), (right - 12, self.y), (right, middle))
        back = ((right - 12, self.y + HIGH), (left + 12, self.y + HIGH))
        return " ".join(f"{x},{y}" for x, y in (*across, *back))


@dataclass(frozen=True, slots=True)
class Label:
    """The name of a branch, above its first step."""

    x: int
    y: int
    text: str


@dataclass(slots=True)
class Drawing:
    """All that is drawn."""

    width: int = 0
    height: int = 0
    boxes: list[Box] = field(default_factory=list)
    labels: list[Label] = field(default_factory=list)
    ways: list[str] = field(default_factory=list)
    numbers: dict[int, int] = field(default_factory=dict)
    box_width: int = WIDE
    box_height: int = HIGH

    def way(self, *points: tuple[int, int]) -> None:
        """Draw a line through points."""
        if len(set(points)) > 1:
            self.ways.append(" ".join(f"{x},{y}" for x, y in points))


def draw(steps: Iterable[Step]) -> Drawing:
    """Draw a checklist."""
    nodes = tree(steps)
    drawing = Drawing()
    _count(drawing, nodes)
    ordinary = [node for node in nodes if node.kind != Kind.BRANCH]
    exceptions = [node for node in nodes if node.kind == Kind.BRANCH]
    widths = [_width(ordinary), *(_column_width(node) for node in exceptions)]
    x, lowest = ASIDE, 0
    for place, wide in enumerate(widths):
        bottom = _place(drawing, ordinary, x + wide // 2, BELOW) if place == 0 else None
        if bottom is None:
            bottom = _column(drawing, exceptions[place - 1], x + wide // 2, BELOW)
        lowest = max(lowest, bottom)
        x += wide + ASIDE
    drawing.width, drawing.height = x, lowest + BELOW
    return drawing


def _count(drawing: Drawing, nodes: Sequence[Node]) -> None:
    counted = (node for top in nodes for node in top.within() if node.kind in DONE | DECIDED)
    drawing.numbers = {node.line.pk: number for number, node in enumerate(counted, 1)}


def _width(nodes: Sequence[Node]) -> int:
    return max((_node_width(node) for node in nodes), default=WIDE)


def _node_width(node: Node) -> int:
    columns = [_column_width(child) for child in node.children]
    if node.kind in DONE and columns:
        columns = [columns[0], WIDE, columns[0]]  # straight on in the middle, the failure beside it
    return max(WIDE, sum(columns) + ASIDE * (len(columns) - 1) + (2 * ASIDE if node.kind == Kind.LOOP else 0))


def _column_width(node: Node) -> int:
    return _width(node.children)


def _place(drawing: Drawing, nodes: Sequence[Node], middle: int, y: int) -> int:
    """Draw steps below each other from ``y`` on; give where the last one ends."""
    for place, node in enumerate(nodes):
        if place:
            drawing.way((middle, y), (middle, y + BELOW))
            y += BELOW
        y = _node(drawing, node, middle, y)
    return y


def _node(drawing: Drawing, node: Node, middle: int, y: int) -> int:
    top = y
    y = _heading(drawing, node, middle, y)
    if not node.children:
        return y
    columns = [_column_width(child) for child in node.children]
    if node.kind in DONE:
        return _failure(drawing, node.children[0], middle, y, columns[0])
    left = middle - (sum(columns) + ASIDE * (len(columns) - 1)) // 2
    bottoms = []
    for child, wide in zip(node.children, columns, strict=True):
        centre = left + wide // 2
        drawing.way((middle, y), (middle, y + BELOW // 2), (centre, y + BELOW // 2), (centre, y + BELOW))
        bottoms.append((centre, _column(drawing, child, centre, y + BELOW)))
        left += wide + ASIDE
    lowest = max(bottom for _centre, bottom in bottoms)
    for centre, bottom in bottoms:
        drawing.way((centre, bottom), (centre, lowest + BELOW // 2), (middle, lowest + BELOW // 2))
    if node.kind == Kind.LOOP:
        edge = middle - _node_width(node) // 2
        drawing.way((middle, lowest + BELOW // 2), (edge, lowest + BELOW // 2), (edge, top + HIGH // 2),
                    (middle - WIDE // 2, top + HIGH // 2))  # fmt: skip
    return lowest + BELOW // 2


def _failure(drawing: Drawing, child: Node, middle: int, y: int, wide: int) -> int:
    """Draw beside the way on what is done when a step fails."""
    centre = middle + WIDE // 2 + ASIDE + wide // 2
    drawing.way((middle + WIDE // 2, y - HIGH // 2), (centre, y - HIGH // 2), (centre, y))
    bottom = _column(drawing, child, centre, y)
    drawing.way((middle, y), (middle, bottom + BELOW // 2))
    if not child.line.resume:
        drawing.way((centre, bottom), (centre, bottom + BELOW // 2), (middle, bottom + BELOW // 2))
    return bottom + BELOW // 2


def _column(drawing: Drawing, branch: Node, middle: int, y: int) -> int:
    text = "" if branch.when == When.TRACK else textwrap.shorten(branch.line.shown_title, 30, placeholder="…")
    if text:
        drawing.labels.append(Label(middle, y + LABEL - 6, text))
        y += LABEL
    if not branch.children:
        return y
    return _place(drawing, branch.children, middle, y)


def _heading(drawing: Drawing, node: Node, middle: int, y: int) -> int:
    step: Step = node.line
    number = drawing.numbers.get(step.pk, 0)
    title = f"{number}. {step.shown_title}" if number else step.shown_title
    wrapped = textwrap.wrap(title, LETTERS, max_lines=LINES, placeholder=" …") or [""]
    first = y + (HIGH - 16 * len(wrapped)) // 2 + 12
    lines = tuple((first + 16 * place, line) for place, line in enumerate(wrapped))
    drawing.boxes.append(Box(middle - WIDE // 2, y, number, step.kind, title, lines))
    return y + HIGH
