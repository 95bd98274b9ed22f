"""What people fill in about evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from tocsin import config
from tocsin.platform.markings import TLP
from tocsin.rooms.incidents import queries
from tocsin.rooms.incidents.forms.common import PartForm, entity_field, prose
from tocsin.rooms.incidents.models import Audience


class ManyFiles(forms.ClearableFileInput):
    """A choice of several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files; one without content is evidence as well."""

    widget = ManyFiles

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_empty_file=True, **kwargs)

    def clean(self, data: Any, initial: Any = None) -> Sequence[Any]:
        """Give all of them."""
        given = data if isinstance(data, list | tuple) else [data]
        return [super(FilesField, self).clean(each, initial) for each in given or [None]]


class EvidenceForm(PartForm):
    """Files and what is known of them, the same of all."""

    file = FilesField(label=_("Files"))
    title = forms.CharField(
        label=_("Title"), max_length=200, required=False, help_text=_("Left empty, it is called as its file is.")
    )
    description = prose(_("Description"), 2, required=False)
    entity = entity_field(required=False, empty=_("none in particular"))
    audience = forms.ChoiceField(label=_("For"), choices=Audience.choices, required=False)
    tlp = forms.ChoiceField(label=_("Marking"), choices=TLP.choices)
    collected_at = forms.DateTimeField(
        label=_("Collected (UTC)"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    collected_by = forms.CharField(label=_("Collected by"), max_length=200, required=False)
    source = forms.CharField(
        label=_("Taken from"), max_length=200, required=False, help_text=_("The system, disk or mailbox it is from.")
    )
    searchable = forms.BooleanField(
        label=_("The text in it may be searched"),
        required=False,
        help_text=_("Texts, mails and the files in ZIP archives. What they name is noted, for the same readers."),
    )

    def __init__(self, *args: Any, view: queries.View, **kwargs: Any) -> None:
        super().__init__(*args, view=view, **kwargs)
        self.fields["tlp"].initial = view.incident.tlp
        limit = config.load().upload_limit
        too_large = _("That is too large: %(limit)s MiB may be sent at once.") % {"limit": limit >> 20}
        self.fields["file"].widget.attrs |= {"data-limit": limit, "data-too-large": too_large}
        if not view.handler:
            self.keep_to_own_part()

    def said(self) -> dict[str, Any]:
        """Give what is said of the files."""
        said = {name: value for name, value in self.cleaned_data.items() if name != "file"}
        audience = said.get("audience") or (Audience.ENTITY if said["entity"] else Audience.TEAM)
        return {**said, "audience": audience}


class EvidenceHandOverForm(PartForm):
    """To whom, and why."""

    recipient = forms.CharField(label=_("Handed to"), max_length=200)
    reason = forms.CharField(label=_("Reason"), max_length=500)
