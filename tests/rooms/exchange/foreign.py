"""What tests of foreign desks share: a desk at a tracker, an incident that concerns two, rounds of the worker."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from tests.tracker import FIELD, QUEUE, Tracker
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.exchange import actions
from tocsin.rooms.exchange.models import ForeignDesk, Ticket
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.models import Incident


def set_up(admin: Person, tracker: Tracker, code: str = "DEPA", **more: Any) -> ForeignDesk:
    """Set a desk up as an administrator does."""
    given = {"base_url": tracker.url, "queue": QUEUE, "reference_field": FIELD, "token": tracker.tokens["tocsin"]}
    organisation = Organisation.objects.get(code=code)
    return actions.set_up_desk(actor=admin, organisation=organisation, **{**given, **more})


def concerning(responder: Person, *codes: str, title: str = "Beacons to a C2 server") -> Incident:
    """Open an incident at some organisations, each with a secret of its own."""
    places = list(Organisation.objects.filter(code__in=codes).order_by("code"))
    made = incidents.open_incident(actor=responder, title=title, organisations=places)
    for part in made.entities.select_related("organisation"):
        code = part.organisation.code
        incidents.change_part(actor=responder, entity=part, summary=f"Host of {code}")
        incidents.comment(actor=responder, incident=made, text=f"Only for {code}", entity=part, audience="entity")
    incidents.comment(actor=responder, incident=made, text="For the team alone")
    incidents.comment(actor=responder, incident=made, text="For all concerned", audience="all")
    return Incident.objects.get(pk=made.pk)


def tell(responder: Person, incident: Incident, code: str = "DEPA") -> None:
    """Tell an organisation of its part."""
    part = incident.entities.get(organisation__code=code)
    incidents.inform(actor=responder, incident=incident, entity=part, subject="Look at it", text="Please isolate.")


def comment(responder: Person, incident: Incident, text: str, code: str = "DEPA") -> None:
    """Write something for an organisation."""
    part = incident.entities.get(organisation__code=code)
    incidents.comment(actor=responder, incident=incident, text=text, entity=part, audience="entity")


def mirrored(rounds: int = 1) -> None:
    """Let the worker make its rounds, whatever time would have to pass in between."""
    for _round in range(rounds):
        now = timezone.now()
        ForeignDesk.objects.update(next_poll_at=now)
        Ticket.objects.update(next_attempt_at=now)
        actions.mirror()


def ticket_of(incident: Incident, code: str = "DEPA") -> Ticket:
    """Give the ticket of a part."""
    return Ticket.objects.get(incident=incident, entity__organisation__code=code)


def said_in(incident: Incident) -> list[str]:
    """Give the texts of the timeline that came from a ticket."""
    return list(incident.timeline.filter(event="ticket_wrote").order_by("id").values_list("text", flat=True))
