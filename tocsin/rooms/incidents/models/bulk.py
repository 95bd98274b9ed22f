"""One act on many incidents at once, so that it can be taken back."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from tocsin.platform.bulk import BulkRecord


class BulkChange(BulkRecord):
    """What was done with many incidents at once; ``before`` holds a mapping for each of them, with its inner ``id``.

    ``given`` is what was chosen: ``person`` (inner id) or ``severity``.
    """

    class Act(models.TextChoices):
        TAKE = "take", _("take")
        ASSIGN = "assign", _("give to somebody")
        SEVERITY = "severity", _("change the severity")
        CLOSE = "close", _("close")

    act = models.CharField(max_length=10, choices=Act.choices)
    given = models.JSONField(default=dict)
