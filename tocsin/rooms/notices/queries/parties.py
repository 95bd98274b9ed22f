"""Whom a mail of a conversation goes to, as the directory knows them, and under which domains they are to be found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils import timezone

from tocsin.platform import addresses
from tocsin.platform.gate import Recipient
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.constituency.models import CONFIRM_EVERY, Asset
from tocsin.rooms.notices.models import Party
from tocsin.rooms.notices.queries.directory import Desk, Directory, Place, directory

# At these anybody has an address: it says nothing of belonging together.
ANYBODYS = frozenset({
    "aol.com", "free.fr", "gmail.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.com", "icloud.com",
    "laposte.net", "live.com", "mail.com", "mail.ru", "orange.fr", "outlook.com", "proton.me", "protonmail.com",
    "qq.com", "web.de", "yahoo.com", "yahoo.fr", "yandex.ru",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class To:
    """An address as its writer gives it: ``organisation`` is a code, the rest is used where nothing is known."""

    address: str
    organisation: str = ""
    name: str = ""
    party: str = Party.OTHER


@dataclass(frozen=True, slots=True)
class Addressee:
    """One address and what is known of it.

    ``organisation`` is whose conversation it belongs to, ``house`` as whose it counts for the gate: none, when nothing
    but its writer's word says that the address is theirs. ``domains`` are the organisation's, as far as entered.
    """

    address: str
    name: str
    party: str
    organisation: str = ""
    house: str = ""
    language: str = ""
    role: str = ""
    entered: bool = False
    key: str = ""
    stale_key: bool = False
    only_encrypted: bool = False
    absent_until: date | None = None
    bounced_at: datetime | None = None
    unconfirmed: bool = False
    lineage: frozenset[str] = frozenset()
    serves: frozenset[str] = frozenset()
    domains: frozenset[str] = frozenset()

    @property
    def recipient(self) -> Recipient:
        """Describe them to the gate."""
        return Recipient(self.address, self.house, "named_person", self.name, self.lineage, self.serves)

    @property
    def outside(self) -> bool:
        """Tell whether the address lies outside the domains that are entered for its organisation."""
        return bool(self.domains) and not within(domain_of(self.address), self.domains)


def addressee(to: To, concerned: Collection[str], known: Directory | None = None) -> Addressee:
    """Say who an address is: a contact or somebody in office, a person of the house, or whom its writer says it is.

    Of several desks at one address that of the organisation named counts, else that of one ``concerned``. Raises
    ValidationError when it is no address.
    """
    known = known or directory()
    address = addresses.form(addresses.checked(to.address.strip()))
    desk = _desk(address, to.organisation, concerned, known)
    if desk is not None:
        return _at_desk(desk, address, concerned, known)
    person = None if to.organisation else Person.objects.filter(email__iexact=address, is_active=True).first()
    if person is not None:
        return _person(person, address)
    found = Addressee(address, to.name.strip()[:150], to.party)
    place = known.places.get(to.organisation)
    return found if place is None else _said_to_be_at(found, place, concerned)


def _desk(address: str, organisation: str, concerned: Collection[str], known: Directory) -> Desk | None:
    desks = [
        desk
        for (code, _role), held in known.desks.items()
        for desk in held
        if desk.email and addresses.same(desk.email, address) and organisation in {"", code}
    ]
    return min(desks, key=lambda desk: (desk.organisation not in concerned, desk.organisation), default=None)


def _at_desk(desk: Desk, address: str, concerned: Collection[str], known: Directory) -> Addressee:
    now = timezone.now()
    key = desk.usable_key(now)
    place = known.places[desk.organisation]
    return Addressee(
        address=address,
        name=desk.name,
        party=Party.ORGANISATION,
        organisation=place.code,
        house=place.code,
        language=desk.language or place.language,
        role=desk.role,
        entered=True,
        key=key,
        stale_key=bool(desk.key) and not key,
        only_encrypted=desk.only_encrypted,
        absent_until=desk.absent_until if desk.absent_until and desk.absent_until >= now.date() else None,
        bounced_at=desk.bounced_at,
        unconfirmed=now - desk.confirmed_at > CONFIRM_EVERY,
        lineage=frozenset(place.lineage[1:]),
        serves=_below(place, concerned, known),
        domains=domains_of(place),
    )


def _below(place: Place, concerned: Collection[str], known: Directory) -> frozenset[str]:
    """Give the organisations concerned that a place answers for: whoever answers above answers for those below."""
    lineages = {code: known.places[code].lineage for code in concerned if code in known.places}
    return frozenset(code for code, lineage in lineages.items() if place.code in lineage)


def _person(person: Person, address: str) -> Addressee:
    known = constituency.recipient_of(person)
    absent = person.absent_until
    return Addressee(
        address=address,
        name=str(person),
        party=Party.PERSON,
        house=known.organisation,
        language=person.language,
        entered=True,
        absent_until=absent if absent and absent >= timezone.now().date() else None,
        bounced_at=person.bounced_at,
        serves=known.serves,
    )


def _said_to_be_at(found: Addressee, place: Place, concerned: Collection[str]) -> Addressee:
    """Take the writer's word for whose an address is, as far as its domain bears it out."""
    domains = domains_of(place)
    found = replace(found, party=Party.ORGANISATION, organisation=place.code, language=place.language, domains=domains)
    if not domains or found.outside:
        return found
    serves = frozenset({place.code}).intersection(concerned)
    return replace(found, house=place.code, lineage=frozenset(place.lineage[1:]), serves=serves)


def domains_of(place: Place) -> frozenset[str]:
    """Give the domains that are entered for a place or one above it."""
    kinds = (Asset.Kind.MAIL_DOMAIN, Asset.Kind.DOMAIN)
    held = Asset.objects.filter(Asset.valid_now(), organisation__code__in=place.lineage, kind__in=kinds)
    return frozenset(value.lower().lstrip("@.") for value in held.values_list("value", flat=True))


def domain_of(address: str) -> str:
    """Give the domain of an address, in its one form."""
    return addresses.form(address).rpartition("@")[2]


def within(domain: str, domains: Iterable[str]) -> bool:
    """Tell whether a domain is one of these or lies below one."""
    return any(domain == each or domain.endswith(f".{each}") for each in domains)


def desks_at(codes: Collection[str], known: Directory) -> Mapping[str, Sequence[Desk]]:
    """Give those of each organisation that can be written to, each address once."""
    found: dict[str, dict[str, Desk]] = {}
    for (code, _role), held in known.desks.items():
        for desk in held:
            if code in codes and desk.email and addresses.takes(desk.email):
                found.setdefault(code, {}).setdefault(addresses.form(desk.email), desk)
    return {code: list(desks.values()) for code, desks in found.items()}
