"""Forms of the room."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.urls import Resolver404, resolve
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tocsin.platform import sms
from tocsin.platform.access import Scope, all_verbs
from tocsin.platform.look.forms import choose_from
from tocsin.rooms.accounts import queries

LONGEST_QUERY = 1000
AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def zones() -> list[tuple[str, str]]:
    """Give the time zones people choose from, UTC first."""
    named = sorted(name for name in available_timezones() if name.split("/")[0] in AREAS)
    return [("UTC", "UTC"), *((name, name.replace("_", " ")) for name in named)]


class ProfileForm(forms.Form):
    """How a person wants to see the pages."""

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=zones,
        help_text=_("Times are in UTC everywhere; yours is shown beside them."),
    )
    theme = forms.ChoiceField(
        label=_("Colours"),
        choices=[("auto", _("as my device is set")), ("light", _("light")), ("dark", _("dark"))],
    )
    phone = forms.CharField(
        label=_("Telephone"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
        help_text=_("With the country: +32 2 295 60 00. Your team and administrators see it; pages are sent to it."),
    )

    def clean_phone(self) -> str:
        """Take a number that can be dialled, as it was written."""
        phone: str = self.cleaned_data["phone"]
        if phone:
            sms.checked(phone)
        return phone


class TokenForm(forms.Form):
    """A new token for a program."""

    name = forms.CharField(label=_("What it is for"), max_length=80)
    days = forms.TypedChoiceField(
        label=_("Ends after"),
        coerce=int,
        initial=90,
        choices=[(7, _("7 days")), (30, _("30 days")), (90, _("90 days")), (365, _("1 year"))],
    )
    verbs = forms.MultipleChoiceField(
        label=_("It may"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Never more than you may yourself, then and now."),
    )

    def __init__(self, *args: Any, scope: Scope, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        verbs = [(verb, gettext(meaning)) for verb, meaning in all_verbs().items() if scope.allows(verb)]
        choose_from(self, "verbs", verbs)

    def values(self) -> dict[str, Any]:
        """Give what `actions.make_token` wants."""
        given = self.cleaned_data
        return {"name": given["name"], "verbs": given["verbs"], "expires_in": timedelta(days=given["days"])}


class PersonForm(forms.Form):
    """A new account."""

    username = forms.CharField(label=_("Name to sign in with"), max_length=150, validators=[UnicodeUsernameValidator()])
    full_name = forms.CharField(label=_("Full name"), max_length=150)
    email = forms.EmailField(label=_("Mail address"))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zones, initial="UTC")

    def clean_username(self) -> str:
        """Refuse a name that is taken, ended accounts included."""
        name: str = self.cleaned_data["username"]
        if queries.taken(name):
            raise forms.ValidationError(_("Somebody signs in with this name already."))
        return name


class ViewForm(forms.Form):
    """A list as somebody likes to see it."""

    name = forms.CharField(label=_("Name"), max_length=60)
    path = forms.CharField(max_length=200, widget=forms.HiddenInput)
    query = forms.CharField(max_length=1000, widget=forms.HiddenInput)

    def clean_query(self) -> str:
        """Take the filters in their one form, as they will be kept."""
        query = queries.view_query(self.cleaned_data["query"])
        if not query or len(query) > LONGEST_QUERY:
            raise forms.ValidationError(_("These filters cannot be kept: choose some, and not too long ones."))
        return query

    def clean_path(self) -> str:
        """Take addresses of this house only."""
        path: str = self.cleaned_data["path"]
        try:
            resolve(path)
        except Resolver404 as error:
            raise forms.ValidationError(_("There is no such list.")) from error
        return path
