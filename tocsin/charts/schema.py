"""The shape of a chart: organisations, the teams that serve them, people, and what is whose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from importlib.resources import files
from ipaddress import ip_network
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from tocsin.pipeline.enrich.asset import product_name
from tocsin.pipeline.enrich.ownership import Asset, Ownership


@cache
def known_roles() -> frozenset[str]:
    """Give the roles that `platform/roles.yaml` defines."""
    file = files("tocsin.platform").joinpath("roles.yaml")
    return frozenset(yaml.safe_load(file.read_text(encoding="utf-8"))["roles"])


def _product(value: Any) -> Any:
    return product_name(value) if isinstance(value, str) else value


def _prefix(value: str) -> str:
    try:
        return str(ip_network(value))
    except ValueError as error:
        raise ValueError(f"'{value}' is no prefix: {_because(value, error)}") from error


def _because(value: str, error: ValueError) -> str:
    if "host bits" in str(error):
        return f"it has host bits set; write {ip_network(value, strict=False)}"
    return "write an IPv4 or IPv6 range such as 192.0.2.0/24 or 2001:db8::/32"


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _timezone(value: str) -> str:
    if value not in _timezones():
        raise ValueError(f"'{value}' is no time zone; write a name such as Europe/Brussels")
    return value


def _role(value: str) -> str:
    if value not in known_roles():
        raise ValueError(f"'{value}' is no role; the roles are {', '.join(sorted(known_roles()))}")
    return value


def _moment(value: Any) -> Any:
    """Read a date as its first moment in UTC, and a time without zone as UTC."""
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise ValueError(f"'{value}' is no time; write 2026-01-31 or 2026-01-31T12:00:00+00:00") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _lower(value: Any) -> Any:
    return value.strip().rstrip(".").lower() if isinstance(value, str) else value


EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
LABEL = r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?"
Code = Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9._-]{0,39}$")]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Domain = Annotated[str, BeforeValidator(_lower), Field(pattern=rf"^{LABEL}(\.{LABEL})+$", max_length=253)]
Host = Annotated[str, BeforeValidator(_lower), Field(pattern=rf"^{LABEL}(\.{LABEL})*$", max_length=253)]
Product = Annotated[str, BeforeValidator(_product), Field(min_length=1, max_length=200)]
Prefix = Annotated[str, AfterValidator(_prefix)]
TimeZone = Annotated[str, AfterValidator(_timezone)]
Role = Annotated[str, AfterValidator(_role)]
Moment = Annotated[datetime, BeforeValidator(_moment)]
Language = Annotated[str, Field(pattern=r"^[a-z]{2}$")]
Country = Annotated[str, Field(pattern=r"^([A-Z]{2})?$")]
Email = Annotated[str, Field(pattern=EMAIL, max_length=254)]
EmailOrNone = Annotated[str, Field(pattern=rf"^$|{EMAIL}", max_length=254)]
Tlp = Literal["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]


class OrganisationKind(StrEnum):
    """What an organisation is."""

    GROUP = "group"
    UNION_ENTITY = "union_entity"
    DEPARTMENT = "department"
    BOARD = "board"
    OUTSIDE = "outside"


NEED_OFFICER = frozenset({OrganisationKind.UNION_ENTITY, OrganisationKind.DEPARTMENT})


class Entry(BaseModel):
    """Refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Timed(Entry):
    """Something that holds from ``valid_from`` until just before ``valid_to``."""

    valid_from: Moment | None = None
    valid_to: Moment | None = None


class Meta(Entry):
    """What this chart is, and the marking of what arrives unmarked."""

    name: Text
    version: Text
    tlp: Tlp = "AMBER"


