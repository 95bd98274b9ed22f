"""Look into misuse by an insider: with a purpose and a legal basis, sealed from the first moment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import knowledge
from tocsin.rooms.incidents.actions.handle import open_incident
from tocsin.rooms.incidents.actions.record import hold, note, require_handler
from tocsin.rooms.incidents.actions.seals import seal
from tocsin.rooms.incidents.models import Incident, InsiderCase, Severity


@dataclass(frozen=True, slots=True)
class Ground:
    """Why it is looked into: a purpose and a legal basis of `insider.yaml`, in words, and the person concerned."""

    purpose: str
    basis: str
    text: str
    subject: Person | None = None

    def __post_init__(self) -> None:
        known = knowledge.insider()
        if self.purpose not in known.purposes or self.basis not in known.bases or not self.text.strip():
            raise ValidationError(_("State the purpose and the legal basis before anything personal is kept."))


@transaction.atomic
def open_insider(
    *,
    actor: Person,
    title: str,
    organisations: Iterable[Organisation],
    ground: Ground,
    people: Sequence[Person] = (),
    severity: int = Severity.MEDIUM,
) -> Incident:
    """Open an incident about an insider; nobody but the people named ever knows of it."""
    incident = open_incident(actor=actor, title=title, organisations=organisations, severity=severity)
    flag_insider(actor=actor, incident=incident, ground=ground, people=people)
    return Incident.objects.get(pk=incident.pk)


@transaction.atomic
def flag_insider(*, actor: Person, incident: Incident, ground: Ground, people: Sequence[Person] = ()) -> InsiderCase:
    """Note that an incident is about an insider, and seal it to the people named, of whom the actor is one."""
    require_handler(actor, incident)
    if InsiderCase.objects.filter(incident=incident).exists():
        raise ValidationError(_("This is noted already."))
    case = InsiderCase.objects.create(
        incident=incident, purpose=ground.purpose, basis=ground.basis, text=ground.text.strip(),
        subject=ground.subject, opened_by=actor,
    )  # fmt: skip
    seal(actor=actor, incident=incident, people=people)
    current = hold(incident.pk)
    told = {"purpose": ground.purpose, "basis": ground.basis}
    audit.record(actor, "incident.insider", current, told)
    note(current, "insider", text=case.text, author=actor, **told)
    return case
