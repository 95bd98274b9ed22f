"""Tell people of the room's work, in the transaction of the act: who is told of what stands here and nowhere else.

Whether somebody may see the thing is asked whenever their line is shown, so nobody is looked up here for that.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from tocsin.platform.access import roles_with
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.incidents.knowledge.insider import insider
from tocsin.rooms.incidents.models import Deadline, HandOff, Incident, PersonalAccess, Task, TimelineEntry
from tocsin.rooms.notifications.actions import notify
from tocsin.rooms.notifications.models import Notification

MENTION = re.compile(r"(?<![\w.@+-])@([\w.@+-]{1,150})")
MENTIONS, TASKS, GIVEN, RISEN = 20, 500, 3, 20
DUE_BEFORE = timedelta(hours=24)


def named_in(text: str) -> QuerySet[Person]:
    """Give the people whom a text names as @username; a full stop or comma after the name is none of it."""
    names = {name for found in MENTION.findall(text) for name in (found, found.rstrip(".-+@"))}
    return Person.objects.filter(username__in=sorted(names)[:MENTIONS], is_active=True)


def tell_named(entry: TimelineEntry, *, before: str = "") -> None:
    """Tell those whom a note names and did not name ``before``; who may not read the note never hears of it."""
    if "@" in entry.text:
        had = set(named_in(before).values_list("pk", flat=True)) if "@" in before else set()
        found = set(named_in(entry.text).values_list("pk", flat=True)) - had
        notify(people=found, kind="mentioned", about=entry, by=entry.author)


def of_team(team: Team | None, verb: str) -> Iterable[int]:
    """Give who serves in a team with a right."""
    if team is None:
        return ()
    held = Membership.objects.valid().filter(team=team, role__in=roles_with(verb))
    return held.values_list("person", flat=True)


def of_organisation(organisation: Organisation | int | None, verb: str = "incidents.answer") -> Iterable[int]:
    """Give who answers for an organisation itself."""
    if organisation is None:
        return ()
    held = Membership.objects.valid().filter(organisation=organisation, role__in=roles_with(verb))
    return held.values_list("person", flat=True)


def handlers(incident: Incident) -> Iterable[int]:
    """Give the owner of an incident or, when it has none, the team."""
    if incident.owner_id is not None:
        return (incident.owner_id,)
    return of_team(incident.owner_team, "incidents.work")


def tell_handed(sent: HandOff) -> None:
    """Tell the receiver of a hand-off that something waits for an answer."""
    if sent.moves:
        people = of_team(sent.to_team, "incidents.work")
        notify(people=people, kind="offered", about=sent.incident, by=sent.sent_by)
        return
    people = {*of_team(sent.to_team, "hand_offs.answer"), *of_organisation(sent.to_organisation)}
    notify(people=people, kind="handed_over", about=sent, by=sent.sent_by)


def tell_answered(hand_off: HandOff, *, actor: Person) -> None:
    """Tell whoever handed something over how it was answered."""
    kind = {HandOff.State.ACCEPTED: "hand_off_accepted", HandOff.State.REFUSED: "hand_off_refused"}
    if hand_off.state in kind:
        state = HandOff.State(hand_off.state)
        notify(people=[hand_off.sent_by_id], kind=kind[state], about=hand_off, by=actor)


def tell_risen(incidents: Collection[tuple[Incident, str]]) -> None:
    """Tell the holders of a role that something has risen to them; what they may not see they do not hear of.

    Of very many at once, as after an upgrade, they hear of the first: these lead to the list of all.
    """
    holders: dict[str, set[int]] = {}
    for person, role in (
        Membership.objects.valid().filter(role__in={role for _one, role in incidents}).values_list("person", "role")
    ):
        holders.setdefault(role, set()).add(person)
    for incident, role in list(incidents)[:RISEN]:
        notify(people=holders.get(role, ()), kind="risen", about=incident)


def tell_deadline(deadline: Deadline, incident: Incident, *, late: bool) -> None:
    """Warn whoever answers for a deadline; of a missed one also those to whom it rises."""
    people = {deadline.person_id} if deadline.person_id is not None else {*of_team(deadline.team, "incidents.view")}
    if late and deadline.escalate:
        people |= {*Membership.objects.valid().filter(role=deadline.escalate).values_list("person", flat=True)}
    notify(people=(each for each in people if each), kind="deadline_late" if late else "deadline_near", about=incident)


def tell_given(incidents: Sequence[Incident], owner: Person, *, by: Person) -> None:
    """Tell somebody of the incidents given to them: of the first few, which lead to the list of the others."""
    for incident in incidents[:GIVEN]:
        notify(people=[owner], kind="given", about=incident, by=by)


def tell_personal(access: PersonalAccess, *, by: Person) -> None:
    """Tell whoever may answer that somebody asks to open personal content, and who asked how it was answered."""
    incident = access.item.incident
    if access.state != PersonalAccess.State.ASKED:
        notify(people=[access.person_id], kind="personal_answered", about=incident, by=by)
        return
    notify(people=_granters(incident), kind="personal_asked", about=incident, by=by)


def _granters(incident: Incident) -> Iterable[int]:
    """Give who may grant personal content of an incident (inner ids): people named on its seal who have the right."""
    named = incident.seals.values("person")
    able = Membership.objects.valid().filter(person__in=named, role__in=roles_with("personal.grant"))
    return able.values_list("person", flat=True)


@transaction.atomic
def remind_of_requests() -> int:
    """Tell once more of requests for personal content that nobody answered in time; give how many people were told."""
    now = timezone.now()
    before = now - timedelta(hours=insider().answer_hours)
    old = Q(asked_again_at=None, created_at__lte=before) | Q(asked_again_at__lte=before)
    waiting = PersonalAccess.objects.filter(old, state=PersonalAccess.State.ASKED, item__incident__open=True)
    held = list(waiting.select_for_update(of=("self",)).select_related("item__incident").order_by("pk")[:TASKS])
    PersonalAccess.objects.filter(pk__in=[each.pk for each in held]).update(asked_again_at=now)
    incidents = {each.item.incident_id: (each.item.incident, each.person) for each in held}
    return sum(
        notify(people=_granters(incident), kind="personal_waits", about=incident, by=asks)
        for incident, asks in incidents.values()
    )


def tell_task(task: Task, *, actor: Person) -> None:
    """Tell whoever is to do a task: the one it is given to or, where it names nobody, the organisation's officers."""
    if task.assignee_id is not None:
        people: Iterable[int] = (task.assignee_id,)
    else:
        people = of_organisation(task.entity.organisation_id) if task.entity is not None else ()
    notify(people=people, kind="task_given", about=task.incident, by=actor)


@transaction.atomic
def remind_of_tasks() -> int:
    """Remind of tasks that are due within a day, once each incident and person; give how many people."""
    now = timezone.now()
    told = Notification.objects.filter(
        kind="task_due", source="incident", thing=OuterRef("incident"), person=OuterRef("assignee")
    )
    soon = Task.objects.filter(state=Task.State.OPEN, assignee__is_active=True, incident__open=True)
    due = soon.filter(due_at__lte=now + DUE_BEFORE, due_at__gt=now - DUE_BEFORE).exclude(Exists(told))
    people: dict[int, set[int]] = {}
    for incident, assignee in due.order_by("due_at").values_list("incident", "assignee")[:TASKS]:
        people.setdefault(incident, set()).add(assignee)
    found = Incident.objects.filter(pk__in=people)
    return sum(notify(people=people[each.pk], kind="task_due", about=each) for each in found)


def tell_written(incident: Incident, *, by: Person | None = None) -> None:
    """Tell whoever handles an incident that somebody concerned has written."""
    notify(people=handlers(incident), kind="answered", about=incident, by=by)
