"""What is done with an artefact once it is here: each act is written into its custody log and into the audit trail."""

from __future__ import annotations

import hashlib
import io
import logging
from contextlib import ExitStack
from functools import partial

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit, strongroom
from tocsin.platform.house_key import HouseKeyError
from tocsin.platform.stream_cipher import CHUNK, Damaged, Decryptor
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.artefacts import queries
from tocsin.rooms.artefacts.actions.turns import turn
from tocsin.rooms.artefacts.models import Artefact, CustodyEntry

logger = logging.getLogger(__name__)
Act = CustodyEntry.Act


def note(
    artefact: Artefact, act: str, *, actor: Person | None, about: models.Model, reason: str = "", recipient: str = ""
) -> CustodyEntry:
    """Add a line to the custody log, in the caller's transaction, which holds the artefact's row.

    ``about`` is the matter whose readers may know of it; the audit trail names that, and not the artefact.
    """
    before = artefact.custody.order_by("-number").first()
    entry = CustodyEntry(
        artefact=artefact,
        number=before.number + 1 if before else 1,
        act=act,
        person=actor,
        time=timezone.now(),
        recipient=_plain(recipient)[:200],
        reason=_plain(reason),
    )
    entry.chain = queries.link(before.chain if before else "", entry)
    entry.save()
    details = {"artefact": str(artefact.uuid), "number": entry.number, "chain": entry.chain}
    audit.record(actor, f"{queries.AUDITED}{act}", about, details)
    return entry


def _plain(text: str) -> str:
    return str(audit.plain(text.replace("\0", ""))).strip()


def locked(artefact: Artefact) -> Artefact:
    """Give the artefact as it stands, held for the transaction; refuse one that is destroyed."""
    current: Artefact = Artefact.objects.select_for_update().get(pk=artefact.pk)
    if current.destroyed_at is not None:
        raise ValidationError(_("It was destroyed; only its digest and its custody log are left."))
    return current


def _said(reason: str) -> str:
    if not _plain(reason):
        raise ValidationError(_("Say why."))
    return reason


def _open(artefact: Artefact) -> Decryptor:
    if artefact.destroyed_at is not None:
        raise ValidationError(_("It was destroyed; only its digest and its custody log are left."))
    return strongroom.opened(artefact.uuid, bytes(artefact.key), artefact.size)


class Outgoing(io.BufferedReader):
    """A content on its way out; it holds its turn until it is closed."""

    def __init__(self, content: Decryptor, turn: ExitStack) -> None:
        super().__init__(content, CHUNK)
        self._turn = turn

    def close(self) -> None:
        """Close the file and let the next have the turn."""
        super().close()
        self._turn.close()


def open_content(*, actor: Person, artefact: Artefact, about: models.Model) -> Outgoing:
    """Open the content for somebody who takes it along; the caller closes it.

    What was altered or cut off is refused here, or ends with `Damaged` at the place where it was.
    """
    with ExitStack() as held:
        held.enter_context(turn(artefact.size))
        content = _openable(artefact)
        with transaction.atomic():
            note(locked(artefact), Act.DOWNLOADED, actor=actor, about=about)
        return Outgoing(content, held.pop_all())


def _openable(artefact: Artefact) -> Decryptor:
    try:
        return _open(artefact)
    except Damaged as error:
        logger.exception("artefact %s is damaged", artefact.uuid)
        raise ValidationError(_("The file is not what was taken in: verify it, and look into your backup.")) from error
    except HouseKeyError as error:
        logger.exception("artefact %s cannot be opened", artefact.uuid)
        raise ValidationError(_("The key of the strongroom is missing; `tocsin doctor` says what to do.")) from error


def open_for_search(*, artefact: Artefact, about: models.Model) -> io.BufferedReader[Decryptor]:
    """Open the content for the house to read its text; raise `Damaged`, `HouseKeyError`. The caller closes it."""
    content = io.BufferedReader(_open(artefact))
    with transaction.atomic():
        note(locked(artefact), Act.READ, actor=None, about=about)
    return content


def verify(*, actor: Person, artefact: Artefact, about: models.Model) -> CustodyEntry:
    """Read all of it again and compare the digest, and the custody log with its chain; the outcome is logged.

    The reading is outside any transaction: of a large file it takes seconds.
    """
    problem = _problem_of(artefact)
    with transaction.atomic():
        current = locked(artefact)
        if not problem and not queries.custody_is_whole(current, about):
            problem = "The custody log was changed."
        return note(current, Act.ALTERED if problem else Act.VERIFIED, actor=actor, about=about, reason=problem)


def _problem_of(artefact: Artefact) -> str:
    digest = hashlib.sha256()
    try:
        with _open(artefact) as content:
            for chunk in content.chunks():
                digest.update(chunk)
    except (Damaged, HouseKeyError) as error:
        return str(error)
    return "" if digest.hexdigest() == artefact.digest else "Its digest is another one."


@transaction.atomic
def hold(*, actor: Person, artefact: Artefact, about: models.Model, reason: str) -> CustodyEntry:
    """Put it on legal hold: it cannot be destroyed until that is lifted."""
    current = locked(artefact)
    if current.held:
        raise ValidationError(_("It is on legal hold already."))
    current.held = True
    current.save(update_fields=["held"])
    return note(current, Act.HELD, actor=actor, about=about, reason=_said(reason))


@transaction.atomic
def release(*, actor: Person, artefact: Artefact, about: models.Model, reason: str) -> CustodyEntry:
    """Lift the legal hold."""
    current = locked(artefact)
    if not current.held:
        raise ValidationError(_("It is not on legal hold."))
    current.held = False
    current.save(update_fields=["held"])
    return note(current, Act.RELEASED, actor=actor, about=about, reason=_said(reason))


@transaction.atomic
def hand_over(*, actor: Person, artefact: Artefact, about: models.Model, recipient: str, reason: str) -> CustodyEntry:
    """Write down that a copy, or the thing itself, was handed to somebody."""
    if not _plain(recipient):
        raise ValidationError(_("Say to whom."))
    return note(locked(artefact), Act.HANDED_OVER, actor=actor, about=about, reason=_said(reason), recipient=recipient)


def move(*, actor: Person, artefact: Artefact, about: models.Model, recipient: str) -> CustodyEntry:
    """Write down, in the caller's transaction, that it belongs to ``about`` now; also of one that is destroyed."""
    current = Artefact.objects.select_for_update().get(pk=artefact.pk)
    return note(current, Act.MOVED, actor=actor, about=about, recipient=recipient)


@transaction.atomic
def destroy(*, actor: Person, artefact: Artefact, about: models.Model, reason: str) -> CustodyEntry:
    """Destroy its key, and its file once that is committed; digest and custody log stay. Refused under legal hold."""
    current = locked(artefact)
    if current.held:
        raise ValidationError(_("It is on legal hold: lift that first, if you may."))
    entry = note(current, Act.DESTROYED, actor=actor, about=about, reason=_said(reason))
    current.key, current.destroyed_at = b"", entry.time
    current.save(update_fields=["key", "destroyed_at"])
    transaction.on_commit(partial(strongroom.remove, current.uuid))
    return entry
