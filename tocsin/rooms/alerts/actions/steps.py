"""The steps people take with alerts: allowed by right and by state, said in the trail, audited."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.access import require, scope_of
from tocsin.platform.bulk import AT_ONCE, chunks
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts import knowledge
from tocsin.rooms.alerts.actions.errors import NewerGroupOpen, NotTheirs, ReasonMissing, StepNotPossible
from tocsin.rooms.alerts.knowledge import Step
from tocsin.rooms.alerts.models import Alert, AlertComment

CHANGED = ["state", "open", "assignee", "disposition", "acknowledged_at", "closed_at", "updated_at"]
ALIKE = ("state", "open", "assignee_id", "disposition", "closed_at", "updated_at")


def take(*, actor: Person, alert: Alert) -> Alert:
    """Take an alert for oneself."""
    return assign(actor=actor, alert=alert, assignee=actor)


def take_many(*, actor: Person, alerts: Iterable[Alert]) -> int:
    """Take several alerts for oneself."""
    return assign_many(actor=actor, alerts=alerts, assignee=actor)


def assign(*, actor: Person, alert: Alert, assignee: Person) -> Alert:
    """Give an alert to somebody who may work on it."""
    assign_many(actor=actor, alerts=[alert], assignee=assignee)
    return alert


@transaction.atomic
def assign_many(*, actor: Person, alerts: Iterable[Alert], assignee: Person) -> int:
    """Give several alerts to one person."""
    step = knowledge.steps()["take"]
    locked = _ready(actor, alerts, step)
    for alert in locked:
        if not may(assignee, step.verb, alert):
            raise NotTheirs(_("%(person)s may not work on alerts of this organisation.") % {"person": assignee})
        alert.assignee = assignee
        alert.acknowledged_at = alert.acknowledged_at or timezone.now()
    said = "" if assignee == actor else str(assignee)
    return _step(actor, locked, step, said, details={"assignee": str(assignee.uuid)})


@transaction.atomic
def release(*, actor: Person, alert: Alert) -> Alert:
    """Put an alert back into the queue for somebody else."""
    step = knowledge.steps()["release"]
    locked = _ready(actor, [alert], step)
    for each in locked:
        each.assignee = None
    _step(actor, locked, step)
    return alert


@transaction.atomic
def comment(*, actor: Person, alert: Alert, text: str) -> AlertComment:
    """Say something about an alert."""
    _require(actor, "alerts.triage", alert)
    if not text.strip():
        raise ReasonMissing(_("The comment is empty."))
    said = AlertComment.objects.create(alert=alert, author=actor, text=text.strip())
    Alert.objects.filter(pk=alert.pk).update(updated_at=timezone.now())
    audit.record(actor, "alert.comment", alert, {"comment": str(said.uuid), "text": said.text})
    return said


@transaction.atomic
def ask(*, actor: Person, alert: Alert, question: str) -> Alert:
    """Wait for an answer of the organisation concerned."""
    step = knowledge.steps()["ask"]
    locked = _ready(actor, [alert], step, question)
    for each in locked:
        each.assignee = each.assignee or actor
        each.acknowledged_at = each.acknowledged_at or timezone.now()
    _step(actor, locked, step, question)
    return alert


@transaction.atomic
def answer(*, actor: Person, alert: Alert, text: str) -> Alert:
    """Answer what was asked, so that triage goes on."""
    step = knowledge.steps()["answer"]
    _step(actor, _ready(actor, [alert], step, text), step, text)
    return alert


def dispose(*, actor: Person, alert: Alert, disposition: str, reason: str) -> Alert:
    """Close an alert that is no incident, with the reason."""
    dispose_many(actor=actor, alerts=[alert], disposition=disposition, reason=reason)
    return alert


@transaction.atomic
def dispose_many(*, actor: Person, alerts: Iterable[Alert], disposition: str, reason: str) -> int:
    """Close several alerts for the same reason."""
    step = knowledge.steps().get(disposition)
    if step is None or not step.disposes:
        raise StepNotPossible(_("Choose how to close the alert."))
    locked = _ready(actor, alerts, step, reason)
    for alert in locked:
        alert.disposition = reason.strip()
    return _step(actor, locked, step, reason)


def escalate(*, actor: Person, alert: Alert) -> Alert:
    """Mark an alert as part of an incident."""
    escalate_many(actor=actor, alerts=[alert])
    return alert


@transaction.atomic
def escalate_many(*, actor: Person, alerts: Iterable[Alert]) -> int:
    """Mark alerts as part of an incident; the incidents room calls it when it opens or joins one."""
    step = knowledge.steps()["escalate"]
    return _step(actor, _ready(actor, alerts, step), step)


@transaction.atomic
def reopen(*, actor: Person, alert: Alert, reason: str) -> Alert:
    """Put a closed alert back into triage."""
    step = knowledge.steps()["reopen"]
    locked = _ready(actor, [alert], step, reason)
    if Alert.objects.filter(key=alert.key, open=True).exists():
        raise NewerGroupOpen(_("A later alert of the same group is open; go on there."))
    for each in locked:
        each.disposition = ""
        each.assignee = actor
    _step(actor, locked, step, reason)
    return alert


def _ready(actor: Person, alerts: Iterable[Alert], step: Step, reason: str = "") -> list[Alert]:
    """Lock the alerts and refuse what the state machine or the actor's rights do not allow."""
    given = {alert.pk: alert for alert in alerts}
    if step.needs_reason and not reason.strip():
        raise ReasonMissing(_("Give a reason."))
    for pk, *values in locked(sorted(given.values(), key=lambda alert: alert.key)):
        alert = given[pk]
        for name, value in zip(CHANGED, values, strict=True):
            setattr(alert, "assignee_id" if name == "assignee" else name, value)
        _require(actor, step.verb, alert)
        if alert.state not in step.sources:
            raise StepNotPossible(
                _("“%(title)s” is %(state)s; this cannot be done with it now.")
                % {"title": alert.title, "state": alert.get_state_display()}
            )
    return list(given.values())


