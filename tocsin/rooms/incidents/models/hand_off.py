"""What one side hands over to another: a frozen copy of it, its marking, when it must be answered, and the answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tocsin.platform.identity import Identified
from tocsin.platform.markings import TLP
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents.models.incident import Incident, Severity
from tocsin.rooms.incidents.querysets import HandOffQuerySet

ANSWER_WITHIN = timedelta(hours=1)  # where no route says otherwise


def due_in_time() -> datetime:
    """Give when a hand-off must be answered that no route says more of."""
    return timezone.now() + ANSWER_WITHIN


class HandOff(Identified):
    """Something of an incident, handed by a team or an organisation to another, which accepts it or refuses it.

    ``route`` is its number in `handoffs.yaml`, ``object`` what was handed over by it then. ``payload`` is a copy that
    nothing changes any more: ``summary`` and lists of ``observables``, ``tasks`` and ``alerts``. With ``moves`` the
    incident itself goes to the team that accepts. ``about`` are the organisations whose own parts the copy holds:
    nobody reads it who may not read these.
    """

    class State(models.TextChoices):
        OFFERED = "offered", _("waiting")
        ACCEPTED = "accepted", _("accepted")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="hand_offs")
    route = models.CharField(max_length=8, default="H00")
    object = models.CharField(max_length=40, default="incident")
    moves = models.BooleanField(default=True)
    title = models.CharField(max_length=200, blank=True)
    severity = models.SmallIntegerField(choices=Severity.choices, null=True)
    payload = models.JSONField(default=dict)
    tlp = models.CharField(max_length=12, choices=TLP.choices, default=TLP.AMBER)
    about = models.ManyToManyField(Organisation, related_name="+", blank=True)
    from_team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="+")
    from_organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="+")
    to_team = models.ForeignKey(Team, null=True, on_delete=models.PROTECT, related_name="hand_offs")
    to_organisation = models.ForeignKey(Organisation, null=True, on_delete=models.PROTECT, related_name="hand_offs")
    sent_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    note = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OFFERED)
    due_at = models.DateTimeField(default=due_in_time)
    received_at = models.DateTimeField(null=True, blank=True)
    received_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    answered_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    reason = models.TextField(blank=True)
    escalated_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = HandOffQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["incident"], condition=Q(state="offered", moves=True), name="one_open_offer"
            ),
            models.CheckConstraint(condition=~Q(state="refused") | ~Q(reason=""), name="refusal_has_a_reason"),
            models.CheckConstraint(
                condition=Q(to_team=None) ^ Q(to_organisation=None), name="hand_off_to_a_team_or_an_organisation"
            ),
            models.CheckConstraint(
                condition=Q(from_team=None) | Q(from_organisation=None), name="hand_off_from_one_side"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["to_team", "state", "-id"], name="hand_offs_to_team"),
            models.Index(fields=["due_at", "id"], name="hand_offs_waiting", condition=Q(state="offered")),
            models.Index(fields=["id"], name="hand_offs_refused", condition=Q(state="refused")),
            models.Index(fields=["-updated_at", "-id"], name="hand_offs_newest"),
            models.Index(fields=["updated_at", "id"], name="hand_offs_updated"),
        ]

    def __str__(self) -> str:
        return self.title or self.incident.title

    @property
    def sent_at(self) -> datetime:
        """Give when it was sent."""
        return self.created_at

    @property
    def sender(self) -> Team | Organisation | None:
        """Give the side that handed it over; None when somebody without a team did."""
        return self.from_team or self.from_organisation

    @property
    def receiver(self) -> Team | Organisation:
        """Give the side that is to answer."""
        if self.to_team is not None:
            return self.to_team
        if self.to_organisation is None:  # the database holds one of the two
            raise HandOff.DoesNotExist
        return self.to_organisation

    @property
    def waiting(self) -> bool:
        """Tell whether an answer is awaited."""
        return self.state == self.State.OFFERED

    @property
    def late(self) -> bool:
        """Tell whether the answer is overdue."""
        return self.waiting and self.due_at < timezone.now()
