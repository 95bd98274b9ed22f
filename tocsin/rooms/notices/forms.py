"""What people ask the room, write and answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tocsin.platform.look.forms import choose_from
from tocsin.platform.markings import TLP
from tocsin.rooms.notices.actions import NEEDS_REASON, QUESTION
from tocsin.rooms.notices.knowledge import MESSAGE, kind_name, routes
from tocsin.rooms.notices.models import Part

LONGEST, LONGEST_TEXT = 1_000_000, 20_000
SEVERITIES = [(number, f"S{number}") for number in range(6)]
LANGUAGES = ("en", "fr")
EVERYONE = "*"
ANSWERS = {
    Part.State.ACKNOWLEDGED: _("We have received it and look into it"),
    Part.State.PLANNED: _("We will do it by the day below"),
    Part.State.DONE: _("It is done"),
    Part.State.NOT_APPLICABLE: _("It does not concern us, because:"),
    Part.State.REFUSED: _("We will not do it, because:"),
    QUESTION: _("We have a question:"),
}


class ToldFilterForm(forms.Form):
    """The filters of the list of those who were told."""

    organisation = forms.CharField(label=_("Organisation"), required=False, max_length=40)
    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("any")), *Part.State.choices])
    overdue = forms.BooleanField(
        label=_("Overdue only"), required=False, widget=forms.CheckboxInput(attrs={"value": "yes"})
    )


def kind_choices() -> list[tuple[str, str]]:
    """Give the kinds of notices in the reader's language."""
    return [(kind, kind_name(kind, get_language() or "en")) for kind in routes().kinds if kind != MESSAGE]


class CaseForm(forms.Form):
    """What kind of thing it is, and how bad."""

    kind = forms.ChoiceField(label=_("What it is"), choices=kind_choices)
    severity = forms.TypedChoiceField(label=_("Severity"), choices=SEVERITIES, coerce=int, initial=2)


class AffectedForm(CaseForm):
    """A list of indicators."""

    values = forms.CharField(
        label=_("Addresses, ranges, names, URLs, mail addresses, hashes; products and machines on a line of their own"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
        help_text=_("One or several a line, defanged or not. What follows # is a remark."),
    )


class RoutingForm(CaseForm):
    """One value, and when."""

    value = forms.CharField(
        label=_("Address, name, mail address, URL or code of an organisation"),
        max_length=2000,
        widget=forms.SearchInput(),
    )
    at = forms.DateTimeField(
        label=_("At (UTC)"),
        required=False,
        validators=[
            MinValueValidator(datetime(2000, 1, 1, tzinfo=UTC)),
            MaxValueValidator(datetime(2100, 1, 1, tzinfo=UTC)),
        ],
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )

    def moment(self) -> datetime:
        """Give the time asked about; now when none was given."""
        given: datetime | None = self.cleaned_data["at"]
        return given or datetime.now(UTC)

    def case(self) -> dict[str, Any]:
        """Give kind and severity."""
        return {name: self.cleaned_data[name] for name in ("kind", "severity")}


class TextsForm(forms.Form):
    """A text in each language; empty: the text of the kind."""

    text_en = forms.CharField(
        label=_("Text in English"), required=False, max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 4})
    )
    text_fr = forms.CharField(
        label=_("Text in French"), required=False, max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 4})
    )

    def texts(self) -> dict[str, dict[str, str]]:
        """Give what was written, by language."""
        return {language: {"text": self.cleaned_data[f"text_{language}"]} for language in LANGUAGES}


