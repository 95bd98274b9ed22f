"""The organisations served, the teams that serve them, who holds which role, and what is whose."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tocsin.platform import openpgp, webhooks
from tocsin.platform.access import scope_of
from tocsin.platform.identity import Identified
from tocsin.platform.wallclock import moment, zone_named

VERB = "constituency.view"
CONFIRM_EVERY = timedelta(days=90)
ROLE_NAMES = {
    "officer": _("security officer"),
    "deputy": _("deputy of the security officer"),
    "head": _("head of department"),
    "duty": _("duty desk, at all hours"),
    "tool": _("own tool"),
    "ciso": _("chief information security officer"),
    "data_protection": _("data protection officer"),
    "administrator": _("administrator"),
    "peer": _("outside party"),
    "analyst": _("analyst"),
    "responder": _("incident responder"),
    "cart_analyst": _("analyst of targeted attacks"),
    "network_operator": _("network operator"),
    "risk_member": _("member of the risk group"),
    "board_member": _("member of the board"),
}


def places(user: Any, verb: str) -> frozenset[int]:
    """Give the organisations where a person may do ``verb``."""
    return scope_of(user).organisations(verb)


class ValidInTime(models.Model):
    """True from ``valid_from`` until before ``valid_to``; an empty end is open."""

    valid_from = models.DateTimeField(null=True, blank=True)
    valid_to = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @classmethod
    def valid_now(cls) -> Q:
        """Give the condition for rows that hold at this moment."""
        return cls.valid_at(timezone.now())

    @classmethod
    def valid_at(cls, at: datetime) -> Q:
        """Give the condition for rows that hold at a moment."""
        return (Q(valid_from=None) | Q(valid_from__lte=at)) & (Q(valid_to=None) | Q(valid_to__gt=at))


class Charted(models.Model):
    """Where it comes from: what a chart brought goes when a later chart no longer has it; what people added stays."""

    charted = models.BooleanField(default=False, editable=False)

    class Meta:
        abstract = True


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    """Scopes every read of organisations."""

    def visible_to(self, user: Any, verb: str = VERB) -> Self:
        """Keep the organisations where ``user`` may do ``verb``."""
        return self.filter(pk__in=places(user, verb))


class Organisation(Identified, Charted):
    """An institution, body, agency, department or outside party. ``path`` is the chain of ids from the root: /1/7/.

    ``place`` is the same chain in codes, by which lists are ordered.
    """

    class Kind(models.TextChoices):
        UNION_ENTITY = "union_entity", _("Union entity")
        DEPARTMENT = "department", _("department")
        BOARD = "board", _("board")
        GROUP = "group", _("group")
        OUTSIDE = "outside", _("outside party")

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    name_fr = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=20, choices=Kind.choices)
    parent = models.ForeignKey("self", null=True, blank=True, on_delete=models.PROTECT, related_name="children")
    path = models.CharField(max_length=200, db_index=True)
    place = models.CharField(max_length=400, blank=True, db_index=True)
    country = models.CharField(max_length=2, blank=True)
    timezone = models.CharField(max_length=60, default="UTC")
    language = models.CharField(max_length=5, default="en")
    needs_officer = models.BooleanField(default=True)
    active = models.BooleanField(default=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["code"]
        indexes: ClassVar = [models.Index(fields=["updated_at", "id"], name="organisation_updated")]

    def __str__(self) -> str:
        return self.name_fr if get_language() == "fr" and self.name_fr else self.name

    @property
    def depth(self) -> int:
        """Give how far below a root it stands."""
        return self.path.count("/") - 2

    @property
    def indent(self) -> str:
        """Give the white space that shows the depth in a list."""
        return "\u2003" * self.depth

    def beginning_of(self, day: date) -> datetime:
        """Give the moment at which a day begins there; where midnight is skipped, the moment of the jump."""
        return moment(day, time.min, zone_named(self.timezone))

    def day_at(self, when: datetime) -> date:
        """Give which day it is there."""
        return when.astimezone(zone_named(self.timezone)).date()


class TeamQuerySet(models.QuerySet["Team"]):
    """Scopes every read of teams."""

    def visible_to(self, user: Any, verb: str = VERB) -> Self:
        """Keep the teams that serve, or stand at, an organisation the person may see, and their own."""
        mine = places(user, verb)
        paths = Organisation.objects.filter(pk__in=mine).values_list("path", flat=True)
        above = {int(part) for path in paths for part in path.split("/") if part}
        serving = Q(mandates__organisation__in=mine) | Q(mandates__organisation__in=above, mandates__subtree=True)
        own = Q(pk__in=scope_of(user).teams()) | Q(organisation__in=mine)
        return self.filter(pk__in=Team.objects.filter(serving | own).values("pk"))


class Team(Identified, Charted):
    """A team with a mandate; ``sees_unattributed`` teams also see what belongs to no organisation yet."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=200)
    name_fr = models.CharField(max_length=200, blank=True)
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="teams")
    reports_to = models.CharField(max_length=200, blank=True)
    email = models.EmailField(blank=True)
    services = models.JSONField(default=list)
    sees_unattributed = models.BooleanField(default=False)
    chair = models.ForeignKey(Organisation, null=True, blank=True, on_delete=models.SET_NULL, related_name="chairs")

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["code"]

    def __str__(self) -> str:
        return self.name_fr if get_language() == "fr" and self.name_fr else self.name


