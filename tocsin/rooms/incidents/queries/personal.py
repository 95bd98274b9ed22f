"""Personal content of incidents about insiders: that it is there, who asked for it, and what may be opened now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone

from tocsin.platform.access import roles_with, scope_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership
from tocsin.rooms.incidents import knowledge
from tocsin.rooms.incidents.models import InsiderCase, PersonalAccess, PersonalItem
from tocsin.rooms.incidents.queries.view import View

State = PersonalAccess.State
SHOWN = 100


@dataclass(frozen=True, slots=True)
class Held:
    """One item as the page shows it: what kind it is, and what the person may do with it now."""

    item: PersonalItem
    kind: Any
    access: PersonalAccess | None

    @property
    def may_open(self) -> bool:
        """Tell whether it can be opened now."""
        return self.access is not None and self.access.in_force

    @property
    def waits(self) -> bool:
        """Tell whether the person has asked and nobody answered."""
        return self.access is not None and self.access.state == State.ASKED


def sees_personal(view: View) -> bool:
    """Tell whether a person may come upon personal content at all: named on a sealed incident."""
    return view.handler and view.incident.sealed


def case_of(view: View) -> InsiderCase | None:
    """Give why an incident about an insider is looked into; None of any other, and to whoever is not named."""
    if not sees_personal(view):
        return None
    return InsiderCase.objects.filter(incident=view.incident).select_related("subject", "opened_by").first()


def personal_items(view: View) -> list[Held]:
    """Give the items with the person's own last request for each."""
    items = list(
        PersonalItem.objects.visible_to(view.user).filter(incident=view.incident).select_related("added_by", "artefact")
    )
    own = PersonalAccess.objects.filter(item__in=items, person=view.user).order_by("id")
    last = {access.item_id: access for access in own}
    kinds = knowledge.insider().kinds
    return [Held(item, kinds.get(item.kind, item.kind), last.get(item.pk)) for item in items]


def personal_accesses(view: View) -> Sequence[PersonalAccess]:
    """Give who asked for what, and what became of it, newest first."""
    found = PersonalAccess.objects.visible_to(view.user).filter(item__incident=view.incident)
    return list(found.select_related("item", "person", "decided_by", "withdrawn_by")[:SHOWN])


def item_or_404(view: View, uuid: UUID) -> PersonalItem:
    """Give one item of the incident to whoever is named on it."""
    found = PersonalItem.objects.visible_to(view.user).filter(incident=view.incident, uuid=uuid)
    item: PersonalItem | None = found.select_related("artefact", "incident").first()
    if item is None:
        raise Http404("item")
    return item


def access_or_404(view: View, uuid: UUID) -> PersonalAccess:
    """Give one request to whoever is named on the incident."""
    found = PersonalAccess.objects.visible_to(view.user).filter(item__incident=view.incident, uuid=uuid)
    access: PersonalAccess | None = found.select_related("item__incident", "person").first()
    if access is None:
        raise Http404("request")
    return access


def grant_in_force(person: Person, item: PersonalItem) -> PersonalAccess | None:
    """Give the grant by which a person may open an item now."""
    found = PersonalAccess.objects.filter(item=item, person=person, state=State.GRANTED, until__gt=timezone.now())
    return found.select_related("item", "person").order_by("-until").first()


def granters(view: View) -> list[Person]:
    """Give the people named on the incident who may answer requests."""
    named = view.incident.seals.values("person")
    able = Membership.objects.valid().filter(person__in=named, role__in=roles_with("personal.grant"))
    return list(Person.objects.filter(pk__in=able.values("person"), is_active=True).order_by("username"))


def to_decide(user: Any) -> QuerySet[PersonalAccess]:
    """Give the requests of others that the person may answer, the oldest first; for the desk."""
    if not scope_of(user).allows("personal.grant"):
        return PersonalAccess.objects.none()
    found: QuerySet[PersonalAccess] = PersonalAccess.objects.visible_to(user).filter(state=State.ASKED)
    return found.exclude(person=user).select_related("item__incident", "person").order_by("id")
