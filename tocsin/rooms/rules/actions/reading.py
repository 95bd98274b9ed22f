"""Turn a folder of rule files into rows, refused rules among them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tocsin.pipeline.detect import rule as pipeline
from tocsin.pipeline.detect.plan import compile_plan
from tocsin.pipeline.detect.rules import rule_files
from tocsin.rooms.rules import queries
from tocsin.rooms.rules.actions.errors import NothingToImport
from tocsin.rooms.rules.models import Level, Rule

LEVELS = {level.name.lower(): level for level in Level}


def read_folder(folder: Path) -> list[Rule]:
    """Give unsaved rows for all rules at ``folder``, in the order of their files."""
    files = [found.path for found in rule_files([folder])] if folder.exists() else []
    if not files:
        raise NothingToImport(f"{folder} holds no rule file (.yml or .yaml)")
    plan = compile_plan([folder], cache=queries.cache())
    found: defaultdict[str, list[pipeline.Rule | pipeline.Refusal]] = defaultdict(list)
    for rule in plan.rules:
        found[rule.path].append(rule)
    for refusal in plan.refused:
        found[refusal.path].append(refusal)
    return [row for path in files for row in _rows(folder, path, found[str(path)])]


def _rows(folder: Path, path: Path, items: list[pipeline.Rule | pipeline.Refusal]) -> Iterator[Rule]:
    name = path.name if path == folder else path.relative_to(folder).as_posix()
    text = _text(path)
    for position, item in enumerate(items):
        row = _running(item) if isinstance(item, pipeline.Rule) else _refused(item, text)
        row.path, row.position, row.text = name[-300:], position, text
        row.title = row.title or name[-300:]
        yield row


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8", errors="backslashreplace").replace("\0", "\\x00")
    except OSError:
        return ""


def _running(rule: pipeline.Rule) -> Rule:
    return Rule(
        sigma_id=rule.id[:80],
        title=rule.title[:300],
        description=rule.description,
        level=LEVELS.get(rule.level, Level.LOW),
        status=rule.status[:20],
        source=str(rule.source)[:150],
        techniques=list(rule.techniques),
        version=rule.version,
    )


def _refused(refusal: pipeline.Refusal, text: str) -> Rule:
    return Rule(
        sigma_id=refusal.rule_id[:80],
        title=refusal.title[:300],
        version=hashlib.sha256(text.encode()).hexdigest()[:16],
        line=refusal.line,
        refusal=refusal.reason[:500],
    )
