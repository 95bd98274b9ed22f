"""Tie incidents to each other: parent and child, and links by hand with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.locks import one_at_a_time
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents.actions.record import note, require_handler
from tocsin.rooms.incidents.models import Incident, Relation

FAMILY = "incidents.family"  # held by whatever changes who is above whom, merges included
LEVELS = 5


def hold_in_order(incidents: Iterable[Incident]) -> list[Incident]:
    """Hold several incidents, always in the order of their inner ids, so that nobody waits in a circle; as given."""
    wanted = [incident.pk for incident in incidents]
    held = {each.pk: each for each in Incident.objects.select_for_update().filter(pk__in=wanted).order_by("pk")}
    return [held[pk] for pk in wanted]


def require_same_seal(one: Incident, other: Incident) -> None:
    """Refuse to tie what not the same people may know of: the tie would tell of the sealed one."""
    if one.sealed != other.sealed or _named(one) != _named(other):
        raise ValidationError(
            _("Not the same people may know of the two incidents. Seal both to the same people first, or neither.")
        )


def _named(incident: Incident) -> set[int]:
    return set(incident.seals.values_list("person", flat=True)) if incident.sealed else set()


def ancestors(incident: Incident) -> list[int]:
    """Give the inner ids of what is above an incident, from the nearest on; the caller holds the family."""
    found: list[int] = []
    above = incident.parent_id
    while above is not None and above not in found:
        found.append(above)
        above = Incident.objects.filter(pk=above).values_list("parent", flat=True).first()
    return found


def height(incident: Incident) -> int:
    """Give how many levels an incident and what is below it make; the caller holds the family."""
    levels, below = 1, [incident.pk]
    while below := list(Incident.objects.filter(parent__in=below).values_list("pk", flat=True)):
        levels += 1
    return levels


@transaction.atomic
def set_parent(*, actor: Person, incident: Incident, parent: Incident | None) -> Incident:
    """Make an incident a part of another, or of none; refuse circles and more than five levels."""
    one_at_a_time(FAMILY)
    held = hold_in_order([incident, *([parent] if parent is not None else [])])
    current, above = held[0], held[1] if parent is not None else None
    for each in held:
        require_handler(actor, each)
    if above is not None:
        _check_parent(current, above)
    before = current.parent
    if before == above:
        return current
    current.parent = above
    current.save(update_fields=["parent", "updated_at"])
    _tell_parent(actor, current, before, joined=False)
    _tell_parent(actor, current, above, joined=True)
    return current


def _check_parent(current: Incident, above: Incident) -> None:
    if current.pk == above.pk:
        raise ValidationError(_("An incident cannot be a part of itself."))
    if not above.open:
        raise ValidationError(_("%s has ended; open it again first.") % above.reference)
    require_same_seal(current, above)
    higher = ancestors(above)
    if current.pk in higher:
        raise ValidationError(
            _("%(parent)s is itself a part of %(incident)s; it cannot be above it as well.")
            % {"parent": above.reference, "incident": current.reference}
        )
    if len(higher) + 1 + height(current) > LEVELS:
        raise ValidationError(_("Incidents are nested in at most %d levels. Choose a parent higher up.") % LEVELS)


def _tell_parent(actor: Person, child: Incident, parent: Incident | None, *, joined: bool) -> None:
    if parent is None:
        return
    # A number common to both entries, since naming the other incident would tell of it when it is sealed one day.
    audit.record_many(actor, "incident.parent" if joined else "incident.no_parent", [child, parent], {"tie": uuid4()})
    note(child, "parent" if joined else "parent_left", other=parent, author=actor)
    note(parent, "child" if joined else "child_left", other=child, author=actor)


@transaction.atomic
def relate(*, actor: Person, incident: Incident, other: Incident, reason: str) -> Relation:
    """Link two incidents, saying why."""
    if incident.pk == other.pk:
        raise ValidationError(_("An incident cannot be linked to itself."))
    if not reason.strip():
        raise ValidationError(_("Say why."))
    held = hold_in_order([incident, other])
    for each in held:
        require_handler(actor, each)
    require_same_seal(*held)
    return tie(actor, held[0], held[1], Relation.Kind.RELATED, reason.strip())


def tie(actor: Person, one: Incident, other: Incident, kind: str, reason: str) -> Relation:
    """Keep that two held incidents have to do with each other; refuse to do so twice."""
    first, second = sorted((one, other), key=lambda each: each.pk)
    relation, made = Relation.objects.get_or_create(
        first=first, second=second, defaults={"kind": kind, "reason": reason, "made_by": actor}
    )
    if not made:
        raise ValidationError(_("They are linked already."))
    audit.record_many(actor, "incident.link", [one, other], {"tie": relation.uuid})
    if kind == Relation.Kind.RELATED:
        note(one, "related", other=other, text=reason, author=actor)
        note(other, "related", other=one, text=reason, author=actor)
    return relation


@transaction.atomic
def unrelate(*, actor: Person, relation: Relation) -> None:
    """Remove a link made by hand; that it was made and removed stays in both timelines."""
    held = hold_in_order([relation.first, relation.second])
    for each in held:
        require_handler(actor, each)
    if not Relation.objects.filter(pk=relation.pk).delete()[0]:
        raise ValidationError(_("This link is gone already."))
    audit.record_many(actor, "incident.unlink", held, {"tie": relation.uuid})
    note(held[0], "unrelated", other=held[1], author=actor)
    note(held[1], "unrelated", other=held[0], author=actor)
