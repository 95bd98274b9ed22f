"""What people fill in when an incident ends, is merged, split or tied to others, and when they write its history."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tocsin.rooms.incidents import knowledge, queries
from tocsin.rooms.incidents.forms.common import PartForm, entity_field, moment, prose, technique_field
from tocsin.rooms.incidents.models import Audience, Degree, Disposition, TimelineEntry

EVENTS = [(kind, kind.label) for kind in (TimelineEntry.Kind.ATTACK, TimelineEntry.Kind.RESPONSE)]


def reference(label: Any, *, required: bool = True) -> forms.CharField:
    """Make a field for another incident, by its reference; the page offers those that are likely."""
    attrs = {"list": "incidents-likely", "autocomplete": "off", "placeholder": "INC-26-…", "class": "mono"}
    return forms.CharField(label=label, max_length=16, required=required, widget=forms.TextInput(attrs=attrs))


def degree(label: Any) -> forms.ChoiceField:
    """Make the choice of how badly something was hurt; nothing is chosen beforehand."""
    return forms.ChoiceField(label=label, choices=[("", "—"), *Degree.choices])


class CloseForm(PartForm):
    """Why it could happen, what it did, what is learnt."""

    cause = prose(_("Cause"), 2)
    confidentiality = degree(_("Confidentiality"))
    integrity = degree(_("Integrity"))
    availability = degree(_("Availability"))
    impact = prose(_("Impact"), 2)
    lesson = prose(_("Lesson, or “none, because …”"), 2)
    anyway = forms.BooleanField(label=_("Close although this is open"), required=False)


class RejectForm(PartForm):
    """Why what was reported is no incident."""

    disposition = forms.ChoiceField(label=_("Why"), choices=[("", "—"), *Disposition.choices])
    near_miss = forms.BooleanField(
        label=_("A near miss: it could have happened and was only just prevented"), required=False
    )
    text = prose(_("Explanation"), 2, required=False)


class FlagForm(PartForm):
    """One flag, what it was when the form was shown, what it becomes, and why."""

    flag = forms.CharField(max_length=30, widget=forms.HiddenInput())
    shown = forms.CharField(max_length=20, required=False, widget=forms.HiddenInput())
    value = forms.CharField(max_length=20)
    text = forms.CharField(label=_("Why"), max_length=500, required=False)

    def every(self) -> list[tuple[knowledge.Flag, str, Sequence[tuple[str, Any]]]]:
        """Give each flag with what it is and what it can become."""
        return [(flag, flag.of(self.view.incident), flag.choices()) for flag in knowledge.flags().values()]


class MergeForm(PartForm):
    """Into which incident, why, and the plan that was looked at."""

    into = reference(_("Merge into"))
    reason = forms.CharField(label=_("Why"), max_length=500, required=False)
    seen = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput())


class ParentForm(PartForm):
    """The incident it is a part of; empty for none."""

    parent = reference(_("Part of"), required=False)


class LinkForm(PartForm):
    """An incident that has to do with this one, and why."""

    other = reference(_("Incident"))
    reason = forms.CharField(label=_("Why"), max_length=500)


class EventEntryForm(PartForm):
    """Something that the attacker did, or that was done about it, and when."""

    kind = forms.ChoiceField(label=_("Whose"), choices=EVENTS)
    time = moment(_("When it happened (UTC)"), required=True, step=1)
    text = prose(_("What happened"), 2)
    technique = technique_field()
    entity = entity_field(required=False, empty=_("none in particular"))
    audience = forms.ChoiceField(label=_("For"), choices=Audience.choices, required=False)


class SplitForm(PartForm):
    """The title of the new incident, and what goes to it."""

    title = forms.CharField(label=_("Title of the new incident"), max_length=200)
    reason = forms.CharField(label=_("Why"), max_length=500, required=False)
    parts = forms.MultipleChoiceField(label=_("Organisations, with all that is theirs"), required=False)
    alerts = forms.MultipleChoiceField(label=_("Alerts"), required=False)
    tasks = forms.MultipleChoiceField(label=_("Tasks"), required=False)
    entries = forms.MultipleChoiceField(label=_("Timeline entries"), required=False)

    def __init__(self, *args: Any, view: queries.View, **kwargs: Any) -> None:
        super().__init__(*args, view=view, **kwargs)
        self.things = queries.divisible(view)
        named: dict[str, list[tuple[str, str]]] = {
            "parts": [(str(part.uuid), str(part.organisation)) for part in self.things.parts],
            "alerts": [(str(alert.uuid), alert.title) for alert in self.things.alerts],
            "tasks": [(str(task.uuid), task.title) for task in self.things.tasks],
            "entries": [
                (str(entry.uuid), f"{entry.time:%Y-%m-%d %H:%M}Z {knowledge.said(entry)}"[:160])
                for entry in self.things.entries
            ],
        }
        for name, choices in named.items():
            if not choices:
                del self.fields[name]
                continue
            field: Any = self.fields[name]
            field.choices, field.widget = choices, forms.CheckboxSelectMultiple(choices=choices)

    def chosen(self) -> dict[str, list[Any]]:
        """Give what was chosen, kind by kind."""
        wanted = {name: set(self.cleaned_data.get(name, ())) for name in ("parts", "alerts", "tasks", "entries")}
        return {
            name: [each for each in getattr(self.things, name) if str(each.uuid) in ids] for name, ids in wanted.items()
        }
