"""What people fill in about misuse by insiders and its personal content."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tocsin.platform.look.forms import choose_among
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import knowledge, queries
from tocsin.rooms.incidents.actions import Ground
from tocsin.rooms.incidents.forms.common import PartForm, prose
from tocsin.rooms.incidents.forms.evidence import FilesField
from tocsin.rooms.incidents.models import Severity


def _choices(name: str) -> Any:
    return lambda: [("", "—"), *((code, str(words)) for code, words in getattr(knowledge.insider(), name).items())]


class GroundForm(forms.Form):
    """Purpose, legal basis, the person concerned, and who may know."""

    purpose = forms.ChoiceField(label=_("Purpose"), choices=_choices("purposes"))
    basis = forms.ChoiceField(label=_("Legal basis"), choices=_choices("bases"))
    text = prose(_("Why this is necessary here; write no name"), 2)
    subject = forms.ModelChoiceField(
        label=_("Person concerned, who never learns of it here"), queryset=Person.objects.none(),
        to_field_name="username", required=False, empty_label=_("has no account here"),
    )  # fmt: skip
    people = forms.ModelMultipleChoiceField(
        label=_("People who may know, besides you; one of them answers requests"), queryset=Person.objects.none(),
        to_field_name="username", required=False, widget=forms.SelectMultiple(attrs={"size": 6}),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("subject", "people"):
            choose_among(self, name, queries.people_to_name())

    def ground(self) -> Ground:
        """Give why it is looked into."""
        given = self.cleaned_data
        return Ground(given["purpose"], given["basis"], given["text"], given["subject"])


class InsiderForm(GroundForm):
    """A new incident about an insider."""

    title = forms.CharField(label=_("Title; write no name"), max_length=200)
    organisations = forms.ModelMultipleChoiceField(
        label=_("Organisations concerned"), queryset=Organisation.objects.none(), to_field_name="code",
        required=False, widget=forms.SelectMultiple(attrs={"size": 6}),
    )  # fmt: skip
    severity = forms.TypedChoiceField(
        label=_("Severity"), choices=Severity.choices, coerce=int, initial=Severity.MEDIUM
    )
    field_order = ("title", "organisations", "severity")

    def __init__(self, *args: Any, user: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose_among(self, "organisations", queries.organisations_to_open_for(user))


class PersonalForm(PartForm):
    """A note or files, and what kind of content it is."""

    kind = forms.ChoiceField(label=_("Kind of content"), choices=_choices("kinds"))
    note = prose(_("Note"), 4, required=False)
    file = FilesField(label=_("Files"), required=False)


class AskForm(PartForm):
    """For what an item is needed."""

    purpose = prose(_("Purpose"), 2)


class DecideForm(PartForm):
    """Whether a request is granted, for how long, or why not."""

    grant = forms.ChoiceField(choices=[("yes", _("Grant")), ("no", _("Refuse"))])
    hours = forms.IntegerField(label=_("Hours"), required=False, min_value=1)
    reason = forms.CharField(label=_("Reason"), max_length=500, required=False)