def locked(alerts: Sequence[Alert]) -> Iterator[tuple[Any, ...]]:
    """Lock the alerts and give their inner ids and ``CHANGED`` as they are now."""
    for chunk in chunks(alerts):
        rows = Alert.objects.select_for_update().filter(pk__in=[alert.pk for alert in chunk]).order_by("key")
        yield from rows.values_list("pk", *CHANGED)


def _step(
    actor: Person, alerts: Sequence[Alert], step: Step, text: str = "", details: dict[str, str] | None = None
) -> int:
    now = timezone.now()
    for alert in alerts:
        alert.state, alert.open, alert.updated_at = step.target, not step.closes, now
        alert.closed_at = now if step.closes else None
    _write(alerts)
    tell(actor, alerts, step.name, text, details)
    return len(alerts)


def _write(alerts: Sequence[Alert]) -> None:
    """Write what was changed: one statement for all that are alike, however many."""
    alike: dict[tuple[Any, ...], list[Alert]] = defaultdict(list)
    for alert in alerts:
        alike[alert.acknowledged_at is not None, *(getattr(alert, name) for name in ALIKE)].append(alert)
    for (acknowledged, *same), rows in alike.items():
        values = dict(zip(ALIKE, same, strict=True))
        if acknowledged:  # the first time counts: each row keeps its own
            values["acknowledged_at"] = Coalesce("acknowledged_at", values["updated_at"])
        for chunk in chunks(rows):
            Alert.objects.filter(pk__in=[alert.pk for alert in chunk]).update(**values)


def tell(
    actor: Person, alerts: Sequence[Alert], event: str, text: str = "", details: dict[str, str] | None = None
) -> None:
    """Write to the trail of each alert, and to the audit trail, what was done."""
    said = text.strip()
    AlertComment.objects.bulk_create(
        (AlertComment(alert=alert, author=actor, event=event, text=said) for alert in alerts), batch_size=AT_ONCE
    )
    audit.record_many(actor, f"alert.{event}", alerts, {"text": said, **(details or {})})


def may(person: Person, verb: str, alert: Alert) -> bool:
    """Tell whether a person may do ``verb`` with an alert."""
    scope = scope_of(person)
    return scope.everything(verb) if alert.organisation_id is None else scope.allows(verb, alert.organisation_id)


def _require(actor: Person, verb: str, alert: Alert) -> None:
    require(actor, verb, alert.organisation_id)
    if not may(actor, verb, alert):
        raise PermissionDenied(_("This alert belongs to no organisation; only teams that see all may work on it."))
