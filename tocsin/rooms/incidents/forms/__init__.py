"""What people fill in about incidents."""

from __future__ import annotations

from tocsin.rooms.incidents.forms.acts import (
    CommentForm,
    EventForm,
    InformForm,
    NothingForm,
    OfferForm,
    OrganisationForm,
    PageForm,
    ReasonForm,
    SealForm,
    TakeForm,
    TaskAnswerForm,
    TaskForm,
)
from tocsin.rooms.incidents.forms.bulk import BulkForm, ClosingForm
from tocsin.rooms.incidents.forms.common import PartForm
from tocsin.rooms.incidents.forms.conversations import AnswerForm, KeyForm, MailForm
from tocsin.rooms.incidents.forms.edits import ChangeForm, CorrectForm, EditForm, PartChangeForm, TaskChangeForm
from tocsin.rooms.incidents.forms.evidence import EvidenceForm, EvidenceHandOverForm
from tocsin.rooms.incidents.forms.hand_offs import (
    HandOffFilterForm,
    HandOverForm,
    RefuseForm,
    RiseFilterForm,
    TakeUpForm,
)
from tocsin.rooms.incidents.forms.lifecycle import (
    CloseForm,
    EventEntryForm,
    FlagForm,
    LinkForm,
    MergeForm,
    ParentForm,
    RejectForm,
    SplitForm,
)
from tocsin.rooms.incidents.forms.lists import BoardForm, FilterForm, OpenForm, TaskFilterForm, TimesForm
from tocsin.rooms.incidents.forms.personal import AskForm, DecideForm, GroundForm, InsiderForm, PersonalForm

__all__ = [
    "AnswerForm",
    "AskForm",
    "BoardForm",
    "BulkForm",
    "ChangeForm",
    "CloseForm",
    "ClosingForm",
    "CommentForm",
    "CorrectForm",
    "DecideForm",
    "EditForm",
    "EventEntryForm",
    "EventForm",
    "EvidenceForm",
    "EvidenceHandOverForm",
    "FilterForm",
    "FlagForm",
    "GroundForm",
    "HandOffFilterForm",
    "HandOverForm",
    "InformForm",
    "InsiderForm",
    "KeyForm",
    "LinkForm",
    "MailForm",
    "MergeForm",
    "NothingForm",
    "OfferForm",
    "OpenForm",
    "OrganisationForm",
    "PageForm",
    "ParentForm",
    "PartChangeForm",
    "PartForm",
    "PersonalForm",
    "ReasonForm",
    "RefuseForm",
    "RejectForm",
    "RiseFilterForm",
    "SealForm",
    "SplitForm",
    "TakeForm",
    "TakeUpForm",
    "TaskAnswerForm",
    "TaskChangeForm",
    "TaskFilterForm",
    "TaskForm",
    "TimesForm",
]