class Service(Entry):
    """A service that teams give."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
    name: Text
    name_fr: str = ""


class HeldPrefix(Timed):
    """An address range and when it was held; ``community`` is the BGP community that blackholes it."""

    prefix: Prefix
    community: Annotated[str, Field(max_length=40)] = ""


class HeldName(Timed):
    """A domain or host name and when it was held."""

    name: Domain


def _held_prefix(value: Any) -> Any:
    return {"prefix": value} if isinstance(value, str) else value


def _held_name(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class HeldHost(Timed):
    """One machine by its full name, and when it was held."""

    name: Host


class HeldProduct(Timed):
    """Software or equipment in use, by its name or CPE, and when it was."""

    name: Product


PrefixEntry = Annotated[HeldPrefix, BeforeValidator(_held_prefix)]
NameEntry = Annotated[HeldName, BeforeValidator(_held_name)]
HostEntry = Annotated[HeldHost, BeforeValidator(_held_name)]
ProductEntry = Annotated[HeldProduct, BeforeValidator(_held_name)]


class Organisation(Entry):
    """One organisation and what it holds. A plain value in a list stands for one held always."""

    code: Code
    name: Text
    name_fr: Annotated[str, Field(max_length=200)] = ""
    kind: OrganisationKind
    parent: str | None = None
    country: Country = ""
    timezone: TimeZone = "UTC"
    language: Language = "en"
    needs_officer: bool | None = None
    domains: tuple[NameEntry, ...] = ()
    mail_domains: tuple[NameEntry, ...] = ()
    hosts: tuple[HostEntry, ...] = ()
    prefixes: tuple[PrefixEntry, ...] = ()
    products: tuple[ProductEntry, ...] = ()

    @property
    def must_have_officer(self) -> bool:
        """Tell whether this organisation needs a security officer: departments and entities do, unless told."""
        return self.kind in NEED_OFFICER if self.needs_officer is None else self.needs_officer

    def uses(self) -> Iterator[Asset]:
        """Give the products this organisation uses; they are nobody's alone."""
        for product in self.products:
            yield Asset("product", product.name, self.code, product.valid_from, product.valid_to)

    def assets(self) -> Iterator[Asset]:
        """Give what is this organisation's and nobody else's."""
        for prefix in self.prefixes:
            yield Asset("prefix", prefix.prefix, self.code, prefix.valid_from, prefix.valid_to)
        for domain in self.domains:
            yield Asset("domain", domain.name, self.code, domain.valid_from, domain.valid_to)
        for mail in self.mail_domains:
            yield Asset("mail_domain", mail.name, self.code, mail.valid_from, mail.valid_to)
        for host in self.hosts:
            yield Asset("host", host.name, self.code, host.valid_from, host.valid_to)


class Mandate(Entry):
    """Whom a team serves: an organisation, all below it unless ``subtree`` is false; no ``services`` means all."""

    organisation: str
    subtree: bool = True
    services: tuple[str, ...] = ()


class Team(Entry):
    """A team at its host organisation; one that is ``unattributed`` also sees what belongs to nobody yet."""

    code: Code
    name: Text
    name_fr: Annotated[str, Field(max_length=200)] = ""
    host: str
    reports_to: str | None = None
    chair: str | None = None
    email: EmailOrNone = ""
    services: tuple[str, ...] = ()
    mandates: tuple[Mandate, ...] = ()
    unattributed: bool = False


class Person(Entry):
    """One human being who may sign in."""

    username: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,99}$")]
    name: Annotated[str, Field(min_length=1, max_length=150)]
    email: Email
    language: Language = "en"
    timezone: TimeZone = "UTC"


class Membership(Timed):
    """A role of one person, at an organisation or in a team."""

    person: str
    role: Role
    organisation: str | None = None
    team: str | None = None


class Contact(Entry):
    """Where to reach an organisation in one role."""

    organisation: str
    role: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,29}$")]
    name: Annotated[str, Field(min_length=1, max_length=150)]
    email: EmailOrNone = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    webhook: Annotated[str, Field(pattern=r"^(https://[!-~]{1,240})?$")] = ""
    language: Language = "en"
    fingerprint: Annotated[str, Field(pattern=r"^([0-9A-F]{40}|[0-9A-F]{64})?$")] = ""


class Missing(Entry):
    """A role that an organisation must fill and does not."""

    organisation: str
    role: str


class Chart(Entry):
    """A whole chart. Load one with `tocsin.charts.load`, which also checks how its parts fit."""

    meta: Meta
    services: tuple[Service, ...] = ()
    organisations: tuple[Organisation, ...] = ()
    teams: tuple[Team, ...] = ()
    people: tuple[Person, ...] = ()
    memberships: tuple[Membership, ...] = ()
    contacts: tuple[Contact, ...] = ()

    def assets(self) -> list[Asset]:
        """Give what every organisation holds."""
        return [asset for organisation in self.organisations for asset in organisation.assets()]

    def parents(self) -> dict[str, str]:
        """Say which organisation is part of which."""
        return {item.code: item.parent for item in self.organisations if item.parent is not None}

    def ownership(self, defaults: Mapping[str, str] | None = None) -> Ownership:
        """Give what the pipeline attributes events with."""
        return Ownership(self.assets(), defaults, self.parents())

    def missing(self, at: datetime | None = None) -> list[Missing]:
        """List the officers that organisations must have and have not: neither as a member nor as a contact."""
        moment = at or datetime.now(UTC)
        filled: set[str | None] = {item.organisation for item in self.contacts if item.role == "officer"}
        filled |= {item.organisation for item in self.memberships if item.role == "officer" and _holds(item, moment)}
        without = [item.code for item in self.organisations if item.must_have_officer and item.code not in filled]
        return [Missing(organisation=code, role="officer") for code in without]


def _holds(entry: Timed, at: datetime) -> bool:
    return (entry.valid_from is None or entry.valid_from <= at) and (entry.valid_to is None or at < entry.valid_to)
