"""The evidence of an incident, as far as a person may see it."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import Http404

from tocsin.platform.access import scope_of
from tocsin.platform.export import recipient_of
from tocsin.platform.gate import Item
from tocsin.rooms.artefacts.models import CustodyEntry
from tocsin.rooms.artefacts.queries import custody_of
from tocsin.rooms.incidents.models import Audience, Evidence, IncidentEntity, PersonalItem
from tocsin.rooms.incidents.queries.view import View, may_answer

Act = CustodyEntry.Act
ADDING = ("incidents.open", "incidents.work", "incidents.answer")
# What an officer reads of a custody log besides their own lines; the rest is how the teams work.
OPEN_ACTS = (Act.RECEIVED, Act.VERIFIED, Act.ALTERED, Act.HELD, Act.RELEASED, Act.DESTROYED)


def evidence_of(view: View) -> QuerySet[Evidence]:
    """Give the evidence this person may see, without its text: as the timeline, by audience and part."""
    own = Q(entity__in=view.mine, audience=Audience.ENTITY) | Q(audience=Audience.ALL)
    if view.handler:
        own |= Q(audience=Audience.TEAM) & (Q(entity=None) | Q(entity__in=view.mine))
    found = Evidence.objects.filter(own, incident=view.incident)
    return found.select_related("artefact", "added_by", "entity__organisation").defer("text")


def evidence_or_404(view: View, uuid: UUID) -> Evidence:
    """Give one piece of evidence of the incident that the person may see."""
    found = evidence_of(view).filter(uuid=uuid).first()
    if found is None:
        raise Http404("evidence")
    found.incident = view.incident
    return found


def custody_log(view: View, evidence: Evidence) -> QuerySet[CustodyEntry]:
    """Give the custody log, oldest first: whole to handlers, to others what they did and what became of it."""
    log = custody_of(evidence.artefact)
    return log if view.handler else log.filter(Q(act__in=OPEN_ACTS) | Q(person=view.user))


def may_add_evidence(view: View) -> bool:
    """Tell whether the person may add evidence, be it only in the part of their own organisation."""
    scope = scope_of(view.user)
    if view.handler:
        return any(scope.allows(verb) for verb in ADDING)
    return not view.incident.sealed and may_answer(view)


def leaving(view: View, evidence: Evidence | PersonalItem) -> Item:
    """Give a piece of evidence or personal content as the gate knows it, which is asked before it is taken along."""
    incident = view.incident
    parts = IncidentEntity.objects.filter(incident=incident)
    if not isinstance(evidence, PersonalItem) and evidence.entity_id is not None:
        parts = parts.filter(pk=evidence.entity_id)
    codes = frozenset(parts.values_list("organisation__code", flat=True))
    named = incident.seals.values_list("person__email", "person__username") if incident.sealed else ()
    return Item(
        type="incident",  # whoever may know of the incident reads in the ledger who took what along
        uuid=incident.uuid,
        title=f"{incident.reference}: {evidence}",
        tlp=incident.tlp if isinstance(evidence, PersonalItem) else evidence.tlp,
        organisations=codes or recipient_of(view.user).serves,  # of no organisation: the house's own
        sealed=incident.sealed,
        named=frozenset(email or username for email, username in named),
        naming_agreed=True,  # it goes to somebody who sees it on the page
    )
