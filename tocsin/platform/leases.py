"""A job's right to run: one holder at a time over all machines, taken over when its holder is silent."""

from __future__ import annotations

import os
import secrets
import socket
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from tocsin.platform.models import Lease

LIFE = timedelta(seconds=60)
MARGIN = timedelta(seconds=10)


class Holder:
    """One process that takes leases. It keeps them between runs, so that a job every second costs no write a second."""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(4)}"
        self._until: dict[str, datetime] = {}
        self._errors: dict[str, str] = {}

    def holds(self, lease: str) -> bool:
        """Take the lease, unless it is ours already; False when another holds it."""
        now = timezone.now()
        if self._until.get(lease, now) > now + MARGIN:
            return True
        if not (self._takes(lease, now) or self._creates(lease, now)):
            return False
        self._until[lease] = now + LIFE
        return True

    def _takes(self, lease: str, now: datetime) -> bool:
        free = Lease.objects.filter(Q(holder=self.name) | Q(until__lt=now), name=lease)
        return free.exists() and bool(free.update(holder=self.name, until=now + LIFE, last_run_at=now))

    def _creates(self, lease: str, now: datetime) -> bool:
        if Lease.objects.filter(name=lease).exists():
            return False
        try:
            with transaction.atomic():
                Lease.objects.create(name=lease, holder=self.name, until=now + LIFE, last_run_at=now)
        except IntegrityError:
            return False
        return True

    def prolong(self) -> None:
        """Keep every lease that is held, also of jobs that run long; what another took over is forgotten."""
        now = timezone.now()
        mine = Lease.objects.filter(holder=self.name, until__gte=now)
        kept = set(mine.values_list("name", flat=True))
        if kept:
            mine.update(until=now + LIFE, last_run_at=now)
        for lease in list(self._until):
            self._until[lease] = now + LIFE if lease in kept else now

    def note_error(self, lease: str, error: str) -> None:
        """Keep what went wrong in the last run; the empty text clears it."""
        if self._errors.get(lease) != error:
            Lease.objects.filter(name=lease, holder=self.name).update(last_error=error[:500])
            self._errors[lease] = error

    def release(self) -> None:
        """Let all leases go, so that another takes over at once."""
        self._until.clear()
        Lease.objects.filter(holder=self.name).update(until=timezone.now())
