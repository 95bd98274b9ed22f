"""What is held while it changes: always the notice, before anything of its parts, so that nobody waits in a circle."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from tocsin.rooms.notices.actions.errors import NoticeError
from tocsin.rooms.notices.models import Notice, Part


def hold(notice: Notice) -> Notice:
    """Hold a notice and all its parts for this transaction; give it as it is now."""
    found = Notice.objects.select_for_update().filter(pk=notice.pk).first()
    if found is None:
        raise NoticeError(_("Somebody else has thrown this notice away."))
    return found


def hold_part(pk: int) -> Part:
    """Hold the notice of a part for this transaction; give the part as it is now."""
    notice = Part.objects.filter(pk=pk).values("notice")
    if not Notice.objects.select_for_update().filter(pk__in=notice).values_list("pk", flat=True):
        raise NoticeError(_("Somebody else has thrown this notice away."))
    return Part.objects.select_related("notice", "organisation", "edition").get(pk=pk)


def hold_due(now: datetime, most: int) -> list[Part]:
    """Hold the notices of the parts that are due, and give these parts, unless another worker was faster."""
    due = Part.objects.filter(next_step_at__lte=now, settled=False).order_by("next_step_at", "pk")
    found = list(due.values_list("pk", "notice_id")[:most])
    notices = Notice.objects.select_for_update().filter(pk__in={notice for _pk, notice in found}).order_by("pk")
    list(notices.values_list("pk", flat=True))
    still = due.filter(pk__in=[pk for pk, _notice in found])
    return list(still.select_related("notice", "organisation", "edition"))
