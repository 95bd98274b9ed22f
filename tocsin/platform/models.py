"""Tables that every room stands on: the audit trail, the gate's ledger, the outbox, leases."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from tocsin.platform import webhooks
from tocsin.platform.identity import Identified
from tocsin.platform.markings import TLP


class AuditEntry(Identified):
    """One change, written in the transaction that made it; the sealer orders and chains it afterwards.

    The chain covers ``digest`` (of ``salt`` and ``details``), not the details, so that erasing salt and details of
    personal data leaves the chain whole.
    """

    actor = models.UUIDField(null=True)  # a person's uuid; null for the system
    actor_name = models.CharField(max_length=150, blank=True)
    verb = models.CharField(max_length=80)
    object_type = models.CharField(max_length=60)
    object_uuid = models.UUIDField(null=True)
    details = models.JSONField(null=True)
    salt = models.CharField(max_length=32, blank=True)
    digest = models.CharField(max_length=64)
    sequence = models.BigIntegerField(null=True, unique=True)
    chain = models.CharField(max_length=64, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["object_uuid", "id"], name="audit_object"),
            models.Index(fields=["id"], name="audit_unsealed", condition=Q(sequence=None)),
        ]


class AuditHead(models.Model):
    """The chain's head of one day, signed and exported, so that nobody rewrites the trail unseen."""

    day = models.DateField(unique=True)
    sequence = models.BigIntegerField()
    chain = models.CharField(max_length=64)
    signature = models.CharField(max_length=128)


class GateEntry(Identified):
    """One question to the gate and its answer: what would leave, to whom, and why or why not."""

    actor = models.UUIDField(null=True)
    actor_name = models.CharField(max_length=150, blank=True)
    action = models.CharField(max_length=20)
    item_type = models.CharField(max_length=60)
    item_uuid = models.UUIDField(null=True)
    item_title = models.CharField(max_length=200, blank=True)
    tlp = models.CharField(max_length=12, choices=TLP.choices)
    recipient = models.CharField(max_length=254)
    recipient_organisation = models.CharField(max_length=60, blank=True)
    allowed = models.BooleanField()
    reason = models.CharField(max_length=300)
    redactions = models.JSONField(default=list)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["-id"], name="gate_newest"),
            models.Index(fields=["item_uuid", "-id"], name="gate_item"),
        ]


class OutboxMessage(Identified):
    """One message on its way out: a mail, a webhook, a short message. It exists only with the gate's yes."""

    class Channel(models.TextChoices):
        MAIL = "mail"
        WEBHOOK = "webhook"
        SMS = "sms"

    class State(models.TextChoices):
        QUEUED = "queued"
        SENDING = "sending"
        SENT = "sent"
        FAILED = "failed"
        UNCERTAIN = "uncertain"  # in flight when the sender died: a person looks, it is never sent blindly twice

    decision = models.OneToOneField(GateEntry, on_delete=models.PROTECT, related_name="message")
    message_id = models.CharField(max_length=200, unique=True)
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.MAIL)
    recipient = models.CharField(max_length=254)  # a mail address, a URL, a telephone number
    subject = models.CharField(max_length=250)
    body = models.TextField()
    language = models.CharField(max_length=5, default="en")
    headers = models.JSONField(default=dict)
    key = models.TextField(blank=True)  # the recipient's OpenPGP key: with one it leaves encrypted
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["channel", "state", "next_attempt_at"], name="outbox_due")]

    @property
    def shown(self) -> str:
        """Give the recipient without what may be a secret in it."""
        return webhooks.shown(self.recipient)


class OutboxAttachment(models.Model):
    """A file that goes with a mail, as text; what the gate withholds is withheld here too."""

    message = models.ForeignKey(OutboxMessage, on_delete=models.CASCADE, related_name="attachments")
    name = models.CharField(max_length=100)
    subtype = models.CharField(max_length=20)
    text = models.TextField()

    class Meta:
        ordering: ClassVar = ["id"]


class Lease(models.Model):
    """A job's right to run: one holder at a time, taken over when it runs out."""

    name = models.CharField(max_length=60, unique=True)
    holder = models.CharField(max_length=80)
    until = models.DateTimeField()
    last_run_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True)
