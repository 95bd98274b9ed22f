"""Artefacts: files kept encrypted, and who had them in hand."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from tocsin.platform.identity import Identified


class AppendOnly(RuntimeError):
    """A custody log is added to, never changed."""


class Artefact(Identified):
    """A file as it was sent. Who may see it says the room that it belongs to.

    ``digest`` is its SHA-256, ``media_type`` what its first bytes look like; ``name`` is what its sender called it, and
    proves nothing. ``key`` is its own key, wrapped by the house key: whoever destroys it destroys the file.
    """

    name = models.CharField(max_length=255)
    size = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    media_type = models.CharField(max_length=100)
    key = models.BinaryField()
    held = models.BooleanField(default=False)
    destroyed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(held=False) | Q(destroyed_at=None), name="held_is_not_destroyed"),
        ]
        indexes: ClassVar = [models.Index(fields=["digest"], name="artefact_digest")]

    def __str__(self) -> str:
        return self.name


class CustodyEntry(models.Model):
    """One time that somebody had an artefact in hand: who, when, why. ``chain`` follows from the entry before.

    The audit trail holds number and chain as well, so that entries cannot be cut off at the end either.
    """

    class Act(models.TextChoices):
        RECEIVED = "received", _("received")
        DOWNLOADED = "downloaded", _("downloaded")
        READ = "read", _("read for the search")
        HANDED_OVER = "handed_over", _("handed over")
        VERIFIED = "verified", _("verified")
        ALTERED = "altered", _("found altered")
        MOVED = "moved", _("moved to another matter")
        HELD = "held", _("put on legal hold")
        RELEASED = "released", _("legal hold lifted")
        DESTROYED = "destroyed", _("destroyed")

    artefact = models.ForeignKey(Artefact, on_delete=models.PROTECT, related_name="custody")
    number = models.PositiveIntegerField()
    act = models.CharField(max_length=12, choices=Act.choices)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    time = models.DateTimeField()
    recipient = models.CharField(max_length=200, blank=True)
    reason = models.TextField(blank=True)
    chain = models.CharField(max_length=64)

    class Meta:
        ordering: ClassVar = ["number"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["artefact", "number"], name="one_custody_entry_a_number")
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Add it; refuse to change it."""
        if self.pk is not None:
            raise AppendOnly(AppendOnly.__doc__)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Refuse."""
        raise AppendOnly(AppendOnly.__doc__)
