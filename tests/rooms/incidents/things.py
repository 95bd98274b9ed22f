"""Things that incidents are made of in these tests, and all that hangs on one."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.notices.models import Notice

OF_MERGING = ("state", "merged_into", "merged_from", "merged_summary", "taken_apart")


def fresh(incident: Incident) -> Incident:
    """Give an incident as it stands in the database now."""
    return Incident.objects.get(pk=incident.pk)


def alert_at(organisation: Organisation, key: str) -> Alert:
    now = timezone.now()
    made: Alert = Alert.objects.create(
        key=key, rule_id="r", rule_version="1", title=f"Alert {key}", level=3, organisation=organisation,
        window_start=now, first_seen=now, last_seen=now, techniques=["T1566.001"],
    )  # fmt: skip
    return made


def everything(incident: Incident) -> dict[str, Any]:
    """Give all that hangs on an incident, and its own fields, but for when it was touched and what time adds to."""
    moving = {"updated_at", "next_due_at"}
    own = {k: v for k, v in Incident.objects.filter(pk=incident.pk).values().get().items() if k not in moving}
    return {
        "own": own,
        "parts": list(incident.entities.order_by("pk").values()),
        "alerts": sorted(incident.alerts.values_list("pk", flat=True)),
        "tasks": list(incident.tasks.order_by("pk").values()),
        "hand_offs": list(incident.hand_offs.order_by("pk").values("pk", "state", "to_team", "answered_by", "reason")),
        "sightings": sorted(incident.sightings.values_list("observable", "entity", "audience"), key=str),
        "notices": sorted(Notice.objects.filter(matter=incident.uuid).values_list("pk", flat=True)),
        "children": sorted(incident.children.values_list("pk", flat=True)),
        "merged": sorted(incident.merged_from.values_list("pk", flat=True)),
        "evidence": list(incident.evidence.order_by("pk").values("pk", "entity", "audience")),
        "entries": list(
            incident.timeline.exclude(event__in=OF_MERGING).exclude(event__startswith="deadline")
            .order_by("pk").values("pk", "entity", "audience", "text")
        ),
    }  # fmt: skip
