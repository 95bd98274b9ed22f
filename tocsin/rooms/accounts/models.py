"""People who sign in, and the tokens of programs that act for them or for a source."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tocsin.platform.access import Scope
from tocsin.platform.identity import Identified, new_uuid


class Person(AbstractUser):
    """One human being. What they may do comes from their memberships, never from here."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    full_name = models.CharField(_("name"), max_length=150, blank=True)
    language = models.CharField(_("language"), max_length=5, default="en")
    timezone = models.CharField(_("time zone"), max_length=60, default="UTC")
    theme = models.CharField(_("theme"), max_length=5, default="auto")
    phone = models.CharField(_("telephone"), max_length=40, blank=True)  # seen by oneself, the own team, administrators

    mail_bounced_at = models.DateTimeField(null=True, blank=True, editable=False)
    absent_until = models.DateField(null=True, blank=True, editable=False)  # as their own mail says

    REQUIRED_FIELDS: ClassVar = ["email"]
    tocsin_scope: Scope | None = None  # kept for the length of a request by `platform.access`

    def __str__(self) -> str:
        return self.full_name or self.username

    @property
    def bounced_at(self) -> datetime | None:
        """Give when mail came back for good; None when it did not since they last signed in."""
        at, seen = self.mail_bounced_at, self.last_login
        return None if at is None or (seen is not None and seen >= at) else at


class ApiToken(Identified):
    """A key for programs: shown once, kept as a digest, limited to verbs, bound to an end date.

    A token with ``source`` (the uuid of an intake source) may only deliver to that source.
    """

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=12)
    digest = models.CharField(max_length=64, unique=True)
    verbs = models.JSONField(default=list)
    source = models.UUIDField(null=True, blank=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    @property
    def valid(self) -> bool:
        """Tell whether it opens anything now."""
        return self.revoked_at is None and self.expires_at > timezone.now() and self.person.is_active


class SavedView(Identified):
    """How somebody likes to see a list: its address and the filters, by a name of their own."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="views")
    path = models.CharField(max_length=200)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)

    class Meta:
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "path", "name"], name="one_view_a_name")]

    def __str__(self) -> str:
        return self.name
