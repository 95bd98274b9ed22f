"""What the room shows on the pages of a team and of a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tocsin.platform.access import scope_of
from tocsin.rooms.rota import queries
from tocsin.rooms.rota.models import PAGE


def team_panel(user: Any, team: Any) -> Mapping[str, Any]:
    """Show who is on call in a team now."""
    scope = scope_of(user)
    return {
        "team": team,
        "shifts": list(queries.on_call().filter(team=team)),
        "own": team.pk in scope.teams() or scope.allows("constituency.manage", team.organisation_id),
        "may_page": scope.allows(PAGE),
        "may_second": scope.allows("constituency.manage", team.organisation_id),
    }


def person_panel(_user: Any, person: Any) -> Mapping[str, Any] | None:
    """Show for whom a person stands in, and in which other team they serve."""
    held = [*queries.secondments_of(person), *queries.deputations_of(person)]
    return {"held": held} if held else None
