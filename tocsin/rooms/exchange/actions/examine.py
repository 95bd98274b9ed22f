"""Look at the desks for `tocsin doctor`: nothing is changed, nobody is asked."""

from __future__ import annotations

from collections.abc import Iterator

from tocsin.config import Config
from tocsin.platform.doctor import Finding, warning, well
from tocsin.rooms.exchange.models import ForeignDesk, Ticket


def examine_desks(_settings: Config) -> Iterator[Finding]:
    """Look whether the ticket systems of organisations can be mirrored with, and whether tickets rest."""
    failing = ForeignDesk.objects.filter(active=True, failing_since__isnull=False).select_related("organisation")
    for desk in failing.order_by("organisation__code"):
        text = f"{desk.organisation.code} fails since {desk.failing_since:%Y-%m-%d %H:%M}Z: {desk.trouble}"
        yield warning("desks", text, "Exchange, Desks of others, Try it; nothing is lost, it is tried again")
    going = Ticket.objects.filter(state__in=Ticket.GOING, incident__sealed=False)
    troubled = going.filter(failures__gt=0, desk__failing_since=None, desk__active=True).count()
    if troubled:
        yield warning(
            "desks", f"{troubled} tickets cannot be mirrored", "the tab Elsewhere of their incidents says why"
        )
    resting = Ticket.objects.filter(state=Ticket.State.RESTING, incident__sealed=False).count()
    if resting:
        yield warning("desks", f"{resting} tickets rest", "look for a loop there, then Mirror now on their incidents")
    yield well("desks", f"{ForeignDesk.objects.filter(active=True).count()} ticket systems mirrored with")
