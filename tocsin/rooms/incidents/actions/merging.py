"""Merge one incident into another without losing anything, and take it apart again within a day."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import ProtectedError
from django.db.models.deletion import Collector
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.access import require, scope_of
from tocsin.platform.locks import one_at_a_time
from tocsin.platform.markings import strictest
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents.actions.family import FAMILY, hold_in_order, require_same_seal
from tocsin.rooms.incidents.actions.moving import Going, Passage, movers, register_mover
from tocsin.rooms.incidents.actions.record import note, require_handler
from tocsin.rooms.incidents.actions.states import go_on
from tocsin.rooms.incidents.models import Aim, Deadline, Incident, IncidentEntity, InsiderCase, Merge, PersonalData
from tocsin.rooms.notices import actions as notices

__all__ = ["APART_WITHIN", "MergePlan", "merge", "plan_merge", "register_mover", "take_apart"]

APART_WITHIN = timedelta(hours=24)
ORDERED: Mapping[str, Sequence[str]] = {"targeted": Aim.values, "personal_data": PersonalData.values}


@dataclass(frozen=True, slots=True)
class MergePlan:
    """What a merge would move, kind by kind, and what to mind. ``digest`` changes with whatever would move."""

    source: Incident
    target: Incident
    sections: Sequence[tuple[str | Promise, Going]]
    joined: Sequence[IncidentEntity]
    added: Sequence[IncidentEntity]
    newly_reading: Sequence[str]
    digest: str


def plan_merge(*, actor: Person, source: Incident, target: Incident) -> MergePlan:
    """Give what merging would do, or refuse with the reason why it cannot be done; changes nothing."""
    _check(actor, source, target)
    if InsiderCase.objects.filter(incident__in=(source, target)).exists():
        raise ValidationError(_("An incident about an insider is not merged: its purpose is its own."))
    there = {part.organisation_id for part in target.entities.all()}
    here = list(source.entities.select_related("organisation").order_by("organisation__code"))
    passage = Passage(actor, source, target, {part.pk: 0 for part in here}, whole=True)
    sections = [(mover.label, mover.going(passage)) for mover in movers()]
    ids = [[str(label), list(going.ids)] for label, going in sections]
    # What was for everyone concerned by the source is for everyone concerned by the target afterwards.
    others = target.entities.exclude(organisation__in=[part.organisation_id for part in here])
    for_all = source.timeline.filter(audience="all").exclude(text="").exists()
    for_all = for_all or source.evidence.filter(audience="all").exists()
    seen = json.dumps([str(source.uuid), str(target.uuid), sorted(there), ids], sort_keys=True)
    return MergePlan(
        source=source,
        target=target,
        sections=[(label, going) for label, going in sections if going.number],
        joined=[part for part in here if part.organisation_id in there],
        added=[part for part in here if part.organisation_id not in there],
        newly_reading=sorted(others.values_list("organisation__code", flat=True)) if for_all else (),
        digest=hashlib.sha256(seen.encode()).hexdigest(),
    )


def _check(actor: Person, source: Incident, target: Incident) -> None:
    if source.pk == target.pk:
        raise ValidationError(_("An incident cannot be merged into itself."))
    for each in (source, target):
        require_handler(actor, each)
        if not each.open:
            raise ValidationError(_("%s has ended; open it again first.") % each.reference)
    if source.offered_to_id:
        raise ValidationError(_("An offer of %s waits for an answer; withdraw it first.") % source.reference)
    require_same_seal(source, target)
    reach = scope_of(actor).organisations("incidents.view")
    if not Incident.objects.in_charge(actor).filter(pk=source.pk).exists() and (
        source.entities.exclude(organisation__in=reach).exists()
    ):
        raise PermissionDenied(_("%s has parts that you do not see. Ask the team in charge of it.") % source.reference)


@transaction.atomic
def merge(*, actor: Person, source: Incident, target: Incident, reason: str = "", seen: str | None = None) -> Merge:
    """Move everything of ``source`` to ``target``; ``seen`` is the digest of the plan that was looked at."""
    one_at_a_time(FAMILY)
    notices.hold_about([source.uuid, target.uuid])
    source, target = hold_in_order([source, target])
    planned = plan_merge(actor=actor, source=source, target=target)
    if seen is not None and seen != planned.digest:
        raise ValidationError(_("What would move has changed since you looked. Look at it again, then merge."))
    before, summary = source.state, source.summary
    parts, joined = _join_parts(source, target)
    passage = Passage(actor, source, target, parts, whole=True)
    moved = {mover.name: mover.move(passage) for mover in movers()}
    raised = _raise(source, target)
    source = go_on(actor=actor, incident=source, event="duplicate_of")
    source.merged_into = target
    source.merged_into = target
    source.save(update_fields=["merged_into", "updated_at"])
    done = Merge.objects.create(
        source=source, target=target, done_by=actor, reason=reason.strip(), state_before=before,
        moved={"parts": joined, "raised": raised, "movers": moved},
    )  # fmt: skip
    audit.record_many(actor, "incident.merge", [source, target], {"tie": done.uuid})
    note(source, "merged_into", other=target, text=reason.strip(), author=actor)
    note(target, "merged_from", other=source, text=reason.strip(), author=actor)
    if summary:
        note(target, "merged_summary", title=source.title, text=summary, author=actor)
    return done


def _join_parts(source: Incident, target: Incident) -> tuple[dict[int, int], list[dict[str, Any]]]:
    """Make or extend the target's parts; the source keeps its own, empty, so that its people still find the way."""
    there = {part.organisation_id: part for part in target.entities.select_for_update().order_by("pk")}
    parts: dict[int, int] = {}
    joined: list[dict[str, Any]] = []
    for part in source.entities.order_by("pk"):
        known = there.get(part.organisation_id)
        if known is None:
            same = {name: getattr(part, name) for name in ("organisation_id", "role", "summary", "aware_at")}
            made = IncidentEntity.objects.create(incident=target, **same)
            joined.append({"from": part.pk, "to": made.pk, "made": True})
        else:
            before = {"summary": known.summary, "role": known.role, "aware_at": known.aware_at}
            made = _joined(known, part)
            after = {"summary": made.summary, "role": made.role, "aware_at": made.aware_at}
            joined.append({"from": part.pk, "to": made.pk, "made": False, "before": before, "after": after})
        parts[part.pk] = made.pk
    return parts, audit.plain(joined)


