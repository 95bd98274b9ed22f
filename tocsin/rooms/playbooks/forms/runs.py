"""What is said of the steps of a run."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tocsin.platform.look.forms import choose_among
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents import queries as incidents
from tocsin.rooms.incidents.forms.common import PartForm, entity_field
from tocsin.rooms.playbooks.models import Tick

NOTE_MOST = 2_000


def _note(label: Any, *, required: bool) -> forms.CharField:
    return forms.CharField(label=label, max_length=NOTE_MOST, required=required)


class StartForm(PartForm):
    """Which playbook."""

    playbook = forms.UUIDField(label=_("Playbook"))


class TickForm(PartForm):
    """Done, skipped or failed, and what there is to say of it."""

    state = forms.ChoiceField(label=_("State"), choices=Tick.State.choices)
    text = _note(_("Note"), required=False)


class ChooseForm(PartForm):
    """Which branch, by its place in the checklist; none leaves a loop."""

    branch = forms.IntegerField(label=_("How it goes on"), min_value=0, max_value=10_000, required=False)
    text = _note(_("Note"), required=False)


class UndoForm(PartForm):
    """Why it is taken back, if there is anything to say."""

    text = _note(_("Note"), required=False)


class StopForm(PartForm):
    """Why it ends before its end."""

    reason = _note(_("Reason"), required=True)


class NothingForm(PartForm):
    """Nothing to fill in."""


class AssignForm(PartForm):
    """To whom a step is given, and until when."""

    assignee = forms.ModelChoiceField(
        label=_("Person"),
        queryset=Person.objects.none(),
        to_field_name="username",
        required=False,
        empty_label=_("nobody in particular"),
    )
    entity = entity_field(required=False, empty=_("our team"))
    due_at = forms.DateTimeField(
        label=_("Due (UTC)"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )

    def __init__(self, *args: Any, view: incidents.View, **kwargs: Any) -> None:
        super().__init__(*args, view=view, **kwargs)
        choose_among(self, "assignee", Person.objects.filter(is_active=True))
