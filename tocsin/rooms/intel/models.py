"""Observables: what may be seen again. Who saw one where stands in the rooms above, with their own rights."""

from __future__ import annotations

import hashlib
from typing import ClassVar, cast

from django.db import models
from django.utils.translation import gettext_lazy as _

from tocsin.pipeline import observables
from tocsin.platform.identity import Identified


def digest_of(found: observables.Observable) -> str:
    """Give the key of an observable: half a SHA-256 of its kind and form, whose length an index bears."""
    return hashlib.sha256(f"{found.kind}:{found.value}".encode()).hexdigest()[:32]


def harmless(kind: str, value: str) -> str:
    """Give a value so that no program makes a link of it."""
    return value if kind in {Observable.Kind.HASH, Observable.Kind.CVE} else observables.defanged(value)


class Observable(Identified):
    """One value in its one form. ``seen`` counts the matters it was seen in: what all the world has leads nowhere."""

    class Kind(models.TextChoices):
        IP = "ip", _("address")
        DOMAIN = "domain", _("domain")
        URL = "url", _("URL")
        MAIL = "mail", _("mail address")
        HASH = "hash", _("hash")
        CVE = "cve", _("CVE")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    value = models.TextField()
    digest = models.CharField(max_length=32, unique=True)
    seen = models.PositiveIntegerField(default=0)
    common = models.CharField(max_length=200, blank=True)  # the public list of what all the world has that it stands on
    checked = models.CharField(max_length=20, blank=True, db_index=True)  # by which version of those lists

    class Meta:
        indexes: ClassVar = [models.Index(fields=["kind", "-id"], name="observable_kind")]

    def __str__(self) -> str:
        return self.value

    @property
    def known_kind(self) -> observables.Kind:
        """Give its kind as the pipeline knows it."""
        return cast("observables.Kind", self.kind)

    @property
    def shown(self) -> str:
        """Give the value so that no program makes a link of it."""
        return harmless(self.kind, self.value)
