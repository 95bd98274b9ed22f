"""Who can be reached where, read at once for all organisations: four questions to the database, however many."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from tocsin.platform import addresses, openpgp, sms, webhooks
from tocsin.rooms.constituency.models import CONFIRM_EVERY, Contact, Mandate, Membership, Organisation
from tocsin.rooms.notices.models import Channel

PEOPLE = ("officer", "deputy", "head", "ciso", "board_member")  # whose mail address is that of their account


@dataclass(frozen=True, slots=True)
class Place:
    """An organisation as routing needs it; ``lineage`` are the codes from itself up to the root."""

    code: str
    name: str
    timezone: str
    language: str
    lineage: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """One way to somebody: by which channel, at which address."""

    channel: str
    address: str

    @property
    def shown(self) -> str:
        """Give the address without what may be a secret in it."""
        return webhooks.shown(self.address)


@dataclass(frozen=True, slots=True)
class Desk:
    """Somebody who answers for an organisation in a role, and what stands against writing to them.

    ``number`` is where a short message goes, ``webhook`` where a tool is posted to; empty where there is none.
    """

    organisation: str
    role: str
    name: str
    email: str
    phone: str
    language: str
    confirmed_at: datetime
    absent_until: date | None = None
    bounced_at: datetime | None = None
    key: str = ""
    only_encrypted: bool = False
    number: str = ""
    webhook: str = ""

    @property
    def address(self) -> str:
        """Give the first of its addresses, by which it is known."""
        return self.email or self.number or self.webhook

    def ways(self, also: Collection[str] = ()) -> tuple[Way, ...]:
        """Give how it is told: by mail, and by what the route says ``also``; by short message alone without mail."""
        found = [Way(Channel.MAIL, self.email)] if self.email else []
        if self.number and (Channel.SMS in also or not self.email):
            found.append(Way(Channel.SMS, self.number))
        return (*found, Way(Channel.WEBHOOK, self.webhook)) if self.webhook else tuple(found)

    def holds(self, address: str) -> bool:
        """Tell whether an address is one of its own."""
        return addresses.form(address) in map(addresses.form, filter(None, (self.email, self.number, self.webhook)))

    def trouble(self, at: datetime) -> str:
        """Say why this desk is passed over at a time: one of `Trouble`; empty when it is not."""
        return self._no_way(at) or self._nobody(at)

    def _no_way(self, at: datetime) -> str:
        if not self.email or not addresses.takes(self.email):
            return "" if self.number or self.webhook else "no_address"
        if self.only_encrypted and not self.usable_key(at):
            return "no_key"
        return "bouncing" if self.bounced_at is not None else ""

    def _nobody(self, at: datetime) -> str:
        if self.absent_until is not None and at.date() <= self.absent_until:
            return "absent"
        return "expired" if not self.webhook and at - self.confirmed_at > CONFIRM_EVERY else ""

    def usable_key(self, at: datetime) -> str:
        """Give the key that mail to here is encrypted to; empty when there is none, or none that works any more."""
        try:
            return self.key if self.key and not openpgp.read_key(self.key).trouble(at) else ""
        except openpgp.UnusableKey:
            return ""


@dataclass(frozen=True, slots=True)
class Directory:
    """All desks by organisation and role, and how the organisations hang together. ``known_by`` are their addresses."""

    places: Mapping[str, Place]
    desks: Mapping[tuple[str, str], Sequence[Desk]]
    known_by: Mapping[str, Collection[str]] = field(default_factory=dict)

    def at(self, organisation: str, role: str) -> Sequence[Desk]:
        """Give the desks of one role at one organisation."""
        return self.desks.get((organisation, role), ())

    def answers(self, place: Place | None, address: str) -> bool:
        """Tell whether an address is that of somebody who answers for a place, there or above it."""
        above = place.lineage if place is not None else ()
        wanted = addresses.form(address)
        return bool(wanted) and any(wanted in self.known_by.get(code, ()) for code in above)


def directory() -> Directory:
    """Read the directory as it is now."""
    places = _places(Organisation.objects.filter(active=True).order_by("path"))
    desks: defaultdict[tuple[str, str], list[Desk]] = defaultdict(list)
    contacts = list(_contacts())
    keys = {desk.email.lower(): desk.key for desk in contacts if desk.key}
    only = {desk.email.lower() for desk in contacts if desk.only_encrypted}
    for desk in (*_people(), *contacts):
        if desk.organisation in places:
            desks[desk.organisation, desk.role].append(_keyed(desk, keys, only))
    known_by: defaultdict[str, set[str]] = defaultdict(set)
    for (code, _role), held in desks.items():
        known_by[code].update(
            addresses.form(each) for desk in held for each in (desk.email, desk.number, desk.webhook) if each
        )
    return Directory(places, desks, known_by)


def _keyed(desk: Desk, keys: Mapping[str, str], only: Collection[str]) -> Desk:
    """Give a desk the key of its address, in whichever role that is known: what must be encrypted always is."""
    address = desk.email.lower()
    return replace(desk, key=desk.key or keys.get(address, ""), only_encrypted=address in only)


def _places(organisations: Iterable[Organisation]) -> dict[str, Place]:
    codes: dict[int, str] = {}
    places: dict[str, Place] = {}
    for row in organisations:  # those above come first
        codes[row.pk] = row.code
        lineage = tuple(codes[pk] for pk in reversed(_ids(row.path)) if pk in codes)
        places[row.code] = Place(row.code, row.name, row.timezone, row.language, lineage)
    return places


def _ids(path: str) -> list[int]:
    return [int(part) for part in path.split("/") if part]


def _people() -> Iterable[Desk]:
    served: defaultdict[int, list[str]] = defaultdict(list)  # whoever holds a role in a team holds it for these
    for team, code in Mandate.objects.order_by("pk").values_list("team_id", "organisation__code"):
        served[team].append(code)
    held = Membership.objects.valid().filter(role__in=PEOPLE, person__is_active=True)
    rows = list(held.select_related("person", "organisation").order_by("valid_from", "pk"))
    away = _stood_in_for(rows)
    for row in rows:
        person, place = row.person, row.organisation
        absent = away.get((row.organisation_id, row.person_id)) if row.role == "officer" else None
        # Whoever holds an account is confirmed by signing in, and by being given the role.
        seen = max(filter(None, (person.last_login, row.valid_from, row.created_at)))
        for code in (place.code,) if place is not None else served[row.team_id or 0]:
            yield Desk(
                code, row.role, str(person), person.email, "", person.language, seen,
                max(filter(None, (absent, person.absent_until)), default=None), person.bounced_at,
            )  # fmt: skip


def _stood_in_for(rows: Iterable[Membership]) -> Mapping[tuple[int | None, int | None], date]:
    """Give which officers somebody stands in for now, and until which day: meanwhile they count as absent there."""
    return {
        (row.organisation_id, row.stands_in_for_id): row.organisation.day_at(row.valid_to)
        for row in rows
        if row.stands_in_for_id is not None and row.organisation is not None and row.valid_to is not None
    }


def _contacts() -> Iterable[Desk]:
    rows = Contact.objects.filter(organisation__active=True).select_related("organisation").order_by("pk")
    texts = sms.known()
    for row in rows:
        yield Desk(
            row.organisation.code,
            row.role,
            row.name,
            row.email,
            row.phone,
            row.language,
            row.confirmed_at or row.created_at,
            row.absent_until,
            row.bounced_at,
            row.key,
            row.only_encrypted,
            sms.number(row.phone) if texts else "",
            row.webhook,
        )
