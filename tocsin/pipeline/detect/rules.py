"""Read Sigma rules from files: each becomes a rule that runs or a refusal with file, line and reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import yaml
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaConditionError, SigmaError, SigmaLogsourceError, SigmaRegularExpressionError
from sigma.rule import SigmaRule
from sigma.rule.base import check_alias_expansion

from tocsin.pipeline.detect.errors import CannotRun
from tocsin.pipeline.detect.expressions import POLICY
from tocsin.pipeline.detect.mapping import knowing, scopes_of
from tocsin.pipeline.detect.rule import LogSource, Refusal, Rule
from tocsin.pipeline.detect.terms import Condition
from tocsin.pipeline.detect.translate import condition_of
from tocsin.pipeline.parsers.folders import EMPTY, Found, files_in

SUFFIXES = (".yml", ".yaml")
MAX_FILE = 1 << 20
DEFAULT_LEVEL = "low"


@dataclass(slots=True)
class Loaded:
    """Rules with what they ask, and the refused ones."""

    rules: list[tuple[Rule, Condition]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


@dataclass(slots=True)
class _Feeding:
    """Which rules, by id or name, only feed a correlation rule (its title), and the names of rules by id."""

    parts: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    text: str

    def refuse(self, document: Mapping[str, Any], reason: str, *needles: str) -> Refusal:
        rule_id, title = str(document.get("id") or ""), str(document.get("title") or "")
        return Refusal(self.path, self.line(rule_id, *needles), rule_id, title, reason)

    def line(self, rule_id: str, *needles: str) -> int | None:
        """Find the line that shows the trouble, after the rule's own id where a file holds several rules."""
        start = max(self.text.find(rule_id), 0) if rule_id and self.text.count("\n---") else 0
        for needle in filter(None, needles):
            place = self.text.find(needle, start)
            place = place if place >= 0 else self.text.find(needle)
            if place >= 0:
                return self.text.count("\n", 0, place) + 1
        return self.text.count("\n", 0, start) + 1 if start else None


def rule_files(paths: Iterable[Path]) -> Iterator[Found]:
    """Give the files named and, of folders, every YAML file below, in order, and folders that do not open."""
    for path in paths:
        found = files_in([path])
        if path.is_file():
            yield from found
        else:
            yield from (each for each in found if each.path.suffix in SUFFIXES or each.trouble not in {"", EMPTY})


def read_files(paths: Iterable[Path]) -> dict[str, bytes | Refusal]:
    """Read the files named and, of folders, every YAML file below; what cannot be read is refused."""
    return {str(found.path): _unread(found) if found.trouble else _read(found.path) for found in rule_files(paths)}


def _unread(found: Found) -> Refusal:
    return Refusal(str(found.path), None, "", "", f"it cannot be looked into: {found.trouble}")


def _read(path: Path) -> bytes | Refusal:
    try:
        if not path.is_file() and path.exists():
            return Refusal(str(path), None, "", "", "it is no file that can be read")
        if path.stat().st_size > MAX_FILE:
            return Refusal(str(path), None, "", "", f"the file is larger than {MAX_FILE} bytes: no rule is")
        return path.read_bytes()
    except OSError as error:
        return Refusal(str(path), None, "", "", f"the file cannot be read: {error.strerror or error}")


def load(contents: Mapping[str, bytes | Refusal]) -> Loaded:
    """Turn the contents of rule files into rules and refusals."""
    loaded = Loaded()
    feeding = _Feeding()
    for path, content in contents.items():
        if isinstance(content, Refusal):
            loaded.refused.append(content)
        else:
            _load_file(path, content, loaded, feeding)
    return _without_parts(_without_doubles(loaded), feeding)


def _load_file(path: str, content: bytes, loaded: Loaded, feeding: _Feeding) -> None:
    try:
        file = _File(path, content.decode("utf-8-sig"))
        documents = _documents(file)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        loaded.refused.append(Refusal(path, line, "", "", f"not UTF-8 at byte {error.start}"))
        return
    except yaml.YAMLError as error:
        loaded.refused.append(Refusal(path, _mark(error, file.text), "", "", f"YAML error: {_first_line(error)}"))
        return
    except RecursionError:
        loaded.refused.append(Refusal(path, 1, "", "", "it is nested too deeply: no rule is"))
        return
    except ValueError as error:  # such as a date that does not exist
        loaded.refused.append(Refusal(path, None, "", "", f"YAML error: {error}"))
        return
    if not documents:
        loaded.refused.append(Refusal(path, None, "", "", "the file holds no rule"))
    for document in documents:
        outcome = _load_document(file, document, feeding)
        (loaded.refused if isinstance(outcome, Refusal) else loaded.rules).append(outcome)  # type: ignore[arg-type]  # as the test says


class _Loader(yaml.CSafeLoader):
    """Read YAML as Sigma wants it: a key given twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if key_node.value.__hash__ is not None and (key_node.tag, key_node.value) in seen:
                reason = f"the key {key_node.value} is given twice"
                raise yaml.constructor.ConstructorError(None, None, reason, key_node.start_mark)
            if isinstance(key_node, yaml.ScalarNode):
                seen.add((key_node.tag, key_node.value))
        return super().construct_mapping(node, deep)


def _documents(file: _File) -> list[Any]:
    """Give a file's documents, those with a collection action already merged into whole rules."""
    documents = [document for document in yaml.load_all(file.text, _Loader) if document is not None]
    if any(isinstance(document, dict) and "action" in document for document in documents):
        return _merged(documents)
    return documents


