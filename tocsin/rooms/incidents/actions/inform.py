"""Tell an organisation's security officer about their part; it leaves through the gate or not at all."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.platform import audit, gate, outbox
from tocsin.platform.gate import Item, Recipient
from tocsin.platform.markings import TLP
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents.actions.record import note, require_handler, require_part
from tocsin.rooms.incidents.models import Audience, Incident, IncidentEntity, TimelineEntry


def item_of(incident: Incident) -> Item:
    """Describe an incident to the gate: values only."""
    concerned = [part.organisation for part in incident.entities.select_related("organisation")]
    named = incident.seals.values_list("person__email", flat=True) if incident.sealed else ()
    return Item(
        type="incident",
        uuid=incident.uuid,
        title=incident.title,
        tlp=TLP(incident.tlp),
        organisations=frozenset(organisation.code for organisation in concerned),
        sealed=incident.sealed,
        named=frozenset(named),
        names=frozenset(name for organisation in concerned for name in (organisation.name, organisation.name_fr)),
    )


def inform_again(message: OutboxMessage, *, actor: Person) -> None:
    """Send a message once more that did not arrive, if the gate still lets it: marking and seal may have changed.

    Raises ``outbox.Refused`` with the gate's reason; the refusal stands in the ledger all the same.
    """
    incident = Incident.objects.get(uuid=str(message.decision.item_uuid))
    require_handler(actor, incident, "incidents.inform")
    code = message.decision.recipient_organisation
    organisation = Organisation.objects.filter(code=code).first()
    lineage = frozenset(constituency.lineage(organisation)) if organisation else frozenset()
    recipient = Recipient(address=message.recipient, organisation=code, lineage=lineage, kind="named_person")
    with transaction.atomic():
        decision = gate.ask(actor, item_of(incident), recipient, gate.Action.MAIL)
        if not decision.allowed:
            raise outbox.Refused(decision)
        outbox.send_again(message, actor=actor)


def inform(*, actor: Person, incident: Incident, entity: IncidentEntity, subject: str, text: str) -> OutboxMessage:
    """Send ``text`` to the officer (or deputy) of a part's organisation.

    Raises ``outbox.Refused`` with the gate's reason; the refusal stands in the ledger all the same.
    """
    require_handler(actor, incident, "incidents.inform")
    require_part(incident, entity)
    contact = constituency.contact_for(entity.organisation)
    if contact is None:
        raise ValidationError(
            _("%s has no security officer with an address. Add a contact in the constituency.") % entity.organisation
        )
    recipient = Recipient(
        address=contact.email,
        name=contact.name,
        organisation=entity.organisation.code,
        lineage=frozenset(constituency.lineage(entity.organisation)),
        kind="named_person",
    )
    with transaction.atomic():
        message = outbox.send(
            actor=actor,
            message=outbox.Message(
                item=item_of(incident),
                recipient=recipient,
                subject=f"[{incident.reference}] {subject}",
                body=text,
                language=contact.language,
            ),
        )
        audit.record(actor, "incident.inform", incident, {"organisation": entity.organisation.code})
        note(
            incident,
            "told",
            name=contact.name,
            subject=subject,
            text=text,
            author=actor,
            kind=TimelineEntry.Kind.RESPONSE,
            entity=entity,
            audience=Audience.ENTITY,
        )
    return message
