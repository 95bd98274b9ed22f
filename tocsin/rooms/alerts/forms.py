"""What people fill in about alerts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts import knowledge, queries
from tocsin.rooms.alerts.schemas import LEVELS, Assigned, Filters, Shown
from tocsin.rooms.rules.models import Level

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LONGEST = 5_000


def _dispositions() -> list[tuple[str, str | _StrPromise]]:
    return [("", _("– choose –")), *((step.name, step.label) for step in knowledge.dispositions())]


def _text(label: str | _StrPromise, **attributes: object) -> forms.CharField:
    return forms.CharField(label=label, max_length=LONGEST, widget=forms.Textarea({"rows": 2, **attributes}))


class NothingForm(forms.Form):
    """A button."""


class CommentForm(forms.Form):
    """Something to say."""

    text = _text(_("Comment"), **{"data-key": "c", "data-key-label": _("write a comment")})


class QuestionForm(forms.Form):
    """A question to the organisation concerned."""

    text = _text(_("Question to the organisation"))


class AnswerForm(forms.Form):
    """What the organisation answers."""

    text = _text(_("Answer"))


class ReasonForm(forms.Form):
    """A reason."""

    reason = _text(_("Reason"))


class DisposeForm(forms.Form):
    """How an alert is closed, and why."""

    disposition = forms.ChoiceField(
        label=_("Close as"),
        choices=_dispositions,
        widget=forms.Select({"data-key": "d", "data-key-label": _("close this alert")}),
    )
    reason = _text(_("Reason"))


class AssignForm(forms.Form):
    """Who works on it."""

    assignee: forms.ModelChoiceField[Person] = forms.ModelChoiceField(
        label=_("Give to"), queryset=None, to_field_name="uuid", empty_label=None
    )

    def __init__(self, *args: object, user: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they are
        field = cast("forms.ModelChoiceField[Person]", self.fields["assignee"])
        field.queryset = queries.colleagues(user)


@dataclass(frozen=True, slots=True)
class Tab:
    """One tab of the queue."""

    label: str | Promise
    state: str
    assignee: str
    count: str
    current: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a list to choose from."""

    value: str
    label: str | Promise
    count: str


def tabs(filters: Filters, counts: Mapping[str, str]) -> Iterator[Tab]:
    """Give the tabs of the queue with what each counts."""
    mine = filters.assignee == Assigned.ME and filters.state == Shown.OPEN
    for state, label in Shown.choices:
        yield Tab(label, state, "", counts.get(state, ""), not mine and filters.state == state)
        if state == Shown.OPEN:
            yield Tab(_("Mine"), state, Assigned.ME, counts.get(Assigned.ME, ""), mine)


def levels(filters: Filters, counts: Mapping[str, str]) -> Iterator[Choice]:
    """Give the levels to choose from, each alone and with those above it."""
    for level in reversed(LEVELS):
        label = Level(level).label
        exact, above = str(level), f"{level}-"
        if level == LEVELS[-1] or filters.level == exact:
            yield Choice(exact, label, counts.get(above, "") if level == LEVELS[-1] else "")
        if LEVELS[0] < level < LEVELS[-1]:
            yield Choice(above, _("%s and above") % label, counts.get(above, ""))
