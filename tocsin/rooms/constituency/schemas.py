"""How the lists of this room are written as files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tocsin.platform.export import Sheet


def _name_officers(_user: Any, organisations: Sequence[Any]) -> None:
    for organisation in organisations:
        people = [str(held.person) for held in organisation.officers]
        organisation.officer_names = ", ".join(people or [desk.name for desk in organisation.officer_desks])


ORGANISATIONS = Sheet(
    name="organisations",
    columns={
        "code": "code",
        "name": "name",
        "name_fr": "name_fr",
        "kind": "kind",
        "place": "place",
        "country": "country",
        "language": "language",
        "officers": "officer_names",
        "ranges_and_names": "held",
        "updated_at": "updated_at",
    },
    organisations="code",
    prepare=_name_officers,
)
