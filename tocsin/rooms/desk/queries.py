"""What waits for a person. Each function asks the database once; what it reads is scoped by the rooms below."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, Model, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.functional import Promise

from tocsin.platform.access import scope_of
from tocsin.platform.lists import COUNT_LIMIT, shown_count
from tocsin.platform.models import AuditEntry, AuditHead, GateEntry, OutboxMessage
from tocsin.rooms.alerts import queries as alerts
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.constituency.models import CONFIRM_EVERY, Asset, Contact, Membership, Organisation
from tocsin.rooms.incidents import queries as incidents
from tocsin.rooms.incidents.models import Incident, IncidentEntity, Severity, Task
from tocsin.rooms.intake import queries as intake
from tocsin.rooms.intake.models import Receipt, Source
from tocsin.rooms.notices import queries as notices
from tocsin.rooms.notices.models import Letter, Notice, Part
from tocsin.rooms.rota import queries as rota
from tocsin.rooms.rota.models import Page
from tocsin.rooms.rules.models import Level

BY_RANK = ("-rank", "-id")  # most serious first, then newest: the order the queue is indexed by
SHOWN = 8
SILENT_AFTER = timedelta(hours=24)
PLACED: tuple[Any, ...] = (Organisation, Membership, Contact, Asset)  # what belongs to a place
UNCOUNTED = "…"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that leads to the list it counts."""

    shown: str
    label: str | Promise
    query: str
    mark: str = ""

    @property
    def zero(self) -> bool:
        """Tell whether nothing is there."""
        return self.shown == "0"


@dataclass(frozen=True, slots=True)
class Waiting:
    """The first of what waits, and whether there is more."""

    rows: Sequence[Any] = ()
    more: bool = False

    def __bool__(self) -> bool:
        return bool(self.rows)


def alert_levels(user: Any) -> Sequence[Figure]:
    """Count the open alerts by level, the most serious first; it stops looking after 10,000."""
    found = Alert.objects.visible_to(user).filter(open=True).order_by(*BY_RANK)
    levels = [Level(value) for value in sorted(Level.values, reverse=True)]
    counts = found[: COUNT_LIMIT + 1].aggregate(**{f"n{v}": Count("pk", filter=Q(level=v)) for v in levels})
    shown = _shown_in_order([counts[f"n{level}"] for level in levels])
    return [
        Figure(text, level.label, f"state=open&level={level.value}", f"level level-{level.value}")
        for level, text in zip(levels, shown, strict=True)
    ]


def incident_severities(user: Any) -> Sequence[Figure]:
    """Count the open incidents by severity, the worst first."""
    found = Incident.objects.visible_to(user).filter(open=True).order_by("-severity", "-updated_at", "-id")
    severities = [Severity(value) for value in sorted(Severity.values, reverse=True)]
    asked = {f"n{v}": Count("pk", filter=Q(severity=v)) for v in severities}
    counts = found[: COUNT_LIMIT + 1].aggregate(**asked)
    shown = _shown_in_order([counts[f"n{severity}"] for severity in severities])
    return [
        Figure(text, severity.label, f"state=open&severity={severity.value}", f"severity severity-{severity.value}")
        for severity, text in zip(severities, shown, strict=True)
    ]


def duty(user: Any) -> Waiting:
    """Give the pages that wait, and who is on call now in the person's teams; themselves first."""
    rows = rota.duty_lines(user, SHOWN + 1)
    return Waiting(rows[:SHOWN], len(rows) > SHOWN)


def alerts_to_triage(user: Any) -> Waiting:
    """Give the head of the queue: open alerts nobody has taken."""
    found = alerts.to_triage(user).filter(assignee=None).order_by(*BY_RANK)
    return _first(found.select_related("organisation"))


def my_alerts(user: Any) -> Waiting:
    """Give the open alerts the person has taken."""
    return _first(alerts.assigned_to(user).select_related("organisation").order_by(*BY_RANK))


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


def constituency_figures(user: Any) -> Sequence[Figure]:
    """Count the organisations served, by kind."""
    found = Organisation.objects.visible_to(user).filter(active=True)
    kinds = found.order_by().values_list("kind").annotate(number=Count("pk"))
    counts = dict(kinds)
    return [
        Figure(shown_count(counts[kind]), label, f"kind={kind}")
        for kind, label in Organisation.Kind.choices
        if kind in counts
    ]


def _first(found: QuerySet[Any]) -> Waiting:
    rows = list(found[: SHOWN + 1])
    return Waiting(rows[:SHOWN], len(rows) > SHOWN)


