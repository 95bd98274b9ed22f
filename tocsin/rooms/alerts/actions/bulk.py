"""One step with many alerts at once, remembered so that it can be taken back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform.bulk import MOST, chunks, held_for_undo, settle_undo
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts import knowledge
from tocsin.rooms.alerts.actions import steps
from tocsin.rooms.alerts.actions.errors import NothingToDo, ReasonMissing, StepNotPossible
from tocsin.rooms.alerts.knowledge import Step
from tocsin.rooms.alerts.models import Alert, AlertComment, BulkChange
from tocsin.rooms.alerts.schemas import BY_LEVEL


def step_of(do: str, disposition: str, reason: str) -> Step:
    """Give the step that was chosen; refuse one that is not for many, or that lacks its reason."""
    step = knowledge.steps().get("take" if do == "take" else disposition)
    if do not in {"take", "dispose"} or step is None or not (step.disposes or do == "take"):
        raise StepNotPossible(_("Choose how to close the alerts."))
    if step.needs_reason and not reason.strip():
        raise ReasonMissing(_("Give a reason."))
    return step


@transaction.atomic
def change_chosen(*, actor: Person, alerts: Sequence[Alert], do: str, disposition: str, reason: str) -> BulkChange:
    """Take the step with every alert given, or with none when one of them does not allow it."""
    step = step_of(do, disposition, reason)
    before = _before(alerts)
    if step.disposes:
        steps.dispose_many(actor=actor, alerts=alerts, disposition=step.name, reason=reason)
    else:
        steps.take_many(actor=actor, alerts=alerts)
    return BulkChange.objects.create(
        person=actor,
        event=step.name,
        text=reason.strip(),
        count=len(before),
        before=before,
        done_at=alerts[0].updated_at,
    )


@transaction.atomic
def change_all(*, actor: Person, found: QuerySet[Alert], do: str, disposition: str, reason: str) -> BulkChange:
    """Take the step with those of ``found`` that allow it now, 10,000 at most; the others are passed over."""
    step = step_of(do, disposition, reason)
    shown = list(allowing(found, step).order_by(*BY_LEVEL)[:MOST])  # the same ones the preview counted
    alerts = _still_allowing(shown, step)
    if not alerts:
        raise NothingToDo(_("None of these alerts allows this now."))
    return change_chosen(actor=actor, alerts=alerts, do=do, disposition=disposition, reason=reason)


def allowing(found: QuerySet[Alert], step: Step) -> QuerySet[Alert]:
    """Keep the alerts that allow the step; taking takes nothing away from a colleague."""
    kept = found.filter(state__in=step.sources)
    return kept if step.disposes else kept.filter(assignee=None)


def _still_allowing(alerts: Sequence[Alert], step: Step) -> list[Alert]:
    state, assignee = (steps.CHANGED.index(name) for name in ("state", "assignee"))
    rows = steps.locked(sorted(alerts, key=lambda alert: alert.key))
    kept = {pk for pk, *now in rows if now[state] in step.sources and (step.disposes or now[assignee] is None)}
    return [alert for alert in alerts if alert.pk in kept]


@transaction.atomic
def undo(*, actor: Person, change: BulkChange) -> int:
    """Put the alerts back as they were before, except those that somebody touched since; give how many."""
    current = held_for_undo(BulkChange.objects, change, actor, StepNotPossible)
    try:
        with transaction.atomic():
            restored = _restore(current, actor)
    except IntegrityError as error:  # a later alert of a group was opened at this moment
        raise StepNotPossible(_("New hits arrived at this very moment; take it back once more.")) from error
    if restored:
        steps.tell(actor, restored, AlertComment.Event.UNDO, details={"change": str(current.uuid)})
    return settle_undo(current, change, len(restored))


def _before(alerts: Sequence[Alert]) -> list[list[object]]:
    state, assignee, acknowledged = (steps.CHANGED.index(name) for name in ("state", "assignee", "acknowledged_at"))
    rows = steps.locked(sorted(alerts, key=lambda alert: alert.key))
    return [[pk, now[state], now[assignee], now[acknowledged] is not None] for pk, *now in rows]


def _restore(change: BulkChange, actor: Person) -> list[Alert]:
    before = {pk: (state, assignee, acknowledged) for pk, state, assignee, acknowledged in change.before}
    untouched = _untouched(change, list(before), actor)
    people = Person.objects.filter(is_active=True).in_bulk({assignee for _, assignee, _ in before.values() if assignee})
    alike: dict[tuple[str, int | None, bool], list[Alert]] = defaultdict(list)
    for alert in untouched:
        state, assignee, acknowledged = before[alert.pk]
        holder = people.get(assignee) if assignee else None
        still = holder is not None and steps.may(holder, "alerts.triage", alert)
        alike[state, assignee if still else None, acknowledged].append(alert)
    now = timezone.now()
    for (state, assignee, acknowledged), same in alike.items():
        values = {"state": state, "open": True, "assignee": assignee, "disposition": "", "closed_at": None}
        if not acknowledged:
            values["acknowledged_at"] = None
        for chunk in chunks(same):
            Alert.objects.filter(pk__in=[alert.pk for alert in chunk]).update(**values, updated_at=now)
    return untouched


def _untouched(change: BulkChange, ids: Sequence[int], actor: Person) -> list[Alert]:
    """Give, locked, the alerts on which the actor may still work, that nobody did anything with since, and whose group
    has no later alert open. Further hits are nobody's doing."""
    target = knowledge.steps()[change.event].target
    found: list[Alert] = []
    for some in chunks(ids):
        mine = Alert.objects.visible_to(actor, "alerts.triage")
        as_left = mine.filter(pk__in=some, state=target)
        later = AlertComment.objects.filter(alert=OuterRef("pk"), created_at__gt=change.created_at)
        found += as_left.filter(~Exists(later)).select_for_update(of=("self",)).order_by("key")
    keys = [alert.key for alert in found if not alert.open]
    reopened: set[str] = set()
    for some_keys in chunks(keys):
        later = Alert.objects.filter(key__in=some_keys, open=True)
        reopened.update(later.values_list("key", flat=True))
    return [alert for alert in found if alert.key not in reopened]
