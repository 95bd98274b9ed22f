"""How forms are written out: `{{ form }}` anywhere gives the house's fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.forms import BaseForm, ChoiceField, ModelChoiceField
from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Takes the fields' templates from the look; widgets stay Django's."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"


def choose_from(form: BaseForm, name: str, choices: Iterable[Any]) -> None:
    """Offer ``choices``, in groups or not, in a field of choices that the form declares."""
    field = form.fields[name]
    if not isinstance(field, ChoiceField):
        raise TypeError(f"{name} is no field of choices")
    field.choices = list(choices)


def choose_among(form: BaseForm, name: str, rows: QuerySet[Any], shown: Iterable[Any] | None = None) -> None:
    """Let a field that takes rows of a table take those of ``rows`` only; ``shown`` are choices read already."""
    field = form.fields[name]
    if not isinstance(field, ModelChoiceField):
        raise TypeError(f"{name} is no field of rows")
    field.queryset = rows
    if shown is not None:
        field.choices = [*([] if field.empty_label is None else [("", field.empty_label)]), *shown]


def offer_given(form: BaseForm, name: str) -> None:
    """Offer beside the choices of a filter the one that a link to the list brought along, so that it stays."""
    field, given = form.fields.get(name), form.data.get(name, "")
    if isinstance(field, ChoiceField) and given and not field.valid_value(given):
        known: Any = field.choices
        field.choices = [*known, (given, given)]
