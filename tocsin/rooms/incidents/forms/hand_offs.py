"""What people fill in about hand-offs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tocsin.platform.look.forms import choose_from, offer_given
from tocsin.platform.markings import TLP, strictest
from tocsin.rooms.incidents import queries
from tocsin.rooms.incidents.forms.common import prose
from tocsin.rooms.incidents.knowledge import routes
from tocsin.rooms.incidents.models import HandOff, IncidentEntity, Rise

Choices = Sequence[tuple[str, str]]


class HandOffFilterForm(forms.Form):
    """The filters of the lists of hand-offs."""

    state = forms.ChoiceField(label=_("State"), required=False, choices=[("", _("any")), *HandOff.State.choices])
    route = forms.ChoiceField(label=_("What"), required=False)
    team = forms.ChoiceField(label=_("To team"), required=False, choices=[("", _("any"))])
    late = forms.BooleanField(
        label=_("Overdue only"), required=False, widget=forms.CheckboxInput(attrs={"value": "yes"})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = [("", _("anything")), *((each.id, f"{each.id} {each.name}") for each in routes.routes())]
        choose_from(self, "route", known)
        offer_given(self, "team")


class RiseFilterForm(forms.Form):
    """The filters of the list of what has risen."""

    reason = forms.ChoiceField(label=_("Why"), required=False, choices=[("", _("any")), *Rise.Reason.choices])
    settled = forms.ChoiceField(label=_("Taken"), required=False, choices=[("", _("not yet")), ("yes", _("settled"))])


class HandOverForm(forms.Form):
    """What of an incident goes a way that was chosen: nothing is ticked that one does not see."""

    summary = forms.BooleanField(label=_("Summary"), required=False, initial=True)
    observables = forms.MultipleChoiceField(
        label=_("Observables"), required=False, widget=forms.CheckboxSelectMultiple()
    )
    tasks = forms.MultipleChoiceField(label=_("Tasks"), required=False, widget=forms.CheckboxSelectMultiple())
    alerts = forms.MultipleChoiceField(label=_("Alerts"), required=False, widget=forms.CheckboxSelectMultiple())
    tlp = forms.ChoiceField(
        label=_("Marking"), help_text=_("As strict as the strictest of what it holds; it may be stricter.")
    )
    text = prose(_("Note"), 3, required=False)

    def __init__(
        self, *args: Any, view: queries.View, way: queries.Way, part: IncidentEntity | None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        needed = strictest([view.incident.tlp])
        choose_from(self, "tlp", [(one, one.label) for one in TLP if one.rank >= needed.rank])
        self.fields["tlp"].initial = needed
        offered: dict[str, Choices] = {
            "observables": _observables(view, part) if "observables" in way.route.holds else (),
            "tasks": _tasks(view, part) if "tasks" in way.route.holds else (),
            "alerts": _alerts(view, part) if "alerts" in way.route.holds else (),
        }
        for name, choices in offered.items():
            if choices:
                choose_from(self, name, choices)
            else:
                del self.fields[name]
        if "summary" not in way.route.holds or not queries.summary_for(view, part):
            del self.fields["summary"]


def _observables(view: queries.View, part: IncidentEntity | None) -> Choices:
    return [(str(one.uuid), f"{one.get_kind_display()} {one.shown}") for one in queries.observables_for(view, part)]


def _tasks(view: queries.View, part: IncidentEntity | None) -> Choices:
    return [(str(one.uuid), one.title) for one in queries.tasks_for(view, part)]


def _alerts(view: queries.View, part: IncidentEntity | None) -> Choices:
    return [
        (str(one.uuid), f"{one.title} ({one.subject})" if one.subject else one.title)
        for one in queries.alerts_for(view, part)
    ]


class RefuseForm(forms.Form):
    """Why something handed over is refused."""

    reason = forms.CharField(label=_("Reason"), max_length=500)


class TakeUpForm(forms.Form):
    """What happens now with something that had risen."""

    text = forms.CharField(label=_("What happens now"), max_length=500, required=False)
