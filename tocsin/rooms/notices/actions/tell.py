"""Tell people, all of them together: one telling each, written down before the mail is put on its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import quote

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin import config
from tocsin.platform import gate, outbox
from tocsin.platform.access import require
from tocsin.platform.gate import Decision
from tocsin.platform.models import OutboxMessage
from tocsin.platform.ways import ACTIONS, CHECKED
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.notices import knowledge
from tocsin.rooms.notices.models import Channel, Telling, ThreadMail
from tocsin.rooms.notices.queries.directory import Way, directory
from tocsin.rooms.notices.queries.letters import write
from tocsin.rooms.notices.queries.planning import Word, item_of, recipient_of

AT_ONCE = 500
BY_ITSELF_A_DAY = 200  # mails to one address that nobody looked at: whatever drives them, they end there


def tell(*, actor: Person | None, words: Sequence[Word], why: str, rung: int = 0) -> dict[int, list[str]]:
    """Tell each word to its address, in the caller's transaction; what was told already is not told again.

    Gives, by the inner id of the part, why a person could not be told: nobody is passed over in silence. What the gate
    keeps from a tool stands in its ledger.
    """
    troubles: dict[int, list[str]] = {}
    now = timezone.now()
    first = _first_mails(words)
    given, tellings, messages = [], [], []
    for word in _new(words, rung, troubles, _room_left(words) if actor is None else None):
        telling = _telling(word, why, rung, actor, now)
        given.append(word)
        tellings.append(telling)
        messages.append(_message(word, telling, first.get((word.part.pk, word.address.lower()), ""), now))
    posted = outbox.send_many(actor=actor, messages=messages)
    kept = []
    for word, telling, message in zip(given, tellings, posted, strict=True):
        if isinstance(message, Decision):
            _miss(word, message.reason, troubles)
        else:
            telling.message = message
            kept.append(telling)
    Telling.objects.bulk_create(kept, batch_size=AT_ONCE)
    return troubles


def anybody_heard(words: Sequence[Word], troubles: Sequence[str]) -> bool:
    """Tell whether a person was told: every one who was not left a trouble."""
    return sum(word.person for word in words) > len(troubles)


@transaction.atomic
def send_again(message: OutboxMessage, *, actor: Person) -> None:
    """Send a message once more that a person found not to have arrived, if the gate still lets it.

    Raises ``outbox.Refused`` with the gate's reason; the refusal stands in the ledger all the same.
    """
    telling = Telling.objects.select_related("part__organisation", "part__notice").filter(message=message).first()
    if telling is None and ThreadMail.objects.filter(message=message).exists():
        raise ValidationError(
            _("This mail belongs to a conversation; write it again there, where all is checked anew.")
        )
    if telling is None:
        raise ValidationError(_("This message belongs to no notice; write it again."))
    part = telling.part
    require(actor, "notices.send", part.organisation_id)
    way = Way(telling.channel, telling.address)
    recipient = recipient_of(way, telling.name, telling.at_organisation, part, directory())
    decision = gate.ask(actor, item_of(part.notice, part), recipient, ACTIONS[message.channel])
    if not decision.allowed:
        raise outbox.Refused(decision)
    outbox.send_again(message, actor=actor)
    Telling.objects.filter(pk=telling.pk).update(failed_at=None, failure="")


def _room_left(words: Sequence[Word]) -> Counter[str]:
    """Give how many more mails may leave by themselves today, by address."""
    since = timezone.now() - timedelta(days=1)
    wanted = {each for word in words if word.channel == Channel.MAIL for each in (word.address, word.address.lower())}
    told = Telling.objects.filter(address__in=wanted, channel=Channel.MAIL, told_by=None, told_at__gte=since)
    left = Counter({address.lower(): BY_ITSELF_A_DAY for address in wanted})
    left.subtract(address.lower() for address in told.values_list("address", flat=True))
    return left


def _new(words: Sequence[Word], rung: int, troubles: dict[int, list[str]], left: Counter[str] | None) -> list[Word]:
    """Keep what may and should leave: no refused word, no broken address, nobody told twice, no flood (``left``)."""
    parts = {word.part.pk for word in words}
    rows = Telling.objects.filter(part__in=parts, rung=rung).exclude(channel=Channel.TELEPHONE)
    told = {
        (part, edition, again, channel, address.lower())
        for part, edition, again, channel, address in rows.values_list(
            "part_id", "edition_id", "round", "channel", "address"
        )
    }
    new = []
    for word in words:
        key = word.part.pk, word.edition.pk, word.part.round, word.channel, word.address.lower()
        trouble = word.refusal or _broken(word) or ("" if key in told else _flooded(word, left))
        if trouble:
            _miss(word, trouble, troubles)
        elif key not in told:
            told.add(key)
            new.append(word)
    return new


def _flooded(word: Word, left: Counter[str] | None) -> str:
    """Say that an address has had all that leaves by itself in one day; nothing while it may have more."""
    if left is None or word.channel != Channel.MAIL:
        return ""
    left[word.address.lower()] -= 1
    if left[word.address.lower()] >= 0:
        return ""
    return _("%s has had as many mails as leave by themselves in one day; tell them yourself.") % word.shown


def _broken(word: Word) -> str:
    """Say that an address is none; nothing when it can be written to."""
    try:
        CHECKED[word.channel](word.address)
    except ValidationError:
        return _("%s is no address that can be told.") % word.shown
    return ""


def _miss(word: Word, trouble: str, troubles: dict[int, list[str]]) -> None:
    if word.person:
        troubles.setdefault(word.part.pk, []).append(trouble)


def _telling(word: Word, why: str, rung: int, actor: Person | None, now: datetime) -> Telling:
    return Telling(
        part=word.part,
        edition=word.edition,
        channel=word.channel,
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
    if word.channel != Channel.MAIL:
        return {}
    headers = {"In-Reply-To": first, "References": first} if first else {}
    if knowledge.may_decline(word.edition.notice.kind):
        wish = quote(f"unsubscribe {word.part.reference}")
        headers["List-Unsubscribe"] = f"<mailto:{config.load().tocsin_mail_from}?subject={wish}>"
    return headers


def _message(word: Word, telling: Telling, first: str, now: datetime) -> outbox.Message:
    notice = word.edition.notice
    due = word.part.due_at or now + timedelta(hours=notice.due_hours)
    written = write(telling, notice, word.part, word.edition, word.content, due)
    return outbox.Message(
        channel=word.channel,
        item=item_of(notice, word.part),
        recipient=word.recipient,
        subject=written.subject,
        body=written.body,
        language=word.language,
        attachments=written.attachments,
        headers=_headers(word, first),
        key=word.key,
    )
