"""What every table of people's work has: an id to show outside, and when it was made."""

from __future__ import annotations

import os
import secrets
import time
import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any

from django.db import models
from django.utils import timezone

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_uuid() -> uuid.UUID:
    """Make a UUID version 7 (RFC 9562, section 5.7): ordered by time, so indexes on it stay compact."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


def drawn_reference(prefix: str, length: int) -> str:
    """Draw a reference for people: the year, and letters and digits that nobody mistakes for others on the telephone.

    Drawn by lot, so that no gap betrays anything and nobody guesses another's.
    """
    drawn = "".join(secrets.choice(LETTERS) for _ in range(length))
    return f"{prefix}-{timezone.now():%y}-{drawn}"


@cache
def _labels(field: models.Field[Any, Any]) -> Mapping[Any, Any]:
    return dict(field.flatchoices)


class Identified(models.Model):
    """Gives a table its outside id; the number inside never leaves the house."""

    uuid = models.UUIDField(default=new_uuid, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        abstract = True

    def _get_FIELD_display(self, field: models.Field[Any, Any]) -> str:  # noqa: N802  # Django's name
        # Django's own translates every label of the field to find one: half the time of a long list.
        value = getattr(self, field.attname)
        return str(_labels(field).get(value, value))