class Mandate(Charted):
    """Whom a team serves: an organisation (with all below, when ``subtree``), by which services (all, when empty).

    A page adds as ``linked`` whether its reader may look at the organisation.
    """

    linked: bool
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="mandates")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="mandates")
    subtree = models.BooleanField(default=True)
    services = models.JSONField(default=list)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["team", "organisation"], name="one_mandate_a_team")]


class MembershipQuerySet(models.QuerySet["Membership"]):
    """Scopes every read of memberships."""

    def visible_to(self, user: Any, verb: str = VERB) -> Self:
        """Keep the roles held at organisations, and in teams, that the person may see."""
        teams = Team.objects.visible_to(user, verb).values("pk")
        return self.filter(Q(organisation__in=places(user, verb)) | Q(team__in=teams))

    def valid(self) -> Self:
        """Keep the roles that are held at this moment."""
        return self.filter(Membership.valid_now())


class Membership(Identified, ValidInTime, Charted):
    """A role of one person at an organisation or in a team. Roles are those of `platform/roles.yaml`.

    One ``for_a_time`` has both dates: a deputy ``stands_in_for`` an officer, somebody is ``seconded_from`` elsewhere.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=30)
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="memberships"
    )
    team = models.ForeignKey(Team, null=True, blank=True, on_delete=models.CASCADE, related_name="memberships")
    for_a_time = models.BooleanField(default=False)
    stands_in_for = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE, related_name="deputations"
    )
    seconded_from = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="secondments"
    )
    announced_at = models.DateTimeField(null=True, blank=True, editable=False)  # that it will end
    over_at = models.DateTimeField(null=True, blank=True, editable=False)  # that it has ended was written down

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(organisation=None) ^ Q(team=None), name="membership_at_an_organisation_or_in_a_team"
            ),
            models.UniqueConstraint(
                fields=["person", "role", "organisation"],
                condition=Q(team=None, for_a_time=False),
                name="one_role_at_an_organisation",
            ),
            models.UniqueConstraint(
                fields=["person", "role", "team"],
                condition=Q(organisation=None, for_a_time=False),
                name="one_role_in_a_team",
            ),
            models.CheckConstraint(
                condition=Q(for_a_time=False, stands_in_for=None, seconded_from=None)
                | Q(
                    for_a_time=True,
                    valid_from__isnull=False,
                    valid_to__isnull=False,
                    valid_to__gte=models.F("valid_from"),
                ),
                name="for_a_time_has_both_dates",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["valid_to"], name="membership_over", condition=Q(for_a_time=True, over_at=None)),
        ]

    @property
    def role_name(self) -> object:
        """Give the role in words."""
        return ROLE_NAMES.get(self.role, self.role)

    @property
    def first_day(self) -> date | None:
        """Give the day on which it begins, where it is held."""
        return self._day(self.valid_from)

    @property
    def last_day(self) -> date | None:
        """Give the last day on which it is held, there."""
        return self._day(self.valid_to and self.valid_to - timedelta(microseconds=1))

    def _day(self, when: datetime | None) -> date | None:
        place = self.team.organisation if self.team is not None else self.organisation
        return place.day_at(when) if place is not None and when is not None else None


class ContactQuerySet(models.QuerySet["Contact"]):
    """Scopes every read of contacts."""

    def visible_to(self, user: Any, verb: str = VERB) -> Self:
        """Keep the contacts of organisations where ``user`` may do ``verb``."""
        return self.filter(organisation__in=places(user, verb))


class Contact(Identified, Charted):
    """Where to reach an organisation in one role (officer, deputy, head, 24/7, ...)."""

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="contacts")
    role = models.CharField(max_length=30)
    name = models.CharField(max_length=150)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    webhook = models.CharField(max_length=250, blank=True)  # where a tool of theirs is told, beside the people
    language = models.CharField(max_length=5, default="en")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    fingerprint = models.CharField(max_length=64, blank=True)
    key = models.TextField(blank=True)  # OpenPGP, armoured: mail to this contact is encrypted
    only_encrypted = models.BooleanField(default=False)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True, editable=False)  # whether it is still right, by mail
    absent_until = models.DateField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["role", "name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["organisation", "role", "name"], name="one_contact_a_role"),
        ]

    def clean(self) -> None:
        """Refuse a desk that cannot be used as its role demands: whoever answers at all hours needs a telephone."""
        if self.role == "duty" and not self.phone:
            raise ValidationError({"phone": _("Whoever answers at all hours needs a telephone.")})
        if self.role == "tool":
            self._clean_tool()
        elif self.webhook:
            raise ValidationError(
                {"webhook": _("Only a tool has an address of this sort; people have a mail address.")}
            )
        elif not self.email and not self.phone:
            raise ValidationError({"email": _("Give a mail address or a telephone.")})
        if self.only_encrypted and not self.key:
            raise ValidationError({"key": _("Mail that must be encrypted needs the public key.")})
        if self.key:
            try:
                self.fingerprint = openpgp.read_key(self.key).fingerprint
            except openpgp.UnusableKey as error:
                raise ValidationError({"key": str(error)}) from error

    def _clean_tool(self) -> None:
        if not self.webhook:
            raise ValidationError({"webhook": _("Give the address (https://) where the tool is told.")})
        if self.email or self.phone or self.key:
            raise ValidationError({"email": _("A tool has its address only; enter people in their own role.")})
        try:
            self.webhook = webhooks.checked(self.webhook)
        except ValidationError as error:
            raise ValidationError({"webhook": error.messages}) from error

    @property
    def shown(self) -> str:
        """Give the URL of a tool without what may be a secret in it."""
        return webhooks.shown(self.webhook)

    @property
    def secret(self) -> str:
        """Give what a tool checks with that something comes from here; empty for people."""
        return webhooks.secret_for(self.organisation.code, self.webhook) if self.webhook else ""

    @property
    def to_confirm(self) -> bool:
        """Tell whether nobody has said for three months that it is still right; a tool need not be confirmed."""
        return not self.webhook and timezone.now() - (self.confirmed_at or self.created_at) > CONFIRM_EVERY

    @property
    def role_name(self) -> object:
        """Give the role in words."""
        return ROLE_NAMES.get(self.role, self.role)


class AssetQuerySet(models.QuerySet["Asset"]):
    """Scopes every read of assets."""

    def visible_to(self, user: Any, verb: str = VERB) -> Self:
        """Keep the assets of organisations where ``user`` may do ``verb``."""
        return self.filter(organisation__in=places(user, verb))


class Asset(Identified, ValidInTime, Charted):
    """Something that is an organisation's: a prefix, a domain, a mail domain, a host; or a product that it uses."""

    class Kind(models.TextChoices):
        PREFIX = "prefix", _("network prefix")
        DOMAIN = "domain", _("domain")
        MAIL_DOMAIN = "mail_domain", _("mail domain")
        HOST = "host", _("host")
        PRODUCT = "product", _("product")

    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="assets")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    value = models.CharField(max_length=255)
    community = models.CharField(max_length=40, blank=True)

    objects = AssetQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["kind", "value"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kind", "value", "organisation", "valid_from"], name="one_claim_an_asset"),
            models.UniqueConstraint(
                fields=["kind", "value", "organisation"],
                condition=Q(valid_from=None),
                name="one_claim_since_ever",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["kind", "value"], name="asset_value")]
