"""How the lists of this room are written as files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tocsin.platform.export import Sheet
from tocsin.rooms.incidents import queries
from tocsin.rooms.incidents.models import Incident


def _name_organisations(user: Any, incidents: Sequence[Incident]) -> None:
    seen = queries.listed_organisations(user, list(incidents))
    for incident in incidents:
        incident.shown_organisations = seen.get(incident.pk, [])  # type: ignore[attr-defined]  # for the list


INCIDENTS = Sheet(
    name="incidents",
    columns={
        "reference": "reference",
        "title": "title",
        "organisations": "shown_organisations",
        "severity": "severity",
        "state": "state",
        "open": "open",
        "tlp": "tlp",
        "rsit_class": "rsit_class",
        "rsit_type": "rsit_type",
        "owner": "owner.username",
        "team": "owner_team.code",
        "offered_to": "offered_to.code",
        "created_at": "created_at",
        "updated_at": "updated_at",
        "closed_at": "closed_at",
        "uuid": "uuid",
    },
    organisations="entities__organisation__code",
    tlp="tlp",
    sealed="sealed",
    prepare=_name_organisations,
)
