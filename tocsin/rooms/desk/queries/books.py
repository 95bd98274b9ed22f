"""What left the house, and what was done in it, as far as a person may know what it was about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.http import Http404

from tocsin.platform import audit
from tocsin.platform.access import scope_of
from tocsin.platform.models import AuditEntry, AuditHead, GateEntry, OutboxMessage
from tocsin.rooms.alerts.models import Alert, Suppression
from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.constituency.models import Asset, Contact, Membership, Organisation
from tocsin.rooms.incidents.models import Incident, IncidentEntity
from tocsin.rooms.notices import queries as notices
from tocsin.rooms.notices.models import Letter, Notice, Part
from tocsin.rooms.rota.models import Page

SHOWN = 8
PLACED: tuple[Any, ...] = (Organisation, Membership, Contact, Asset, Suppression)  # what belongs to a place


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
    known = ~Q(object_type__in=[audit.label(model) for model in about])
    if not constituency.reaches_top(user, "audit.view"):
        known &= Q(actor=user.uuid)  # the rest may be anybody's
        for model in PLACED:
            mine = model.objects.visible_to(user, "audit.view").filter(uuid=OuterRef("object_uuid"))
            about[model] = Exists(mine)
    for model, condition in about.items():
        known |= Q(object_type=audit.label(model)) & Q(condition)
    found = AuditEntry.objects.filter(known)
    found = found.filter(verb__startswith=verb) if verb else found
    return found.filter(actor_name__icontains=actor) if actor else found


def newest_head() -> AuditHead | None:
    """Give the newest signed head of the trail."""
    return AuditHead.objects.order_by("-day").first()
