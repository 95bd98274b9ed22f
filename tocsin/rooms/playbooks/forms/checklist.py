"""A checklist while it is edited: the whole of it goes back and forth, so that it works without any script.

The page posts its lines in order, each with its kind and depth; what a line says beyond the page's fields comes from
the version that is edited. A button moves, adds or removes a line; nothing is saved until it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any
from uuid import UUID, uuid4

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tocsin.platform.markings import TLP
from tocsin.rooms.playbooks.knowledge import Kind, Line, Node, When, one_line
from tocsin.rooms.playbooks.knowledge.extension import MOST_MINUTES
from tocsin.rooms.playbooks.knowledge.outline import DECIDED, DONE, END, MOST_LINES, check, flat, tree

TEXT_MOST = 20_000
NEW = {(Kind.ACTION, ""), (Kind.CHOICE, ""), (Kind.BRANCH, When.TRUE), (Kind.BRANCH, When.FALSE)}


class WholeForm(forms.Form):
    """What a playbook is called, says of itself, and is marked with."""

    name = forms.CharField(label=_("Name"), max_length=200)
    description = forms.CharField(
        label=_("Description"), max_length=TEXT_MOST, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    types = forms.CharField(
        label=_("Types"), max_length=400, required=False, help_text=_("As CACAO names them: mitigation, remediation, …")
    )
    tlp = forms.ChoiceField(label=_("Marking"), choices=TLP.choices)
    note = forms.CharField(label=_("What you changed"), max_length=200, required=False)

    def clean_types(self) -> list[str]:
        """Take the types apart at commas."""
        given = (one_line(each, 40) for each in self.cleaned_data["types"].split(","))
        return list(dict.fromkeys(each for each in given if each))[:20]


class Draft:
    """The lines as they stand on the page."""

    def __init__(self, lines: Sequence[Line], base: Sequence[Line]) -> None:
        self.nodes = tree(lines)
        self.base = base

    @classmethod
    def posted(cls, post: QueryDict, base: Sequence[Line]) -> Draft:
        """Read what a page posted; raises ValidationError when that is no checklist."""
        known = {str(line.key): line for line in base}
        given = post.getlist("line")
        if len(given) > MOST_LINES or len(given) != len({each.partition(":")[0] for each in given}):
            raise ValidationError(gettext("The steps are nested in a way that cannot be; load the page again."))
        lines = [_line(post, each, known) for each in given]
        check(lines)
        return cls(lines, base)

    def lines(self) -> list[Line]:
        """Give the lines from top to bottom, what is done when a step fails last."""
        self.nodes.sort(key=lambda node: node.kind == Kind.BRANCH)
        found = list(flat(self.nodes))
        self._settle_resumptions()
        return found

    def save_ready(self) -> list[Line]:
        """Give the lines to be saved; raises ValidationError where one has no title."""
        found = self.lines()
        counted = 0
        for line in found:
            counted += line.kind in DONE | DECIDED
            if not line.title and line.kind != Kind.BRANCH:
                raise ValidationError(gettext("Step %d has no title.") % counted)
        return found

    def do(self, what: str) -> None:
        """Do what a button says: up, down, remove, add or question, and the key of the line it stands at."""
        act, _colon, key = what.partition(":")
        if act in {"add", "question"} and key == "end":
            place = next((n for n, node in enumerate(self.nodes) if node.kind == Kind.BRANCH), len(self.nodes))
            self.nodes.insert(place, _new(act))
            return
        for level in self._levels():
            for place, node in enumerate(level):
                if str(node.line.key) == key:
                    self._at(act, level, place)
                    return

    def _at(self, act: str, level: list[Node], place: int) -> None:
        node = level[place]
        if act == "remove":
            del level[place]
        elif act == "up" and place:
            level[place - 1 : place + 1] = node, level[place - 1]
        elif act == "down" and place + 1 < len(level):
            level[place : place + 2] = level[place + 1], node
        elif act in {"add", "question"}:
            if node.kind == Kind.BRANCH:
                node.children.insert(0, _new(act))
            else:
                level.insert(place + 1, _new(act))

    def _levels(self) -> Iterator[list[Node]]:
        waiting = [self.nodes]
        while waiting:
            level = waiting.pop()
            yield level
            waiting.extend(node.children for node in level)

    def _settle_resumptions(self) -> None:
        """Where a failed step went on with a line that is gone, go on with the next of those that followed it."""
        order = [str(line.key) for line in self.base]
        for nodes in self._levels():
            for place, node in enumerate(nodes):
                failed = node.branch(When.FAILURE)
                if failed is None or failed.line.resume in {"", END}:
                    continue
                below = [str(each.line.key) for each in nodes[place + 1 :]]
                wanted = order[order.index(failed.line.resume) :] if failed.line.resume in order else []
                failed.line.resume = next((key for key in wanted if key in below), END)


def _new(act: str) -> Node:
    if act == "add":
        return Node(Line(uuid4(), Kind.ACTION))
    answers = [Node(Line(uuid4(), Kind.BRANCH, when=when)) for when in (When.TRUE, When.FALSE)]
    return Node(Line(uuid4(), Kind.CHOICE), answers)


def _line(post: QueryDict, given: str, known: Mapping[str, Line]) -> Line:
    key, kind, depth, when = [*given.split(":"), "", "", ""][:4]
    try:
        line = deepcopy(known[key]) if key in known else Line(UUID(key), kind, when=when)
        line.depth = int(depth)
    except ValueError as error:
        raise ValidationError(gettext("The steps are nested in a way that cannot be; load the page again.")) from error
    if key not in known and (line.kind, line.when) not in NEW:
        raise ValidationError(gettext("The steps are nested in a way that cannot be; load the page again."))
    _put(line, "title", "name", one_line(post.get(f"title-{key}", line.title)))
    if line.kind == Kind.BRANCH:
        return line
    _put(line, "text", "description", post.get(f"text-{key}", line.text).replace("\r\n", "\n").strip()[:TEXT_MOST])
    line.responsible = one_line(post.get(f"responsible-{key}", line.responsible), 120)
    line.minutes = _minutes(post.get(f"minutes-{key}", str(line.minutes or "")))
    return line


def _put(line: Line, field: str, role: str, text: str) -> None:
    """Change a text; what it was in other languages is no longer true then."""
    if getattr(line, field) == text:
        return
    setattr(line, field, text)
    for texts in line.translations.values():
        texts.pop(role, None)


def _minutes(text: Any) -> int | None:
    text = str(text).strip()
    return min(int(text), MOST_MINUTES) or None if text.isascii() and text.isdigit() and len(text) < 9 else None
