"""How forms are written out: `{{ form }}` anywhere gives the house's fields."""

from __future__ import annotations

from django.forms.renderers import TemplatesSetting


class Renderer(TemplatesSetting):
    """Takes the fields' templates from the look; widgets stay Django's."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
