"""The changes people make one by one; each is checked, scoped and audited."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from pydantic import TypeAdapter
from pydantic import ValidationError as NotValid

from tocsin.charts.schema import Domain, Host, Prefix, Product, known_roles
from tocsin.platform import audit
from tocsin.platform.access import require, scope_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Asset, Contact, Membership, Organisation, Team

VERB, CONFIRM = "constituency.manage", "incidents.answer"
SHAPES: dict[str, Any] = {"prefix": Prefix, "domain": Domain, "mail_domain": Domain, "host": Host, "product": Product}
CHANGEABLE = ("name", "name_fr", "timezone", "language", "needs_officer", "active")
CONTACT_FACTS = ("role", "name", "email", "phone", "webhook", "language", "absent_until", "key", "only_encrypted")
LONGEST_ABSENCE = timedelta(days=400)
M = TypeVar("M", bound=models.Model)


@transaction.atomic
def change_organisation(*, actor: Person, organisation: Organisation, **values: Any) -> None:
    """Change the facts of an organisation; the chart may change them back when it is loaded again."""
    require(actor, VERB, organisation.pk)
    changed = {name: values[name] for name in CHANGEABLE if name in values}
    changed = {name: value for name, value in changed.items() if getattr(organisation, name) != value}
    if not changed:
        return
    for name, value in changed.items():
        setattr(organisation, name, value)
    _checked(organisation)
    organisation.save()
    audit.record(actor, "constituency.change_organisation", organisation, {"code": organisation.code, **changed})


@transaction.atomic
def give_role(
    *,
    actor: Person | None,
    person: Person,
    role: str,
    organisation: Organisation | None = None,
    team: Team | None = None,
) -> Membership:
    """Give a person a role at an organisation or in a team, from now on. No actor means the system."""
    if actor is not None:
        require_at(actor, organisation, team)
    if role not in known_roles():
        raise ValidationError({"role": _("There is no such role.")})
    now = timezone.now()
    mine = Membership.objects.filter(person=person, role=role, organisation=organisation, team=team)
    held = mine.filter(for_a_time=False).first()
    if held is not None and (held.valid_to is None or held.valid_to > now):
        raise ValidationError(_("%(person)s already has this role here.") % {"person": person})
    membership = held or Membership(person=person, role=role, organisation=organisation, team=team, valid_from=now)
    membership.valid_to = None
    membership.charted = False
    membership.save()
    audit.record(actor, "constituency.give_role", membership, told(membership))
    return membership


@transaction.atomic
def end_role(*, actor: Person, membership: Membership) -> None:
    """End a role now; that it was held stays on record."""
    require_at(actor, membership.organisation, membership.team)
    membership.valid_to = timezone.now()
    if membership.for_a_time:
        membership.valid_from = min(membership.valid_from or membership.valid_to, membership.valid_to)
        membership.over_at = membership.valid_to
    membership.save(update_fields=["valid_from", "valid_to", "over_at"])
    audit.record(actor, "constituency.end_role", membership, told(membership))


def require_at(actor: Person, organisation: Organisation | None, team: Team | None) -> None:
    """Refuse unless the actor manages the place; for a team that is its host and everything its mandate reaches."""
    if organisation is not None:
        require(actor, VERB, organisation.pk)
        return
    if team is None:
        raise ValidationError(_("A role is held at an organisation or in a team."))
    for place in (team.organisation_id, *team.mandates.values_list("organisation_id", flat=True)):
        require(actor, VERB, place)


def told(membership: Membership) -> dict[str, Any]:
    """Give a role as the audit trail keeps it."""
    place = membership.organisation or membership.team
    return {"person": membership.person.username, "role": membership.role, "at": place.code if place else ""}


@transaction.atomic
def add_contact(*, actor: Person, organisation: Organisation, **values: Any) -> Contact:
    """Add somewhere to reach an organisation."""
    require(actor, VERB, organisation.pk)
    contact = _checked(Contact(organisation=organisation, **values))
    contact.save()
    details = {"organisation": organisation.code, "role": contact.role, "name": contact.name, "email": contact.email}
    details |= {"webhook": contact.shown} if contact.webhook else {}
    audit.record(actor, "constituency.add_contact", contact, details)
    return contact


@transaction.atomic
def change_contact(*, actor: Person, contact: Contact, **values: Any) -> Contact:
    """Change a contact in its place; who saves it says that it is right. What came back from an old address is past."""
    require(actor, VERB, contact.organisation_id)
    held = Contact.objects.select_for_update().get(pk=contact.pk)  # a form has written into the one that was given
    changed = [name for name in CONTACT_FACTS if name in values and getattr(held, name) != values[name]]
    before = {name: _on_record(held, name) for name in changed}
    for name in changed:
        setattr(held, name, values[name])
    if "key" in changed:
        held.fingerprint = ""  # that of the new key is read from it
    if "email" in changed:
        held.bounced_at = None
    held.confirmed_at, held.asked_at, held.charted = timezone.now(), None, False
    _checked(held).save()
    details = {"organisation": held.organisation.code, "role": held.role, "name": held.name}
    change = {name: [before[name], _on_record(held, name)] for name in changed}
    audit.record(actor, "constituency.change_contact", held, details | {"changed": change})
    return held


def _on_record(contact: Contact, name: str) -> Any:
    """Give a fact of a contact as the audit trail keeps it: of a key its fingerprint, of a URL no secret."""
    return getattr(contact, {"key": "fingerprint", "webhook": "shown"}.get(name, name))


@transaction.atomic
def confirm_contact(*, actor: Person, contact: Contact) -> Contact:
    """Note that a contact is still right: by who manages the place, or who speaks for it. A bounce is forgiven."""
    if not scope_of(actor).allows(CONFIRM, contact.organisation_id):
        require(actor, VERB, contact.organisation_id)
    return _confirmed(contact, actor)


@transaction.atomic
def confirm_by_link(*, contact: Contact) -> Contact:
    """Note that a contact is still right: by whoever reads the mail that was sent to it."""
    return _confirmed(contact, None)


def _confirmed(contact: Contact, actor: Person | None) -> Contact:
    contact.confirmed_at, contact.bounced_at, contact.asked_at = timezone.now(), None, None
    contact.save(update_fields=["confirmed_at", "bounced_at", "asked_at"])
    details = {"organisation": contact.organisation.code, "role": contact.role, "name": contact.name}
    audit.record(actor, "constituency.confirm_contact", contact, details)
    return contact


@transaction.atomic
def note_asked(*, contacts: Sequence[Contact]) -> None:
    """Note that contacts were asked by mail whether they are still right."""
    Contact.objects.filter(pk__in=[contact.pk for contact in contacts]).update(asked_at=timezone.now())
    audit.record_many(None, "constituency.ask_contact", contacts)


@transaction.atomic
def note_bounce(*, email: str) -> int:
    """Note that mail to an address came back for good; give how many contacts and accounts have it.

    A confirmation of the contact forgives it, and signing in to the account.
    """
    now, contacts = timezone.now(), list(Contact.objects.filter(email__iexact=email, bounced_at=None))
    people = list(Person.objects.filter(email__iexact=email, is_active=True))
    Contact.objects.filter(pk__in=[contact.pk for contact in contacts]).update(bounced_at=now)
    Person.objects.filter(pk__in=[person.pk for person in people]).update(mail_bounced_at=now)
    audit.record_many(None, "constituency.bounce", [*contacts, *people])
    return len(contacts) + len(people)


@transaction.atomic
def note_absence(*, email: str, until: date) -> int:
    """Note that whoever has this address is away, as their own mail says; give how many contacts and accounts it is."""
    if until < timezone.now().date() or until > timezone.now().date() + LONGEST_ABSENCE:
        return 0
    contacts = list(Contact.objects.filter(email__iexact=email))
    people = list(Person.objects.filter(email__iexact=email, is_active=True))
    Contact.objects.filter(pk__in=[contact.pk for contact in contacts]).update(absent_until=until)
    Person.objects.filter(pk__in=[person.pk for person in people]).update(absent_until=until)
    audit.record_many(None, "constituency.absence", [*contacts, *people], {"until": str(until)})
    return len(contacts) + len(people)


@transaction.atomic
def remove_contact(*, actor: Person, contact: Contact) -> None:
    """Remove a contact."""
    require(actor, VERB, contact.organisation_id)
    details = {"organisation": contact.organisation.code, "role": contact.role, "name": contact.name}
    audit.record(actor, "constituency.remove_contact", contact, details)
    contact.delete()


@transaction.atomic
def add_asset(
    *,
    actor: Person,
    organisation: Organisation,
    kind: str,
    value: str,
    valid_from: datetime | None = None,
    valid_to: datetime | None = None,
) -> Asset:
    """Record that something is an organisation's; events of that time are attributed to it from then on."""
    require(actor, VERB, organisation.pk)
    asset = Asset(organisation=organisation, kind=kind, value=_value(kind, value))
    asset.valid_from, asset.valid_to = valid_from, valid_to
    if valid_from is not None and valid_to is not None and valid_from >= valid_to:
        raise ValidationError(_("The end must be later than the beginning."))
    _checked(asset)
    asset.save()
    audit.record(actor, "constituency.add_asset", asset, _held(asset))
    return asset


@transaction.atomic
def end_asset(*, actor: Person, asset: Asset) -> None:
    """Record that something is no longer an organisation's, from now on; earlier events stay attributed."""
    require(actor, VERB, asset.organisation_id)
    asset.valid_to = timezone.now()
    asset.save(update_fields=["valid_to"])
    audit.record(actor, "constituency.end_asset", asset, _held(asset))


def _held(asset: Asset) -> dict[str, Any]:
    return {"organisation": asset.organisation.code, "kind": asset.kind, "value": asset.value}


def _value(kind: str, value: str) -> str:
    """Give a value its one form, or refuse it."""
    read: Callable[[str], str] = TypeAdapter(SHAPES.get(kind, Domain)).validate_python
    try:
        return read(value.strip())
    except NotValid as error:
        text = _("“%(value)s” is not well-formed: a range such as 192.0.2.0/24, or a name such as www.example.org.")
        raise ValidationError({"value": text % {"value": value}}) from error


def _checked(row: M) -> M:
    row.full_clean(validate_unique=True, validate_constraints=True)
    return row
