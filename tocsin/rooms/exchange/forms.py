"""Forms of the exchange."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tocsin.platform.look.forms import choose_among, choose_from
from tocsin.rooms.exchange import knowledge, queries
from tocsin.rooms.exchange.models import Mapping


class Files(forms.ClearableFileInput):
    """A choice of several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files at once."""

    widget = Files

    def clean(self, data: Any, initial: Any = None) -> Any:
        """Give the list of files."""
        given = data if isinstance(data, list | tuple) else [data] if data else []
        if not given:
            raise ValidationError(self.error_messages["required"], code="required")
        return [super(FilesField, self).clean(each, initial) for each in given]


def _systems() -> list[tuple[str, str]]:
    return [(name, peer.title) for name, peer in knowledge.peers().items()]


class ImportForm(forms.Form):
    """A file of a foreign system."""

    file = FilesField(
        label=_("Files"), help_text=_("JSON or CSV as the system writes it; several of one system go together.")
    )
    peer = forms.ChoiceField(label=_("System"), choices=_systems)
    source = forms.CharField(
        label=_("What you call it"),
        max_length=60,
        required=False,
        help_text=_(
            "One name for each installation, such as “FIR of DG A”: by it, what is here already is known again."
        ),
    )
    base_url = forms.CharField(
        label=_("Its address"),
        max_length=250,
        required=False,
        help_text=_("https://…; each incident then links to where it came from."),
    )
    mapping = forms.ModelChoiceField(
        label=_("Mapping of columns"),
        queryset=Mapping.objects.none(),
        to_field_name="uuid",
        required=False,
        empty_label=_("choose when the columns are known"),
        help_text=_("For CSV alone."),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        mappings = queries.mappings(user)
        choose_among(self, "mapping", mappings, [(str(each.uuid), each.name) for each in mappings])

    def clean_base_url(self) -> str:
        """Refuse what is no address of a page."""
        given: str = self.cleaned_data["base_url"].strip()
        if given:
            URLValidator(schemes=["https", "http"])(given)
        return given


class ColumnsForm(forms.Form):
    """Which column is which field. The columns themselves stand in `chosen`."""

    day_first = forms.TypedChoiceField(
        label=_("Days such as 03/04/2026"),
        coerce=lambda value: value == "1",
        choices=[("1", _("day first: 3 April")), ("0", _("month first: 4 March"))],
    )
    keep_as = forms.CharField(
        label=_("Keep this mapping as"), max_length=60, required=False, help_text=_("for the next table of this sort")
    )


class DecideForm(forms.Form):
    """Who handles what is still open."""

    team = forms.ChoiceField(label=_("Team for what is still open"), required=False)
    rest = forms.ChoiceField(label=_("All other names"), required=False)

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._teams = {team.code: team for team in queries.teams()}
        self.choices = queries.organisation_choices(user)
        teams = ((code, f"{code} – {team}") for code, team in self._teams.items())
        choose_from(self, "team", [("", _("no team yet: it rises to the CISO")), *teams])
        choose_from(self, "rest", self.choices)

    def clean_team(self) -> Any:
        """Give the team itself."""
        return self._teams.get(self.cleaned_data["team"])


class ExportForm(forms.Form):
    """Which part of everything."""

    since = forms.DateTimeField(
        label=_("Changed since"), required=False, help_text=_("empty for everything; UTC, as 2026-11-01 08:00")
    )


def pairs(given: QueryDict, sort: str) -> Iterator[tuple[str, str]]:
    """Give what was chosen for each name: ``<sort>-name-3`` and ``<sort>-choice-3`` belong together."""
    for key, name in given.items():
        before, _middle, number = key.partition("-name-")
        if before == sort and number.isdecimal():
            yield str(name), str(given.get(f"{sort}-choice-{number}", ""))
