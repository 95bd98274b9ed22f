"""Take rules in, switch them on and off."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction
from django.utils.translation import gettext as _

import tocsin
from tocsin.platform import audit
from tocsin.platform.access import require
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.rules.actions.errors import CannotRun
from tocsin.rooms.rules.actions.reading import read_folder
from tocsin.rooms.rules.models import Rule, RuleSet

STARTER = "starter"
TAKEN = (
    "sigma_id",
    "title",
    "description",
    "level",
    "status",
    "source",
    "techniques",
    "version",
    "text",
    "line",
    "refusal",
)


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import: how many rules, by what happened to them."""

    name: str
    added: int
    changed: int
    unchanged: int
    removed: int
    refused: int


def import_starter(*, actor: Person | None) -> Imported:
    """Take in the rules that come with Tocsin."""
    return import_folder(actor=actor, folder=Path(tocsin.__file__).with_name("rules_starter"), name=STARTER)


def ensure_starter() -> None:
    """Take in the rules that come with Tocsin where there are none at all."""
    if not RuleSet.objects.exists():
        import_starter(actor=None)


def import_folder(*, actor: Person | None, folder: Path, name: str = "") -> Imported:
    """Make the set ``name`` (by default the folder's) hold what the folder holds; again, it changes nothing.

    ``actor`` is nobody on the command line. Rules that were switched off stay off.
    """
    if actor is not None:
        require(actor, "rules.manage")
    return _take(actor, (name or folder.absolute().name)[:80], folder, read_folder(folder))


@transaction.atomic
def _take(actor: Person | None, name: str, folder: Path, rows: Iterable[Rule]) -> Imported:
    rule_set, _made = RuleSet.objects.select_for_update().get_or_create(
        name=name, defaults={"origin": str(folder)[:300]}
    )
    taken = _without_doubles(rule_set, list(rows))
    known = {(rule.path, rule.position): rule for rule in rule_set.rules.all()}
    off = {rule.path for rule in known.values() if not rule.enabled}
    added, changed = [], []
    for row in taken:
        before = known.pop((row.path, row.position), None)
        row.rule_set, row.enabled = rule_set, row.path not in off
        if before is None:
            added.append(row)
        elif any(getattr(before, name) != getattr(row, name) for name in TAKEN):
            row.pk, row.uuid = before.pk, before.uuid
            changed.append(row)
    rule_set.rules.filter(pk__in=[rule.pk for rule in known.values()]).delete()
    Rule.objects.bulk_create(added)
    Rule.objects.bulk_update(changed, TAKEN, batch_size=100)
    result = Imported(
        name=name,
        added=len(added),
        changed=len(changed),
        unchanged=len(taken) - len(added) - len(changed),
        removed=len(known),
        refused=sum(bool(row.refusal) for row in taken),
    )
    if added or changed or known:
        rule_set.origin = str(folder)[:300]
        rule_set.save()
        counted = {"added": result.added, "changed": result.changed, "removed": result.removed}
        audit.record(actor, "rules.import", rule_set, {"name": name, "refused": result.refused, **counted})
    return result


def _without_doubles(rule_set: RuleSet, rows: list[Rule]) -> list[Rule]:
    """Refuse rules whose id another set has: which of the two should run, nobody could say."""
    others = Rule.objects.exclude(rule_set=rule_set).filter(refusal="").exclude(sigma_id="")
    elsewhere = {sigma_id: place for sigma_id, *place in others.values_list("sigma_id", "rule_set__name", "path")}
    for row in rows:
        if not row.refusal and row.sigma_id in elsewhere:
            row.refusal = f"another rule has the same id: {'/'.join(elsewhere[row.sigma_id])}"[:500]
    return rows


@transaction.atomic
def switch(*, actor: Person, rule: Rule, on: bool) -> None:
    """Switch the rules of one file on or off."""
    require(actor, "rules.manage")
    if on and rule.refusal:
        raise CannotRun(_("This rule cannot run: %s") % rule.refusal)
    Rule.objects.filter(rule_set=rule.rule_set_id, path=rule.path).update(enabled=on)
    audit.record(actor, "rule.switch_on" if on else "rule.switch_off", rule, {"title": rule.title, "path": rule.path})


@transaction.atomic
def switch_set(*, actor: Person, rule_set: RuleSet, on: bool) -> None:
    """Switch a whole set on or off."""
    require(actor, "rules.manage")
    RuleSet.objects.filter(pk=rule_set.pk).update(enabled=on)
    audit.record(actor, "rules.switch_on" if on else "rules.switch_off", rule_set, {"name": rule_set.name})
