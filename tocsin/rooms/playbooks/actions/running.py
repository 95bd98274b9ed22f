"""Go through a playbook on an incident: start, tick, choose, take back, give to somebody, stop."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from tocsin.platform import audit
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.actions.record import hold, note, require_handler
from tocsin.rooms.incidents.models import Incident, IncidentEntity, Task, TimelineEntry
from tocsin.rooms.playbooks import queries
from tocsin.rooms.playbooks.knowledge.outline import DONE, Kind
from tocsin.rooms.playbooks.models import Playbook, Run, Step, StepTask, Tick
from tocsin.rooms.playbooks.queries import Course, Row

LANGUAGES = ("en", "fr")
SAID = (Tick.State.DONE, Tick.State.SKIPPED, Tick.State.FAILED)


@transaction.atomic
def start(*, actor: Person, incident: Incident, playbook: Playbook) -> Run:
    """Begin a playbook on an incident, in the version it has now."""
    current = hold(incident.pk)
    require_handler(actor, current)
    held = Playbook.objects.visible_to(actor).select_related("current").filter(pk=playbook.pk, active=True).first()
    if held is None or held.current is None:
        raise ValidationError(_("This playbook is switched off; choose another, or have it switched on."))
    if not current.open:
        raise ValidationError(_("The incident is over; reopen it before you start a playbook."))
    run: Run = Run.objects.create(incident=current, version=held.current, started_by=actor)
    audit.record(actor, "playbook.start", current, {"run": str(run.uuid), "playbook": held.name})
    _note(run, "playbook_started", actor)
    return run


@transaction.atomic
def tick(*, actor: Person, run: Run, step: Step, state: str, text: str = "") -> Run:
    """Say of a step that it is done, skipped (with a reason) or failed; whoever comes second is told who was first."""
    held = _held(actor, run)
    row = _row_to_settle(queries.course(held), step)
    if step.kind not in DONE and state != Tick.State.SKIPPED:
        raise ValidationError(_("Here you choose how it goes on."))
    if state not in SAID:
        raise ValidationError(_("A step is done, skipped or failed."))
    if state == Tick.State.SKIPPED and not text.strip():
        raise ValidationError(_("Say why it is skipped."))
    _make_way(held, row)
    Tick.objects.create(run=held, step=step, state=state, by=actor, note=text)
    audit.record(actor, f"playbook.{state}", held.incident, {"run": str(held.uuid), "step": step.title})
    told = state == Tick.State.DONE and _finish_tasks(actor, held, step, text)
    if state != Tick.State.SKIPPED and not told:
        _note(held, f"playbook_step_{state}", actor, step=step, text=text)
    return _settled(held, actor)


@transaction.atomic
def choose(*, actor: Person, run: Run, step: Step, branch: Step | None, text: str = "") -> Run:
    """Decide how it goes on: by one of the branches, or, of a loop, by none of them any more."""
    held = _held(actor, run)
    row = _row_to_settle(queries.course(held), step)
    if (branch is None and step.kind != Kind.LOOP) or (branch is not None and branch not in row.choices):
        raise ValidationError(_("Choose one of the branches of this step."))
    _make_way(held, row)
    Tick.objects.create(run=held, step=step, state=Tick.State.CHOSEN, branch=branch, by=actor, note=text)
    chosen = branch.title or branch.label or branch.when if branch else ""
    audit.record(actor, "playbook.choose", held.incident, {"run": str(held.uuid), "step": step.title, "chosen": chosen})
    _note(held, "playbook_chosen", actor, step=step, text=text, details={"choice": _choice(branch)})
    return _settled(held, actor)


@transaction.atomic
def undo(*, actor: Person, run: Run, step: Step, text: str = "") -> Run:
    """Take back what was said of a step; that it was said, and who took it back, stays on record."""
    held = _held(actor, run, running=False)
    if held.state == Run.State.STOPPED:
        raise ValidationError(_("This run was stopped; start the playbook again."))
    found = held.ticks.filter(step=step, current=True).first()
    if found is None:
        raise ValidationError(_("Nothing was said of this step, or it was taken back already."))
    if inside := _said_inside(held, step):
        raise ValidationError(_("First take back what followed from it: %s.") % inside.shown_title)
    found.current, found.undone_by, found.undone_at = False, actor, timezone.now()
    found.save()
    held.state, held.ended_at = Run.State.RUNNING, None
    held.save()
    audit.record(actor, "playbook.undo", held.incident, {"run": str(held.uuid), "step": step.title, "was": found.state})
    _note(held, "playbook_undone", actor, step=step, text=text)
    return held


@transaction.atomic
def assign(
    *,
    actor: Person,
    run: Run,
    step: Step,
    entity: IncidentEntity | None = None,
    assignee: Person | None = None,
    due_at: datetime | None = None,
) -> Task:
    """Give a step to somebody as a task of the incident: to a person of ours, or to an organisation concerned."""
    held = _held(actor, run)
    row = _row_to_settle(queries.course(held), step)
    if row.step.kind not in DONE:
        raise ValidationError(_("A decision is not given away; ask for what you need to decide."))
    task = incidents.add_task(
        actor=actor,
        incident=held.incident,
        title=step.shown_title,
        entity=entity,
        assignee=assignee,
        due_at=due_at,
    )
    StepTask.objects.create(run=held, step=step, task=task)
    audit.record(actor, "playbook.assign", held.incident, {"run": str(held.uuid), "task": str(task.uuid)})
    return task


@transaction.atomic
def stop(*, actor: Person, run: Run, reason: str) -> Run:
    """End a run before its end, with the reason."""
    held = _held(actor, run)
    if not reason.strip():
        raise ValidationError(_("Say why it is stopped."))
    held.state, held.ended_at, held.reason = Run.State.STOPPED, timezone.now(), reason
    held.save()
    audit.record(actor, "playbook.stop", held.incident, {"run": str(held.uuid), "reason": reason})
    _note(held, "playbook_stopped", actor, text=reason)
    return held


def _held(actor: Person, run: Run, *, running: bool = True) -> Run:
    """Hold the run, so that of two people at once the second finds what the first did.

    Its incident is held first, as merging does, which takes runs along: the other way round the two would wait for
    each other.
    """
    place = Run.objects.values_list("incident", flat=True).get(pk=run.pk)
    incident = hold(place)
    require_handler(actor, incident)
    Run.objects.select_for_update().get(pk=run.pk)
    held: Run = Run.objects.select_related("incident", "version__playbook").get(pk=run.pk)
    if held.incident_id != place:
        raise ValidationError(_("The incident was merged with another meanwhile; load the page again."))
    if running and held.state != Run.State.RUNNING:
        raise ValidationError(_("This run is over; nothing more is ticked in it."))
    return held


def _row_to_settle(course: Course, step: Step) -> Row:
    row = course.by_step.get(step.pk)
    if row is None or not row.counts:
        raise ValidationError(_("There is no such step in this run."))
    if not row.on_way:
        raise ValidationError(_("This step is on a branch that was not chosen."))
    if row.tick is not None and not row.asked:
        said = {"who": row.tick.by, "state": row.tick.get_state_display(), "step": step.shown_title}
        raise ValidationError(_("%(who)s was first: “%(step)s” is %(state)s already.") % said)
    return row


def _make_way(run: Run, row: Row) -> None:
    """Put what was said in the round of a loop that is over aside: it stays on record, and can be said again."""
    if row.tick is None:
        return
    if row.busy:
        raise ValidationError(_("The steps of this round are not all settled yet."))
    course = queries.course(run)
    place = course.rows.index(course.by_step[row.step.pk])
    inside = [row.tick.pk]
    for each in course.rows[place + 1 :]:
        if each.step.depth <= row.step.depth:
            break
        if each.tick is not None:
            inside.append(each.tick.pk)
    Tick.objects.filter(pk__in=inside).update(current=False)


def _said_inside(run: Run, step: Step) -> Step | None:
    """Give a step within ``step``, or that a failure of it leads to, of which something is said."""
    below = Step.objects.filter(version=run.version_id, position__gt=step.position).order_by("position")
    said = set(run.ticks.filter(current=True).values_list("step", flat=True))
    for each in below:
        if each.depth <= step.depth:
            break
        if each.pk in said:
            return each
    return None


def _finish_tasks(actor: Person, run: Run, step: Step, text: str) -> bool:
    """Answer the open tasks that the step became; tell whether there was one."""
    waiting = run.tasks.filter(step=step, task__state=Task.State.OPEN, task__incident=run.incident_id)
    open_ones = [given.task for given in waiting.select_related("task")]
    for task in open_ones:
        incidents.answer_task(actor=actor, task=task, state=Task.State.DONE, answer=text)
    return bool(open_ones)


def _settled(run: Run, actor: Person) -> Run:
    """End the run when nothing on its way waits any more."""
    course = queries.course(run)
    if not any(row.asked for row in course.rows):
        run.state, run.ended_at = Run.State.DONE, timezone.now()
        counted = course.counted()
        audit.record(actor, "playbook.end", run.incident, {"run": str(run.uuid), **counted})
        _note(run, "playbook_ended", actor, details=counted)
    run.save()
    return run


def _note(
    run: Run,
    event: str,
    actor: Person,
    *,
    step: Step | None = None,
    text: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    said: dict[str, Any] = {"playbook": _in_languages(run.version, "shown_name"), **(details or {})}
    if step is not None:
        said["step"] = _in_languages(step, "shown_title")
    note(run.incident, event, author=actor, text=text, kind=TimelineEntry.Kind.RESPONSE, **said)


def _choice(branch: Step | None) -> dict[str, str]:
    if branch is not None:
        return _in_languages(branch, "shown_title")
    said = {}
    for language in LANGUAGES:
        with override(language):
            said[language] = _("go on")
    return said


def _in_languages(thing: Any, role: str) -> dict[str, str]:
    said = {}
    for language in LANGUAGES:
        with override(language):
            said[language] = str(getattr(thing, role))
    return said
