"""What the forms of the room share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tocsin.platform.look.forms import choose_among
from tocsin.rooms.incidents import knowledge, queries
from tocsin.rooms.incidents.models import IncidentEntity

LONGEST = 5_000


def prose(label: Any, rows: int, *, required: bool = True) -> forms.CharField:
    """Make a field for what people write, of some length."""
    return Prose(label=label, max_length=LONGEST, required=required, widget=forms.Textarea(attrs={"rows": rows}))


class Prose(forms.CharField):
    """A text of some lines, which end as everywhere else in the house, not as browsers send them."""

    def to_python(self, value: Any) -> str:
        """Give the text with plain ends of lines."""
        return str(super().to_python(value)).replace("\r\n", "\n")


def moment(label: Any, *, required: bool, step: int = 60) -> forms.DateTimeField:
    """Make a field for a time in UTC, to the minute or (``step`` 1) to the second."""
    shape = "%Y-%m-%dT%H:%M:%S" if step < 60 else "%Y-%m-%dT%H:%M"
    widget = forms.DateTimeInput(format=shape, attrs={"type": "datetime-local", "step": step})
    return forms.DateTimeField(label=label, required=required, widget=widget)


def technique_field() -> forms.CharField:
    """Make a field for a technique of ATT&CK."""
    attrs = {"placeholder": "T1566.001", "pattern": r"[Tt]\d{4}(\.\d{3})?"}
    return forms.CharField(
        label=_("ATT&CK technique"), max_length=9, required=False, widget=forms.TextInput(attrs=attrs)
    )


def class_choices() -> list[tuple[str, str]]:
    """Give the taxonomy's classes as choices."""
    return [("", "—"), *((code, gettext(entry["name"])) for code, entry in knowledge.taxonomy().items())]


def type_choices() -> list[tuple[str, Any]]:
    """Give the taxonomy's types as choices, grouped by class."""
    groups = [
        (gettext(entry["name"]), [(code, gettext(name)) for code, name in entry["types"].items()])
        for entry in knowledge.taxonomy().values()
    ]
    return [("", "—"), *groups]


class PartForm(forms.Form):
    """Base of the forms on an incident's page: they know the parts their writer may see.

    ``named`` is what the address names besides the incident, by its name there.
    """

    named: Mapping[str, Any]

    def __init__(self, *args: Any, view: queries.View, **kwargs: Any) -> None:
        # Several of these stand on one page: each needs ids of its own.
        super().__init__(*args, **kwargs)
        self.auto_id = f"{type(self).__name__.lower()}_%s"
        self.view = view
        if "entity" in self.fields:
            parts = IncidentEntity.objects.filter(pk__in=view.mine)
            choose_among(self, "entity", parts, [(str(part.uuid), part.organisation) for part in view.entities])

    def keep_to_own_part(self) -> None:
        """Leave no choice of readers to somebody who sees only the part of their own organisation."""
        del self.fields["audience"]
        self.fields["entity"].required = True
        self.fields["entity"].empty_label = None  # type: ignore[attr-defined]
        self.fields["entity"].initial = self.view.entities[0].uuid if self.view.entities else None


def entity_field(*, required: bool, empty: Any) -> forms.ModelChoiceField[IncidentEntity]:
    """Make the choice of one part by its outside id."""
    return forms.ModelChoiceField(
        label=_("Organisation"),
        queryset=IncidentEntity.objects.none(),
        to_field_name="uuid",
        required=required,
        empty_label=empty,
    )
