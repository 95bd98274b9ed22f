"""What people ask the room."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tocsin.rooms.notices.knowledge import kind_name, routes

LONGEST = 1_000_000
SEVERITIES = [(number, f"S{number}") for number in range(6)]


def kind_choices() -> list[tuple[str, str]]:
    """Give the kinds of notices in the reader's language."""
    return [(kind, kind_name(kind, get_language() or "en")) for kind in routes().kinds]


class CaseForm(forms.Form):
    """What kind of thing it is, and how bad."""

    kind = forms.ChoiceField(label=_("What it is"), choices=kind_choices)
    severity = forms.TypedChoiceField(label=_("Severity"), choices=SEVERITIES, coerce=int, initial=2)


class AffectedForm(CaseForm):
    """A list of indicators."""

    values = forms.CharField(
        label=_("Addresses, ranges, domains, URLs, mail addresses and hashes"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_("One or several a line, defanged or not. What follows # is a remark."),
    )


class RoutingForm(CaseForm):
    """One value, and when."""

    value = forms.CharField(
        label=_("Address, name, mail address, URL or code of an organisation"),
        max_length=2000,
        widget=forms.SearchInput(),
    )
    at = forms.DateTimeField(
        label=_("At (UTC)"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )

    def moment(self) -> datetime:
        """Give the time asked about; now when none was given."""
        given: datetime | None = self.cleaned_data["at"]
        return given or datetime.now(UTC)

    def case(self) -> dict[str, Any]:
        """Give kind and severity."""
        return {name: self.cleaned_data[name] for name in ("kind", "severity")}
