"""Take a mail into its conversation. Whatever it says, nothing is sent because of it: loops have nothing to feed on."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from tocsin.pipeline.mail.replies import Understood
from tocsin.platform import addresses
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.constituency.actions import note_absence, note_bounce
from tocsin.rooms.notices.models import Letter, Standing, Thread, ThreadMail
from tocsin.rooms.notices.queries.matters import BY_PEOPLE, tell_of_failure

Reading = Letter.Reading
REASON = 300
TRUSTED = frozenset({Standing.PARTY, Standing.DOMAIN})


def follow_in_thread(letter: Letter, thread: Thread, meaning: Understood) -> None:
    """Note what a letter changes: how far a mail of ours came, who is away, whose turn it is."""
    now = timezone.now()
    if letter.mail is not None:
        _report(letter.mail, letter, meaning)
    if letter.reading in BY_PEOPLE:
        last = Thread.Last.THEM if letter.standing in TRUSTED else Thread.Last.STRANGER
        Thread.objects.filter(pk=thread.pk).update(last=last, updated_at=now)


def _report(mail: ThreadMail, letter: Letter, meaning: Understood) -> None:
    now, mails = timezone.now(), ThreadMail.objects.filter(pk=mail.pk)
    if letter.reading == Reading.BOUNCED:
        if any(each.permanent for each in meaning.deliveries):
            note_bounce(email=mail.address)
        _failed(mail, why_bounced(meaning))
    elif letter.reading == Reading.READ:
        mails.filter(read_at=None).update(read_at=now)
    elif letter.reading == Reading.DELIVERED and any(each.action == "delivered" for each in meaning.deliveries):
        mails.filter(delivered_at=None).update(delivered_at=now)
    elif meaning.away_until is not None and addresses.same(mail.address, letter.sender):
        note_absence(email=mail.address, until=meaning.away_until)


def why_bounced(meaning: Understood) -> str:
    """Give what the other side said against a mail."""
    said = next((each.diagnostic or each.status for each in meaning.deliveries), "")
    return said or meaning.evidence


def _failed(mail: ThreadMail, reason: str) -> None:
    """Note once that a mail did not arrive, and tell the room of its matter."""
    failed, now = ThreadMail.objects.filter(pk=mail.pk, failed_at=None), timezone.now()
    mail.failed_at, mail.failure = now, reason.replace("\0", "")[:REASON]
    if not failed.update(failed_at=now, failure=mail.failure):
        return
    tell_of_failure(mail)
    Thread.objects.filter(pk=mail.thread_id).update(last=Thread.Last.FAILED, updated_at=now)


def mails_failed_on_the_way() -> int:
    """Treat what the relay refused for good as what came back; give how many mails there were."""
    state = OutboxMessage.State.FAILED
    failed = ThreadMail.objects.filter(message__state=state, failed_at=None).select_related("message", "thread")[:200]
    for mail in failed:
        with transaction.atomic():
            _failed(mail, mail.message.error)
    return len(failed)
