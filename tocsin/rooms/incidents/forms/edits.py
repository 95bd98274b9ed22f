"""Forms that several people may have open at once: they carry what they have shown, so nothing is undone unseen."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from tocsin.platform.markings import TLP
from tocsin.rooms.incidents import queries
from tocsin.rooms.incidents.actions import Clash
from tocsin.rooms.incidents.forms.common import PartForm, class_choices, moment, prose, technique_field, type_choices
from tocsin.rooms.incidents.models import IncidentEntity, Severity, TimelineEntry

THEIRS, MINE = "theirs", "mine"
UNDECIDED = object()  # equals nothing that can stand in a field


class EditForm(PartForm):
    """Base of these forms. Of a field in `clash`, ``keep-<field>`` says whose value stays."""

    clash = forms.CharField(required=False, widget=forms.HiddenInput())

    def __init__(self, *args: Any, view: queries.View, **kwargs: Any) -> None:
        super().__init__(*args, view=view, **kwargs)
        for name, field in self.fields.items():
            field.show_hidden_initial = name != "clash"  # so that only what this person changed is written

    def changes(self) -> dict[str, Any]:
        """Give what was changed on the form since it was shown, without what is left as somebody else wrote it."""
        return {
            name: self.cleaned_data[name]
            for name in self.changed_data
            if name != "clash" and self._decision(name) != THEIRS
        }

    def shown(self) -> dict[str, Any]:
        """Give what the form had shown of the fields that were changed."""
        return {name: self._shown(name) for name in self.changes()}

    def _shown(self, name: str) -> Any:
        if name in self.cleaned_data["clash"].split() and self._decision(name) != MINE:
            return UNDECIDED
        field = self.fields[name]
        try:
            return field.clean(self.data.get(self.add_initial_prefix(name), ""))
        except ValidationError:
            return field.to_python("") if not field.required else UNDECIDED

    def _decision(self, name: str) -> str:
        return str(self.data.get(f"keep-{name}", ""))

    def again(self, clashes: Iterable[Clash]) -> EditForm:
        """Give the form once more with all that was typed, now beside what others wrote."""
        data: Any = cast("QueryDict", self.data).copy()
        told = list(clashes)
        for clash in told:
            field = self.fields[clash.field]
            data[self.add_initial_prefix(clash.field)] = self._as_sent(field, clash.theirs)
            data.pop(f"keep-{clash.field}", None)
        data["clash"] = " ".join(clash.field for clash in told)
        return type(self)(data, view=self.view, initial=self.initial)

    def _as_sent(self, field: forms.Field, value: Any) -> str:
        return str(field.widget.format_value(field.prepare_value(value)) or "") if _is_moment(field) else str(
            "" if value is None else value
        )  # fmt: skip

    def told(self, clashes: Iterable[Clash]) -> Iterator[tuple[Any, Clash | None, Any]]:
        """Give each field to be shown with its clash, if there is one, and with what the other wrote, in words."""
        by_field: Mapping[str, Clash] = {clash.field: clash for clash in clashes}
        for bound in self.visible_fields():
            clash = by_field.get(bound.name)
            if clash is not None:  # its label names the choice between the two
                bound.field.widget.attrs["aria-label"] = bound.label
            yield bound, clash, self._in_words(bound.field, clash.theirs) if clash else ""

    def _in_words(self, field: forms.Field, value: Any) -> Any:
        choices: Any = getattr(field, "choices", None)
        if choices is None:
            return value
        flat = [pair for pair in choices if not isinstance(pair[1], list)]
        flat += [pair for _group, pairs in choices if isinstance(pairs, list) for pair in pairs]
        return dict(flat).get(value, value)


def _is_moment(field: forms.Field) -> bool:
    return isinstance(field, forms.DateTimeField)


class ChangeForm(EditForm):
    """What is known of an incident."""

    title = forms.CharField(label=_("Title"), max_length=200)
    summary = prose(_("Summary"), 4, required=False)
    severity = forms.TypedChoiceField(label=_("Severity"), choices=Severity.choices, coerce=int)
    tlp = forms.ChoiceField(label=_("Marking"), choices=TLP.choices)
    rsit_class = forms.ChoiceField(label=_("Class"), choices=class_choices, required=False)
    rsit_type = forms.ChoiceField(label=_("Type"), choices=type_choices, required=False)


class PartChangeForm(EditForm):
    """What is known of one organisation's part."""

    summary = prose(_("What concerns it"), 4, required=False)
    role = forms.ChoiceField(label=_("Its part in it"), choices=IncidentEntity.Role.choices)
    aware_at = moment(_("Aware since (UTC)"), required=True)


class TaskChangeForm(EditForm):
    """What is to be done, and until when."""

    title = forms.CharField(label=_("What is to be done"), max_length=200)
    due_at = moment(_("Due (UTC)"), required=False)


class CorrectForm(PartForm):
    """What one wrote oneself, put right. A comment has no time and no technique of its own."""

    time = moment(_("When it happened (UTC)"), required=True, step=1)
    text = prose(_("What happened"), 4)
    technique = technique_field()

    def __init__(self, *args: Any, view: queries.View, entry: TimelineEntry, **kwargs: Any) -> None:
        super().__init__(*args, view=view, **kwargs)
        if entry.kind == TimelineEntry.Kind.COMMENT:
            del self.fields["time"], self.fields["technique"]
            self.fields["text"].label = _("Comment")
