"""Ask for something to be done, and answer it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.access import scope_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents.actions.edits import Shown, differing, last_entry
from tocsin.rooms.incidents.actions.record import hold, note, require_handler, require_part
from tocsin.rooms.incidents.actions.telling import tell_task
from tocsin.rooms.incidents.models import Audience, Incident, IncidentEntity, Task, TimelineEntry


@transaction.atomic
def add_task(
    *,
    actor: Person,
    incident: Incident,
    title: str,
    entity: IncidentEntity | None = None,
    assignee: Person | None = None,
    due_at: datetime | None = None,
) -> Task:
    """Ask the handling team, or one organisation concerned, to do something."""
    require_handler(actor, incident)
    require_part(incident, entity)
    if assignee is not None and not Incident.objects.visible_to(assignee).filter(pk=incident.pk).exists():
        raise ValidationError(_("%s cannot see this incident.") % assignee)
    task = Task.objects.create(incident=incident, title=title, entity=entity, assignee=assignee, due_at=due_at)
    audit.record(actor, "task.add", incident, {"task": str(task.uuid), "title": title})
    _tell(task, "task", actor)
    tell_task(task, actor=actor)
    return task


@transaction.atomic
def answer_task(*, actor: Person, task: Task, state: str, answer: str = "") -> Task:
    """Mark a task done, or refuse it with a reason."""
    current = _held(task)
    if not _may_answer(actor, current):
        raise PermissionDenied(_("This task is not yours."))
    if current.state != Task.State.OPEN:
        raise ValidationError(_("This task was already answered."))
    if state not in {Task.State.DONE, Task.State.REFUSED}:
        raise ValidationError(_("A task is done or refused."))
    if state == Task.State.REFUSED and not answer.strip():
        raise ValidationError(_("Say why."))
    current.state, current.answer = state, answer
    current.save(update_fields=["state", "answer"])
    audit.record(actor, f"task.{state}", current.incident, {"task": str(current.uuid)})
    _tell(current, f"task_{state}", actor, answer)
    return current


@transaction.atomic
def change_task(*, actor: Person, task: Task, shown: Shown = None, **values: Any) -> Task:
    """Change what is to be done or until when; raise Clashed when it is not as ``shown`` any more."""
    require_handler(actor, task.incident)
    current = _held(task)
    if unknown := set(values) - {"title", "due_at"}:
        raise ValidationError(_("These cannot be changed: %s") % ", ".join(sorted(unknown)))
    if current.state != Task.State.OPEN:
        raise ValidationError(_("This task was already answered."))
    changed = differing(
        current, shown, values, lambda _name: last_entry(current.incident, "task_changed", which=str(current.uuid))
    )
    if not changed:
        return current
    before = {"title": current.title, "due_at": current.due_at}
    for name, value in changed.items():
        setattr(current, name, value)
    current.save(update_fields=[*changed])
    audit.record(actor, "task.change", current.incident, {"task": str(current.uuid), **changed})
    after = {"title": current.title, "due_at": current.due_at}
    _tell(current, "task_changed", actor, which=str(current.uuid), before=before, after=after)
    return current


def _held(task: Task) -> Task:
    """Hold the incident of a task, then the task: always in this order."""
    hold(task.incident_id)
    return Task.objects.select_for_update(of=("self",)).select_related("incident", "entity").get(pk=task.pk)


def _may_answer(actor: Person, task: Task) -> bool:
    if not Incident.objects.visible_to(actor).filter(pk=task.incident_id).exists():
        return False
    if Incident.objects.handled_by(actor).filter(pk=task.incident_id).exists():
        return True
    return task.entity is not None and scope_of(actor).allows("incidents.answer", task.entity.organisation_id)


def _tell(task: Task, event: str, actor: Person, text: str = "", **details: Any) -> None:
    note(
        task.incident,
        event,
        **{"title": task.title, **details},
        text=text,
        author=actor,
        kind=TimelineEntry.Kind.RESPONSE,
        entity=task.entity,
        audience=Audience.ENTITY if task.entity else Audience.TEAM,
    )
