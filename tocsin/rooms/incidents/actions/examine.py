"""Look at the service levels for `tocsin doctor`: nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tocsin.config import Config
from tocsin.platform.doctor import Finding, ill, warning, well
from tocsin.platform.documents import BrokenFile
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents.knowledge.levels import SHIPPED, load


def examine_levels(settings: Config) -> Iterator[Finding]:
    """Look whether the service levels can be read, and whether the organisations they name are there."""
    own = settings.tocsin_levels
    try:
        found = load(SHIPPED, Path(own)) if own else load(SHIPPED)
    except BrokenFile as error:
        yield ill("levels", str(error), "mend the file that TOCSIN_LEVELS names, then start again")
        return
    named = {code for policy, _ in found.policies for code in policy.organisations}
    unknown = named - set(Organisation.objects.filter(code__in=named).values_list("code", flat=True))
    for code in sorted(unknown):
        yield warning("levels", f"there is no organisation '{code}'", "mend the policy, or load the chart that has it")
    yield well("levels", ", ".join(f"{policy.id} ({version})" for policy, version in found.policies))
