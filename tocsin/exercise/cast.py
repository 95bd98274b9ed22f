"""Who plays: the institutions of a chart take the roles of the story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tocsin.exercise.house import House, build_house
from tocsin.exercise.names import names
from tocsin.exercise.party import ExerciseError, Outside, Party, seeded
from tocsin.exercise.story import script

ROLES_AT_LEAST = 4


def choose(parties: Sequence[Party]) -> list[tuple[Mapping[str, Any], Party]]:
    """Give each role to the first of its wishes that the chart has, or else to the next that can play."""
    free = {party.code: party for party in parties if party.domains and party.home(parties)}
    roles: list[Mapping[str, Any]] = script()["cast"]
    wished = [code for role in roles for code in role["codes"]]
    spare = [code for code in sorted(free) if code not in wished]
    given: dict[str, Party] = {}
    for role in roles:
        code = next((code for code in role["codes"] if code in free), None)
        if code is not None:
            given[role["role"]] = free.pop(code)
    spare += [code for code in sorted(free) if code not in spare]
    for role in roles:
        if role["role"] not in given and spare:
            given[role["role"]] = free.pop(spare.pop(0))
    if len(given) < ROLES_AT_LEAST:
        raise ExerciseError(
            f"the exercise needs at least {ROLES_AT_LEAST} organisations with a domain and an IPv4 prefix "
            f"of /27 or wider; the chart has {len(given)}"
        )
    return [(role, given[role["role"]]) for role in roles if role["role"] in given]


def houses(parties: Sequence[Party], outside: Outside, seed: int) -> list[House]:
    """Furnish the institutions that play, and the outside world they all look at."""
    rng = seeded(seed, "outside")
    public = [outside.network() for _ in range(24)]
    visitors = [str(net[rng.randrange(1, 255)]) for net in public for _ in range(16)]
    web = [outside.network() for _ in range(4)]
    sites = [(name, str(web[row % 4][10 + row])) for row, name in enumerate(names()["sites"])]
    return [
        build_house(party, net, role=role["role"], logs=role["logs"], seed=seed, visitors=visitors, sites=sites)
        for role, party in choose(parties)
        if (net := party.home(parties)) is not None
    ]