def _joined(known: IncidentEntity, part: IncidentEntity) -> IncidentEntity:
    texts = [known.summary, "" if part.summary.strip() in known.summary else part.summary]
    known.summary = "\n\n".join(text.strip() for text in texts if text.strip())
    known.aware_at = min(known.aware_at, part.aware_at)
    if part.role == IncidentEntity.Role.VICTIM:
        known.role = part.role
    known.save(update_fields=["summary", "aware_at", "role"])
    return known


def _raise(source: Incident, target: Incident) -> dict[str, list[Any]]:
    """Let the target be no milder than what it takes in: marking, severity, begin and flags; give before and after."""
    begun = [time for time in (source.occurred_at, target.occurred_at) if time is not None]
    wanted: dict[str, Any] = {
        "tlp": strictest([source.tlp, target.tlp]),
        "severity": max(source.severity, target.severity),
        "occurred_at": min(begun, default=None),
        **{name: getattr(source, name) or getattr(target, name) for name in
           ("criminal_suspected", "euci_involved", "inquiry_needed")},
        **{name: max(getattr(source, name), getattr(target, name), key=list(order).index)
           for name, order in ORDERED.items()},
    }  # fmt: skip
    changed = {name: [getattr(target, name), value] for name, value in wanted.items() if getattr(target, name) != value}
    for name, (_before, value) in changed.items():
        setattr(target, name, value)
    target.save(update_fields=[*changed, "updated_at"])
    plain: dict[str, list[Any]] = audit.plain(changed)
    return plain


@transaction.atomic
def take_apart(*, actor: Person, incident: Incident) -> Incident:
    """Take back the merge of ``incident`` into another, within a day and if nothing stands against it."""
    one_at_a_time(FAMILY)
    done = incident.merges.filter(undone_at=None).select_related("target").first()
    if done is None:
        raise ValidationError(_("This incident was not merged into another."))
    notices.hold_about([done.target.uuid])
    source, target = hold_in_order([incident, done.target])
    _check_apart(actor, done, source, target)
    joined = done.moved["parts"]
    back = Passage(actor, target, source, {each["to"]: each["from"] for each in joined}, whole=True)
    source.merged_into, source.state, source.open, source.closed_at = None, done.state_before, True, None
    source.save(update_fields=["merged_into", "state", "open", "closed_at", "updated_at"])
    known = {mover.name: mover for mover in movers()}
    for name, moved in reversed(list(done.moved["movers"].items())):
        known[name].restore(back, moved)
    _part_again(joined)
    _lower(target, done.moved["raised"])
    done.undone_at, done.undone_by = timezone.now(), actor
    done.save(update_fields=["undone_at", "undone_by"])
    audit.record_many(actor, "incident.take_apart", [source, target], {"tie": done.uuid})
    note(source, "taken_apart", other=target, author=actor)
    note(target, "taken_apart", other=source, author=actor)
    return source


def _check_apart(actor: Person, done: Merge, source: Incident, target: Incident) -> None:
    require(actor, "incidents.work")
    handled = Incident.objects.handled_by(actor).filter(pk__in=[source.pk, target.pk]).count()
    if handled < 2:
        raise PermissionDenied(_("You do not handle both incidents."))
    if timezone.now() - done.created_at > APART_WITHIN:
        raise ValidationError(_("This was merged more than a day ago. Split off what does not belong together."))
    if target.state == Incident.State.MERGED:
        raise ValidationError(_("%s was itself merged since; take that apart first.") % target.reference)
    if not target.open:
        raise ValidationError(_("%s has ended; open it again first.") % target.reference)
    require_same_seal(source, target)


def _part_again(joined: Sequence[Mapping[str, Any]]) -> None:
    """Take back what a merge did to the target's parts; what was changed or written there since stays."""
    for each in joined:
        part = IncidentEntity.objects.filter(pk=each["to"]).first()
        if part is None:
            continue
        if each["made"]:
            if not _referred(part):
                part.delete()
            continue
        if audit.plain({name: getattr(part, name) for name in each["after"]}) == each["after"]:
            IncidentEntity.objects.filter(pk=part.pk).update(**each["before"])


def _referred(part: IncidentEntity) -> bool:
    """Tell whether anything, of whichever room, belongs to a part; deadlines are worked out from the rest."""
    collector = Collector(using=DEFAULT_DB_ALIAS, origin=part)
    try:
        collector.collect([part])
    except ProtectedError:
        return True
    more = set(collector.data) - {IncidentEntity, Deadline}
    return bool(more) or any(rows.model is not Deadline and rows.exists() for rows in collector.fast_deletes)


def _lower(target: Incident, raised: Mapping[str, Sequence[Any]]) -> None:
    """Take back what a merge raised, where nobody has changed it since."""
    same = {name: before for name, (before, after) in raised.items() if audit.plain(getattr(target, name)) == after}
    if same:
        Incident.objects.filter(pk=target.pk).update(**same)
