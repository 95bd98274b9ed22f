"""Forms of the intake room."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tocsin.pipeline.parsers.registry import formats
from tocsin.platform.look.forms import choose_among
from tocsin.platform.markings import TLP
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.intake import queries
from tocsin.rooms.intake.models import Source


def _formats() -> list[tuple[str, str]]:
    return [("", gettext("told from the content")), *((name, name) for name in formats())]


class SourceForm(forms.Form):
    """A place signals come from."""

    name = forms.CharField(label=_("Name"), max_length=80)
    organisation = forms.ModelChoiceField(
        label=_("Organisation"),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=_("several"),
        help_text=_("What nobody else owns in its events is this organisation's."),
    )
    format = forms.ChoiceField(label=_("Format"), choices=_formats, required=False)
    tlp = forms.ChoiceField(label=_("Marking"), choices=TLP.choices, initial=TLP.AMBER)

    def __init__(self, *args: Any, user: Any, source: Source | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._source = source
        choose_among(self, "organisation", queries.organisations_managed(user))

    def clean_name(self) -> str:
        """Refuse a name that another source has."""
        name: str = self.cleaned_data["name"].strip()
        if queries.name_taken(name, by_other_than=self._source):
            raise forms.ValidationError(_("Another source has this name."))
        return name


class ChangeSourceForm(SourceForm):
    """Changes to a source."""

    active = forms.BooleanField(label=_("Takes deliveries"), required=False)


class TokenForm(forms.Form):
    """A new token for whatever delivers."""

    name = forms.CharField(label=_("What delivers with it"), max_length=80)
    days = forms.TypedChoiceField(
        label=_("Ends after"),
        coerce=int,
        initial=365,
        choices=[(30, _("30 days")), (90, _("90 days")), (365, _("1 year"))],
    )

    def life(self) -> timedelta:
        """Give how long the token opens something."""
        return timedelta(days=self.cleaned_data["days"])


class ReceiptFilter(forms.Form):
    """Which receipts are shown."""

    source = forms.UUIDField(required=False)
    state = forms.ChoiceField(choices=[("", ""), *((name, name) for name in queries.STATES)], required=False)
