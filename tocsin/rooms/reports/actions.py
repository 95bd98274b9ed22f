"""Take a report along: asked of the gate, kept in the books."""

from __future__ import annotations

from django.db import transaction

from tocsin.platform import audit, gate
from tocsin.platform.export import recipient_of
from tocsin.platform.gate import Action, Decision, Item
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents.models import Incident


@transaction.atomic
def take_along(*, actor: Person, item: Item, incident: Incident) -> Decision:
    """Ask whether the actor may take a report along; both answers are kept."""
    decision = gate.ask(actor, item, recipient_of(actor), Action.REPORT)
    audit.record(actor, "report.take_along", incident, {"allowed": decision.allowed})
    return decision
