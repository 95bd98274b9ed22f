"""Find what a mail that came in belongs to, and whether whoever sent it is known there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tocsin import config
from tocsin.pipeline.mail.letter import Letter as Read
from tocsin.pipeline.mail.replies import Understood
from tocsin.platform import addresses, openpgp
from tocsin.platform.models import OutboxMessage
from tocsin.platform.protection import Known
from tocsin.rooms.constituency.models import Contact
from tocsin.rooms.notices.models import Part, Standing, Telling, Thread, ThreadMail
from tocsin.rooms.notices.queries.directory import directory
from tocsin.rooms.notices.queries.following import answers_for
from tocsin.rooms.notices.queries.parties import ANYBODYS, domain_of, domains_of, within
from tocsin.rooms.notices.queries.tags import thread_or_part

REFERENCE = re.compile(r"[NC]-\d\d-[2-9A-HJ-NP-Z]{8}")
UUID_FORM = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Placed:
    """What a mail belongs to: the mail of ours that it answers or reports on, and the part or the conversation."""

    telling: Telling | None = None
    part: Part | None = None
    mail: ThreadMail | None = None
    thread: Thread | None = None


NOWHERE = Placed()


def placed(read: Read, meaning: Understood) -> Placed:
    """Place a mail: by the mail of ours it names, else by the one reference in its subject, or in its text.

    Without a reference, a ticket of the organisation's own system may say what it is about.

    One that answers one mail and names another matter is placed nowhere: a person looks.
    """
    message = _answered(read, meaning)
    if message is None:
        return _by_reference(read)
    telling: Telling | None = getattr(message, "telling", None)
    mail: ThreadMail | None = getattr(message, "thread_mail", None)
    if telling is not None:
        found = Placed(telling=telling, part=telling.part)
    elif mail is not None:
        found = Placed(mail=mail, thread=mail.thread)
    else:
        return _by_reference(read)
    reference = str(found.part or found.thread)
    return found if reference in (_named(read.subject) or {reference}) else NOWHERE


def is_ours(read: Read) -> bool:
    """Tell whether a mail is one that we sent ourselves, come back to us: a loop, which ends here."""
    return bool(read.message_id) and OutboxMessage.objects.filter(message_id=read.message_id).exists()


def _answered(read: Read, meaning: Understood) -> OutboxMessage | None:
    """Find the mail of ours that a letter answers or reports on: by envelope id, by Message-ID."""
    known = OutboxMessage.objects.select_related(
        "telling__part__notice", "telling__part__organisation", "thread_mail__thread__organisation"
    )
    if UUID_FORM.fullmatch(meaning.original_envelope_id):
        found = known.filter(uuid=meaning.original_envelope_id).first()
        if found is not None:
            return found
    ids = [meaning.original_message_id, read.in_reply_to, *reversed(read.references), *read.returned]
    ids = list(dict.fromkeys(filter(None, ids)))
    by_id = {message.message_id: message for message in known.filter(message_id__in=ids)} if ids else {}
    return next((by_id[each] for each in ids if each in by_id), None)


def _by_reference(read: Read) -> Placed:
    for text in (read.subject, read.text):
        named = _named(text)
        if len(named) == 1:
            return _of(named.pop())
    thread, part = thread_or_part(read.subject)
    return Placed(part=part, thread=thread)


def _of(reference: str) -> Placed:
    if reference.startswith("N"):
        return Placed(part=Part.objects.select_related("notice", "organisation").filter(reference=reference).first())
    return Placed(thread=Thread.objects.select_related("organisation").filter(reference=reference).first())


def _named(text: str) -> set[str]:
    return set(REFERENCE.findall(text))


def standing(found: Placed, sender: str) -> str:
    """Say who wrote, as far as the From line tells, which whoever writes fills in as they like; of nothing, nothing."""
    if found.thread is None and found.part is None:
        return ""
    if addresses.same(sender, config.load().tocsin_mail_from):
        return Standing.OURS
    if found.part is not None:
        return Standing.PARTY if answers_for(found.part, sender) else Standing.STRANGER
    return _in_thread(found.thread, sender) if found.thread is not None else ""


def _in_thread(thread: Thread, sender: str) -> str:
    if not sender:
        return Standing.STRANGER
    if _is_partys(thread, sender):
        return Standing.PARTY
    return Standing.DOMAIN if _near(thread, sender) else Standing.STRANGER


def _is_partys(thread: Thread, sender: str) -> bool:
    wanted = addresses.form(sender)
    if wanted == thread.address or thread.mails.filter(address=wanted).exists():
        return True
    if thread.organisation is None:
        return False
    known = directory()
    return known.answers(known.places.get(thread.organisation.code), sender)


def _near(thread: Thread, sender: str) -> bool:
    """Tell whether an address has a domain of the party, though it is not known itself."""
    domain = domain_of(sender)
    if thread.organisation is None:
        return domain == domain_of(thread.address) and domain not in ANYBODYS
    place = directory().places.get(thread.organisation.code)
    return place is not None and within(domain, domains_of(place))


def known_keys() -> list[Known]:
    """Give every OpenPGP key of a contact that can be read, and the address it is for."""
    rows = Contact.objects.exclude(key="").order_by("pk").values_list("email", "key")
    return [Known(email, key) for email, key in rows if _readable(key)]


def _readable(key: str) -> bool:
    try:
        return bool(openpgp.read_key(key).fingerprint)
    except openpgp.UnusableKey:
        return False
