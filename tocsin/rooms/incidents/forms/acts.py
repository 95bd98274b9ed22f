"""What people fill in on the page of an incident."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tocsin.platform.look.forms import choose_among
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents import queries
from tocsin.rooms.incidents.forms.common import PartForm, entity_field, moment, prose
from tocsin.rooms.incidents.models import Audience, Task
from tocsin.rooms.rota import queries as rota


class CommentForm(PartForm):
    """A comment and who reads it."""

    text = prose(_("Comment"), 2)
    entity = entity_field(required=False, empty=_("none in particular"))
    audience = forms.ChoiceField(label=_("For"), choices=Audience.choices, required=False)

    def __init__(self, *args: Any, view: queries.View, **kwargs: Any) -> None:
        super().__init__(*args, view=view, **kwargs)
        if not view.handler:
            self.keep_to_own_part()


class EventForm(PartForm):
    """What happened to the incident's state."""

    event = forms.CharField(max_length=40)


class TakeForm(PartForm):
    """Who owned it when the button was shown."""

    owner = forms.CharField(max_length=150, required=False)


class OfferForm(PartForm):
    """To which team, and what it should know."""

    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none(), to_field_name="code")
    note = prose(_("Note"), 2, required=False)

    def __init__(self, *args: Any, view: queries.View, **kwargs: Any) -> None:
        super().__init__(*args, view=view, **kwargs)
        choose_among(self, "team", queries.teams_to_offer(view.incident))


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
        choose_among(self, "people", queries.people_to_name())


class TaskForm(PartForm):
    """Something to be done."""

    title = forms.CharField(label=_("What is to be done"), max_length=200)
    entity = entity_field(required=False, empty=_("our team"))
    due_at = moment(_("Due (UTC)"), required=False)


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
        choose_among(self, "organisation", queries.organisations_to_open_for(view.user))


class PageForm(PartForm):
    """A team to page, and why."""

    team = forms.ModelChoiceField(label=_("Team"), queryset=Team.objects.none(), to_field_name="code", empty_label=None)
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        help_text=_("The team reads it here, also who may not see the incident. No message that is sent holds it."),
    )

    def __init__(self, *args: Any, view: queries.View, **kwargs: Any) -> None:
        super().__init__(*args, view=view, **kwargs)
        choose_among(self, "team", rota.teams_to_page(view.user))


class InformForm(PartForm):
    """A message to an organisation's security officer."""

    entity = entity_field(required=True, empty=None)
    subject = forms.CharField(label=_("Subject"), max_length=150)
    text = prose(_("Message"), 5)
