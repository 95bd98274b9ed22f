"""What people fill in about the constituency."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency import queries
from tocsin.rooms.constituency.models import ROLE_NAMES, Asset, Contact, Organisation

if TYPE_CHECKING:
    FormOfOrganisation = forms.ModelForm[Organisation]
    FormOfContact = forms.ModelForm[Contact]
else:  # Django's own class takes no parameter
    FormOfOrganisation = FormOfContact = forms.ModelForm


def _roles(*names: str) -> list[tuple[str, Any]]:
    return [(name, ROLE_NAMES[name]) for name in names]


ROLES = _roles("officer", "deputy", "head", "ciso", "data_protection", "administrator", "peer")
TEAM_ROLES = _roles("analyst", "responder", "cart_analyst", "network_operator", "ciso", "risk_member", "board_member")
CONTACT_ROLES = _roles("officer", "deputy", "head", "duty", "tool")


class FilterForm(forms.Form):
    """Which organisations to list."""

    text = forms.CharField(label=_("Name or code"), required=False, widget=forms.SearchInput())
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[("", _("all")), *Organisation.Kind.choices])
    without_officer = forms.BooleanField(label=_("without security officer"), required=False)


class WhoseForm(forms.Form):
    """A value somebody asks about, and as of when."""

    value = forms.CharField(
        label=_("Address, prefix, name, mail address or URL"), max_length=2000, widget=forms.SearchInput()
    )
    at = forms.DateField(label=_("on (UTC)"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def moment(self) -> datetime:
        """Give the time asked about; now when none was given."""
        return _midnight(self.cleaned_data["at"]) or datetime.now(UTC)


class OrganisationForm(FormOfOrganisation):
    """The facts of an organisation."""

    class Meta:
        model = Organisation
        fields = ("name", "name_fr", "timezone", "language", "needs_officer", "active")
        labels = {
            "name": _("Name"),
            "name_fr": _("Name in French"),
            "timezone": _("Time zone"),
            "language": _("Language"),
            "needs_officer": _("must have a security officer"),
            "active": _("active"),
        }

    def clean_timezone(self) -> str:
        name: str = self.cleaned_data["timezone"]
        if name not in available_timezones():
            raise ValidationError(_("There is no such time zone; write a name such as Europe/Brussels."))
        return name


class RoleForm(forms.Form):
    """A role for somebody who has an account."""

    username = forms.CharField(label=_("Account"), max_length=150)
    role = forms.ChoiceField(label=_("Role"), choices=ROLES)

    def clean_username(self) -> Person:
        person = queries.person_named(self.cleaned_data["username"])
        if person is None:
            raise ValidationError(_("There is no account with this name. An administrator makes accounts."))
        return person


class TeamRoleForm(RoleForm):
    """A role in a team."""

    role = forms.ChoiceField(label=_("Role"), choices=TEAM_ROLES)


class ContactForm(FormOfContact):
    """Somewhere to reach an organisation."""

    role = forms.ChoiceField(label=_("Role"), choices=CONTACT_ROLES)

    class Meta:
        model = Contact
        fields = ("role", "name", "email", "phone", "webhook", "language", "absent_until", "key", "only_encrypted")
        widgets = {
            "absent_until": forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),  # as browsers want it
            "key": forms.Textarea(attrs={"rows": 3, "spellcheck": "false", "class": "mono"}),
        }
        labels = {
            "name": _("Name"),
            "email": _("Mail address"),
            "phone": _("Telephone"),
            "webhook": _("Address of the tool (https://)"),
            "language": _("Language"),
            "absent_until": _("Absent until"),
            "key": _("OpenPGP public key"),
            "only_encrypted": _("Mail to here must be encrypted"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = self.fields["role"]
        if self.instance.role and self.instance.role not in dict(CONTACT_ROLES):  # charts know more roles
            cast("forms.ChoiceField", role).choices = [*CONTACT_ROLES, (self.instance.role, self.instance.role_name)]


class AssetForm(forms.Form):
    """Something that is an organisation's, and when."""

    kind = forms.ChoiceField(label=_("Kind"), choices=Asset.Kind.choices)
    value = forms.CharField(label=_("Range or name"), max_length=255)
    valid_from = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    valid_to = forms.DateField(label=_("Until before"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name in ("valid_from", "valid_to"):
            cleaned[name] = _midnight(cleaned.get(name))
        return cleaned


class NothingForm(forms.Form):
    """An action that needs no answer."""


def _midnight(day: Any) -> datetime | None:
    return None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)
