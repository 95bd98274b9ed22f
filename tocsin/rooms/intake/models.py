"""Where signals come from, what arrived, what was refused, and which lake files are true."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from tocsin.platform.identity import Identified
from tocsin.platform.markings import TLP
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.intake.querysets import ReceiptQuerySet, SourceQuerySet

POSITION = "intake"  # the name under which the journal's place is kept


class Source(Identified):
    """A place signals come from; what nobody else owns in them is its organisation's, when it has one."""

    name = models.CharField(max_length=80, unique=True)
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="sources"
    )
    format = models.CharField(max_length=30, blank=True)  # empty: by looking at the content
    tlp = models.CharField(max_length=12, choices=TLP.choices, default=TLP.AMBER)
    active = models.BooleanField(default=True)
    last_received_at = models.DateTimeField(null=True)

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name


class Receipt(Identified):
    """What was taken from one file or one delivery. Its uuid and a record's number are that record's id, for ever.

    ``offset`` and ``records`` say how far the work has come; ``digest`` and ``size`` what content was offered;
    ``state`` is what the parser must remember to go on. Content that goes on from an earlier receipt's ``continues``
    it and begins at ``start``.
    """

    class State(models.TextChoices):
        OPEN = "open", _("being taken")
        DONE = "done", _("taken")
        INCOMPLETE = "incomplete", _("incomplete")

    source = models.ForeignKey(Source, on_delete=models.PROTECT, related_name="receipts")
    name = models.CharField(max_length=500)
    format = models.CharField(max_length=30, blank=True)
    status = models.CharField(max_length=12, choices=State.choices, default=State.OPEN)
    problem = models.CharField(max_length=500, blank=True)
    digest = models.CharField(max_length=64)
    size = models.BigIntegerField(default=0)
    continues = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="continued_by")
    start = models.BigIntegerField(default=0)
    offset = models.BigIntegerField(default=0)
    state = models.JSONField(default=dict)
    records = models.BigIntegerField(default=0)
    events = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    duplicates = models.BigIntegerField(default=0)
    hits = models.BigIntegerField(default=0)
    alerts = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField(auto_now=True)

    @property
    def short_name(self) -> str:
        """Give the name of the file without the folders it lies in, which are nobody's business."""
        return self.name.rpartition("/")[2] or self.name

    taken_now = 0  # records that this process has taken since it holds the row

    objects = ReceiptQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["source", "digest"], name="content_taken_once"),
            models.CheckConstraint(
                condition=Q(records=F("events") + F("rejected") + F("duplicates")), name="every_record_accounted"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["-id"], name="receipt_newest"),
            models.Index(fields=["updated_at", "id"], name="receipt_updated"),
            models.Index(fields=["source", "size"], name="receipt_grown"),
        ]


class RejectedRecord(models.Model):
    """One record that could not be understood, with its reason, ready to be tried again."""

    receipt = models.ForeignKey(Receipt, on_delete=models.CASCADE, related_name="rejects")
    record = models.BigIntegerField()
    offset = models.BigIntegerField()
    reason = models.CharField(max_length=300)
    raw = models.BinaryField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["receipt", "record"], name="rejected_once")]


class LakeFile(models.Model):
    """One Parquet file that is true. Files in the lake that no row names are orphans and are swept."""

    path = models.CharField(max_length=300, unique=True)
    dataset = models.CharField(max_length=60)
    day = models.DateField()
    rows = models.BigIntegerField()
    size = models.BigIntegerField()
    earliest = models.DateTimeField(null=True)
    latest = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["dataset", "day"], name="lake_day")]


class LakeSpan(models.Model):
    """The records of one receipt that a file holds lie from ``first`` to ``last``, some perhaps elsewhere."""

    file = models.ForeignKey(LakeFile, on_delete=models.CASCADE, related_name="spans")
    receipt = models.ForeignKey(Receipt, on_delete=models.CASCADE, related_name="spans")
    first = models.BigIntegerField()
    last = models.BigIntegerField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["receipt", "first"], name="span_of_receipt")]


class JournalPosition(models.Model):
    """How far the journal has been understood: the next byte to read in the current segment."""

    name = models.CharField(max_length=60, unique=True)
    segment = models.BigIntegerField(default=0)
    offset = models.BigIntegerField(default=0)
