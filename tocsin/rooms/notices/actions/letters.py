"""Take mail in: keep it, place it, read it, let what is sure follow, and leave every doubt to a person."""

from __future__ import annotations

import hashlib
import logging
import os
import re
from dataclasses import asdict
from datetime import date
from pathlib import Path

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin import config
from tocsin.pipeline.mail.letter import Letter as Read
from tocsin.pipeline.mail.replies import Understood, understand
from tocsin.pipeline.observables import refanged
from tocsin.platform import addresses, audit, mailboxes, protection
from tocsin.platform.access import require
from tocsin.platform.protection import Protection
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.actions import note_absence, note_bounce
from tocsin.rooms.notices.actions.answer import KINDS, QUESTION, Said, answer
from tocsin.rooms.notices.actions.errors import NoticeError
from tocsin.rooms.notices.actions.ladder import not_reached, out_of_office
from tocsin.rooms.notices.actions.thread_letters import follow_in_thread, mails_failed_on_the_way, why_bounced
from tocsin.rooms.notices.knowledge import asks
from tocsin.rooms.notices.models import Answer, Letter, Part, Standing, Telling
from tocsin.rooms.notices.queries.following import asked_since
from tocsin.rooms.notices.queries.matters import tell_room
from tocsin.rooms.notices.queries.placing import NOWHERE, is_ours, known_keys, placed, standing

logger = logging.getLogger(__name__)

Reading = Letter.Reading
LONGEST, REASON = 20_000, 300
REPORTS = frozenset({Reading.BOUNCED, Reading.DELAYED, Reading.DELIVERED, Reading.READ})
SILENT = REPORTS | {Reading.OUT_OF_OFFICE, Reading.AUTOMATIC}  # none of these is an answer


def fetch() -> int:
    """Take in what waits in the mailbox; give how many mails it was. A mail that breaks does not stop the next."""
    url, taken = config.load().tocsin_mailbox, 0
    if not url:
        return 0
    with mailboxes.opened(url, "TOCSIN_MAILBOX") as mailbox:
        for held in mailbox.waiting():
            try:
                take(held.content, held.size)
            except (DatabaseError, ValueError, LookupError, RecursionError):  # it stays there, and is tried again
                logger.exception("the mail %s could not be taken", held.key)
                continue
            mailbox.taken(held.key)
            taken += 1
    return taken


def take(content: bytes, size: int | None = None) -> Letter:
    """Take in one mail; the same mail twice is the same letter."""
    digest = hashlib.sha256(content).hexdigest()
    known = Letter.objects.filter(digest=digest).first()
    if known is not None:
        return known
    _keep(content, digest)
    size = len(content) if size is None else size
    read, guarded = protection.read(content, whole=size <= len(content), keys=known_keys)
    return _take(read, guarded, digest, size)


@transaction.atomic
def _take(read: Read, guarded: Protection, digest: str, size: int) -> Letter:
    meaning, ours = understand(read), is_ours(read)
    found = NOWHERE if ours else placed(read, meaning)
    letter = Letter.objects.create(
        digest=digest,
        message_id=_kept(read.message_id, 500),
        sender=_kept(read.sender, 254),
        subject=_kept(read.subject, 500),
        text=_kept(read.text, LONGEST),
        own=_kept(read.own or "", LONGEST),
        size=size,
        received_at=timezone.now(),
        part=found.part,
        telling=found.telling,
        thread=found.thread,
        mail=found.mail,
        standing=standing(found, read.sender),
        protection=audit.plain(guarded.kept()),
        attachments=audit.plain([asdict(each) for each in read.attachments]),
        reading=meaning.kind,
        evidence=_kept(meaning.evidence, REASON),
        planned_for=meaning.planned_for,
    )
    if letter.thread is not None:
        tell_room(letter)  # first: whoever writes or seals holds the matter, and then the conversation
        follow_in_thread(letter, letter.thread, meaning)
        return letter
    if not (ours or _our_own(read, meaning)):
        letter.doubt = (_doubt(letter, read, meaning) or _follow(letter, meaning, read))[:REASON]
    letter.waiting = bool(letter.doubt)
    letter.save(update_fields=["doubt", "waiting"])
    if letter.part is not None and letter.standing == Standing.PARTY:
        tell_room(letter)
    return letter


def _kept(text: str, most: int) -> str:
    """Give a text as databases keep it."""
    return text.replace("\0", "")[:most]


def _follow(letter: Letter, meaning: Understood, read: Read) -> str:
    """Do what the letter says; give why a person must look, if it cannot be done."""
    if letter.reading in REPORTS:
        _report(letter.telling, meaning)
    elif letter.reading == Reading.OUT_OF_OFFICE:
        _away(letter.telling, meaning, read.sender)
    elif letter.reading in {*KINDS, QUESTION} and letter.part is not None:
        said = Said(
            letter.reading, Answer.Via.MAIL, letter.sender, letter.own or letter.evidence, meaning.planned_for,
            telling=letter.telling, letter=letter,
        )  # fmt: skip
        try:
            with transaction.atomic():
                answer(part=letter.part, said=said)
        except NoticeError as error:
            return str(error)
        if letter.reading == QUESTION:
            return _("It asks a question.")
    return ""


