"""The ticket systems of organisations, the tickets there that are about incidents here, and what went to and fro."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tocsin.platform.identity import Identified
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.exchange.querysets import ForeignDeskQuerySet
from tocsin.rooms.incidents.models import Incident, IncidentEntity, TimelineEntry


class ForeignDesk(Identified):
    """The ticket system of one organisation. ``states`` is what differs for it from `knowledge/desks.yaml`.

    ``token`` is wrapped by the house key and is never shown again. ``account`` is who we are there, learnt from the
    first ticket.
    """

    organisation = models.OneToOneField(Organisation, on_delete=models.PROTECT, related_name="foreign_desk")
    kind = models.CharField(max_length=10, default="rt")
    base_url = models.CharField(max_length=250)
    queue = models.CharField(max_length=100)
    reference_field = models.CharField(max_length=60, blank=True)
    rtname = models.CharField(max_length=60, blank=True)
    states = models.JSONField(default=dict)
    fields = models.JSONField(default=dict)  # a custom field of theirs -> the fact of ours that it holds
    answers = models.BooleanField(default=False)
    sends_states = models.BooleanField(default=True)
    token = models.BinaryField(default=bytes)
    active = models.BooleanField(default=True)
    since = models.DateTimeField(default=timezone.now)
    account = models.CharField(max_length=200, blank=True)
    next_poll_at = models.DateTimeField(default=timezone.now)
    trouble = models.CharField(max_length=500, blank=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    well_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    updated_at = models.DateTimeField(auto_now=True)

    objects = ForeignDeskQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.organisation.code}: {self.base_url}"


class Ticket(Identified):
    """One ticket at an organisation's, about its part of one incident. ``number`` is theirs, empty until it is known.

    ``reference`` stands in the ticket and is how it is found again when nobody noted its number. ``carried_at`` is the
    change of the incident up to which all was carried, ``last_heard`` the newest of their transactions taken in,
    ``read`` how many of them were seen. ``unheard`` asks for it to be looked at though nothing says it has changed.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("not there yet")
        LIVE = "live", _("mirrored")
        REFUSED = "refused", _("refused by the gate")
        RESTING = "resting", _("resting: too much in an hour")
        STOPPED = "stopped", _("stopped")

    GOING = (State.WAITING, State.LIVE, State.REFUSED)

    desk = models.ForeignKey(ForeignDesk, on_delete=models.PROTECT, related_name="tickets")
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="foreign_tickets")
    entity = models.ForeignKey(IncidentEntity, on_delete=models.CASCADE, related_name="foreign_tickets")
    reference = models.CharField(max_length=60, unique=True)
    number = models.CharField(max_length=20, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    state_there = models.CharField(max_length=60, blank=True)
    trouble = models.CharField(max_length=500, blank=True)
    failures = models.PositiveIntegerField(default=0)
    next_attempt_at = models.DateTimeField(default=timezone.now)
    counted_from = models.DateTimeField(default=timezone.now)
    carried_at = models.DateTimeField(null=True, blank=True)
    last_heard = models.PositiveBigIntegerField(default=0)
    read = models.PositiveIntegerField(default=0)
    changed_there = models.DateTimeField(null=True, blank=True)  # as far as was heard, by the clock there
    unheard = models.BooleanField(default=False)
    fields_there = models.JSONField(default=dict)  # each custom field -> what we wrote last, and whether it was taken
    last_out_at = models.DateTimeField(null=True, blank=True)
    last_in_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["desk", "number"], condition=~Q(number=""), name="one_ticket_a_number"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["desk", "state", "next_attempt_at"], name="ticket_due"),
            models.Index(fields=["incident"], name="ticket_of_incident"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def not_taken(self) -> list[str]:
        """Give the names of the custom fields that the ticket did not take."""
        return [name for name, (_value, taken) in self.fields_there.items() if not taken]


class Passing(Identified):
    """One thing that passed between here and there: what we said with a ``marker``, or one of their transactions.

    What goes out is written down before it is sent, so that after a crash it is looked for there, never sent twice.
    ``entries`` are the lines of the timeline that it holds. ``opening`` is the text with which a ticket begins.
    """

    class Way(models.TextChoices):
        OUT = "out", _("to them")
        IN = "in", _("from them")

    class State(models.TextChoices):
        SENDING = "sending", _("on its way")
        DONE = "done", _("arrived")
        DROPPED = "dropped", _("not sent")

    ticket = models.ForeignKey(Ticket, on_delete=models.CASCADE, related_name="passings")
    way = models.CharField(max_length=3, choices=Way.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.SENDING)
    opening = models.BooleanField(default=False)
    marker = models.CharField(max_length=20, blank=True)
    transaction = models.CharField(max_length=20, blank=True)
    text = models.TextField(blank=True)
    entries = models.ManyToManyField(TimelineEntry, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["ticket", "transaction"], condition=~Q(transaction=""), name="one_passing_a_transaction"
            ),
            models.UniqueConstraint(fields=["marker"], condition=~Q(marker=""), name="one_passing_a_marker"),
        ]
        indexes: ClassVar = [models.Index(fields=["ticket", "-created_at"], name="passing_of_ticket")]
