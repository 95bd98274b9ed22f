"""The list's filters, a file to take in, a playbook to begin, and for which incidents it is."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tocsin.platform.look.forms import choose_among
from tocsin.platform.markings import TLP
from tocsin.rooms.constituency.models import Team
from tocsin.rooms.incidents import knowledge as incidents
from tocsin.rooms.incidents.forms.common import class_choices, type_choices
from tocsin.rooms.incidents.models import Severity
from tocsin.rooms.playbooks import knowledge, queries


def code_choices() -> list[tuple[str, Any]]:
    """Give the taxonomy's classes and types as choices, the types under their class."""
    return [
        (
            gettext(entry["name"]),
            [(code, gettext("all of it")), *((one, gettext(name)) for one, name in entry["types"].items())],
        )
        for code, entry in incidents.taxonomy().items()
    ]


class FilterForm(forms.Form):
    """The filters of the list."""

    text = forms.CharField(
        label=_("Search"), required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search"})
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("active", _("offered on incidents")), ("off", _("switched off")), ("all", _("all"))],
    )
    rsit = forms.ChoiceField(
        label=_("For incidents of"), required=False, choices=lambda: [*_any(), *type_choices()[1:]]
    )


def _any() -> list[tuple[str, Any]]:
    return [("", gettext("any")), *class_choices()[1:]]


class ImportForm(forms.Form):
    """A file, or its text."""

    file = forms.FileField(
        label=_("File"),
        required=False,
        allow_empty_file=True,
        help_text=_("A CACAO 2.0 playbook (JSON), at most 2 MB."),
        widget=forms.ClearableFileInput(attrs={"accept": ".json,application/json"}),
    )
    text = forms.CharField(
        label=_("Or its text"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
    )

    def raw(self) -> bytes:
        """Give the bytes, never many more than a playbook may have."""
        file = self.cleaned_data.get("file")
        most = knowledge.LARGEST + 1
        return bytes(file.read(most)) if file else self.cleaned_data["text"].encode("utf-8", "surrogatepass")[:most]

    def clean(self) -> dict[str, Any]:
        """Ask for one of the two."""
        given: dict[str, Any] = super().clean() or {}
        if not given.get("file") and not given.get("text", "").strip():
            raise forms.ValidationError(_("Choose a file, or paste its text."))
        return given


class NewForm(forms.Form):
    """A playbook written here, from its first step on."""

    name = forms.CharField(label=_("Name"), max_length=200)
    step = forms.CharField(label=_("First step"), max_length=200)
    tlp = forms.ChoiceField(label=_("Marking"), choices=TLP.choices, initial=TLP.AMBER)


class SettleForm(forms.Form):
    """For which incidents a playbook is, and whose it is."""

    rsit = forms.MultipleChoiceField(
        label=_("For incidents of"),
        choices=code_choices,
        required=False,
        help_text=_("Classes and types of the taxonomy; none means all incidents."),
        widget=forms.SelectMultiple(attrs={"size": 8}),
    )
    severity_from = forms.TypedChoiceField(label=_("From severity"), choices=Severity.choices, coerce=int)
    owner_team = forms.ModelChoiceField(
        label=_("Looked after by"),
        queryset=Team.objects.none(),
        to_field_name="code",
        required=False,
        empty_label=_("nobody in particular"),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_among(self, "owner_team", queries.teams())
