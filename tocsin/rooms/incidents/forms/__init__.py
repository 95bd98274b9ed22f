"""What people fill in about incidents."""

from __future__ import annotations

from tocsin.rooms.incidents.forms.acts import (
    ChangeForm,
    CloseForm,
    CommentForm,
    EventForm,
    InformForm,
    NothingForm,
    OfferForm,
    OrganisationForm,
    ReasonForm,
    SealForm,
    TaskAnswerForm,
    TaskForm,
)
from tocsin.rooms.incidents.forms.common import PartForm
from tocsin.rooms.incidents.forms.lists import FilterForm, OpenForm

__all__ = [
    "ChangeForm",
    "CloseForm",
    "CommentForm",
    "EventForm",
    "FilterForm",
    "InformForm",
    "NothingForm",
    "OfferForm",
    "OpenForm",
    "OrganisationForm",
    "PartForm",
    "ReasonForm",
    "SealForm",
    "TaskAnswerForm",
    "TaskForm",
]
