"""Ask the gate before something is handed to whoever does not see it already."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from tocsin.platform import gate
from tocsin.platform.gate import Action, Item, Recipient, Refused
from tocsin.platform.markings import TLP
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents.models import Incident, IncidentEntity

Withhold = Callable[[str], str]


def pass_gate(
    actor: Person,
    incident: Incident,
    receiver: Team | Organisation,
    part: IncidentEntity | None,
    tlp: TLP,
    *,
    moves: bool,
) -> Withhold:
    """Ask whether something of an incident, or of one ``part``, may go to a receiver; give what withholds from texts.

    A team that serves every organisation concerned is inside already: nothing leaves. Raises ``Refused``.
    """
    parts = [part] if part is not None else list(incident.entities.select_related("organisation").order_by("pk"))
    concerned = [each.organisation for each in parts]
    recipient = _team(receiver, concerned) if isinstance(receiver, Team) else _officer(receiver)
    if recipient is None:
        return _nothing
    item = Item(
        type="incident",
        uuid=incident.uuid,
        title=incident.title,
        tlp=tlp,
        organisations=frozenset(place.code for place in concerned),
        names=frozenset(name for place in concerned for name in (place.name, place.name_fr) if name),
    )
    decision = gate.ask(actor, item, recipient, Action.HAND_OFF)
    if not decision.allowed:
        raise Refused(decision)
    if decision.redactions and moves:
        raise ValidationError(
            _("%s serves none of the organisations concerned, and the incident names them: hand over a summary.")
            % receiver
        )
    return lambda text: gate.redact(text, item, decision.redactions)


def _nothing(text: str) -> str:
    return text


def _team(team: Team, concerned: Sequence[Organisation]) -> Recipient | None:
    """Describe a team to the gate, None when it serves all that is concerned."""
    mandates = list(team.mandates.select_related("organisation"))
    served = frozenset(
        place.code
        for place in concerned
        if any(
            place.path == held.organisation.path or (held.subtree and place.path.startswith(held.organisation.path))
            for held in mandates
        )
    )
    if len(served) == len(concerned):
        return None
    house = team.organisation
    lineage = frozenset(constituency.lineage(house))
    return Recipient(team.email or team.code, house.code, "organisation", team.name, lineage, served)


def _officer(place: Organisation) -> Recipient:
    """Describe an organisation to the gate by the officer who is to answer, or whoever stands in."""
    held = place.memberships.valid().filter(role__in=("officer", "deputy"), person__is_active=True)
    officer = held.select_related("person").order_by("-role", "valid_from", "pk").first()
    if officer is None:
        raise ValidationError(_("%s has no security officer with an account, so nobody could answer.") % place)
    person = officer.person
    lineage = frozenset(constituency.lineage(place))
    return Recipient(person.email or person.username, place.code, "named_person", str(person), lineage)