def _away(telling: Telling | None, meaning: Understood, sender: str) -> None:
    """Note an absence, when it answers a mail of ours and comes from where that went: anybody can invent one."""
    if telling is None or not addresses.same(telling.address, sender):
        return
    if meaning.away_until is not None:
        note_absence(email=telling.address, until=meaning.away_until)
    out_of_office(telling=telling)


def _our_own(read: Read, meaning: Understood) -> bool:
    """Tell whether mail of ours came back to us: a loop, which ends here."""
    return read.sender == config.load().tocsin_mail_from.lower() and meaning.kind not in REPORTS


def _doubt(letter: Letter, read: Read, meaning: Understood) -> str:
    """Say why a person must look at a letter; empty when it is sure."""
    if meaning.kind in SILENT:
        lost = meaning.kind == Reading.BOUNCED and letter.telling is None
        return _("A mail did not arrive, and it cannot be told which.") if lost else ""
    if letter.part is None:
        return _("It belongs to no notice that is known: no reference and no mail of ours that it answers.")
    if letter.standing != Standing.PARTY:
        return _("It comes from an address that does not answer for this organisation.")
    if letter.telling is not None and asked_since(letter.telling, letter.part):
        return _("It answers what was told before; the organisation was asked anew since.")
    if _of_some_only(letter.part, read.own):
        return _("It speaks of some of what was told, and not of the rest.")
    if meaning.kind == Reading.PLANNED and meaning.planned_for is None:
        return _("It says that something will be done, and not when.")
    if not asks(letter.part.notice.kind):
        return _("It answers a message.")
    if meaning.kind == Reading.UNCLEAR:
        return _("It cannot be read for sure.")
    return ""


def _of_some_only(part: Part, text: str) -> bool:
    """Tell whether a text names some of the part's facts and leaves others out: its answer is then for those alone."""
    share = part.shares.filter(edition=part.edition_id).first()
    facts = share.facts if share is not None else []
    plain = refanged(text).lower()
    named = [_stands_in(str(fact["value"]).lower(), plain) for fact in facts]
    return any(named) and not all(named)


def _stands_in(value: str, text: str) -> bool:
    """Tell whether a value stands in a text by itself: 192.0.2.7 does not in 192.0.2.71, nor a name in a longer one."""
    return re.search(rf"(?<![\w.-]){re.escape(value)}(?![\w-]|\.\w)", text) is not None


def _report(telling: Telling | None, meaning: Understood) -> None:
    """Follow a report of delivery or of reading."""
    if telling is None:
        return
    if meaning.kind == Reading.BOUNCED:
        if any(each.permanent for each in meaning.deliveries):
            note_bounce(email=telling.address)
        not_reached(telling=telling, reason=why_bounced(meaning))
    elif meaning.kind == Reading.READ:
        Telling.objects.filter(pk=telling.pk, read_at=None).update(read_at=timezone.now())
    elif meaning.kind == Reading.DELIVERED and any(each.action == "delivered" for each in meaning.deliveries):
        # "relayed" says only that it went on to a server that reports nothing (RFC 3464, 2.3.3)
        Telling.objects.filter(pk=telling.pk, delivered_at=None).update(delivered_at=timezone.now())


def _keep(content: bytes, digest: str) -> None:
    folder = letters_folder() / digest[:2]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{digest}.eml"
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)


def letters_folder() -> Path:
    """Give where mail that came in is kept."""
    return config.load().home / "letters"


@transaction.atomic
def settle(*, actor: Person, letter: Letter, kind: str, part: Part | None, text: str, planned_for: date | None) -> None:
    """Decide about a letter that a person read: what it says of which part (``kind``), or that it says nothing."""
    require(actor, "notices.send")
    current = Letter.objects.select_for_update().get(pk=letter.pk)
    if not current.waiting:
        raise NoticeError(_("Somebody else has already decided about this mail."))
    if kind:
        if part is None:
            raise NoticeError(_("Choose the notice and the organisation it is about."))
        require(actor, "notices.send", part.organisation_id)
        said = Said(
            kind, Answer.Via.MAIL, current.sender or str(actor), text or current.text[:REASON], planned_for,
            author=actor, letter=None if hasattr(current, "answer") else current,
        )  # fmt: skip
        answer(part=part, said=said)
        current.part = part
    current.waiting, current.settled_by, current.settled_at = False, actor, timezone.now()
    current.save(update_fields=["waiting", "settled_by", "settled_at", "part"])
    audit.record(actor, "notice.letter", current, {"kind": kind, "part": part.reference if part else ""})


def failed_on_the_way() -> int:
    """Treat what the relay refused for good as what came back; give how many there were."""
    failed = Telling.objects.filter(message__state="failed", failed_at=None).select_related("message")[:200]
    for telling in failed:
        not_reached(telling=telling, reason=telling.message.error if telling.message else "")
    return len(failed) + mails_failed_on_the_way()
