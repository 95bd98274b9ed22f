"""Where a run stands: which steps lie on the way, what was said of them, what is next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from tocsin.rooms.playbooks.knowledge.outline import DECIDED, DONE, Kind, Node, When, tree
from tocsin.rooms.playbooks.models import Step, Tick


@dataclass(slots=True, eq=False)
class Row:
    """A line of the checklist as a run shows it.

    ``on_way`` is false in branches that nobody chose; ``asked`` is true where somebody must still say something.
    """

    step: Step
    on_way: bool
    number: int = 0
    tick: Tick | None = None
    asked: bool = False
    choices: Sequence[Step] = ()
    busy: bool = False  # a loop whose steps are under way

    @property
    def counts(self) -> bool:
        """Tell whether it is a step, and not only a heading."""
        return self.step.kind in DONE | DECIDED


@dataclass(slots=True)
class Course:
    """All rows of a run, and how many steps on the way are settled."""

    rows: list[Row] = field(default_factory=list)
    by_step: dict[int, Row] = field(default_factory=dict)
    failed: bool = False  # a step failed and says nothing of what to do then

    @property
    def total(self) -> int:
        """The number of steps on the way as far as it is known."""
        return sum(row.on_way and row.counts for row in self.rows)

    @property
    def settled(self) -> int:
        """The number of them of which something was said."""
        return sum(row.on_way and row.counts and not row.asked for row in self.rows)

    @property
    def next(self) -> Row | None:
        """The first step that waits; none when the end is reached."""
        return next((row for row in self.rows if row.asked and not row.busy), None)

    @property
    def percent(self) -> int:
        """How far it has come."""
        return 100 * self.settled // self.total if self.total else 0

    def counted(self) -> Mapping[str, int]:
        """Count what was said on the way, by state."""
        said = [row.tick.state for row in self.rows if row.on_way and row.tick]
        return {state: said.count(state) for state in Tick.State.values}


def course_of(steps: Iterable[Step], ticks: Iterable[Tick]) -> Course:
    """Give where a run stands, from the steps of its version in order and the ticks that are current."""
    course = Course()
    held = {tick.step_id: tick for tick in ticks}
    nodes = tree(steps)
    ordinary = [node for node in nodes if node.kind != Kind.BRANCH]
    _sequence(course, ordinary, held, on_way=True)
    for node in nodes:
        if node.kind == Kind.BRANCH:
            _branch(course, node, held, on_way=course.failed)
    number = 0
    for row in course.rows:
        if row.counts:
            number += 1
            row.number = number
    return course


def _sequence(course: Course, nodes: Sequence[Node], held: Mapping[int, Tick], *, on_way: bool) -> None:
    resume = ""  # what a failed branch goes on with; empty while nothing is left out
    for node in nodes:
        if resume == str(node.line.key):
            resume = ""
        _node(course, node, held, on_way=on_way and not resume)
        failed = node.branch(When.FAILURE)
        if failed is not None and course.by_step[failed.line.pk].on_way:
            resume = failed.line.resume


def _node(course: Course, node: Node, held: Mapping[int, Tick], *, on_way: bool) -> None:
    step: Step = node.line
    place = len(course.rows)
    row = Row(step, on_way, tick=held.get(step.pk) if on_way else None)
    course.rows.append(row)
    course.by_step[step.pk] = row
    row.asked = on_way and row.counts and row.tick is None
    row.choices = [child.line for child in node.children] if step.kind in DECIDED else ()
    if step.kind in DONE:
        _done(course, row, node, held)
    elif step.kind == Kind.GROUP:
        _group(course, node, held, on_way=on_way)
    else:
        chosen = row.tick.branch_id if row.tick else None
        for child in node.children:
            _branch(course, child, held, on_way=child.line.pk == chosen)
    if step.kind == Kind.LOOP and any(course.by_step[branch.pk].on_way for branch in _bodies(row)):
        row.asked = True  # again, once what it led to is settled
        row.busy = any(each.asked for each in course.rows[place + 1 :])


def _bodies(row: Row) -> list[Step]:
    return [branch for branch in row.choices if branch.when == When.BODY]


def _done(course: Course, row: Row, node: Node, held: Mapping[int, Tick]) -> None:
    failed = row.tick is not None and row.tick.state == Tick.State.FAILED
    course.failed |= failed and not node.children
    for child in node.children:
        _branch(course, child, held, on_way=failed)


def _group(course: Course, node: Node, held: Mapping[int, Tick], *, on_way: bool) -> None:
    """Walk what goes on at the same time; what follows a failure is for steps in it that say nothing of theirs."""
    before, course.failed = course.failed, False
    tracks = [child for child in node.children if child.when != When.FAILURE]
    for child in tracks:
        _branch(course, child, held, on_way=on_way)
    handler = node.branch(When.FAILURE)
    failed, course.failed = course.failed, before or (course.failed and handler is None)
    if handler is not None:
        _branch(course, handler, held, on_way=failed)


def _branch(course: Course, node: Node, held: Mapping[int, Tick], *, on_way: bool) -> None:
    course.rows.append(Row(node.line, on_way))
    course.by_step[node.line.pk] = course.rows[-1]
    _sequence(course, node.children, held, on_way=on_way)
