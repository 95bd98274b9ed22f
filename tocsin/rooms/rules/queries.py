"""What is known of the rules, and all that run as one plan."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
import time
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.shortcuts import get_object_or_404

from tocsin import config
from tocsin.pipeline.detect.plan import Plan, compile_plan
from tocsin.rooms.rules.models import Rule, RuleSet

ORDER = ("-level", "title", "id")
LEFT_ALONE = 3600.0  # seconds
RUNS = Q(refusal="", enabled=True, rule_set__enabled=True)
STATES: Mapping[str, Q] = {
    "all": Q(),
    "runs": RUNS,
    "off": Q(refusal="") & ~Q(enabled=True, rule_set__enabled=True),
    "refused": ~Q(refusal=""),
}


def listed(*, state: str = "all", level: int | None = None, rule_set: str = "", text: str = "") -> QuerySet[Rule]:
    """Give the rules that match, without their text."""
    found = Rule.objects.filter(STATES.get(state, Q()))
    if level is not None:
        found = found.filter(level=level)
    if rule_set:
        found = found.filter(rule_set__name=rule_set)
    if text:
        found = found.filter(Q(title__icontains=text) | Q(sigma_id__istartswith=text) | Q(refusal__icontains=text))
    return found.select_related("rule_set").defer("text", "description")


def counts() -> Mapping[str, int]:
    """Count all rules by whether they run."""
    return Rule.objects.aggregate(**{name: Count("pk", filter=condition) for name, condition in STATES.items()})


def sets() -> QuerySet[RuleSet]:
    """Give the sets."""
    return RuleSet.objects.order_by("name")


def rule_or_404(uuid: UUID) -> Rule:
    """Give one rule."""
    return get_object_or_404(Rule.objects.select_related("rule_set"), uuid=uuid)


def set_or_404(uuid: UUID) -> RuleSet:
    """Give one set."""
    return get_object_or_404(RuleSet, uuid=uuid)


def latest(sigma_id: str) -> Rule | None:
    """Give the rule of an id as it is now, when it is still there."""
    return Rule.objects.filter(sigma_id=sigma_id).select_related("rule_set").order_by("refusal", "-pk").first()


def refused_in(name: str) -> QuerySet[Rule]:
    """Give the rules of a set that cannot run."""
    return Rule.objects.filter(STATES["refused"], rule_set__name=name).order_by("path", "position").defer("text")


def cache() -> Path:
    """Give the folder where compiled rules are kept."""
    return config.load().home / "cache"


def plan() -> Plan:
    """Give all rules that run as one plan; made again only when a rule has changed."""
    rows = Rule.objects.filter(RUNS).order_by("rule_set__name", "path", "position")
    versions = list(rows.values_list("rule_set__name", "path", "version"))
    name = hashlib.sha256(repr(versions).encode()).hexdigest()[:16]
    return _plan(config.load().home / "rules", name)


@lru_cache(maxsize=1)
def _plan(home: Path, name: str) -> Plan:
    folder = home / name
    if not folder.is_dir():
        _write(folder)
    return compile_plan([folder], cache=cache())


def _write(folder: Path) -> None:
    """Write the files of all rules that run, in one step; older folders go."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".fresh-"))
    for rule_set, path, text in Rule.objects.filter(RUNS).values_list("rule_set__uuid", "path", "text"):
        file = fresh / str(rule_set) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    try:
        fresh.rename(folder)
    except OSError:  # another process was first
        shutil.rmtree(fresh)
    _drop_old(folder)


def _drop_old(folder: Path) -> None:
    """Remove what no process can be reading any more."""
    for each in folder.parent.iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process has just given it its name, or removed it
            if each != folder and time.time() - each.stat().st_mtime > LEFT_ALONE:
                shutil.rmtree(each, ignore_errors=True)
