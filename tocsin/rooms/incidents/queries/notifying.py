"""What notifications of the room may show a person, and the news that its open pages ask for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.urls import reverse

from tocsin.platform.access import scope_of
from tocsin.rooms.incidents import knowledge
from tocsin.rooms.incidents.models import Audience, HandOff, Incident, IncidentEntity, TimelineEntry
from tocsin.rooms.incidents.queries.view import view_or_404
from tocsin.rooms.notifications.knowledge import Shown, Source
from tocsin.rooms.notifications.queries.live import SHOWN, Change, News, Subject, plain_subject

WHAT = 120  # letters of a change that are told
Things = Mapping[int, Shown]


def incidents(user: Any) -> QuerySet[Incident]:
    """Give the incidents a person may know of."""
    found: QuerySet[Incident] = Incident.objects.visible_to(user)
    return found


def shown_incidents(user: Any, things: Collection[int]) -> Things:
    """Give what lines about these incidents show."""
    return {each.pk: _incident(each) for each in incidents(user).filter(pk__in=things)}


def _incident(incident: Incident, mark: str = "") -> Shown:
    url = reverse("incident", args=[incident.uuid])
    return Shown(incident.reference, incident.title, f"{url}{mark}", incident.sealed)


def hand_offs(user: Any) -> QuerySet[HandOff]:
    """Give the hand-offs a person may know of."""
    found: QuerySet[HandOff] = HandOff.objects.visible_to(user)
    return found


def shown_hand_offs(user: Any, things: Collection[int]) -> Things:
    """Give what lines about these hand-offs show."""
    found = hand_offs(user).filter(pk__in=things).select_related("incident").defer("payload", "note")
    return {
        each.pk: Shown(each.incident.reference, str(each), reverse("hand_off", args=[each.uuid]), each.incident.sealed)
        for each in found
    }


def entries(user: Any) -> QuerySet[TimelineEntry]:
    """Give the timeline entries a person may read, of whatever incident, as `View.timeline` does for one."""
    handled = Exists(Incident.objects.handled_by(user).filter(pk=OuterRef("incident")))
    charged = Exists(Incident.objects.in_charge(user).filter(pk=OuterRef("incident")))
    known = Exists(Incident.objects.visible_to(user).filter(pk=OuterRef("incident")))
    reach = scope_of(user).organisations("incidents.view", "incidents.part")
    mine = Q(entity__in=IncidentEntity.objects.filter(organisation__in=reach))
    part = Q(audience=Audience.ENTITY) & (mine | Q(charged))
    team = Q(audience=Audience.TEAM) & Q(handled) & (Q(entity=None) | mine | Q(charged))
    named = Exists(Incident.objects.visible_to(user).filter(pk=OuterRef("other")))
    return TimelineEntry.objects.filter(
        known, Q(audience=Audience.ALL) | part | team, Q(other=None) | Q(named)
    )  # fmt: skip


def shown_entries(user: Any, things: Collection[int]) -> Things:
    """Give what lines about these entries show: the incident, and the place of the entry on its page."""
    found = entries(user).filter(pk__in=things).select_related("incident")
    return {each.pk: _incident(each.incident, f"?timeline=all#{each.uuid}") for each in found}


def news(user: Any, uuid: UUID | None, since: datetime) -> News:
    """Give what others wrote into the timeline of an incident since a moment, as far as the person may read it."""
    view = view_or_404(user, uuid or UUID(int=0))
    fresh = Q(created_at__gt=since) | Q(corrected_at__gt=since)
    others = view.timeline().filter(fresh).filter(~Q(author=view.user.pk) | Q(author=None))
    found = list(others.order_by("-created_at", "-id")[: SHOWN + 1])
    changes = [Change(str(each.author or ""), _what(each), each.created_at) for each in found[:SHOWN]]
    return News(view.incident.pk, changes, more=len(found) > SHOWN, meet=view.handler)


def _what(entry: TimelineEntry) -> str:
    said = knowledge.said(entry).strip().partition("\n")[0] or str(entry.get_kind_display())
    return said if len(said) <= WHAT else f"{said[: WHAT - 1]}…"


def list_news(user: Any, uuid: UUID | None, since: datetime) -> News:
    """Give which of the incidents a person may know of changed since a moment."""
    if uuid is not None:
        raise Http404("one incident is no list")
    fresh = incidents(user).filter(updated_at__gt=since).order_by("-updated_at", "-id")
    found = list(fresh.only("reference", "title", "updated_at")[: SHOWN + 1])
    changes = [Change("", f"{each.reference} {each.title}"[:WHAT], each.updated_at) for each in found[:SHOWN]]
    return News(0, changes, more=len(found) > SHOWN)


def _lines(thing: int) -> Q:
    written = TimelineEntry.objects.filter(incident=thing).values("pk")
    return Q(source="incident", thing=thing) | Q(source="entry", thing__in=written)


HAND_OFFS = Source("hand_off", HandOff, hand_offs, shown_hand_offs)
SOURCES = (
    Source("incident", Incident, incidents, shown_incidents),
    HAND_OFFS,
    Source("entry", TimelineEntry, entries, shown_entries),
)
SUBJECTS = (
    Subject("incident", Incident, news, _lines),
    Subject("incidents", Incident, list_news),
    plain_subject(HAND_OFFS, lambda hand_off: str(hand_off.get_state_display())),
)
