"""Personal content of an incident about an insider: kept apart, opened only after a second person has agreed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Max, Q
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit, gate
from tocsin.platform.access import require
from tocsin.platform.export import recipient_of
from tocsin.platform.gate import Action
from tocsin.platform.strongroom import Kept
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.artefacts import actions as artefacts
from tocsin.rooms.incidents import knowledge, queries
from tocsin.rooms.incidents.actions.record import hold, note, require_handled
from tocsin.rooms.incidents.actions.telling import tell_personal
from tocsin.rooms.incidents.models import Incident, InsiderCase, PersonalAccess, PersonalItem

State = PersonalAccess.State
GRANT = "personal.grant"


def _named(actor: Person, incident: Incident) -> Incident:
    """Refuse whoever is not named on it; give the incident, held."""
    require_handled(actor, incident)
    current = hold(incident.pk)
    if not current.sealed:
        raise PermissionDenied(_("You do not handle this incident."))
    return current


@transaction.atomic
def add_personal(
    *, actor: Person, incident: Incident, form: str, kind: str, files: Sequence[tuple[str, Kept]]
) -> list[PersonalItem]:
    """Keep notes or files (name, what was kept) as personal content; refused until a purpose is recorded.

    Nothing of a file's name is kept but its ending. What was kept is the caller's to throw away when this raises.
    """
    require(actor, "incidents.work")
    current = _named(actor, incident)
    if not InsiderCase.objects.filter(incident=current).exists():
        raise ValidationError(_("State the purpose and the legal basis before anything personal is kept."))
    if kind not in knowledge.insider().kinds or form not in PersonalItem.Form.values or not files:
        raise ValidationError(_("Say what kind of content it is."))
    last = current.personal_items.aggregate(last=Max("number"))["last"] or 0
    return [_added(actor, current, form, kind, last + place, file) for place, file in enumerate(files, 1)]


def _added(
    actor: Person, incident: Incident, form: str, kind: str, number: int, file: tuple[str, Kept]
) -> PersonalItem:
    name, kept = file
    ending = PurePath(name).suffix if form == PersonalItem.Form.FILE else ".txt"
    plain = ending if ending[1:].isascii() and ending[1:].isalnum() and len(ending) <= 6 else ""
    artefact = artefacts.register(actor=actor, kept=kept, name=f"personal-{number}{plain}", about=incident)
    item = PersonalItem.objects.create(
        incident=incident, number=number, form=form, kind=kind, artefact=artefact, added_by=actor
    )
    audit.record(actor, "personal.add", incident, {"item": str(item.uuid)})
    note(incident, "personal_added", item=str(item), author=actor)
    return item


@transaction.atomic
def ask_personal(*, actor: Person, item: PersonalItem, purpose: str) -> PersonalAccess:
    """Ask to open one item, for a purpose."""
    incident = _named(actor, item.incident)
    if not purpose.strip():
        raise ValidationError(_("State the purpose for which you need it."))
    artefacts.locked(item.artefact)
    if queries.grant_in_force(actor, item) is not None:
        raise ValidationError(_("You may open it already."))
    try:
        with transaction.atomic():
            access = PersonalAccess.objects.create(item=item, person=actor, purpose=purpose.strip())
    except IntegrityError as error:
        raise ValidationError(_("You have asked for this already; it waits for an answer.")) from error
    _tell(actor, incident, access, "ask")
    tell_personal(access, by=actor)
    return access


@transaction.atomic
def decide_personal(
    *, actor: Person, access: PersonalAccess, grant: bool, reason: str = "", hours: int | None = None
) -> PersonalAccess:
    """Grant what another named person asked for, for some hours, or refuse it with a reason."""
    current = _held(actor, access)
    require(actor, GRANT)
    if current.person_id == actor.pk:
        raise PermissionDenied(_("Somebody else answers what you have asked for."))
    if current.state != State.ASKED:
        raise ValidationError(_("This was answered already."))
    term = knowledge.insider().term(hours)
    if term is None:
        raise ValidationError(_("A grant does not last that long."))
    if not grant and not reason.strip():
        raise ValidationError(_("Give a reason."))
    now = timezone.now()
    current.state, current.reason = State.GRANTED if grant else State.REFUSED, reason.strip()
    current.decided_by, current.decided_at, current.until = actor, now, now + term if grant else None
    current.save(update_fields=["state", "reason", "decided_by", "decided_at", "until"])
    _tell(actor, current.item.incident, current, "grant" if grant else "refuse")
    tell_personal(current, by=actor)
    return current


@transaction.atomic
def withdraw_personal(*, actor: Person, access: PersonalAccess) -> PersonalAccess:
    """Take a grant back, or one's own request."""
    current = _held(actor, access)
    if current.person_id != actor.pk:
        require(actor, GRANT)
    if current.state not in {State.ASKED, State.GRANTED}:
        raise ValidationError(_("There is nothing to withdraw."))
    current.state, current.withdrawn_by, current.withdrawn_at = State.WITHDRAWN, actor, timezone.now()
    current.save(update_fields=["state", "withdrawn_by", "withdrawn_at"])
    _tell(actor, current.item.incident, current, "withdraw")
    return current


