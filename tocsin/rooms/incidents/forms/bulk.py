"""What is to be done with many incidents at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tocsin.platform.look.forms import choose_among
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import queries
from tocsin.rooms.incidents.actions import Order
from tocsin.rooms.incidents.forms.common import LONGEST, class_choices, prose
from tocsin.rooms.incidents.forms.lifecycle import degree
from tocsin.rooms.incidents.models import BulkChange, Severity

CLOSING = ("cause", "confidentiality", "integrity", "availability", "impact", "lesson")
BESIDE = ("person", "severity", "reason")


class BulkForm(forms.Form):
    """Which act, and what it needs: the fields of the others stay empty."""

    do = forms.ChoiceField(choices=BulkChange.Act.choices)
    person = forms.ModelChoiceField(queryset=Person.objects.none(), to_field_name="uuid", required=False)
    severity = forms.TypedChoiceField(
        choices=[("", ""), *Severity.choices], coerce=int, empty_value=None, required=False
    )
    reason = forms.CharField(max_length=LONGEST, required=False)

    def __init__(self, *args: Any, user: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_among(self, "person", queries.colleagues(user))

    def order(self, closing: ClosingForm) -> Order:
        """Give what is to be done; raise ValidationError when something of it is missing."""
        if not self.is_valid():
            raise ValidationError(_("Choose what to do with the incidents."))
        given = self.cleaned_data
        if given["do"] == BulkChange.Act.CLOSE:
            return Order(act=given["do"], rsit_class=closing.chosen("rsit_class"), closing=closing.told())
        chosen = {
            BulkChange.Act.ASSIGN: {"person": given["person"]},
            BulkChange.Act.SEVERITY: {"severity": given["severity"], "reason": given["reason"]},
        }
        return Order(act=given["do"], **chosen.get(given["do"], {}))

    def carried(self) -> Mapping[str, str]:
        """Give what the preview carries on in hidden fields."""
        names = () if self.data.get("do") == BulkChange.Act.CLOSE else BESIDE
        return {"do": self.data.get("do", ""), **{name: self.data[name] for name in names if self.data.get(name)}}


class ClosingForm(forms.Form):
    """Why they could happen, what they did, what is learnt: the same is written in each."""

    rsit_class = forms.ChoiceField(
        label=_("Class of those that have none; choose it, then look again"), choices=class_choices, required=False
    )
    cause = prose(_("Cause"), 2)
    confidentiality = degree(_("Confidentiality"))
    integrity = degree(_("Integrity"))
    availability = degree(_("Availability"))
    impact = prose(_("Impact"), 2)
    lesson = prose(_("Lesson, or “none, because …”"), 2)

    def chosen(self, name: str) -> str:
        """Give one field as far as it is right, whatever the others are."""
        if not self.is_bound:
            return ""
        self.full_clean()
        return str(self.cleaned_data.get(name, ""))

    def told(self) -> Mapping[str, str]:
        """Give all that closing asks for, as far as it is written."""
        return {name: self.chosen(name) for name in CLOSING}
