"""Forms of the room."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tocsin.platform import webhooks
from tocsin.rooms.notifications.knowledge import WAYS, kinds
from tocsin.rooms.notifications.models import Preference

QUARTERS = [(0, _("at once")), (5, "5"), (15, "15"), (30, "30"), (60, "60"), (240, "240")]


def _hour(label: Any) -> forms.TimeField:
    return forms.TimeField(label=label, required=False, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"))


class WishesForm(forms.Form):
    """By which ways one wants to hear of what, and when mail may come."""

    digest_minutes = forms.TypedChoiceField(
        label=_("Gather mail for so many minutes"),
        coerce=int,
        choices=QUARTERS,
        help_text=_("One mail tells of everything that came meanwhile; what you read before is left out."),
    )
    quiet_from = _hour(_("No mail from"))
    quiet_to = _hour(_("until"))
    webhook = forms.CharField(
        label=_("Address of your own tool"),
        required=False,
        max_length=webhooks.LONGEST,
        widget=forms.URLInput,
        help_text=_("https:// only; what is posted there is signed as Standard Webhooks says."),
    )

    def __init__(
        self, *args: Any, choices: Mapping[str, Mapping[str, bool]], preference: Preference, **kwargs: Any
    ) -> None:
        names = ("digest_minutes", "quiet_from", "quiet_to", "webhook")
        super().__init__(*args, **kwargs)
        self.initial = {name: getattr(preference, name) for name in names}
        for kind in kinds():
            for way in WAYS:
                self.fields[f"{kind}.{way}"] = forms.BooleanField(required=False, initial=choices[kind][way])

    def clean_webhook(self) -> str:
        """Take an address that can be posted to."""
        url: str = self.cleaned_data["webhook"]
        return webhooks.checked(url) if url else ""

    def rows(self) -> Iterator[tuple[str, list[forms.BoundField]]]:
        """Give the kinds as people read them, each with its boxes."""
        for name, kind in kinds().items():
            yield str(kind), [self[f"{name}.{way}"] for way in WAYS]

    def times(self) -> list[forms.BoundField]:
        """Give the fields that are no boxes."""
        return [self[name] for name in ("digest_minutes", "quiet_from", "quiet_to", "webhook")]

    def chosen(self) -> dict[str, dict[str, bool]]:
        """Give what `actions.choose` wants: the kinds whose boxes were changed, so that defaults stay defaults."""
        found = {name: {way: self.cleaned_data[f"{name}.{way}"] for way in WAYS} for name in kinds()}
        changed = {field.partition(".")[0] for field in self.changed_data}
        return {name: ways for name, ways in found.items() if name in changed}

    def preferred(self) -> dict[str, Any]:
        """Give what `actions.prefer` wants."""
        return {name: self.cleaned_data[name] for name in ("digest_minutes", "quiet_from", "quiet_to", "webhook")}
