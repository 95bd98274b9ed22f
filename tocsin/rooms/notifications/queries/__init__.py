"""Reads of the room: a person's own lines, as their rooms show them now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404

from tocsin.platform import webhooks
from tocsin.platform.access import scope_of
from tocsin.rooms.notifications.knowledge import Kind, Shown, kind_of, kinds, sources
from tocsin.rooms.notifications.models import Choice, Notification, Preference
from tocsin.rooms.notifications.querysets import NotificationQuerySet

MOST = 99  # more than these are not counted


@dataclass(frozen=True, slots=True)
class Line:
    """One notification as its person may see it now."""

    row: Notification
    kind: Kind
    about: Shown


def lines(user: Any) -> NotificationQuerySet:
    """Give a person's lines in the page, about what they may know of now."""
    return Notification.objects.visible_to(user).filter(in_page=True, kind__in=[*kinds()]).select_related("by")


def unread(user: Any) -> int:
    """Count what waits for a person, up to one more than `MOST`; one query."""
    return Notification.objects.visible_to(user).unread().order_by()[: MOST + 1].count()


def line_or_404(user: Any, uuid: UUID) -> Notification:
    """Give one line of a person's own, or the same answer as for one that does not exist."""
    found: Notification | None = lines(user).filter(uuid=uuid).first()
    if found is None:
        raise Http404("notification")
    return found


def as_shown(user: Any, rows: Iterable[Notification]) -> Sequence[Line]:
    """Ask the rooms what the lines show; one query or two for each source. What they do not show is left out."""
    rows = list(rows)
    of: dict[str, set[int]] = {}
    for row in rows:
        of.setdefault(row.source, set()).add(row.thing)
    known = {name: sources()[name].shown(user, things) for name, things in of.items()}
    return [
        Line(row, kind_of(row.kind), known[row.source][row.thing]) for row in rows if row.thing in known[row.source]
    ]


def shown_or_404(user: Any, uuid: UUID) -> Line:
    """Give one line of a person's own with what it shows."""
    shown = as_shown(user, [line_or_404(user, uuid)])
    if not shown:
        raise Http404("notification")
    return shown[0]


def preference_of(user: Any) -> Preference:
    """Give when a person's mails may come: what they chose, or what holds for everybody."""
    return Preference.objects.filter(person=user.pk).first() or Preference(person_id=user.pk)


def choices_of(user: Any) -> Mapping[str, Mapping[str, bool]]:
    """Give by which ways a person hears of each kind."""
    roles = scope_of(user).roles()
    chosen = {row.kind: row for row in Choice.objects.filter(person=user.pk)}
    found = {name: kind.defaults(roles) for name, kind in kinds().items()}
    for name, row in chosen.items():
        if name in found:
            found[name] = {"page": row.page, "mail": row.mail, "webhook": row.webhook}
    return found


def signer(person: Any) -> str:
    """Give the name in which what goes to a person's own tool is signed: nobody else can ask for its secret."""
    return f"notifications:person:{person.uuid}"


def secret_of(person: Any, preference: Preference) -> str:
    """Give the secret by which a person's own tool checks what comes from here; empty when there is none."""
    return webhooks.secret_for(signer(person), preference.webhook) if preference.webhook else ""
