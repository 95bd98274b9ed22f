"""What people fill in about alerts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tocsin.platform.look.forms import choose_from
from tocsin.platform.wallclock import moment, zone_named
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts import knowledge, queries
from tocsin.rooms.alerts.models import LONGEST
from tocsin.rooms.alerts.schemas import LEVELS, Assigned, Filters, Shown
from tocsin.rooms.rules.models import Level

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LONGEST_TEXT = 5_000
OFFERED_DAYS = 30
EVERYWHERE, NOBODYS = "*", "-"


def _dispositions() -> list[tuple[str, str | _StrPromise]]:
    return [("", _("– choose –")), *((step.name, step.label) for step in knowledge.dispositions())]


def _text(label: str | _StrPromise, **attributes: object) -> forms.CharField:
    return forms.CharField(label=label, max_length=LONGEST_TEXT, widget=forms.Textarea({"rows": 2, **attributes}))


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


def _day(label: str | _StrPromise) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))


class ProlongForm(forms.Form):
    """Until which day something is kept quiet, that day included on the person's own clock, and why."""

    until = _day(_("Until"))
    reason = _text(_("Reason"))

    def __init__(self, *args: Any, user: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone = zone_named(user.timezone)
        today = timezone.now().astimezone(self._zone).date()
        self._last = today + LONGEST - timedelta(days=1)
        self.fields["until"].widget.attrs |= {"min": f"{today}", "max": f"{self._last}"}
        self.fields["until"].help_text = _("The last day; at most %s.") % self._last
        self.fields["until"].initial = today + timedelta(days=OFFERED_DAYS)

    def clean_until(self) -> datetime:
        """Give the end of the day that was chosen."""
        day: date = self.cleaned_data["until"]
        if day > self._last:
            raise ValidationError(_("At most %d days ahead; it can be prolonged later.") % LONGEST.days)
        return moment(day + timedelta(days=1), time(0), self._zone)


class LiftForm(forms.Form):
    """Why a suppression ends early, if there is something to say."""

    reason = forms.CharField(label=_("Reason"), max_length=LONGEST_TEXT, required=False)


class SuppressForm(ProlongForm):
    """What is kept quiet, where, until when and why."""

    rule = forms.CharField(label=_("Rule"), max_length=80, help_text=_("Its id."))
    where = forms.ChoiceField(label=_("Where"))
    subject = forms.CharField(
        label=_("Subject"),
        max_length=255,
        required=False,
        help_text=_("One host, user or address, exactly as alerts name it; empty for all."),
    )
    field_order = ("rule", "where", "subject", "until", "reason")

    def __init__(self, *args: Any, user: Person, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self._places = {place.code: place for place in queries.places_to_triage(user)}
        choices = [("", _("– choose –")), *((code, f"{code} – {place}") for code, place in self._places.items())]
        if len(self._places) > 1:
            choices.append((EVERYWHERE, _("all organisations you work for")))
        if queries.may_triage_unattributed(user):
            choices.append((NOBODYS, _("what belongs to no organisation")))
        choose_from(self, "where", choices)

    def what(self) -> dict[str, Any]:
        """Give what the action takes."""
        given = dict(self.cleaned_data)
        where = given.pop("where")
        return given | {"organisation": self._places.get(where), "everywhere": where == EVERYWHERE}


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