def _merged(documents: list[Any]) -> list[Any]:
    """Apply `action: global`, `repeat` and `reset`, the older way to write several rules in one file."""
    try:
        collection = SigmaCollection.from_dicts(documents, collect_errors=True, resolve_references=False, policy=POLICY)
        return [
            {"id": rule.id, "title": rule.title, "_error": rule.errors[0]} if rule.errors else rule.to_dict()
            for rule in collection.rules
        ]
    except (SigmaError, TypeError, AttributeError, KeyError) as error:
        return [{"_error": error}]


def _load_document(file: _File, document: Any, feeding: _Feeding) -> tuple[Rule, Condition] | Refusal:
    if not isinstance(document, dict):
        return file.refuse({}, "not a Sigma rule: a rule is a mapping with title, logsource and detection")
    if "_error" in document:
        return file.refuse(document, f"not valid Sigma: {_reason(document['_error'])}")
    if "correlation" in document:
        _note_parts(document, feeding)
        return file.refuse(document, "correlation rules are not supported yet", "correlation:")
    if "filter" in document:
        return file.refuse(document, "global filters are not supported yet", "filter:")
    if "name" in document:
        feeding.names[str(document.get("id"))] = str(document["name"])
    try:
        return _rule(file, document)
    except CannotRun as error:
        return file.refuse(document, error.reason, error.needle)
    except SigmaError as error:
        return file.refuse(document, f"not valid Sigma: {_reason(error)}", *_needles(error))
    except (TypeError, AttributeError, KeyError, ValueError, RecursionError) as error:
        # pySigma lets these out for rules of an unexpected shape; the author gets them as they are.
        return file.refuse(document, f"not valid Sigma: {type(error).__name__}: {error}")


def _rule(file: _File, document: dict[str, Any]) -> tuple[Rule, Condition]:
    check_alias_expansion(document, SigmaError)
    version = hashlib.sha256(orjson.dumps(document, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str))
    parsed = SigmaRule.from_dict(document, policy=POLICY)
    given = parsed.logsource
    source = LogSource(*(str(word or "").lower() for word in (given.product, given.category, given.service)))
    condition = condition_of(parsed)
    scopes = knowing(scopes_of(source), condition)
    return _described(file, parsed, source, version.hexdigest()[:16], scopes[0].subject), condition


def _described(file: _File, parsed: SigmaRule, source: LogSource, version: str, subject: tuple[str, ...]) -> Rule:
    return Rule(
        id=str(parsed.id or version),
        title=str(parsed.title),
        level=parsed.level.name.lower() if parsed.level else DEFAULT_LEVEL,
        status=parsed.status.name.lower() if parsed.status else "",
        techniques=_techniques(parsed),
        path=file.path,
        version=version,
        subject=subject,
        source=source,
        description=str(parsed.description or ""),
    )


def _techniques(parsed: SigmaRule) -> tuple[str, ...]:
    names = (tag.name.upper() for tag in parsed.tags if tag.namespace == "attack")
    return tuple(dict.fromkeys(name for name in names if name[:1] == "T" and name[1:5].isdigit()))


def _without_doubles(loaded: Loaded) -> Loaded:
    """Refuse a rule whose id another file has already."""
    first: dict[str, Rule] = {}
    kept: list[tuple[Rule, Condition]] = []
    for rule, condition in loaded.rules:
        known = first.setdefault(rule.id, rule)
        if known is rule:
            kept.append((rule, condition))
        else:
            reason = f"another rule has the same id: {known.path}"
            loaded.refused.append(Refusal(rule.path, None, rule.id, rule.title, reason))
    return Loaded(kept, loaded.refused)


def _note_parts(document: dict[str, Any], feeding: _Feeding) -> None:
    """Remember which rules speak only through a correlation rule."""
    correlation = document["correlation"]
    if not isinstance(correlation, dict) or correlation.get("generate"):
        return
    names = correlation.get("rules")
    for name in names if isinstance(names, list) else [names]:
        feeding.parts[str(name)] = str(document.get("title") or document.get("id") or "")


def _without_parts(loaded: Loaded, feeding: _Feeding) -> Loaded:
    """Refuse rules that only feed a correlation rule, which is refused: alone they would fire all day."""
    kept: list[tuple[Rule, Condition]] = []
    for rule, condition in loaded.rules:
        correlation = feeding.parts.get(rule.id, feeding.parts.get(feeding.names.get(rule.id, "")))
        if correlation is not None:
            reason = f"it only feeds the correlation rule “{correlation}”, which is not supported yet"
            loaded.refused.append(Refusal(rule.path, None, rule.id, rule.title, reason))
        else:
            kept.append((rule, condition))
    return Loaded(kept, loaded.refused)


def _needles(error: SigmaError) -> tuple[str, ...]:
    if isinstance(error, SigmaConditionError):
        return ("condition:", "detection:")
    if isinstance(error, SigmaLogsourceError):
        return ("logsource:",)
    if isinstance(error, SigmaRegularExpressionError):
        return (str(error).partition("'")[2].partition("' is invalid")[0],)
    return ("detection:",)


def _reason(error: Exception) -> str:
    return str(error).strip().rstrip(".") or type(error).__name__


def _first_line(error: yaml.YAMLError) -> str:
    return str(getattr(error, "problem", None) or error).splitlines()[0]


def _mark(error: yaml.YAMLError, text: str) -> int | None:
    mark, position = getattr(error, "problem_mark", None), getattr(error, "position", None)
    if mark is not None:
        return int(mark.line) + 1
    return None if position is None else text.count("\n", 0, position) + 1
