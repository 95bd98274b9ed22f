"""What a content is, told by its first bytes: names and what senders say of it are never believed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

KINDS = Path(__file__).with_name("kinds.yaml")
UNKNOWN, TEXT, MAIL, ZIP = "application/octet-stream", "text/plain", "message/rfc822", "application/zip"
HEAD = 4096
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_CONTROLS = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_FIELD = re.compile(rb"(?im)^(received|return-path|delivered-to|from|to|subject|date|message-id|mime-version):")
_FIRST = re.compile(rb"(?:From [^\n]*\n)?[!-9;-~]+:[ \t\r]")  # RFC 5322, 2.2; mbox writes a line before it
FIELDS = 3


class KindsError(Exception):
    """The file of kinds is broken; the message names file, line and what to mend."""


class Kind(NamedTuple):
    """A media type and the bytes that show it."""

    media_type: str
    begins: bytes
    at: int


def media_type(head: bytes) -> str:
    """Give the media type of a content by its first bytes (`HEAD` of them are enough)."""
    for kind in _kinds():
        if head.startswith(kind.begins, kind.at):
            return kind.media_type
    if not is_text(head):
        return UNKNOWN
    return MAIL if _is_mail(head) else TEXT


def is_text(head: bytes) -> bool:
    """Tell whether a content reads as text by its first bytes: in UTF-16 with its mark, else with hardly a control."""
    if head.startswith(_MARKS):
        return True
    return bool(head) and b"\0" not in head and len(_CONTROLS.findall(head)) * 50 < len(head)


def _is_mail(head: bytes) -> bool:
    fields = {found.lower() for found in _FIELD.findall(head)}
    return len(fields) >= FIELDS and _FIRST.match(head) is not None


@cache
def _kinds() -> Sequence[Kind]:
    return load(KINDS)


def load(path: Path) -> Sequence[Kind]:
    """Read and check a file of kinds."""
    try:
        node = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise KindsError(f"{path}:{line}: {error.problem}") from error
    if not isinstance(node, yaml.SequenceNode):
        raise KindsError(f"{path}:1: it must be a list")
    return [_kind(entry, f"{path}:{entry.start_mark.line + 1}") for entry in node.value]


def _kind(node: yaml.Node, where: str) -> Kind:
    given: dict[str, Any] = {}
    if isinstance(node, yaml.MappingNode):
        given = {key.value: value.value for key, value in node.value}
    if not {"type", "hex"} <= given.keys() <= {"type", "hex", "at"}:
        raise KindsError(f"{where}: give `type`, `hex` and, if need be, `at`")
    try:
        return Kind(given["type"], bytes.fromhex(given["hex"]), int(given.get("at", 0)))
    except (TypeError, ValueError) as error:
        raise KindsError(f"{where}: {error}") from error
