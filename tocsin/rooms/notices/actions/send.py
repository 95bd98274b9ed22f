"""Send an edition that a person has looked at, or that a written policy sends by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.notices import knowledge, queries
from tocsin.rooms.notices.actions.draft import require_all
from tocsin.rooms.notices.actions.errors import LookAgain, NoticeError
from tocsin.rooms.notices.actions.hold import hold
from tocsin.rooms.notices.actions.tell import AT_ONCE, anybody_heard, tell
from tocsin.rooms.notices.models import Edition, Notice, Part, Telling
from tocsin.rooms.notices.queries.planning import Row

FIELDS = (
    "edition",
    "state",
    "settled",
    "overdue",
    "missed",
    "trouble",
    "told_at",
    "due_at",
    "next_step_at",
    "rung",
    "updated_at",
)
WHY = {
    Edition.Kind.FIRST: Telling.Why.FIRST,
    Edition.Kind.CORRECTION: Telling.Why.CORRECTION,
    Edition.Kind.WITHDRAWAL: Telling.Why.WITHDRAWAL,
}


@dataclass(frozen=True, slots=True)
class Sent:
    """How many organisations and people are told, and how many organisations could not be."""

    organisations: int
    people: int
    unreached: int


@transaction.atomic
def send(*, actor: Person, notice: Notice, seen: str) -> Sent:
    """Send the newest edition; ``seen`` is the digest of the preview. `LookAgain` when it is no longer the same."""
    require_all(actor, notice)
    edition = _waiting(notice)
    planned = _as_seen(queries.plan(edition), seen)
    return send_written(actor, edition, planned)


@transaction.atomic
def tell_by_telephone(*, actor: Person, notice: Notice, seen: str) -> Sent:
    """Send the newest edition to nobody by itself, for when mail is down or not to be trusted: people call."""
    require_all(actor, notice)
    edition = _waiting(notice)
    planned = _as_seen(queries.plan(edition), seen)
    trouble = _("To be told by telephone.")
    rows = [replace(row, words=(), again=(), trouble=trouble) for row in planned.rows]
    return send_written(actor, edition, replace(planned, rows=rows))


@transaction.atomic
def send_rest(*, actor: Person, notice: Notice, seen: str) -> Sent:
    """Tell those who could not be told before, now that contacts may have been mended; ``seen`` as of `send`."""
    require_all(actor, notice)
    current = hold(notice)
    edition = current.editions.exclude(sent_at=None).select_related("notice").order_by("-number").first()
    if edition is None or current.state == Notice.State.DRAFT:
        raise NoticeError(_("There is nothing to send: this edition has been sent already."))
    edition.notice = current
    planned = queries.plan(edition, rest=True)
    if not planned.rows:
        raise NoticeError(_("There is nothing to send: this edition has been sent already."))
    return send_written(actor, edition, _as_seen(planned, seen))


@transaction.atomic
def send_by_itself(notice: Notice) -> Sent:
    """Send what a written policy sends without a person's look; refused for kinds that have none."""
    policy = knowledge.routes().by_itself.get(notice.kind)
    if policy is None:
        raise NoticeError(_("No policy sends notices of this kind by themselves; a person must look first."))
    edition = _waiting(notice)
    audit.record(None, "notice.by_itself", notice, {"policy": policy})
    return send_written(None, edition, queries.plan(edition))


def _as_seen(planned: queries.Plan, seen: str) -> queries.Plan:
    if planned.digest != seen:
        raise LookAgain(_("Who would be told has changed since you looked. Look again, then send."))
    return planned


def _waiting(notice: Notice) -> Edition:
    current = hold(notice)
    edition = current.editions.filter(sent_at=None).select_related("notice").order_by("number").first()
    if edition is None:
        raise NoticeError(_("There is nothing to send: this edition has been sent already."))
    edition.notice = current
    return edition


