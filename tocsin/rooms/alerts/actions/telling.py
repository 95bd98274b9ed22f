"""Tell those whom alerts concern: a notice with each organisation's own alerts as its facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from tocsin.platform.markings import TLP
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.alerts.actions.errors import NothingToDo
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices.models import Notice

MOST = 5_000
SEVERITY = {0: 1, 1: 1, 2: 2, 3: 3, 4: 4}  # of the worst alert's level


def notice_of(*, actor: Person, alerts: Sequence[Alert]) -> Notice:
    """Write a notice about alerts, for a person to look at and send; what belongs to nobody is left out."""
    if len(alerts) > MOST:
        raise NothingToDo(_("These are more than %s alerts; filter more narrowly.") % f"{MOST:,}")
    if not alerts:
        raise NothingToDo(_("Select at least one alert."))
    if Alert.objects.sealed().filter(pk__in=[alert.pk for alert in alerts]).exists():
        raise NothingToDo(_("Some of these stand in a sealed incident; tell those concerned from there."))
    facts: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for alert in alerts:
        if alert.organisation is not None:
            facts[alert.organisation.code].append(_fact(alert))
    titles = list(dict.fromkeys(alert.title for alert in alerts))
    title = titles[0] if len(titles) == 1 else _("%(title)s and %(number)d more") % {
        "title": titles[0], "number": len(titles) - 1,
    }  # fmt: skip
    worst = max(alert.level for alert in alerts)
    return notices.draft(
        actor=actor, title=title[:200], kind="exposure", severity=SEVERITY[worst], tlp=TLP.AMBER, facts=facts
    )


def _fact(alert: Alert) -> dict[str, Any]:
    return {
        "value": alert.subject or alert.title,
        "sort": alert.subject_kind or "alert",
        "note": alert.title,
        "count": alert.count,
        "first": _time(alert.first_seen),
        "last": _time(alert.last_seen),
    }


def _time(when: datetime) -> str:
    return f"{when.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