def _shown_in_order(counts: Iterable[int]) -> list[str]:
    """Write counts of a list that was read from its head to the limit: what lies beyond it was not counted."""
    left, shown = COUNT_LIMIT, []
    for number in counts:
        if left < 0:
            shown.append(UNCOUNTED)
            continue
        left -= number
        shown.append(shown_count(number + min(left, 0)) + ("+" if left < 0 else ""))
    return shown


def _visible_item(user: Any, item: str) -> Exists:
    return Exists(Incident.objects.visible_to(user).filter(uuid=OuterRef(item)))


def _told(user: Any, before: str = "") -> Q:
    """Give the condition for answers of the gate about what a person may know of: not what another's part was told."""
    item, reach = f"{before}item_uuid", scope_of(user).organisations("incidents.view", "incidents.part")
    others = IncidentEntity.objects.filter(
        incident__uuid=OuterRef(item), organisation__code=OuterRef(f"{before}recipient_organisation")
    ).exclude(organisation__in=reach)
    whole = Exists(Incident.objects.in_charge(user).filter(uuid=OuterRef(item)))
    notice = Exists(Part.objects.visible_to(user).filter(uuid=OuterRef(item)))
    page = Exists(Page.objects.visible_to(user).filter(uuid=OuterRef(item)))
    office = Exists(Membership.objects.visible_to(user, "gate.view").filter(uuid=OuterRef(item)))
    # What went to nobody of the constituency may be about any part: it is for whoever sees them all.
    unseen = IncidentEntity.objects.filter(incident__uuid=OuterRef(item)).exclude(organisation__in=reach)
    somebodys = ~Q(**{f"{before}recipient_organisation": ""})
    told = somebodys & Q(~Exists(others)) | Q(~Exists(unseen)) | Q(whole)
    return Q(_visible_item(user, item)) & told | Q(notice) | Q(page) | Q(office)


def ledger(user: Any, *, answer: str = "") -> QuerySet[GateEntry]:
    """Give what left and what was refused, of the things the person may know of; ``answer`` is yes, no or empty."""
    taken = Q(item_uuid=None)  # lists taken along as files: one's own, from the top of a tree everybody's
    if not constituency.reaches_top(user, "gate.view"):
        taken &= Q(actor=user.uuid)
    found = GateEntry.objects.filter(_told(user) | taken).select_related("message")
    return found.filter(allowed=answer == "yes") if answer in {"yes", "no"} else found


def unsettled_mail(user: Any) -> Sequence[OutboxMessage]:
    """Give the mail that a person must look at, the newest first."""
    states = (OutboxMessage.State.UNCERTAIN, OutboxMessage.State.FAILED)
    found = OutboxMessage.objects.filter(_told(user, "decision__"), state__in=states)
    return list(found.order_by("-id")[:SHOWN])


def message_or_404(user: Any, uuid: UUID) -> OutboxMessage:
    """Give one message about something the person may know of."""
    found = OutboxMessage.objects.filter(_told(user, "decision__"), uuid=uuid).first()
    if found is None:
        raise Http404("message")
    return found


def trail(user: Any, *, verb: str = "", actor: str = "") -> QuerySet[AuditEntry]:
    """Give what was done, as far as a person may know what it was done to; from the top of a tree on also the rest."""
    about: dict[type[Model], Exists] = {
        Incident: _visible_item(user, "object_uuid"),
        Notice: Exists(Notice.objects.wholly_visible_to(user).filter(uuid=OuterRef("object_uuid"))),
        Page: Exists(Page.objects.visible_to(user).filter(uuid=OuterRef("object_uuid"))),
        Letter: Exists(notices.letters_of(user).filter(uuid=OuterRef("object_uuid"))),
        Alert: Exists(Alert.objects.visible_to(user).filter(uuid=OuterRef("object_uuid"))),
        OutboxMessage: Exists(OutboxMessage.objects.filter(_told(user, "decision__"), uuid=OuterRef("object_uuid"))),
    }
    known = ~Q(object_type__in=[_label(model) for model in about])
    if not constituency.reaches_top(user, "audit.view"):
        known &= Q(actor=user.uuid)  # the rest may be anybody's
        for model in PLACED:
            mine = model.objects.visible_to(user, "audit.view").filter(uuid=OuterRef("object_uuid"))
            about[model] = Exists(mine)
    for model, condition in about.items():
        known |= Q(object_type=_label(model)) & Q(condition)
    found = AuditEntry.objects.filter(known)
    found = found.filter(verb__startswith=verb) if verb else found
    return found.filter(actor_name__icontains=actor) if actor else found


def _label(model: type[Model]) -> str:
    return model._meta.label_lower  # noqa: SLF001  # Django documents it


def newest_head() -> AuditHead | None:
    """Give the newest signed head of the trail."""
    return AuditHead.objects.order_by("-day").first()