class NoticeForm(TextsForm, AffectedForm):
    """A new notice. The facts come first; the text is there already and may be changed."""

    title = forms.CharField(label=_("Title, the subject of the mail"), max_length=200)
    tlp = forms.ChoiceField(label=_("Marking"), choices=TLP.choices, initial=TLP.AMBER)
    organisations = forms.MultipleChoiceField(
        label=_("Also tell these, whether or not the list concerns them"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    due_hours = forms.IntegerField(
        label=_("Hours to answer"),
        required=False,
        min_value=1,
        max_value=10_000,
        help_text=_("Empty: as the severity demands."),
    )
    matter = forms.CharField(required=False, max_length=60, widget=forms.HiddenInput())
    field_order = ("values", "title", "kind", "severity", "tlp", "due_hours", "text_en", "text_fr", "organisations")

    def __init__(self, *args: Any, codes: list[tuple[str, str]], **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["values"].required = False
        choose_from(self, "organisations", [(EVERYONE, _("everyone you serve")), *codes])
        self.codes = [code for code, _label in codes]

    def clean(self) -> dict[str, Any]:
        """Ask for something to tell somebody about."""
        given = super().clean() or {}
        if not given.get("values", "").strip() and not given.get("organisations"):
            self.add_error("values", _("Enter a list, or choose whom to tell."))
        return given

    def draft(self) -> dict[str, Any]:
        """Give what `actions.draft_list` takes."""
        given = self.cleaned_data
        return {
            "text": given["values"],
            "texts": self.texts(),
            "organisations": self.codes if EVERYONE in given["organisations"] else given["organisations"],
            **{name: given[name] for name in ("title", "kind", "severity", "tlp", "due_hours")},
        }


def prefilled(given: QueryDict) -> dict[str, Any]:
    """Give what an address fills in: other rooms lead here with what they know."""
    many = given.getlist("organisations")
    return given.dict() | ({"organisations": many} if many else {})


def _area(label: Any, rows: int, *, required: bool = False) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, required=required, max_length=LONGEST_TEXT, widget=widget)


class ChangesForm(forms.Form):
    """What is new, in each language."""

    text_en = _area(_("What changed, in English"), 3, required=True)
    text_fr = _area(_("What changed, in French"), 3)

    def changes(self) -> dict[str, dict[str, str]]:
        """Give what was written, by language."""
        return {language: {"text": self.cleaned_data[f"text_{language}"]} for language in LANGUAGES}


class CorrectionForm(ChangesForm):
    """The same with the list and the whole text as they are now."""

    values = forms.CharField(
        label=_("The list as it is now"),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false"}),
        help_text=_("Empty: each organisation keeps its facts."),
    )
    now_en = _area(_("The whole text as it is now, in English"), 6)
    now_fr = _area(_("The whole text as it is now, in French"), 6)

    def texts(self, before: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
        """Give the texts as they are now; where nothing stands, as they were."""
        now = {language: self.cleaned_data.get(f"now_{language}", "").strip() for language in before}
        return {language: {**text, "text": now[language] or text.get("text", "")} for language, text in before.items()}


class WithdrawalForm(ChangesForm):
    """Why it is withdrawn."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["text_en"].label = _("Why it is withdrawn, in English")
        self.fields["text_fr"].label = _("Why it is withdrawn, in French")


class AnswerForm(forms.Form):
    """What an organisation says of its part."""

    kind = forms.ChoiceField(label=_("Your answer"), choices=list(ANSWERS.items()), widget=forms.RadioSelect)
    planned_for = forms.DateField(label=_("Day"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    text = forms.CharField(
        label=_("Reason, question, remark"), required=False, max_length=5_000, widget=forms.Textarea(attrs={"rows": 3})
    )
    asked = forms.CharField(required=False, max_length=12, widget=forms.HiddenInput())

    def clean(self) -> dict[str, Any]:
        """Ask for the reason or the day that an answer needs."""
        given = super().clean() or {}
        kind = given.get("kind")
        if kind in NEEDS_REASON and not given.get("text", "").strip():
            self.add_error("text", _("Say why."))
        if kind == Part.State.PLANNED:
            if given.get("planned_for") is None and "planned_for" not in self.errors:
                self.add_error("planned_for", _("Say until when."))
        else:
            given["planned_for"] = None
        return given


class LinkForm(AnswerForm):
    """The same, from somebody who has not signed in."""

    name = forms.CharField(label=_("Your name"), required=False, max_length=150)
    field_order = ("kind", "planned_for", "text", "name")


class NotedAnswerForm(AnswerForm):
    """What somebody said on the telephone, or in a mail that a person read."""

    name = forms.CharField(label=_("Who said it"), max_length=150)
    at = forms.DateTimeField(
        label=_("When (UTC)"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    field_order = ("name", "at", "kind", "planned_for", "text")


class LetterForm(AnswerForm):
    """What a person read in a mail; no answer: it says nothing of a notice."""

    reference = forms.CharField(label=_("Reference of the part"), required=False, max_length=16)
    field_order = ("reference", "kind", "planned_for", "text")

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["kind"] = forms.ChoiceField(
            label=_("It says"), choices=[("", _("nothing about a notice")), *ANSWERS.items()], required=False
        )
        self.order_fields(self.field_order)


class TelephoneForm(forms.Form):
    """Who was told on the telephone, and when."""

    name = forms.CharField(label=_("Whom you told"), max_length=150)
    number = forms.CharField(label=_("Telephone"), max_length=40)
    at = forms.DateTimeField(
        label=_("When (UTC)"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )

    def moment(self) -> datetime:
        """Give the time of the call; now when none was given."""
        given: datetime | None = self.cleaned_data["at"]
        return given or timezone.now()
