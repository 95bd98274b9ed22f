"""What people fill in about incidents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from tocsin.platform.markings import TLP
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents import knowledge, queries
from tocsin.rooms.incidents.models import Audience, Incident, IncidentEntity, Severity, Task

LONGEST = 5_000


def prose(label: Any, rows: int, *, required: bool = True) -> forms.CharField:
    """Make a field for what people write, of some length."""
    return forms.CharField(
        label=label, max_length=LONGEST, required=required, widget=forms.Textarea(attrs={"rows": rows})
    )


def class_choices() -> list[tuple[str, str]]:
    """Give the taxonomy's classes as choices."""
    return [("", "—"), *((code, gettext(entry["name"])) for code, entry in knowledge.taxonomy().items())]


def type_choices() -> list[tuple[str, Any]]:
    """Give the taxonomy's types as choices, grouped by class."""
    groups = [
        (gettext(entry["name"]), [(code, gettext(name)) for code, name in entry["types"].items()])
        for entry in knowledge.taxonomy().values()
    ]
    return [("", "—"), *groups]


class OpenForm(forms.Form):
    """A new incident, with as little typing as can be."""

    title = forms.CharField(label=_("Title"), max_length=200)
    organisations = forms.ModelMultipleChoiceField(
        label=_("Organisations concerned"),
        queryset=Organisation.objects.none(),
        to_field_name="code",
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )
    severity = forms.TypedChoiceField(
        label=_("Severity"), choices=Severity.choices, coerce=int, initial=Severity.MEDIUM
    )
    tlp = forms.ChoiceField(label=_("Marking"), choices=TLP.choices, initial=TLP.AMBER)
    summary = prose(_("Summary"), 3, required=False)
    offer_to = forms.ModelChoiceField(
        label=_("Hand over to"),
        queryset=Team.objects.none(),
        to_field_name="code",
        required=False,
        empty_label=_("nobody; we keep it"),
    )

    def __init__(self, *args: Any, user: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["organisations"].queryset = queries.organisations_to_open_for(user)  # type: ignore[attr-defined]
        self.fields["offer_to"].queryset = queries.teams_to_offer()  # type: ignore[attr-defined]


class PartForm(forms.Form):
    """Base of the forms on an incident's page: they know the parts their writer may see."""

    def __init__(self, *args: Any, view: queries.View, **kwargs: Any) -> None:
        # Several of these stand on one page: each needs ids of its own.
        super().__init__(*args, **kwargs)
        self.auto_id = f"{type(self).__name__.lower()}_%s"
        self.view = view
        if "entity" in self.fields:
            field = self.fields["entity"]
            field.queryset = IncidentEntity.objects.filter(pk__in=view.mine)  # type: ignore[attr-defined]
            empty = [] if field.empty_label is None else [("", field.empty_label)]  # type: ignore[attr-defined]
            field.choices = [*empty, *((str(part.uuid), part.organisation) for part in view.entities)]  # type: ignore[attr-defined]


def entity_field(*, required: bool, empty: Any) -> forms.ModelChoiceField[IncidentEntity]:
    """Make the choice of one part by its outside id."""
    return forms.ModelChoiceField(
        label=_("Organisation"),
        queryset=IncidentEntity.objects.none(),
        to_field_name="uuid",
        required=required,
        empty_label=empty,
    )


class CommentForm(PartForm):
    """A comment and who reads it."""

    text = prose(_("Comment"), 2)
    entity = entity_field(required=False, empty=_("none in particular"))
    audience = forms.ChoiceField(label=_("For"), choices=Audience.choices, required=False)

    def __init__(self, *args: Any, view: queries.View, **kwargs: Any) -> None:
        super().__init__(*args, view=view, **kwargs)
        if not view.handler:
            del self.fields["audience"]
            self.fields["entity"].required = True
            self.fields["entity"].empty_label = None  # type: ignore[attr-defined]
            self.fields["entity"].initial = view.entities[0].uuid if view.entities else None


class ChangeForm(PartForm):
    """What is known of an incident."""

    title = forms.CharField(label=_("Title"), max_length=200)
    summary = prose(_("Summary"), 4, required=False)
    severity = forms.TypedChoiceField(label=_("Severity"), choices=Severity.choices, coerce=int)
    tlp = forms.ChoiceField(label=_("Marking"), choices=TLP.choices)
    rsit_class = forms.ChoiceField(label=_("Class"), choices=class_choices, required=False)
    rsit_type = forms.ChoiceField(label=_("Type"), choices=type_choices, required=False)

    def __init__(self, *args: Any, view: queries.View, **kwargs: Any) -> None:
        super().__init__(*args, view=view, **kwargs)
        for field in self.fields.values():
            field.show_hidden_initial = True  # so that only what this person changed is written

    def changes(self) -> dict[str, Any]:
        """Give what was changed on the form since it was shown: what a colleague wrote meanwhile stays."""
        return {name: self.cleaned_data[name] for name in self.changed_data}


class EventForm(PartForm):
    """What happened to the incident's state."""

    event = forms.CharField(max_length=40)


class CloseForm(PartForm):
    """Why it could happen; without it nothing is learnt."""

    cause = prose(_("Cause"), 2)


class OfferForm(PartForm):
    """To which team, and what it should know."""

    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none(), to_field_name="code")
    note = prose(_("Note"), 2, required=False)

    def __init__(self, *args: Any, view: queries.View, **kwargs: Any) -> None:
        super().__init__(*args, view=view, **kwargs)
        self.fields["team"].queryset = queries.teams_to_offer(view.incident)  # type: ignore[attr-defined]