def open_personal(*, actor: Person, item: PersonalItem) -> artefacts.Outgoing:
    """Open one item by a grant that is in force; counted, audited and in its chain of custody. The caller closes it.

    A file leaves the house, so that the gate is asked as well. Raises PermissionDenied without a grant.
    """
    try:
        view = queries.view_or_404(actor, item.incident.uuid)
    except Http404 as error:
        raise PermissionDenied(_("You do not handle this incident.")) from error
    with transaction.atomic():
        incident = _named(actor, item.incident)
        access = queries.grant_in_force(actor, item)
        if access is None:
            raise PermissionDenied(_("This is personal content. Ask for it; somebody else named here answers."))
        decision = None
        if item.form == PersonalItem.Form.FILE:
            decision = gate.ask(actor, queries.leaving(view, item), recipient_of(actor), Action.EXPORT)
        if decision is None or decision.allowed:
            PersonalAccess.objects.filter(pk=access.pk).update(opened=F("opened") + 1, opened_at=timezone.now())
            _tell(actor, incident, access, "open")
    if decision is not None and not decision.allowed:  # that it was refused stands in the ledger
        raise gate.Refused(decision)
    return artefacts.open_content(actor=actor, artefact=item.artefact, about=item.incident)


@transaction.atomic
def hold_personal(*, actor: Person, item: PersonalItem, reason: str) -> None:
    """Put it on legal hold, with a reason, which stands in its chain of custody only."""
    incident = _kept(actor, item)
    artefacts.hold(actor=actor, artefact=item.artefact, about=incident, reason=reason)
    note(incident, "personal_held", item=str(item), author=actor)


@transaction.atomic
def release_personal(*, actor: Person, item: PersonalItem, reason: str) -> None:
    """Lift the legal hold, with a reason."""
    incident = _kept(actor, item)
    artefacts.release(actor=actor, artefact=item.artefact, about=incident, reason=reason)
    note(incident, "personal_released", item=str(item), author=actor)


@transaction.atomic
def destroy_personal(*, actor: Person, item: PersonalItem, reason: str) -> None:
    """Destroy the content for good, with a reason, and end requests and grants for it; refused under legal hold."""
    incident = _kept(actor, item)
    artefacts.destroy(actor=actor, artefact=item.artefact, about=incident, reason=reason)
    now = timezone.now()
    ended = item.accesses.filter(Q(state=State.ASKED) | Q(state=State.GRANTED, until__gt=now))
    ended.update(state=State.WITHDRAWN, withdrawn_by=actor, withdrawn_at=now)
    note(incident, "personal_destroyed", item=str(item), author=actor)


def _kept(actor: Person, item: PersonalItem) -> Incident:
    """Refuse whoever does not work on the incident or is not named on it; give the incident, held."""
    require(actor, "incidents.work")
    return _named(actor, item.incident)


def _held(actor: Person, access: PersonalAccess) -> PersonalAccess:
    _named(actor, access.item.incident)
    found: PersonalAccess = PersonalAccess.objects.select_for_update(of=("self",)).select_related(
        "item__incident", "person"
    ).get(pk=access.pk)  # fmt: skip
    return found


def _tell(actor: Person, incident: Incident, access: PersonalAccess, act: str) -> None:
    """Write what was done; neither trail says what the content is nor why it is needed."""
    told = {"item": str(access.item), "request": str(access.uuid)}
    audit.record(actor, f"personal.{act}", incident, {**told, "person": str(access.person.uuid)})
    note(incident, f"personal_{act}", item=str(access.item), person=access.person, author=actor)
