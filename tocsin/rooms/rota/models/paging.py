"""Pages: somebody on call is wanted now, and who was called how."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tocsin.platform import sms
from tocsin.platform.access import scope_of
from tocsin.platform.identity import Identified, drawn_reference
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.constituency.models import Team

PAGE, MANAGE, OVERSEE = "rota.page", "rota.manage", "rota.oversee"


def new_reference() -> str:
    """Draw the reference of a page: all that a short message says of it."""
    return drawn_reference("P", 6)


class PageQuerySet(models.QuerySet["Page"]):
    """Scopes every read of pages. A page about something sealed exists for the people named there and nobody else."""

    def visible_to(self, user: Any) -> Self:
        """Keep the pages of the person's teams, those they wrote while in office, and those they oversee."""
        scope = scope_of(user)
        if not (scope.allows(PAGE) or scope.allows(OVERSEE)):
            return self.none()
        mine = Q(team__in=scope.teams(PAGE)) | Q(paged_by=scope.person)
        mine |= Q(team__organisation__in=scope.organisations(OVERSEE))
        named = Page.named.through.objects.filter(page=OuterRef("pk"), person=scope.person)
        return self.filter(Q(sealed=False) & mine | Q(sealed=True) & Exists(named))


class Page(Identified):
    """A call for whoever is on call in a team. ``step`` is how many steps of the ladder were taken."""

    class State(models.TextChoices):
        OPEN = "open", _("waiting for somebody")
        ACKNOWLEDGED = "acknowledged", _("acknowledged")
        UNANSWERED = "unanswered", _("nobody has answered")
        WITHDRAWN = "withdrawn", _("withdrawn")

    reference = models.CharField(max_length=12, unique=True, default=new_reference, editable=False)
    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="pages")
    reason = models.CharField(max_length=200)
    severity = models.SmallIntegerField()
    ladder = models.CharField(max_length=80)
    state = models.CharField(max_length=14, choices=State.choices, default=State.OPEN)
    step = models.PositiveSmallIntegerField(default=0)
    next_step_at = models.DateTimeField(null=True, blank=True)
    matter_kind = models.CharField(max_length=20, blank=True)
    matter = models.UUIDField(null=True, blank=True, db_index=True)
    sealed = models.BooleanField(default=False)
    named = models.ManyToManyField(settings.AUTH_USER_MODEL, blank=True, related_name="+")
    paged_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_via = models.CharField(max_length=10, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PageQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["next_step_at"], name="page_next", condition=Q(next_step_at__isnull=False)),
            models.Index(fields=["state", "-id"], name="page_state"),
            models.Index(fields=["-id"], name="page_newest"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def waiting(self) -> bool:
        """Tell whether somebody can still take it."""
        return self.state in {self.State.OPEN, self.State.UNANSWERED}


class Means(models.TextChoices):
    """How somebody is called."""

    SMS = "sms", _("short message")
    MAIL = "mail", _("mail")
    WEBHOOK = "webhook", _("the team's tool")
    TELEPHONE = "telephone", _("telephone")


OUTCOMES = {
    OutboxMessage.State.QUEUED: _("waits to leave"),
    OutboxMessage.State.SENDING: _("is leaving"),
    OutboxMessage.State.SENT: _("has left"),
    OutboxMessage.State.FAILED: _("did not leave"),
    OutboxMessage.State.UNCERTAIN: _("uncertain whether it left"),
}
TELEPHONED = {None: _("to be called"), True: _("reached"), False: _("not reached")}
ROLE_NAMES = {
    "first_line": _("first line"),
    "second_line": _("second line"),
    "team_lead": _("team lead"),
    "ciso": _("chief information security officer"),
    "tool": _("the team's tool"),
}


class Call(Identified):
    """One person called once by one means (no person: the team's tool); ``role`` is what the ladder calls them by."""

    page = models.ForeignKey(Page, on_delete=models.CASCADE, related_name="calls")
    step = models.PositiveSmallIntegerField()
    role = models.CharField(max_length=12)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    means = models.CharField(max_length=10, choices=Means.choices)
    trouble = models.CharField(max_length=300, blank=True)  # why it did not leave
    message = models.OneToOneField(OutboxMessage, null=True, blank=True, on_delete=models.PROTECT, related_name="call")
    called_at = models.DateTimeField(default=timezone.now)
    reached = models.BooleanField(null=True)  # of a call by telephone, as whoever called wrote down

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["page", "step", "person", "means"], name="called_once_a_step"),
        ]

    @property
    def to_telephone(self) -> bool:
        """Tell whether somebody must still pick up the telephone."""
        return self.means == Means.TELEPHONE and self.reached is None and not self.trouble

    @property
    def outcome(self) -> object:
        """Say what came of it, in words."""
        if self.trouble:
            return self.trouble
        if self.means == Means.TELEPHONE:
            return TELEPHONED[self.reached]
        return OUTCOMES[OutboxMessage.State(self.message.state)] if self.message is not None else ""

    @property
    def role_name(self) -> object:
        """Say as what somebody was called."""
        return ROLE_NAMES.get(self.role, self.role)

    @property
    def number(self) -> str:
        """Give the number to dial; empty when none is known."""
        return sms.number(self.person.phone) if self.person is not None else ""