class ReasonForm(PartForm):
    """A reason."""

    reason = forms.CharField(label=_("Reason"), max_length=500)


class NothingForm(PartForm):
    """Nothing to fill in: the button says it all."""


class SealForm(PartForm):
    """The people who may know; whoever seals is always one of them."""

    people = forms.ModelMultipleChoiceField(
        label=_("People who may know"),
        queryset=Person.objects.none(),
        to_field_name="username",
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )

    def __init__(self, *args: Any, view: queries.View, **kwargs: Any) -> None:
        super().__init__(*args, view=view, **kwargs)
        self.fields["people"].queryset = queries.people_to_name()  # type: ignore[attr-defined]


class TaskForm(PartForm):
    """Something to be done."""

    title = forms.CharField(label=_("What is to be done"), max_length=200)
    entity = entity_field(required=False, empty=_("our team"))
    due_at = forms.DateTimeField(
        label=_("Due (UTC)"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )


class TaskAnswerForm(PartForm):
    """Done, or refused with a reason."""

    state = forms.ChoiceField(choices=[(s, s.label) for s in (Task.State.DONE, Task.State.REFUSED)])
    answer = forms.CharField(label=_("Answer"), max_length=500, required=False)


class OrganisationForm(PartForm):
    """An organisation that turns out to be concerned."""

    organisation = forms.ModelChoiceField(
        label=_("Organisation"), queryset=Organisation.objects.none(), to_field_name="code"
    )
    summary = prose(_("What concerns it"), 2, required=False)

    def __init__(self, *args: Any, view: queries.View, **kwargs: Any) -> None:
        super().__init__(*args, view=view, **kwargs)
        self.fields["organisation"].queryset = queries.organisations_to_open_for(view.user)  # type: ignore[attr-defined]


class InformForm(PartForm):
    """A message to an organisation's security officer."""

    entity = entity_field(required=True, empty=None)
    subject = forms.CharField(label=_("Subject"), max_length=150)
    text = prose(_("Message"), 5)


class FilterForm(forms.Form):
    """The filters of the list."""

    text = forms.CharField(
        label=_("Search"), required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search"})
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[("open", _("open")), ("ended", _("ended")), ("all", _("all")), *Incident.State.choices],
    )
    severity = forms.ChoiceField(label=_("Severity"), required=False, choices=[("", _("any")), *Severity.choices])
    organisation = forms.ChoiceField(label=_("Organisation"), required=False)
    owner = forms.ChoiceField(
        label=_("Owner"), required=False, choices=[("", _("anyone")), ("me", _("me")), ("none", _("nobody"))]
    )

    def __init__(self, *args: Any, organisations: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("any")), *((code, code) for code in organisations)]
        self.fields["organisation"].choices = choices  # type: ignore[attr-defined]
