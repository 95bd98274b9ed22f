"""Playbooks on an incident: those that fit, the runs, and where each run stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404

from tocsin.platform.access import roles_with
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.incidents.queries import View
from tocsin.rooms.playbooks.models import Playbook, Run, Step, StepTask, Tick
from tocsin.rooms.playbooks.queries.course import Course, Row, course_of

RUNS_SHOWN, OFFERED, PEOPLE_SHOWN = 50, 300, 300


@dataclass(frozen=True, slots=True)
class Offered:
    """A playbook that could be started; ``fits`` when it is for incidents of this kind."""

    playbook: Playbook
    fits: bool


@dataclass(slots=True)
class Shown:
    """A run as it is shown: where it stands, what was taken back, which tasks its steps became."""

    run: Run
    course: Course
    history: list[Tick] = field(default_factory=list)
    tasks: dict[int, list[StepTask]] = field(default_factory=dict)

    def rows(self) -> list[tuple[Row, list[StepTask], list[Tick]]]:
        """Give each row with the tasks of its step and what was said of it before."""
        earlier: defaultdict[int, list[Tick]] = defaultdict(list)
        for tick in self.history:
            if not tick.current:
                earlier[tick.step_id].append(tick)
        return [(row, self.tasks.get(row.step.pk, []), earlier[row.step.pk]) for row in self.course.rows]


def offered(user: Any, incident: Incident) -> list[Offered]:
    """Give the playbooks that can be started, those that fit first: for the type, for the class, for all of them."""
    active = Playbook.objects.visible_to(user).filter(active=True).exclude(current=None)
    rows = active.select_related("current").defer("current__source", "current__facts", "current__description")
    ranked = [(_rank(playbook, incident), playbook) for playbook in rows.order_by("name", "id")[:OFFERED]]
    return [Offered(playbook, rank < 2) for rank, playbook in sorted(ranked, key=lambda pair: pair[0])]


def _rank(playbook: Playbook, incident: Incident) -> int:
    if incident.severity < playbook.severity_from:
        return 4
    if incident.rsit_type and incident.rsit_type in playbook.rsit:
        return 0
    if incident.rsit_class and incident.rsit_class in playbook.rsit:
        return 1
    return 3 if playbook.rsit else 2


def runs_on(view: View) -> QuerySet[Run]:
    """Give the runs on an incident, newest first, to those who handle it."""
    found = Run.objects.filter(incident=view.incident).select_related("version", "started_by")
    found = found.defer("version__source", "version__facts").order_by("-id")
    return found[:RUNS_SHOWN] if view.handler else found.none()


def progress_of(runs: Sequence[Run]) -> list[tuple[Run, Course]]:
    """Give where each run stands, in two queries for all of them."""
    steps: defaultdict[int, list[Step]] = defaultdict(list)
    for step in Step.objects.filter(version__in={run.version_id for run in runs}).defer("text", "details"):
        steps[step.version_id].append(step)
    ticks: defaultdict[int, list[Tick]] = defaultdict(list)
    for tick in Tick.objects.filter(run__in=runs, current=True):
        ticks[tick.run_id].append(tick)
    return [(run, course_of(steps[run.version_id], ticks[run.pk])) for run in runs]


def run_or_404(view: View, uuid: UUID) -> Run:
    """Give one run on an incident to those who handle it."""
    run = runs_on_all(view).filter(uuid=uuid).first()
    if run is None:
        raise Http404("run")
    return run


def runs_on_all(view: View) -> QuerySet[Run]:
    """Give the runs on an incident as `runs_on` does, however many."""
    found = Run.objects.filter(incident=view.incident).select_related("version__playbook", "started_by", "incident")
    return found.defer("version__source") if view.handler else found.none()


def step_or_404(run: Run, position: int) -> Step:
    """Give a step of a run by its place in the checklist."""
    step = Step.objects.filter(version=run.version_id, position=position).first()
    if step is None:
        raise Http404("step")
    return step


def shown(run: Run) -> Shown:
    """Give a run with everything that was said of its steps, newest last."""
    ticks = list(run.ticks.select_related("by", "undone_by", "branch").order_by("id"))
    steps = Step.objects.filter(version=run.version_id).order_by("position")
    tasks: defaultdict[int, list[StepTask]] = defaultdict(list)
    given_out = run.tasks.filter(task__incident=run.incident_id)  # a task may have gone to another incident since
    for given in given_out.select_related("task__assignee", "task__entity__organisation").order_by("pk"):
        tasks[given.step_id].append(given)
    return Shown(run, course_of(steps, (tick for tick in ticks if tick.current)), ticks, dict(tasks))


def course(run: Run) -> Course:
    """Give where a run stands; inside a transaction that holds it, nobody changes that meanwhile."""
    steps = Step.objects.filter(version=run.version_id).order_by("position")
    return course_of(steps, run.ticks.filter(current=True).select_related("by"))


def people_for(view: View) -> list[Person]:
    """Give the people a step can be given to: active, and able to see the incident, a bounded number."""
    people = Person.objects.filter(is_active=True).order_by("username")
    if view.incident.sealed:
        return list(people.filter(pk__in=view.incident.seals.values("person")))
    return list(people.filter(pk__in=_colleagues(view))[:PEOPLE_SHOWN])


def _colleagues(view: View) -> QuerySet[Any]:
    teams = {view.incident.owner_team_id, view.incident.offered_to_id} - {None}
    places = [entity.organisation_id for entity in view.entities]
    officers = Q(organisation__in=places, role__in=roles_with("incidents.answer"))
    return Membership.objects.valid().filter(Q(team__in=teams) | officers).values("person")


def runs_to_read(user: Any) -> QuerySet[Run]:
    """Give all runs that a program may read for a person, with what was said of their steps."""
    found: QuerySet[Run] = Run.objects.visible_to(user).select_related("incident", "version__playbook", "started_by")
    said = Tick.objects.select_related("step", "branch", "by", "undone_by").order_by("id")
    said = said.defer("step__text", "step__details", "branch__text", "branch__details")
    return found.defer("version__source", "version__facts").prefetch_related(Prefetch("ticks", said))
