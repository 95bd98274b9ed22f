"""Tell people by mail, and their tools, of what they have not read yet: one message for all that came meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from tocsin.platform.wallclock import moment, zone_named
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.queries import recipient_of
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices.models import Channel
from tocsin.rooms.notifications import queries
from tocsin.rooms.notifications.models import Notification, Preference
from tocsin.rooms.notifications.queries import Line

PEOPLE, LINES = 500, 100  # a run, a message


def send_due() -> int:
    """Send everybody's digest that is due; give how many messages were put on their way. Run twice, no more."""
    now = timezone.now()
    mails = Notification.objects.filter(mail_due_at__lte=now).values_list("person", flat=True).distinct()[:PEOPLE]
    hooks = Notification.objects.filter(hook_due_at__lte=now).values_list("person", flat=True).distinct()[:PEOPLE]
    return sum(_mail(person, now) for person in list(mails)) + sum(_post(person) for person in list(hooks))


@transaction.atomic
def _mail(person: int, now: datetime) -> int:
    """Mail one person all that waits to be mailed, unless these are their quiet hours."""
    rows = Notification.objects.select_for_update(skip_locked=True).filter(person=person, mail_due_at__isnull=False)
    found = list(rows.order_by("-updated_at", "-id"))
    reader = Person.objects.get(pk=person)
    quiet = quiet_until(queries.preference_of(reader), zone_named(reader.timezone), now)
    waiting = Notification.objects.filter(pk__in=[row.pk for row in found])
    if quiet is not None:
        waiting.update(mail_due_at=quiet)
        return 0
    sent = _send(reader, _lines(reader, found), Channel.MAIL, reader.email)
    waiting.update(mail_due_at=None)
    waiting.filter(in_page=False, hook_due_at=None).update(read_at=now)
    return sent


@transaction.atomic
def _post(person: int) -> int:
    """Tell one person's own tool all that waits for it; of what is sealed it hears nothing."""
    rows = Notification.objects.select_for_update(skip_locked=True).filter(person=person, hook_due_at__isnull=False)
    found = list(rows.order_by("-updated_at", "-id"))
    reader = Person.objects.get(pk=person)
    url = queries.preference_of(reader).webhook
    lines = [line for line in _lines(reader, found) if not line.about.sealed]
    sent = _send(reader, lines, Channel.WEBHOOK, url) if url else 0
    waiting = Notification.objects.filter(pk__in=[row.pk for row in found])
    waiting.update(hook_due_at=None)
    waiting.filter(in_page=False, mail_due_at=None).update(read_at=timezone.now())
    return sent


def _lines(reader: Person, found: Sequence[Notification]) -> Sequence[Line]:
    """Give what the person may still see of it and has not read."""
    if not reader.is_active:
        return []
    known = Notification.objects.visible_to(reader).filter(pk__in=[row.pk for row in found], read_at=None)
    return queries.as_shown(reader, known.order_by("-updated_at", "-id")[:LINES])


def _send(reader: Person, lines: Sequence[Line], channel: str, address: str) -> int:
    if not lines or not address:
        return 0
    news = [notices.NewsLine(line.row.kind, line.kind, line.about.reference, line.about.url, line.row.count)
            for line in lines]  # fmt: skip
    digest = notices.Digest(
        item=lines[0].row.uuid, channel=channel, address=address, name=str(reader), language=reader.language,
        organisation=recipient_of(reader).organisation, sealed=any(line.about.sealed for line in lines), lines=news,
        signed_for=queries.signer(reader),
    )  # fmt: skip
    return int(not isinstance(notices.tell_digest(digest=digest), str))


def quiet_until(preference: Preference, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Give when the quiet hours end in which ``now`` lies, by the clock of a time zone; None when it lies in none."""
    begin, end = preference.quiet_from, preference.quiet_to
    if begin is None or end is None:
        return None
    local = now.astimezone(zone)
    at = local.time()
    within = begin <= at < end if begin < end else at >= begin or at < end
    if not within:
        return None
    day = local.date() if at < end else local.date() + timedelta(days=1)
    return moment(day, end, zone)
