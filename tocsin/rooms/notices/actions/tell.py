"""Tell people, all of them together: one telling each, written down before the mail is put on its way."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin import config
from tocsin.platform import addresses, gate, outbox
from tocsin.platform.access import require
from tocsin.platform.gate import Decision
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.notices import knowledge
from tocsin.rooms.notices.models import Telling
from tocsin.rooms.notices.queries.directory import directory
from tocsin.rooms.notices.queries.letters import write
from tocsin.rooms.notices.queries.planning import Word, item_of, recipient_of

AT_ONCE = 500


def tell(*, actor: Person | None, words: Sequence[Word], why: str, rung: int = 0) -> dict[int, list[str]]:
    """Tell each word to its address, in the caller's transaction; what was told already is not told again.

    Gives, by the inner id of the part, why somebody could not be told: nothing is passed over in silence.
    """
    troubles: dict[int, list[str]] = {}
    now = timezone.now()
    first = _first_mails(words)
    tellings, mails = [], []
    for word in _new(words, rung, troubles):
        telling = _telling(word, why, rung, actor, now)
        tellings.append(telling)
        mails.append(_mail(word, telling, first.get((word.part.pk, word.address.lower()), ""), now))
    posted = outbox.send_many(actor=actor, mails=mails)
    kept = []
    for telling, message in zip(tellings, posted, strict=True):
        if isinstance(message, Decision):
            troubles.setdefault(telling.part_id, []).append(message.reason)
        else:
            telling.message = message
            kept.append(telling)
    Telling.objects.bulk_create(kept, batch_size=AT_ONCE)
    return troubles


@transaction.atomic
def send_again(message: OutboxMessage, *, actor: Person) -> None:
    """Send a message once more that a person found not to have arrived, if the gate still lets it.

    Raises ``outbox.Refused`` with the gate's reason; the refusal stands in the ledger all the same.
    """
    telling = Telling.objects.select_related("part__organisation", "part__notice").get(message=message)
    part = telling.part
    require(actor, "notices.send", part.organisation_id)
    recipient = recipient_of(telling.address, telling.name, telling.at_organisation, part, directory())
    decision = gate.ask(actor, item_of(part.notice, part), recipient, gate.Action.MAIL)
    if not decision.allowed:
        raise outbox.Refused(decision)
    outbox.send_again(message, actor=actor)
    Telling.objects.filter(pk=telling.pk).update(failed_at=None, failure="")


def _new(words: Sequence[Word], rung: int, troubles: dict[int, list[str]]) -> list[Word]:
    """Keep what may and should leave: no refused word, no broken address, nobody told twice."""
    parts = {word.part.pk for word in words}
    told = {
        (part, edition, again, address.lower())
        for part, edition, again, address in Telling.objects.filter(
            part__in=parts, rung=rung, channel=Telling.Channel.MAIL
        ).values_list("part_id", "edition_id", "round", "address")
    }
    new = []
    for word in words:
        key = word.part.pk, word.edition.pk, word.part.round, word.address.lower()
        trouble = word.refusal or ("" if addresses.takes(word.address) else _("%s is no mail address.") % word.address)
        if trouble:
            troubles.setdefault(word.part.pk, []).append(trouble)
        elif key not in told:
            told.add(key)
            new.append(word)
    return new


def _telling(word: Word, why: str, rung: int, actor: Person | None, now: datetime) -> Telling:
    return Telling(
        part=word.part,
        edition=word.edition,
        why=why,
        rung=rung,
        round=word.part.round,
        role=word.role,
        at_organisation=word.at_organisation,
        name=word.name,
        address=word.address,
        language=word.language,
        rule=word.rule,
        told_at=now,
        told_by=actor,
    )


def _first_mails(words: Sequence[Word]) -> dict[tuple[int, str], str]:
    """Give the Message-ID of the first mail to each address about a part, so that what follows stands below it."""
    rows = Telling.objects.filter(part__in={word.part.pk for word in words}, message__isnull=False).order_by("-pk")
    return {
        (part, address.lower()): message_id
        for part, address, message_id in rows.values_list("part_id", "address", "message__message_id")
    }


def _headers(word: Word, first: str) -> dict[str, str]:
    headers = {"In-Reply-To": first, "References": first} if first else {}
    if knowledge.may_decline(word.edition.notice.kind):
        wish = quote(f"unsubscribe {word.part.reference}")
        headers["List-Unsubscribe"] = f"<mailto:{config.load().tocsin_mail_from}?subject={wish}>"
    return headers


def _mail(word: Word, telling: Telling, first: str, now: datetime) -> outbox.Mail:
    notice = word.edition.notice
    due = word.part.due_at or now + timedelta(hours=notice.due_hours)
    written = write(telling, notice, word.part, word.edition, word.content, due)
    return outbox.Mail(
        item=item_of(notice, word.part),
        recipient=word.recipient,
        subject=written.subject,
        body=written.body,
        language=word.language,
        attachments=written.attachments,
        headers=_headers(word, first),
        key=word.key,
    )