def send_written(actor: Person | None, edition: Edition, planned: queries.Plan) -> Sent:
    """Send what was planned, in the caller's transaction."""
    notice, now = edition.notice, timezone.now()
    for row in planned.rows:
        if row.anew:  # before it is written into the mails
            row.part.due_at = now + timedelta(hours=notice.due_hours)
    troubles: dict[int, list[str]] = {}
    for why, told in _by_why(edition, planned.rows):
        troubles |= tell(actor=actor, words=[word for row in told for word in row.words], why=why)
    for row in planned.rows:
        _move(row, edition, troubles.get(row.part.pk, []), now)
    Part.objects.bulk_update([row.part for row in planned.rows], FIELDS, batch_size=AT_ONCE)
    if edition.kind == Edition.Kind.CORRECTION:  # whoever was never told, and whom it concerns no more
        untold = notice.parts.filter(edition=None, state=Part.State.UNREACHED).exclude(shares__edition=edition)
        untold.update(state=Part.State.RELEASED, settled=True, trouble="", updated_at=now)
    edition.sent_at = edition.sent_at or now
    edition.save(update_fields=["sent_at"])
    _move_notice(notice, edition, now)
    unreached = [row for row in planned.rows if not _reached(row, troubles.get(row.part.pk, ()))]
    people = sum(row.persons for row in planned.rows if row not in unreached)
    sent = Sent(len(planned.rows) - len(unreached), people, len(unreached))
    audit.record(
        actor,
        "notice.send",
        notice,
        {
            "edition": edition.number,
            "told": sent.organisations,
            "unreached": [row.part.reference for row in unreached],
        },
    )
    return sent


def _by_why(edition: Edition, rows: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Tell apart those who hear of the matter for the first time."""
    new = [row for row in rows if row.part.edition_id is None]
    return [(Telling.Why.FIRST, new), (WHY[Edition.Kind(edition.kind)], [row for row in rows if row not in new])]


def _reached(row: Row, troubles: Sequence[str]) -> bool:
    return anybody_heard(row.words, troubles)


def _move(row: Row, edition: Edition, troubles: Sequence[str], now: datetime) -> None:
    """Set where a part stands once its edition is sent. Whoever is not told of it stands on the list."""
    part, reached, anew = row.part, _reached(row, troubles), row.anew
    part.updated_at = now
    gone = part.edition_id is not None and bool(row.content.went) and not row.content.facts
    part.trouble = ("; ".join(troubles) or ("" if reached else row.trouble))[:300]
    part.missed = not (reached or anew or gone) or (edition.kind == Edition.Kind.WITHDRAWAL and not reached)
    if reached:
        part.edition = edition
    if edition.kind == Edition.Kind.WITHDRAWAL:
        _end(part, Part.State.WITHDRAWN)
    elif part.missed:  # what it said of the matter stands; that it has not heard the newest stands beside it
        return
    elif not reached:
        part.state, part.settled, part.next_step_at = Part.State.UNREACHED, False, None
    elif gone:
        _end(part, Part.State.RELEASED)
    elif anew:
        part.state, part.overdue, part.rung, part.told_at = Part.State.TOLD, False, 0, now
        part.settled = not knowledge.asks(edition.notice.kind)
        part.next_step_at = None if part.settled else queries.next_step(part, now)


def _end(part: Part, state: Part.State) -> None:
    part.state, part.settled, part.overdue, part.next_step_at = state, True, False, None


def _move_notice(notice: Notice, edition: Edition, now: datetime) -> None:
    if edition.kind == Edition.Kind.WITHDRAWAL:
        notice.state = Notice.State.WITHDRAWN
        never = {"state": Part.State.WITHDRAWN, "settled": True, "next_step_at": None, "trouble": ""}
        notice.parts.filter(edition=None).update(**never)  # whoever was never told of it need not be told of its end
    else:
        open_parts = notice.parts.filter(settled=False).exists()
        notice.state = Notice.State.OPEN if open_parts else Notice.State.CLOSED
    notice.sent_at = notice.sent_at or now
    notice.due_at = now + timedelta(hours=notice.due_hours) if edition.number == 1 else notice.due_at
    notice.updated_at = now
    for name, value in edition.listed.items():
        setattr(notice, name, value)
    notice.save(update_fields=["state", "sent_at", "due_at", "updated_at", *edition.listed])
