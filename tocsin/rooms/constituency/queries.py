"""What is known of the constituency, and who may see what of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tocsin import config
from tocsin.pipeline.enrich import ownership as pipeline
from tocsin.platform import access
from tocsin.platform.access import Grant, Scope, verbs_of
from tocsin.platform.gate import Recipient
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import (
    CONFIRM_EVERY,
    VERB,
    Asset,
    Contact,
    Mandate,
    Membership,
    Organisation,
    Team,
    places,
)

MANAGE = "constituency.manage"
REASONS = {
    pipeline.Why.HOST: _("this very host"),
    pipeline.Why.PREFIX: _("longest prefix that holds the address"),
    pipeline.Why.DOMAIN: _("longest domain that the name ends in"),
    pipeline.Why.MAIL_DOMAIN: _("longest mail domain that the address ends in"),
    pipeline.Why.WIDER: _("fits, but a more specific entry wins"),
    pipeline.Why.NOT_YET: _("fits, but is not held yet at that time"),
    pipeline.Why.NO_LONGER: _("fits, but is no longer held at that time"),
}
ASK_BEFORE, ASK_AGAIN = timedelta(days=7), timedelta(days=14)
_SIGNER = Signer(sep=".", salt="tocsin.constituency.confirm")
LOCAL_ROLES = ("officer", "deputy", "head")


def scope_of(user: Any) -> Scope:
    """Give what a person may do where, from the memberships that are valid now, in two queries."""
    held = list(_memberships(user))
    reached = _Reach(row["place"] for row in held if row["place"])
    organisations: dict[tuple[str, int | None, bool], set[int]] = defaultdict(set)
    for row in held:
        organisations[row["role"], row["team"], bool(row["everything"])] |= reached.below(row["place"], row["subtree"])
    return Scope(
        person=user.pk,
        grants=tuple(
            Grant(role, verbs_of(role), frozenset(ids), team, everything)
            for (role, team, everything), ids in organisations.items()
        ),
    )


def recipient_of(user: Any) -> Recipient:
    """Give a person of the house as the gate knows them: whom they serve, in whatever role."""
    reached = frozenset[int]().union(*(grant.organisations for grant in access.scope_of(user).grants))
    codes = frozenset(Organisation.objects.filter(pk__in=reached).values_list("code", flat=True))
    held = Membership.objects.valid().filter(person=user).order_by("pk")
    house = held.annotate(house=Coalesce("team__organisation__code", "organisation__code")).values_list("house")
    home = house.first()
    return Recipient(
        address=user.email or user.username, organisation=home[0] if home else "", kind="named_person", serves=codes
    )


def reaches_top(user: Any, verb: str) -> bool:
    """Tell whether a person may do ``verb`` from the top of a tree on, and look after what is common to all."""
    return Organisation.objects.filter(pk__in=places(user, verb), parent=None).exists()


def _memberships(user: Any) -> Iterator[dict[str, Any]]:
    """Give one row for each place that a role reaches: the organisation itself, or each mandate of the team."""
    rows = (
        Membership.objects.valid()
        .filter(person=user)
        .values_list(
            "role",
            "team",
            "team__sees_unattributed",
            "organisation__path",
            "team__mandates__organisation__path",
            "team__mandates__subtree",
        )
    )
    for role, team, everything, own, mandated, subtree in rows:
        yield {
            "role": role,
            "team": team,
            "everything": everything,
            "place": own or mandated,
            "subtree": team is None or subtree,
        }


class _Reach:
    """The organisations at and below some places of the tree, fetched at once."""

    def __init__(self, places: Iterable[str]) -> None:
        condition = Q(pk=None)
        for place in set(places):
            condition |= Q(path__startswith=place)
        self._paths = list(Organisation.objects.filter(condition).values_list("pk", "path"))

    def below(self, place: str | None, subtree: bool) -> set[int]:
        if not place:
            return set()
        return {pk for pk, path in self._paths if path == place or (subtree and path.startswith(place))}


def organisations(
    user: Any, *, text: str = "", kind: str = "", without_officer: bool = False
) -> QuerySet[Organisation]:
    """Give the organisations a person may see, with their officers; the order is for the caller to choose."""
    found = organisations_found(user, text=text, kind=kind, without_officer=without_officer)
    held = Asset.objects.filter(organisation=OuterRef("pk")).order_by().values("organisation")
    officers = Membership.objects.valid().filter(role="officer").select_related("person")
    contacts = Contact.objects.filter(role="officer")
    return found.annotate(held=Subquery(held.annotate(count=Count("pk")).values("count"))).prefetch_related(
        Prefetch("memberships", officers, to_attr="officers"), Prefetch("contacts", contacts, to_attr="officer_desks")
    )


def organisations_found(
    user: Any, *, text: str = "", kind: str = "", without_officer: bool = False
) -> QuerySet[Organisation]:
    """Give the same organisations bare, to count them."""
    found: QuerySet[Organisation] = Organisation.objects.visible_to(user).filter(active=True)
    if text:
        found = found.filter(Q(code__icontains=text) | Q(name__icontains=text) | Q(name_fr__icontains=text))
    if kind:
        found = found.filter(kind=kind)
    return _without_officer(found) if without_officer else found


def for_programs(user: Any) -> QuerySet[Organisation]:
    """Give the organisations a program may know of, those no longer active as well, with whom to reach."""
    officers = Membership.objects.valid().filter(role__in=("officer", "deputy")).select_related("person")
    return (
        Organisation.objects.visible_to(user)
        .select_related("parent")
        .prefetch_related(Prefetch("memberships", officers, to_attr="officers"), "contacts")
    )


def one_for_programs(user: Any, uuid: UUID) -> Organisation:
    """Give one of them with what it holds."""
    return get_object_or_404(for_programs(user).prefetch_related("assets"), uuid=uuid)


def missing(user: Any) -> QuerySet[Organisation]:
    """Give the organisations that must have a security officer and have none."""
    return _without_officer(Organisation.objects.visible_to(user).filter(active=True))


def _without_officer(found: QuerySet[Organisation]) -> QuerySet[Organisation]:
    members = Membership.objects.valid().filter(role="officer", organisation=OuterRef("pk"))
    contacts = Contact.objects.filter(role="officer", organisation=OuterRef("pk"))
    return found.filter(~Exists(members), ~Exists(contacts), needs_officer=True)


def lacks_officer(organisation: Any) -> bool:
    """Tell whether an organisation that was read for its page must have a security officer and has none."""
    return bool(organisation.lacks_officer)


def organisation_or_404(user: Any, uuid: UUID) -> Organisation:
    """Give one organisation, which knows whether it lacks an officer; one out of sight is as good as none."""
    lacking = Exists(_without_officer(Organisation.objects.filter(pk=OuterRef("pk"), active=True)))
    found = Organisation.objects.visible_to(user).select_related("parent").annotate(lacks_officer=lacking)
    return get_object_or_404(found, uuid=uuid)


def managed_organisation_or_404(user: Any, uuid: UUID) -> Organisation:
    """Give one organisation that the person may change."""
    return get_object_or_404(Organisation.objects.visible_to(user, MANAGE), uuid=uuid)


def team_or_404(user: Any, uuid: UUID) -> Team:
    """Give one team; one out of sight is as good as none."""
    return get_object_or_404(Team.objects.visible_to(user).select_related("organisation", "chair"), uuid=uuid)


def managed_team_or_404(user: Any, uuid: UUID) -> Team:
    """Give one team that stands at an organisation the person may change."""
    return get_object_or_404(Team.objects.filter(organisation__in=places(user, MANAGE)), uuid=uuid)


def person_named(username: str) -> Person | None:
    """Give the active account of this name."""
    return Person.objects.filter(username=username.strip(), is_active=True).first()


def asset_or_404(user: Any, uuid: UUID) -> Asset:
    """Give one asset that the person may change."""
    return get_object_or_404(Asset.objects.visible_to(user, MANAGE).select_related("organisation"), uuid=uuid)


def contact_or_404(user: Any, uuid: UUID) -> Contact:
    """Give one contact that the person may change."""
    return get_object_or_404(Contact.objects.visible_to(user, MANAGE).select_related("organisation"), uuid=uuid)


def may_confirm(user: Any, organisation: Organisation) -> bool:
    """Tell whether the person manages the place or speaks for it."""
    return any(access.scope_of(user).allows(verb, organisation.pk) for verb in (MANAGE, "incidents.answer"))


def confirm_link(contact: Contact) -> str:
    """Give the address where a contact says, without signing in, that it is still right."""
    return f"{config.load().url}/confirm/{_SIGNER.sign(contact.uuid.hex)}/"


def contact_of_link(token: str) -> Contact | None:
    """Give the contact a link was made for; None when it was not made here, or the contact is gone."""
    try:
        wanted = UUID(_SIGNER.unsign(token))
    except (BadSignature, ValueError):
        return None
    found = Contact.objects.filter(uuid=wanted, organisation__active=True)
    return found.select_related("organisation").first()


def contacts_to_ask(now: datetime) -> QuerySet[Contact]:
    """Give the contacts whose confirmation runs out within a week and who were not asked in the last two."""
    fresh, asked = now - CONFIRM_EVERY + ASK_BEFORE, now - ASK_AGAIN
    old = Q(confirmed_at__lt=fresh) | Q(confirmed_at=None, created_at__lt=fresh)
    found = Contact.objects.filter(old, organisation__active=True, bounced_at=None).exclude(email="")
    return found.exclude(asked_at__gt=asked).select_related("organisation").order_by("pk")


def contact_to_confirm_or_404(user: Any, uuid: UUID) -> Contact:
    """Give one contact of a place that the person manages or speaks for."""
    mine = places(user, MANAGE) | places(user, "incidents.answer")
    return get_object_or_404(Contact.objects.filter(organisation__in=mine).select_related("organisation"), uuid=uuid)


def membership_or_404(user: Any, uuid: UUID) -> Membership:
    """Give one role that the person may end: at, or in a team of, an organisation they manage."""
    managed = places(user, MANAGE)
    found = Membership.objects.filter(Q(organisation__in=managed) | Q(team__organisation__in=managed))
    return get_object_or_404(found.select_related("organisation", "team", "person"), uuid=uuid)


def assets(organisation: Organisation) -> QuerySet[Asset]:
    """Give what an organisation holds, held or will hold."""
    return organisation.assets.all()


def above(user: Any, organisation: Organisation) -> QuerySet[Organisation]:
    """Give the organisations above one that a person may see, from the root down."""
    return Organisation.objects.visible_to(user).filter(pk__in=_above(organisation)).order_by("path")


def members(organisation: Organisation) -> Sequence[Membership]:
    """Give the roles held at an organisation now or later, the officers first."""
    order = {role: place for place, role in enumerate(LOCAL_ROLES)}
    held = organisation.memberships.select_related("person", "stands_in_for").filter(_not_ended())
    return sorted(held, key=lambda item: (order.get(item.role, len(order)), item.role, str(item.person)))


def team_members(team: Team) -> QuerySet[Membership]:
    """Give the roles held in a team now or later."""
    found = team.memberships.select_related("person", "seconded_from").filter(_not_ended())
    return found.order_by("role", "person__username")


def _not_ended() -> Q:
    return Q(valid_to=None) | Q(valid_to__gt=timezone.now())


def mandates(user: Any, team: Team) -> Sequence[Mandate]:
    """Give whom a team serves; ``linked`` tells which organisations the person may look at."""
    linked = places(user, VERB)
    served = list(team.mandates.select_related("organisation").order_by("organisation__path"))
    for mandate in served:
        mandate.linked = mandate.organisation_id in linked
    return served


def serving(user: Any, organisation: Organisation) -> QuerySet[Team]:
    """Give the teams whose mandate reaches an organisation."""
    above = _above(organisation)
    reach = Q(mandates__organisation=organisation) | Q(mandates__organisation__in=above, mandates__subtree=True)
    return Team.objects.visible_to(user).filter(reach).distinct().order_by("code")


def teams(user: Any) -> QuerySet[Team]:
    """Give the teams a person may see."""
    return Team.objects.visible_to(user).select_related("organisation").order_by("code")


def children(user: Any, organisation: Organisation) -> QuerySet[Organisation]:
    """Give the parts of an organisation that a person may see."""
    return Organisation.objects.visible_to(user).filter(parent=organisation, active=True).order_by("code")


def lineage(organisation: Organisation) -> list[str]:
    """Give the codes of all organisations above one, from the root down."""
    above = Organisation.objects.filter(pk__in=_above(organisation)).order_by("path")
    return list(above.values_list("code", flat=True))


def _above(organisation: Organisation) -> list[int]:
    return [int(part) for part in organisation.path.split("/") if part and int(part) != organisation.pk]


@dataclass(frozen=True, slots=True)
class Reachable:
    """Somebody to write to about an organisation."""

    name: str
    email: str
    language: str
    role: str


def contact_for(organisation: Organisation) -> Reachable | None:
    """Give whom to write to about an organisation: its officer, else the deputy, else a desk."""
    for role in ("officer", "deputy"):
        held = organisation.memberships.valid().filter(role=role, person__is_active=True).exclude(person__email="")
        first = held.select_related("person").order_by("valid_from", "pk").first()
        if first is not None:
            return Reachable(str(first.person), first.person.email, first.person.language, role)
    desk = (
        organisation.contacts.filter(role__in=("officer", "deputy", "duty")).exclude(email="").order_by("-role").first()
    )
    return None if desk is None else Reachable(desk.name, desk.email, desk.language, desk.role)


def codes(user: Any = None, verb: str = VERB) -> frozenset[str]:
    """Give the codes of all active organisations, or of those where ``user`` may do ``verb``."""
    found = Organisation.objects.filter(active=True)
    if user is not None:
        found = found.filter(pk__in=places(user, verb))
    return frozenset(found.values_list("code", flat=True))


def ownership(defaults: Mapping[str, str] | None = None) -> pipeline.Ownership:
    """Give what the pipeline attributes events with; ``defaults`` names the organisation of each source."""
    rows = (
        Asset.objects.filter(organisation__active=True)
        .exclude(kind=Asset.Kind.PRODUCT)
        .values_list("kind", "value", "organisation__code", "valid_from", "valid_to")
    )
    parents = Organisation.objects.exclude(parent=None).values_list("code", "parent__code")
    assets = (
        pipeline.Asset(cast("pipeline.AssetKind", kind), value, code, start, end)
        for kind, value, code, start, end in rows
    )
    return pipeline.Ownership(assets, defaults, dict(parents))


def users_of_products(at: datetime) -> dict[str, list[str]]:
    """Give the codes of the organisations that use each product at a time, by the form products are compared in."""
    known = Asset.objects.filter(Asset.valid_at(at), kind=Asset.Kind.PRODUCT, organisation__active=True)
    found: defaultdict[str, list[str]] = defaultdict(list)
    for value, code in known.order_by("organisation__code").values_list("value", "organisation__code"):
        found[value].append(code)
    return found


@dataclass(frozen=True, slots=True)
class Owned:
    """One entry that fits what was asked, with its organisation as the person may see it."""

    organisation: Organisation
    match: pipeline.Match

    @property
    def why(self) -> object:
        """Give the reason in the person's language."""
        return REASONS[self.match.why]


def whose(user: Any, value: str, at: datetime) -> list[Owned]:
    """Explain who owns a value, as far as the person may see."""
    matches = ownership().whose(value, at)
    codes = {match.asset.organisation for match in matches}
    visible = {item.code: item for item in Organisation.objects.visible_to(user).filter(code__in=codes)}
    return [Owned(visible[match.asset.organisation], match) for match in matches if match.asset.organisation in visible]


def memberships_of(person: Any) -> QuerySet[Membership]:
    """Give the roles a person holds now, with where they hold them."""
    return Membership.objects.valid().filter(person=person).select_related("organisation", "team").order_by("pk")
