"""Imports, their files, and what is in them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from tocsin import config
from tocsin.platform.access import scope_of
from tocsin.rooms.exchange import knowledge
from tocsin.rooms.exchange.models import Import, Mapping, Origin, Staged
from tocsin.rooms.exchange.querysets import EXPORT, IMPORT
from tocsin.rooms.incidents.models import Incident


def may_import(user: Any) -> bool:
    """Tell whether the person may bring incidents in."""
    return scope_of(user).allows(IMPORT)


def may_export(user: Any) -> bool:
    """Tell whether the person may take along all they see."""
    return scope_of(user).allows(EXPORT)


def imports(user: Any) -> QuerySet[Import]:
    """Give the person's imports."""
    found: QuerySet[Import] = Import.objects.visible_to(user)
    return found


def import_or_404(user: Any, uuid: UUID) -> Import:
    """Give one of the person's imports."""
    return get_object_or_404(imports(user).select_related("team"), uuid=uuid)


def mappings(user: Any) -> QuerySet[Mapping]:
    """Give the mappings of columns that were kept."""
    found: QuerySet[Mapping] = Mapping.objects.visible_to(user)
    return found


def folder(load: Import) -> Path:
    """Give where the files of an import lie until it is brought in or thrown away."""
    return config.load().home / "imports" / str(load.uuid)


def files(load: Import) -> Sequence[Path]:
    """Give the files of an import in their order."""
    return sorted(folder(load).iterdir())


def peer_of(load: Import) -> knowledge.Peer:
    """Give how an import is read."""
    peer = knowledge.peers()[load.peer]
    return (
        knowledge.peer_of_columns(load.columns, load.day_first) if peer.format == "csv" and not peer.records else peer
    )


def already_here(source: str, identities: Collection[str], *, own: bool) -> frozenset[str]:
    """Give which numbers of a source are incidents here already; of our ``own`` exports, by the incident's id too."""
    here = set(Origin.objects.filter(source=source, identity__in=identities).values_list("identity", flat=True))
    if own:
        ids = [uuid for each in identities if (uuid := _uuid(each)) is not None]
        here |= {str(uuid) for uuid in Incident.objects.filter(uuid__in=ids).values_list("uuid", flat=True)}
    return frozenset(here)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def rejected(load: Import) -> QuerySet[Staged]:
    """Give what was rejected, and what was here already, in the order of the file."""
    fates = [Staged.Fate.REJECTED, Staged.Fate.DUPLICATE]
    return Staged.objects.filter(load=load, fate__in=fates).order_by("id")


def origin_of(incident: Incident) -> Origin | None:
    """Give where an incident came from."""
    return Origin.objects.filter(incident=incident).select_related("load__created_by").first()
