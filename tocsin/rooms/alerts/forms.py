"""What people fill in about alerts."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts import knowledge, queries

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
