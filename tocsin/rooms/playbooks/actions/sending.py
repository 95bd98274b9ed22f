"""Give a playbook out as a file, when the gate allows it."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import transaction

from tocsin.platform import audit, gate
from tocsin.platform.access import require
from tocsin.platform.export import recipient_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.playbooks import queries
from tocsin.rooms.playbooks.models import Playbook, PlaybookVersion


@transaction.atomic
def export_file(
    *, actor: Person, playbook: Playbook, version: PlaybookVersion, way: gate.Action = gate.Action.EXPORT
) -> bytes:
    """Give the CACAO file of a version to a person of the house; what the gate says stands in the ledger."""
    require(actor, "incidents.view")
    recipient = recipient_of(actor)
    item = gate.Item(
        type="playbook",
        uuid=playbook.uuid,
        title=version.name,
        tlp=version.tlp,
        organisations=recipient.serves,  # a playbook is the house's: it goes with whoever serves anybody
        naming_agreed=True,
    )
    decision = gate.ask(actor, item, recipient, way)
    if not decision.allowed:
        raise PermissionDenied(decision.reason)
    audit.record(actor, "playbook.export", playbook, {"name": version.name, "version": version.number})
    return queries.file_of(version)
