"""Take in what an organisation says of its part, whichever way it comes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.access import require
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.notices import knowledge, queries
from tocsin.rooms.notices.actions.errors import NoticeError
from tocsin.rooms.notices.actions.hold import hold_part
from tocsin.rooms.notices.models import Answer, Channel, Letter, Notice, Part, Telling

State = Part.State
QUESTION = "question"
KINDS = (State.ACKNOWLEDGED, State.PLANNED, State.DONE, State.NOT_APPLICABLE, State.REFUSED)
NEEDS_REASON = frozenset({State.NOT_APPLICABLE, State.REFUSED, QUESTION})
OVER = frozenset({State.WITHDRAWN, State.RELEASED, State.WAITING})
WEIGHT = {State.ACKNOWLEDGED: 1, State.PLANNED: 2, State.REFUSED: 3, State.NOT_APPLICABLE: 3, State.DONE: 3}
LONGEST = 5_000
EARLIEST = timedelta(days=1)  # in an emergency people are called first, and the notice is written afterwards
LATEST = timedelta(days=3650)  # a day later than this is a slip of the pen


@dataclass(frozen=True, slots=True)
class Said:
    """One answer: what it says, who said it and how. ``at`` is when it was said, which may be earlier than now."""

    kind: str
    via: str
    name: str
    text: str = ""
    planned_for: date | None = None
    author: Person | None = None
    telling: Telling | None = None
    letter: Letter | None = None
    at: datetime | None = None
    asked: str = ""  # `Part.asked` as it was shown; empty where nothing was


def answer_signed_in(*, actor: Person, part: Part, said: Said) -> Answer:
    """Answer for one's own organisation, or note what was said on the telephone."""
    verb = "notices.send" if said.via == Answer.Via.TELEPHONE else "notices.answer"
    require(actor, verb, part.organisation_id)
    return answer(part=part, said=said)


@transaction.atomic
def answer(*, part: Part, said: Said) -> Answer:
    """Write an answer down and let the part follow it. An acknowledgement after more takes nothing back."""
    _check(said)
    current = hold_part(part.pk)
    if current.state in OVER:
        raise NoticeError(_("This was withdrawn or does not concern you any more; no answer is needed."))
    if said.asked and said.asked != current.asked:
        raise NoticeError(_("What you were told has changed since you opened this. Read it again, then answer."))
    now = said.at or timezone.now()
    _check_time(now, current.notice)
    written = Answer.objects.create(
        part=current,
        kind=said.kind,
        text=said.text.strip()[:LONGEST],
        planned_for=said.planned_for,
        via=said.via,
        name=said.name[:254],
        author=said.author,
        telling=said.telling,
        letter=said.letter,
        said_at=now,
    )
    if said.kind != QUESTION and not _said_since(current, written):
        _follow(current, said, now)
    audit.record(
        said.author, "notice.answer", current.notice, {"part": current.reference, "kind": said.kind, "via": said.via}
    )
    part.refresh_from_db()
    return written


def _check(said: Said) -> None:
    if said.kind not in {*KINDS, QUESTION}:
        raise NoticeError(_("Choose an answer."))
    if said.kind in NEEDS_REASON and not said.text.strip():
        raise NoticeError(_("Say why."))
    if said.kind == State.PLANNED and said.planned_for is None:
        raise NoticeError(_("Say until when."))
    said_at = said.at or timezone.now()
    if said.planned_for is not None and not 0 <= (said.planned_for - said_at.date()).days <= LATEST.days:
        raise NoticeError(_("This day is over, or too far away."))


def _check_time(at: datetime, notice: Notice) -> None:
    if at > timezone.now():
        raise NoticeError(_("This time is yet to come."))
    if at < notice.created_at - EARLIEST:
        raise NoticeError(_("This notice was not written yet at that time."))


def _said_since(part: Part, written: Answer) -> bool:
    """Tell whether something was said later than this, which is written down only now."""
    return part.answers.exclude(kind=QUESTION).filter(said_at__gt=written.said_at).exists()


def _follow(part: Part, said: Said, now: datetime) -> None:
    if said.kind == State.ACKNOWLEDGED and part.state in WEIGHT and WEIGHT[State(part.state)] > 1:
        return
    part.state, part.reason, part.planned_for = said.kind, said.text.strip()[:LONGEST], said.planned_for
    part.answered_at = part.answered_at or now
    part.settled = knowledge.settles(part.notice.kind, said.kind)
    part.overdue = part.overdue and not part.settled
    if said.kind == State.REFUSED:
        part.rung = max(part.rung, queries.rung_of_refusals())
    part.next_step_at = queries.next_step(part, timezone.now())
    part.save()
    close_if_settled(part.notice)


def close_if_settled(notice: Notice) -> None:
    """Close a notice once every organisation has answered for good; open it again when one has not."""
    if notice.state not in {Notice.State.OPEN, Notice.State.CLOSED}:
        return
    open_parts = Part.objects.filter(notice=notice, settled=False).exists()
    state = Notice.State.OPEN if open_parts else Notice.State.CLOSED
    Notice.objects.filter(pk=notice.pk).update(state=state, updated_at=timezone.now())


@transaction.atomic
def told_by_telephone(*, actor: Person, part: Part, name: str, number: str, at: datetime) -> Telling:
    """Write down that somebody was told on the telephone, with the true time."""
    require(actor, "notices.send", part.organisation_id)
    current = hold_part(part.pk)
    _check_time(at, current.notice)
    sent = current.notice.editions.exclude(sent_at=None).order_by("-number")
    edition = sent.filter(Q(sent_at__lte=at) | Q(number=1)).first()  # they can have heard of no later one
    if edition is None:
        raise NoticeError(_("Send the notice first, or choose to tell it by telephone."))
    telling, made = Telling.objects.get_or_create(
        part=current, edition=edition, round=current.round, rung=current.rung, channel=Channel.TELEPHONE,
        address=f"{number} ({name})"[:254],
        defaults={
            "why": Telling.Why.FIRST, "role": "officer", "at_organisation": current.organisation.code, "name": name,
            "told_at": at, "delivered_at": at, "told_by": actor, "language": current.organisation.language,
        },
    )  # fmt: skip
    if not made:
        raise NoticeError(_("This telephone call is written down already."))
    if edition != sent.first():
        pass  # of the newest they have not heard yet
    elif current.missed:
        current.missed, current.trouble, current.edition = False, "", edition
        current.save()
    elif current.state == State.UNREACHED:
        current.state, current.trouble, current.edition = State.TOLD, "", edition
        current.told_at, current.due_at = at, current.notice.due_at
        current.next_step_at = queries.next_step(current, timezone.now())
        current.save()
    audit.record(actor, "notice.telephone", current.notice, {"part": current.reference, "name": name, "at": str(at)})
    Notice.objects.filter(pk=current.notice_id).update(updated_at=timezone.now())
    return telling


def answer_by_link(*, telling: Telling, said: Said) -> Answer:
    """Answer by the signed link of one telling, if whoever was told still answers for the organisation."""
    if not queries.still_theirs(telling):
        raise PermissionDenied(_("Whoever this link was made for does not answer for this organisation any more."))
    return answer(part=telling.part, said=said)
