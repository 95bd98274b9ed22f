"""Write in a conversation about a matter, by mail or in the page. The room of the matter has checked who may."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import gate, outbox
from tocsin.platform.gate import Action
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.notices import queries
from tocsin.rooms.notices.actions.errors import LookAgain, NoticeError
from tocsin.rooms.notices.models import Letter, Party, Remark, Standing, Thread, ThreadMail
from tocsin.rooms.notices.queries.matters import Matter
from tocsin.rooms.notices.queries.parties import Addressee
from tocsin.rooms.notices.queries.writing import Draft, Preview

LONGEST = 20_000
REFERENCES = 5


@transaction.atomic
def write_mail(*, actor: Person, draft: Draft, seen: str, confirmed: Collection[str]) -> ThreadMail:
    """Send what the preview ``seen`` (its digest) showed; ``confirmed`` are the codes of the cautions weighed.

    Raises ``outbox.Refused`` with the gate's reason, which stands in its ledger all the same, LookAgain when anything
    that was shown has changed, and NoticeError for whatever else stands against it.
    """
    draft = replace(draft, matter=_held(actor, draft.matter))
    preview = queries.prepare(draft)
    if not preview.decision.allowed:
        item = queries.item_of_draft(draft, preview.who)
        raise outbox.Refused(gate.ask(actor, item, preview.who.recipient, Action.MAIL))
    if preview.refusals:
        raise NoticeError(" ".join(preview.refusals))
    if preview.digest != seen:
        raise LookAgain(_("Something has changed since you looked at it. Look again, then send."))
    if missing := [each.text for each in preview.cautions if each.code not in confirmed]:
        raise NoticeError(_("Confirm this before it can leave: %s") % " ".join(missing))
    thread = _thread(draft, preview)
    mail = _send(actor, draft, preview, thread)
    _touch(thread, Thread.Last.US)
    return mail


def _held(actor: Person, matter: Matter) -> Matter:
    held = queries.held(actor, matter)
    if held is None:
        raise NoticeError(_("What this is about has been sealed meanwhile."))
    return held


def _thread(draft: Draft, preview: Preview) -> Thread:
    """Give the conversation, begun with its first mail; the matter is held, so nobody begins it beside us."""
    if preview.thread is not None:
        return preview.thread
    who = preview.who
    place = Organisation.objects.filter(code=who.organisation).first() if who.organisation else None
    return _begun(draft.matter, place, who)


def _begun(matter: Matter, place: Organisation | None, who: Addressee | None = None) -> Thread:
    thread = Thread.objects.create(
        matter_kind=matter.kind,
        matter=matter.uuid,
        organisation=place,
        party=Party.ORGANISATION if place is not None or who is None else who.party,
        address="" if place is not None or who is None else who.address,
        name="" if place is not None or who is None else who.name,
        sealed=matter.sealed,
    )
    if matter.sealed:
        thread.named.set(matter.named)
    return thread


def _send(actor: Person, draft: Draft, preview: Preview, thread: Thread) -> ThreadMail:
    who, written = preview.who, queries.compose(draft, preview.who, thread)
    message = outbox.send(
        actor=actor,
        message=outbox.Message(
            item=queries.item_of_draft(draft, who),
            recipient=who.recipient,
            subject=written.subject,
            body=written.body,
            language=draft.language,
            headers={"Auto-Submitted": "no", **_answering(thread, who.address)},
            key=who.key,
        ),
    )
    return ThreadMail.objects.create(
        thread=thread,
        message=message,
        address=who.address,
        name=who.name,
        language=draft.language,
        tlp=draft.tlp,
        subject=draft.subject.strip()[:200],
        text=draft.text.strip()[:LONGEST],
        template=draft.template,
        confirmed=[[each.code, each.text] for each in preview.cautions],
        written_by=actor,
    )


def _answering(thread: Thread, address: str) -> dict[str, str]:
    """Give the headers by which a mail stands below what it answers: their last letter, else our last mail to them."""
    letters = Letter.objects.filter(thread=thread, standing=Standing.PARTY).exclude(message_id="").order_by("-pk")
    theirs = letters.values_list("message_id", flat=True).first()
    mails = thread.mails.filter(address=address).order_by("-pk").values_list("message__message_id", flat=True)
    ours = list(mails[:REFERENCES])[::-1]
    chain = [*ours, theirs] if theirs else ours
    return {"In-Reply-To": chain[-1], "References": " ".join(chain)} if chain else {}


def _touch(thread: Thread, last: Thread.Last) -> None:
    thread.last, thread.updated_at = last, timezone.now()
    thread.save(update_fields=["last", "updated_at"])


@transaction.atomic
def remark(*, actor: Person, matter: Matter, organisation: Organisation, text: str) -> Remark:
    """Write for one's own organisation in its conversation; the room of the matter holds it and has checked who may."""
    thread = Thread.objects.filter(matter=matter.uuid, organisation=organisation).order_by("-pk").first()
    thread = thread or _begun(matter, organisation)
    written = Remark.objects.create(thread=thread, author=actor, text=text.strip()[:LONGEST])
    _touch(thread, Thread.Last.THEM)
    return written


@transaction.atomic
def settle_threads(*, threads: Collection[Thread]) -> None:
    """Note that nothing in conversations waits for an answer; the room of the matter has checked who may."""
    Thread.objects.filter(pk__in=[thread.pk for thread in threads]).update(last=Thread.Last.SETTLED)
