"""What people fill in about rosters, pages, deputies and secondments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from tocsin.platform import webhooks
from tocsin.platform.look.forms import choose_among
from tocsin.platform.wallclock import moment, zone_named
from tocsin.rooms.accounts.forms import zones
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.forms import TEAM_ROLES
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.rota import queries
from tocsin.rooms.rota.models import WEEKS_MOST, Layer, Line, Roster, Shift

NAMES_MOST = 4_000
FIRST_YEAR, LAST_YEAR = 2000, 2100


def _day(label: Any, *, required: bool = True, help_text: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, widget=widget, help_text=help_text)


def _clock(label: Any, *, required: bool = True) -> forms.TimeField:
    return forms.TimeField(
        label=label, required=required, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )


def _local(label: Any) -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, widget=widget, input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"])


class RosterForm(forms.Form):
    """The clock of a roster, and the team's own tool."""

    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zones)
    webhook = forms.CharField(
        label=_("The team's own pager tool"),
        required=False,
        max_length=webhooks.LONGEST,
        help_text=_("An address (https://) that pages are posted to, signed."),
    )

    def __init__(self, *args: Any, roster: Roster | None, team: Team, **kwargs: Any) -> None:
        zone = roster.timezone if roster is not None else team.organisation.timezone
        kwargs["initial"] = {"time_zone": zone, "webhook": roster.webhook if roster is not None else ""}
        super().__init__(*args, **kwargs)


