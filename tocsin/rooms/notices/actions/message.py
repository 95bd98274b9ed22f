"""Write to one organisation about a matter, and keep what was told of it sealed when the matter is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit, gate
from tocsin.platform.models import OutboxMessage
from tocsin.platform.outbox import Refused
from tocsin.platform.ways import ACTIONS
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.notices import queries
from tocsin.rooms.notices.actions.draft import About, drafted
from tocsin.rooms.notices.actions.errors import NoticeError
from tocsin.rooms.notices.actions.send import send_written
from tocsin.rooms.notices.knowledge import MESSAGE, texts
from tocsin.rooms.notices.models import Notice, Part, Telling, Thread, ThreadMail
from tocsin.rooms.notices.queries.planning import Plan, item_of

SEALED = "sealed before it left"


@transaction.atomic
def write_to(
    *,
    actor: Person,
    organisation: Organisation,
    matter: queries.Matter,
    subject: str,
    text: str,
    severity: int,
    tlp: str,
) -> Part:
    """Tell an organisation what its writer, who sees it now, has written; the room of the matter has checked the right.

    Raises ``Refused`` with the gate's reason, which stands in the ledger all the same, and NoticeError when there is
    nobody to tell.
    """
    written = {language: {"subject": subject, "text": text} for language in texts()[MESSAGE]}
    about = About(subject[:200], MESSAGE, severity, tlp, matter=matter)
    notice = drafted(actor, about, [organisation], {organisation.code: ()}, written)
    edition = notice.editions.select_related("notice").get()
    planned = queries.plan(edition)
    (row,) = planned.rows
    if not row.reached:
        _refuse(actor, planned)
    send_written(actor, edition, planned)
    return notice.parts.get()


def _refuse(actor: Person, planned: Plan) -> None:
    """Say why nobody is told; what the gate refuses is asked of it, so that it stands in its ledger."""
    (row,) = planned.rows
    for word in row.people:
        decision = gate.ask(actor, item_of(planned.edition.notice, row.part), word.recipient, ACTIONS[word.channel])
        if not decision.allowed:
            raise Refused(decision)
    raise NoticeError(
        _("%(organisation)s: %(trouble)s Add a contact in the constituency.")
        % {"organisation": row.part.organisation, "trouble": row.trouble}
    )


def _stop(notices: Sequence[Notice], threads: Sequence[Thread], addresses: Iterable[str]) -> None:
    """Stop what waits to leave for anybody else: it may not be told to them any more."""
    allowed = {address.lower() for address in addresses}
    queued = {"message__state": OutboxMessage.State.QUEUED}
    tellings = Telling.objects.filter(part__notice__in=notices, **queued)
    mails = ThreadMail.objects.filter(thread__in=threads, **queued)
    rows = [*tellings.values_list("message", "address"), *mails.values_list("message", "address")]
    stopped = [message for message, address in rows if address.lower() not in allowed]
    waiting = OutboxMessage.objects.filter(pk__in=stopped, state=OutboxMessage.State.QUEUED)
    waiting.update(state=OutboxMessage.State.FAILED, error=SEALED)


@transaction.atomic
def seal_about(*, matter: UUID, named: Collection[int] | None) -> None:
    """Seal all notices and conversations about a matter to the people ``named`` (inner ids), or open them: None."""
    notices = list(Notice.objects.select_for_update().filter(matter=matter))
    threads = list(Thread.objects.select_for_update(no_key=True).filter(matter=matter))  # letters may refer to them
    for notice in notices:
        notice.named.set(named or ())
    for thread in threads:
        thread.named.set(named or ())
    Notice.objects.filter(pk__in=[notice.pk for notice in notices]).update(sealed=named is not None)
    Thread.objects.filter(pk__in=[thread.pk for thread in threads]).update(sealed=named is not None)
    if named is not None:
        _stop(notices, threads, Person.objects.filter(pk__in=named).values_list("email", flat=True))
    audit.record_many(None, "notice.seal" if named is not None else "notice.unseal", notices)


def hold_about(matters: Collection[UUID]) -> None:
    """Hold all notices about some matters for this transaction; before the matters themselves are held.

    A letter holds its notice before it is written into its matter; whoever holds both takes them in this order.
    """
    found = Notice.objects.select_for_update().filter(matter__in=matters).order_by("pk")
    list(found.values_list("pk", flat=True))


@transaction.atomic
def move_matter(*, before: UUID, after: UUID, notices: Collection[UUID]) -> int:
    """Let some of the notices about one matter be about another of its kind, which the same people may know of."""
    found = list(Notice.objects.filter(matter=before, uuid__in=notices))
    Notice.objects.filter(pk__in=[notice.pk for notice in found]).update(matter=after, updated_at=timezone.now())
    audit.record_many(None, "notice.move", found)
    return len(found)


def move_threads(*, before: UUID, after: UUID, threads: Collection[UUID]) -> int:
    """Let some of the conversations about one matter be about another of its kind; as `move_matter` for notices."""
    found = Thread.objects.filter(matter=before, uuid__in=threads)
    return found.update(matter=after, updated_at=timezone.now())
