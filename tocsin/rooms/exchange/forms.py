"""Forms of the exchange."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, URLValidator
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tocsin.platform.look.forms import choose_among, choose_from
from tocsin.rooms.exchange import knowledge, queries
from tocsin.rooms.exchange.models import ForeignDesk, Mapping


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


class _DeskForm(forms.Form):
    """What both forms of a desk have: where it is, how it is entered, which state there means which here."""

    base_url = forms.CharField(
        label=_("Address"), max_length=250, help_text=_("Where RT begins, such as https://rt.example.org.")
    )
    queue = forms.CharField(label=_("Queue"), max_length=100, help_text=_("as it is called there"))
    token = forms.CharField(
        label=_("Token"),
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("Made in RT for the account of Tocsin. It is kept encrypted and never shown again."),
    )
    reference_field = forms.CharField(
        label=_("Custom field for our reference"),
        max_length=60,
        required=False,
        help_text=_("A field of their queue, such as Tocsin reference; without one the subject holds it."),
    )
    rtname = forms.CharField(
        label=_("Name in subjects of mails"),
        max_length=60,
        required=False,
        validators=[RegexValidator(r"^[\w.@-]+$", _("Letters, digits, points and hyphens, as RT has it."))],
        help_text=_("RT writes [name #123] there ($rtname); by it, mails find their ticket."),
    )
    answers = forms.BooleanField(
        label=_("States of theirs are answers"),
        required=False,
        help_text=_("When their people resolve a ticket, what we asked of them counts as done, and so on."),
    )
    sends_states = forms.BooleanField(label=_("States of ours are given to the ticket"), required=False, initial=True)
    theirs = forms.CharField(
        label=_("What their states mean here"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Only what differs, a line each: resolved = done. Possible: %s; nothing for no answer.")
        % ", ".join(knowledge.ANSWERS),
    )
    ours = forms.CharField(
        label=_("Which state of theirs our states give"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Only what differs, a line each: closed = resolved."),
    )

    holds = forms.CharField(
        label=_("What their custom fields hold"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("A line each, such as Severity = severity. Possible: %s.") % ", ".join(knowledge.desks().facts),
    )

    def clean_holds(self) -> dict[str, str]:
        """Read the lines."""
        return knowledge.read_fields(self.cleaned_data["holds"])

    def clean_theirs(self) -> dict[str, str]:
        """Read the lines."""
        return knowledge.read_theirs(self.cleaned_data["theirs"])

    def clean_ours(self) -> dict[str, str]:
        """Read the lines."""
        return knowledge.read_ours(self.cleaned_data["ours"])

    def given(self) -> dict[str, Any]:
        """Give what was filled in as the actions take it."""
        given = dict(self.cleaned_data)
        given["fields"] = given.pop("holds")
        given["states"] = {"theirs": given.pop("theirs"), "ours": given.pop("ours")}
        return given


class DeskForm(_DeskForm):
    """A new desk."""

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisation"] = forms.ModelChoiceField(
            label=_("Organisation"), queryset=queries.organisations_for_desks(user), to_field_name="code"
        )
        self.order_fields(["organisation"])


class ChangeDeskForm(_DeskForm):
    """Changes to a desk."""

    def __init__(self, given: QueryDict | None, *, desk: ForeignDesk) -> None:
        names = ("base_url", "queue", "reference_field", "rtname", "answers", "sends_states")
        initial: dict[str, Any] = {name: getattr(desk, name) for name in names}
        initial |= {side: knowledge.written(desk.states.get(side, {})) for side in ("theirs", "ours")}
        initial["holds"] = knowledge.written(desk.fields)
        super().__init__(given, initial=initial)
        self.fields["token"].required = False
        self.fields["token"].label = _("New token")
        self.fields["token"].help_text = _("Empty: the one that is kept stays. A new address needs a new token.")


def pairs(given: QueryDict, sort: str) -> Iterator[tuple[str, str]]:
    """Give what was chosen for each name: ``<sort>-name-3`` and ``<sort>-choice-3`` belong together."""
    for key, name in given.items():
        before, _middle, number = key.partition("-name-")
        if before == sort and number.isdecimal():
            yield str(name), str(given.get(f"{sort}-choice-{number}", ""))
