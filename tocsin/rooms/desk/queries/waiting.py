"""What waits for a person. Each function asks the database once; what it reads is scoped by the rooms below."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from tocsin.platform.access import scope_of
from tocsin.rooms.alerts import queries as alerts
from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.constituency.models import CONFIRM_EVERY, Contact
from tocsin.rooms.desk.queries.figures import BY_RANK
from tocsin.rooms.incidents import queries as incidents
from tocsin.rooms.incidents.models import Incident, IncidentEntity, Task
from tocsin.rooms.intake import queries as intake
from tocsin.rooms.intake.models import Receipt, Source
from tocsin.rooms.notices import queries as notices
from tocsin.rooms.rota import queries as rota

SHOWN = 8
SILENT_AFTER = timedelta(hours=24)
NOISE, NOISY = timedelta(hours=24), 5


@dataclass(frozen=True, slots=True)
class Waiting:
    """The first of what waits, and whether there is more."""

    rows: Sequence[Any] = ()
    more: bool = False

    def __bool__(self) -> bool:
        return bool(self.rows)


def duty(user: Any) -> Waiting:
    """Give the pages that wait, and who is on call now in the person's teams; themselves first."""
    rows = rota.duty_lines(user, SHOWN + 1)
    return Waiting(rows[:SHOWN], len(rows) > SHOWN)


def shift_notes(user: Any) -> Waiting:
    """Give what earlier shifts of the person's teams left and the person has not read."""
    return _first(rota.unread_notes(user))


def alerts_to_triage(user: Any) -> Waiting:
    """Give the head of the queue: open alerts nobody has taken."""
    found = alerts.to_triage(user).filter(assignee=None).order_by(*BY_RANK)
    return _first(found.select_related("organisation"))


def my_alerts(user: Any) -> Waiting:
    """Give the open alerts the person has taken."""
    return _first(alerts.assigned_to(user).select_related("organisation").order_by(*BY_RANK))


def noisy_rules(user: Any) -> Waiting:
    """Give the rules that raised most alerts in the last day, with how many of these were false."""
    return Waiting(list(alerts.noisy_rules(user, timezone.now() - NOISE)[:NOISY]))


def ending_suppressions(user: Any) -> Waiting:
    """Give the suppressions that end soon where the person decides on alerts, the soonest on top."""
    return _first(alerts.ending_suppressions(user))


def questions(user: Any) -> Waiting:
    """Give the alerts about which the person's organisations were asked something, the oldest first."""
    return _first(alerts.questions_to(user).select_related("organisation").order_by("updated_at", "id"))


def notices_to_answer(user: Any) -> Waiting:
    """Give what the person's organisations were told and have not answered for good, the soonest due on top."""
    return _first(notices.own_parts(user).filter(settled=False))


def stuck_notices(user: Any) -> Waiting:
    """Give the organisations that could not be told, have refused, are overdue or wrote what a person must read."""
    return _first(notices.stuck_parts(user))


def my_incidents(user: Any) -> Waiting:
    """Give the open incidents the person owns, and those of which their team owes something now; soonest due first."""
    return _first(incidents.owed_by(user).order_by("next_due_at", "id"))


def my_deadlines(user: Any) -> Waiting:
    """Give what the person or their team answers for and is late or near, the soonest due on top."""
    return _first(incidents.deadlines_of(user))


def late_deadlines(user: Any) -> Waiting:
    """Give the deadlines that were missed and rise to the person, the oldest on top."""
    return _first(incidents.late_deadlines(user))


def hand_offs(user: Any) -> Waiting:
    """Give what was handed to the person's teams and organisations and waits for an answer, the soonest due on top."""
    return _first(incidents.waiting_for(user))


def tasks(user: Any) -> Waiting:
    """Give the open tasks of the person and those of their organisations that nobody has taken."""
    places = scope_of(user).organisations("incidents.answer")
    mine = Q(assignee=user) | Q(assignee=None, entity__organisation__in=places)
    found = Task.objects.filter(mine, state=Task.State.OPEN, incident__in=Incident.objects.visible_to(user))
    return _first(found.select_related("incident").order_by(F("due_at").asc(nulls_last=True), "id"))


def unowned_incidents(user: Any) -> Waiting:
    """Give the open incidents nobody owns."""
    found = incidents.visible(user).filter(open=True, owner=None)
    return _first(found.order_by("-severity", "-updated_at", "-id"))


def own_part_incidents(user: Any) -> Waiting:
    """Give the open incidents that concern the organisations the person is the officer of."""
    places = scope_of(user).organisations("incidents.part")
    here = Exists(IncidentEntity.objects.filter(incident=OuterRef("pk"), organisation__in=places))
    found = incidents.visible(user).filter(here, open=True)
    return _first(found.order_by("-severity", "-updated_at", "-id"))


def risen(user: Any) -> Waiting:
    """Give what has risen to the person because nobody answers for it, the longest standing on top."""
    return _first(incidents.risen_to(user))


def personal_requests(user: Any) -> Waiting:
    """Give the requests to open personal content that the person may answer, the longest waiting on top."""
    return _first(incidents.to_decide(user))


def missing_officers(user: Any) -> Waiting:
    """Give the organisations that must have a security officer and have none."""
    return _first(constituency.missing(user).order_by("code"))


def contacts_to_confirm(user: Any) -> Waiting:
    """Give the contacts of the person's organisations that were not confirmed for three months."""
    since = timezone.now() - CONFIRM_EVERY
    old = Q(confirmed_at=None, created_at__lt=since) | Q(confirmed_at__lt=since) | Q(bounced_at__isnull=False)
    places = scope_of(user).organisations("incidents.answer")
    found = Contact.objects.filter(old, organisation__in=places, webhook="").select_related("organisation")
    return _first(found.order_by(F("confirmed_at").asc(nulls_first=True), "id"))


def rejected_records(user: Any) -> Waiting:
    """Give the newest receipts that hold records nobody could understand."""
    found: QuerySet[Receipt] = intake.receipts(user).filter(rejected__gt=0)
    return _first(found.order_by("-id"))


def silent_sources(user: Any) -> Waiting:
    """Give the sources that have delivered nothing for a day."""
    quiet = Q(last_received_at=None) | Q(last_received_at__lt=timezone.now() - SILENT_AFTER)
    found: QuerySet[Source] = intake.sources(user).filter(quiet, active=True)
    return _first(found.order_by(F("last_received_at").desc(nulls_last=True), "name"))


def _first(found: QuerySet[Any]) -> Waiting:
    rows = list(found[: SHOWN + 1])
    return Waiting(rows[:SHOWN], len(rows) > SHOWN)
