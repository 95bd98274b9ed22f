"""What may happen to an incident next, and who lets it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from tocsin.platform.access import Grant, scope_of, verbs_of
from tocsin.rooms.incidents import knowledge
from tocsin.rooms.incidents.models import Incident

WHOLE, PART = "incidents.view", "incidents.part"


def lets(user: Any, incident: Incident, roles: Collection[str], *, handler: bool) -> bool:
    """Tell whether the person holds one of ``roles`` for the whole of an incident they may see.

    A role that sees incidents in full counts where its holder handles the incident, one that sees parts where all
    parts are the holder's own and nothing is sealed.
    """
    if handler and lets_handler(user, roles)[incident.sealed]:
        return True
    grants = [grant for grant in scope_of(user).grants if grant.role in roles and _in_force(grant)]
    places = frozenset().union(*(grant.organisations for grant in grants if PART in grant.verbs))
    if not places or incident.sealed:
        return False
    held = list(incident.entities.values_list("organisation", flat=True))
    return bool(held) and places.issuperset(held)


def lets_handler(user: Any, roles: Collection[str]) -> tuple[bool, bool]:
    """Tell the same of whoever handles an incident, whichever: of one that is not sealed, and of a sealed one."""
    grants = [grant for grant in scope_of(user).grants if grant.role in roles and _in_force(grant)]
    return any(WHOLE in grant.verbs for grant in grants), bool(grants)


def _in_force(grant: Grant) -> bool:
    """Tell whether nothing, such as a narrow token, has taken from a role what it acts by."""
    acts = {"incidents.work", "incidents.answer"} & verbs_of(grant.role)
    return acts <= grant.verbs


def possible(user: Any, incident: Incident, *, handler: bool) -> list[knowledge.Transition]:
    """Give what the person may let happen to an incident now, in the order of the file."""
    found = knowledge.machine().possible(incident.state)
    return [each for each in found if lets(user, incident, each.roles, handler=handler)]
