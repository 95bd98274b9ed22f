"""A mail about an incident, and what an officer answers in the page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tocsin.platform.look.forms import choose_from
from tocsin.platform.markings import TLP
from tocsin.rooms.incidents import queries
from tocsin.rooms.incidents.forms.common import PartForm, entity_field, prose
from tocsin.rooms.notices.models import Party
from tocsin.rooms.notices.queries import To

PARTIES = [(each.value, each.label) for each in Party if each not in {Party.ORGANISATION, Party.PERSON}]


class MailForm(PartForm):
    """To whom, in which language, marked how, and the words; a template gives the words to begin with."""

    to = forms.ChoiceField(label=_("To"), required=False)
    address = forms.EmailField(label=_("Another address"), max_length=254, required=False)
    name = forms.CharField(label=_("Whose address it is"), max_length=150, required=False)
    party = forms.ChoiceField(label=_("What they are"), choices=PARTIES, required=False)
    organisation = forms.ChoiceField(label=_("Belongs to"), required=False)
    template = forms.ChoiceField(label=_("Template"), required=False)
    language = forms.ChoiceField(
        label=_("Language"),
        choices=[("", _("the recipient's")), ("en", "English"), ("fr", "Français")],
        required=False,
    )
    tlp = forms.ChoiceField(label=_("Marking"), choices=TLP.choices)
    subject = forms.CharField(label=_("Subject"), max_length=150, required=False)
    text = forms.CharField(
        label=_("Message"), max_length=20_000, required=False, widget=forms.Textarea(attrs={"rows": 14})
    )

    def __init__(self, *args: Any, view: queries.View, **kwargs: Any) -> None:
        super().__init__(*args, view=view, **kwargs)
        known = queries.recipients(view)
        choices: dict[str, list[Any]] = {
            "to": [("", _("another address, below")), *known.to],
            "organisation": [("", _("no organisation that is known here")), *known.places],
            "template": [("", "—"), *queries.template_choices(get_language() or "en")],
        }
        for name, given in choices.items():
            choose_from(self, name, given)
        listed = {value for _label, group in choices["to"][1:] for value, _shown in group}
        if self.initial.get("to") in listed:  # whom one can choose need not be typed
            self.initial = {**self.initial, "address": "", "organisation": "", "name": ""}

    def clean(self) -> dict[str, Any]:
        """Ask for an address always, for the words once it is to be looked at or sent."""
        given = super().clean() or self.cleaned_data
        if not given.get("to") and not given.get("address") and "address" not in self.errors:
            raise ValidationError(_("Choose to whom it goes, or give an address."))
        if given.get("to") and given.get("address"):
            raise ValidationError(_("Choose somebody from the list or type another address, not both."))
        if self.data.get("do") in {"preview", "send"}:
            for name in ("subject", "text"):
                if not given.get(name) and name not in self.errors:
                    self.add_error(name, _("This field is required."))
        return given

    def writing(self) -> queries.Writing:
        """Give what was filled in."""
        given = self.cleaned_data
        code, _space, address = given["to"].partition(" ")
        chosen = To(address, "" if code == queries.NOWHERE else code)
        typed = To(given["address"], given["organisation"], given["name"], given["party"] or Party.OTHER)
        return queries.Writing(
            to=chosen if address else typed,
            language=given["language"],
            tlp=given["tlp"],
            subject=given["subject"],
            text=given["text"],
            template=given["template"],
        )


class KeyForm(PartForm):
    """One conversation."""

    key = forms.UUIDField()


class AnswerForm(PartForm):
    """An officer's answer for the own organisation."""

    entity = entity_field(required=True, empty=None)
    text = prose(_("Answer"), 4)
