"""A new incident, and the filters of the list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tocsin.platform.look.forms import choose_among, choose_from, offer_given
from tocsin.platform.markings import TLP
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents import queries
from tocsin.rooms.incidents.forms.common import prose, type_choices
from tocsin.rooms.incidents.models import Incident, Severity, Task


class OpenForm(forms.Form):
    """A new incident, with as little typing as can be."""

    title = forms.CharField(label=_("Title"), max_length=200, widget=forms.TextInput(attrs={"autofocus": True}))
    organisations = forms.ModelMultipleChoiceField(
        label=_("Organisations concerned"),
        queryset=Organisation.objects.none(),
        to_field_name="code",
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )
    severity = forms.TypedChoiceField(
        label=_("Severity"), choices=Severity.choices, coerce=int, initial=Severity.MEDIUM
    )
    rsit_type = forms.ChoiceField(label=_("Class and type"), choices=type_choices, required=False)
    tlp = forms.ChoiceField(label=_("Marking"), choices=TLP.choices, initial=TLP.AMBER)
    summary = prose(_("Summary"), 3, required=False)
    offer_to = forms.ModelChoiceField(
        label=_("Hand over to"),
        queryset=Team.objects.none(),
        to_field_name="code",
        required=False,
        empty_label=_("nobody; we keep it"),
    )

    def __init__(self, *args: Any, user: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_among(self, "organisations", queries.organisations_to_open_for(user))
        choose_among(self, "offer_to", queries.teams_to_offer())


class FilterForm(forms.Form):
    """The filters of the list."""

    text = forms.CharField(
        label=_("Search"), required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search"})
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("open", _("open")), ("ended", _("ended")), ("all", _("all")), *Incident.State.choices],
    )
    severity = forms.ChoiceField(label=_("Severity"), required=False, choices=[("", _("any")), *Severity.choices])
    organisation = forms.ChoiceField(label=_("Organisation"), required=False)
    owner = forms.ChoiceField(
        label=_("Owner"), required=False, choices=[("", _("anyone")), ("me", _("me")), ("none", _("nobody"))]
    )
    team = forms.ChoiceField(label=_("Team"), required=False, choices=[("", _("any")), ("mine", _("my team"))])
    due = forms.ChoiceField(
        label=_("Due"), required=False, choices=[("", _("any")), ("late", _("late")), ("soon", _("within 4 hours"))]
    )
    family = forms.ChoiceField(
        label=_("Belongs"),
        required=False,
        choices=[("", _("any")), ("parents", _("has parts")), ("children", _("is a part"))],
    )
    parent = forms.CharField(
        label=_("Part of"), required=False, max_length=16, widget=forms.TextInput(attrs={"placeholder": "INC-26-…"})
    )

    def __init__(self, *args: Any, organisations: Iterable[str], due: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not due:
            del self.fields["due"], self.fields["team"]
        choices = [("", _("any")), *((code, code) for code in organisations)]
        choose_from(self, "organisation", choices)
        offer_given(self, "team")


class TaskFilterForm(forms.Form):
    """The filters of the list of tasks."""

    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("open")), ("all", _("all")), *Task.State.choices[1:]]
    )
    whose = forms.ChoiceField(label=_("Whose"), required=False, choices=[("", _("anyone’s")), ("mine", _("mine"))])
    due = forms.ChoiceField(
        label=_("Due"),
        required=False,
        choices=[("", _("any")), ("late", _("late")), ("soon", _("within a week")), ("dated", _("with a date"))],
    )
    organisation = forms.ChoiceField(label=_("Organisation"), required=False)

    def __init__(self, *args: Any, organisations: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_from(self, "organisation", [("", _("any")), *((code, code) for code in organisations)])


class BoardForm(forms.Form):
    """The filters of the board."""

    owner = forms.ChoiceField(
        label=_("Owner"), required=False, choices=[("", _("anyone")), ("me", _("me")), ("none", _("nobody"))]
    )
    due = forms.ChoiceField(
        label=_("Due"), required=False, choices=[("", _("any")), ("late", _("late")), ("soon", _("within 4 hours"))]
    )
    team = forms.ChoiceField(label=_("Team"), required=False, choices=[("", _("any")), ("mine", _("my team"))])
    sort = forms.ChoiceField(
        label=_("Order"), required=False, choices=[("", _("next due")), ("age", _("waiting longest"))]
    )


class TimesForm(forms.Form):
    """The period and the organisation that are measured."""

    begin = forms.DateField(label=_("Since"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    end = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    organisation = forms.ChoiceField(label=_("Organisation"), required=False)

    def __init__(self, *args: Any, organisations: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("any")), *((code, code) for code in organisations)]
        choose_from(self, "organisation", choices)
