"""Reads of the room; whoever asks has found out already that the artefact may be seen."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from datetime import UTC
from uuid import UUID

from django.db.models import Model, QuerySet

from tocsin.platform.models import AuditEntry
from tocsin.rooms.artefacts.models import Artefact, CustodyEntry

AUDITED = "artefact."  # how the verbs begin under which the trail knows custody


def custody_of(artefact: Artefact) -> QuerySet[CustodyEntry]:
    """Give the custody log, oldest first."""
    return artefact.custody.select_related("person")


def link(previous: str, entry: CustodyEntry) -> str:
    """Give the chain value of ``entry`` after ``previous``; it also covers what the artefact is."""
    artefact, person = entry.artefact, entry.person
    when = entry.time.astimezone(UTC).isoformat(timespec="microseconds")
    what = (str(artefact.uuid), artefact.digest, artefact.size, artefact.name)
    did = (entry.number, entry.act, str(person.uuid) if person else "", when, entry.recipient, entry.reason)
    return hashlib.sha256(json.dumps([previous, *what, *did]).encode()).hexdigest()


def custody_is_whole(artefact: Artefact, about: Model) -> bool:
    """Tell whether the custody log is as it was written, by its own chain and by what the audit trail has of it.

    ``about`` is what the trail's entries are about: the matter that the artefact belongs to.
    """
    chain, chains = "", {}
    for number, entry in enumerate(custody_of(artefact).select_related("artefact"), start=1):
        chain = link(chain, entry)
        if entry.number != number or entry.chain != chain:
            return False
        chains[number] = chain
    trail = AuditEntry.objects.filter(object_uuid=getattr(about, "uuid", None), verb__startswith=AUDITED)
    kept = [entry.details for entry in trail.only("details") if entry.details]
    mine = [details for details in kept if details.get("artefact") == str(artefact.uuid)]
    return all(chains.get(details["number"]) == details["chain"] for details in mine)


def kept(uuids: Collection[UUID]) -> Collection[UUID]:
    """Give those of some files that a row knows and that are not destroyed."""
    return frozenset(Artefact.objects.filter(uuid__in=uuids, destroyed_at=None).values_list("uuid", flat=True))