class LayerForm(forms.Form):
    """A layer: who takes turns, from when, handed over when."""

    name = forms.CharField(label=_("Name"), max_length=80)
    line = forms.TypedChoiceField(label=_("Line"), choices=Line.choices, coerce=int)
    people = forms.CharField(
        label=_("Who takes turns, in this order"),
        max_length=NAMES_MOST,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    starts_on = _day(_("First hand-over"), help_text=_("Its weekday is the day of every hand-over."))
    handover_at = _clock(_("Hand-over at"))
    weeks = forms.IntegerField(label=_("Weeks in a turn"), min_value=1, max_value=WEEKS_MOST, initial=1)
    ends_on = _day(_("Last day"), required=False)
    days = forms.TypedMultipleChoiceField(
        label=_("On these days alone"),
        choices=[(number, WEEKDAYS[number]) for number in range(7)],
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    hours_from = _clock(_("On duty from"), required=False)
    hours_to = _clock(_("On duty until"), required=False)

    def __init__(self, *args: Any, team: Team, layer: Layer | None = None, **kwargs: Any) -> None:
        self._people = {person.username: person for person in queries.members(team)}
        if layer is not None:
            known = {turn.person.username: turn.person for turn in layer.turns.all()}
            self._people = known | self._people
            kwargs["initial"] = _shown(layer)
        super().__init__(*args, **kwargs)
        given = {"names": ", ".join(self._people)[:NAMES_MOST] or "–"}
        self.fields["people"].help_text = _("One account a line. In this team serve: %(names)s") % given

    def clean_people(self) -> list[Person]:
        """Give the people named, in their order; the same one may come several times."""
        names = self.cleaned_data["people"].replace(",", "\n").split()
        unknown = [name for name in names if name not in self._people]
        if unknown:
            raise ValidationError(_("Not in this team: %(names)s.") % {"names": ", ".join(unknown)[:200]})
        return [self._people[name] for name in names]

    def clean(self) -> dict[str, Any]:
        """Put the hours together; one without the other says nothing."""
        given = super().clean() or {}
        begins, ends = given.pop("hours_from", None), given.pop("hours_to", None)
        if (begins is None) != (ends is None):
            raise ValidationError({"hours_to": _("Give both times, or neither.")})
        given["hours"] = (begins, ends) if begins is not None else None
        return given


def _shown(layer: Layer) -> dict[str, Any]:
    names = "\n".join(turn.person.username for turn in layer.turns.all())
    fields = ("name", "line", "starts_on", "handover_at", "weeks", "ends_on", "days", "hours_from", "hours_to")
    return {name: getattr(layer, name) for name in fields} | {"people": names}


class NothingForm(forms.Form):
    """Nothing to fill in: the button says it all."""


class StandInForm(forms.Form):
    """Who is on duty for some time instead of whoever's turn it is; times are those of the team's clock."""

    layer = forms.ModelChoiceField(
        label=_("Layer"), queryset=Layer.objects.none(), to_field_name="uuid", empty_label=None
    )
    person = forms.ModelChoiceField(
        label=_("Who is on duty"), queryset=Person.objects.none(), to_field_name="username", empty_label=None
    )
    starts_at = _local(_("From"))
    ends_at = _local(_("Until"))
    note = forms.CharField(label=_("Note"), max_length=200, required=False)

    def __init__(self, *args: Any, roster: Roster, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._zone = zone_named(roster.timezone)
        layers = roster.layers.filter(active=True).select_related("roster__team__organisation")
        choose_among(self, "layer", layers)
        choose_among(self, "person", queries.members(roster.team))
        for name in ("starts_at", "ends_at"):
            self.fields[name].help_text = roster.timezone

    def clean_starts_at(self) -> datetime:
        return _on_clock(self.cleaned_data["starts_at"], self._zone)

    def clean_ends_at(self) -> datetime:
        return _on_clock(self.cleaned_data["ends_at"], self._zone)


def _on_clock(given: datetime, zone: ZoneInfo) -> datetime:
    """Read what was typed on the team's clock; Django has read it in UTC."""
    try:
        return moment(given.date(), given.time(), zone)
    except OverflowError as error:
        raise ValidationError(_("This day is too far away.")) from error


class SwapForm(forms.Form):
    """Two shifts whose people take each other's."""

    one = forms.ModelChoiceField(label=_("This shift"), queryset=Shift.objects.none(), to_field_name="uuid")
    other = forms.ModelChoiceField(label=_("for this one"), queryset=Shift.objects.none(), to_field_name="uuid")

    def __init__(self, *args: Any, roster: Roster, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zone, coming = zone_named(roster.timezone), queries.coming(roster.team)
        for name in ("one", "other"):
            field: Any = self.fields[name]
            field.queryset = coming
            field.label_from_instance = lambda shift: (
                f"{queries.shown((shift.starts_at, shift.ends_at), zone)} {shift.person}"
            )


class PageForm(forms.Form):
    """Whom to page, and why."""

    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none(), to_field_name="code", empty_label=None)
    reason = forms.CharField(
        label=_("Reason"), max_length=200, help_text=_("Shown to the team here; never in the message that is sent.")
    )
    severity = forms.TypedChoiceField(
        label=_("Severity"), coerce=int, initial=3, choices=[(n, f"S{n}") for n in range(6)]
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_among(self, "team", queries.teams_to_page(user))


class DayForm(forms.Form):
    """From which week on a roster is shown."""

    day = _day(_("Week of"), required=False)

    def clean_day(self) -> date | None:
        """Take days of the decades around now; calendars end somewhere."""
        day: date | None = self.cleaned_data["day"]
        if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValidationError(_("This day is too far away."))
        return day


class DeputyForm(forms.Form):
    """Who stands in for a security officer, and when; both days included."""

    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(), to_field_name="code", empty_label=None
    )
    officer = forms.ModelChoiceField(
        label=_("Security officer"), queryset=Person.objects.none(), to_field_name="username", empty_label=None
    )
    deputy = forms.CharField(label=_("Deputy"), max_length=254, help_text=_("The name or mail address of an account."))
    first_day = _day(_("First day"))
    last_day = _day(_("Last day, included"))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_among(self, "organisation", queries.stood_in_for(user))
        choose_among(self, "officer", queries.officers_for(user))

    def clean_deputy(self) -> Person:
        person = queries.person_reached_by(self.cleaned_data["deputy"])
        if person is None:
            raise ValidationError(_("There is no such account in use; an administrator makes accounts."))
        return person


class SecondForm(forms.Form):
    """Who of another institution serves in a team, and when; both days included."""

    person = forms.CharField(label=_("Account"), max_length=254, help_text=_("The name or mail address of an account."))
    role = forms.ChoiceField(label=_("Role"), choices=TEAM_ROLES)
    home = forms.ModelChoiceField(
        label=_("Seconded from"), queryset=Organisation.objects.none(), to_field_name="code", empty_label=None
    )
    first_day = _day(_("First day"))
    last_day = _day(_("Last day, included"))

    def __init__(self, *args: Any, user: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        homes = Organisation.objects.visible_to(user).filter(active=True).exclude(pk=team.organisation_id)
        choose_among(self, "home", homes.order_by("code"))

    def clean_person(self) -> Person:
        person = queries.person_reached_by(self.cleaned_data["person"])
        if person is None:
            raise ValidationError(_("There is no such account in use; an administrator makes accounts."))
        return person


class ShiftNoteForm(forms.Form):
    """What the next shift must know."""

    text = forms.CharField(
        label=_("Note"),
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=_("What is in it comes from your shift; change it as you like. All the team reads it."),
    )


def errors_of(form: forms.Form) -> Sequence[str]:
    """Give what is wrong with a form, each sentence with the name of its field."""
    found = []
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        found.append(f"{label}: {' '.join(str(error) for error in errors)}".removeprefix(": "))
    return found
