"""The conversations about an incident, as far as one person may read them: one for each party, all of it in order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.http import Http404
from django.urls import reverse
from django.utils.translation import gettext as _

from tocsin.platform.access import scope_of
from tocsin.platform.markings import TLP
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents.models import IncidentEntity
from tocsin.rooms.incidents.queries.many import Several
from tocsin.rooms.incidents.queries.open_ends import OpenEnd
from tocsin.rooms.incidents.queries.view import View
from tocsin.rooms.notices import queries as notices
from tocsin.rooms.notices.models import Channel, Letter, Party, Standing, Telling, Thread, ThreadMail

OURS = re.compile(r"(?:re|aw|tr|fwd?)\s*:|\[(?:TLP:[A-Z+]+|[NC]-\d\d-\w+)\]", re.IGNORECASE)
SILENT = frozenset({Letter.Reading.DELIVERED, Letter.Reading.READ, Letter.Reading.DELAYED})  # shown with the mail


@dataclass(frozen=True, slots=True)
class Conversation:
    """What is said with one party, in ``threads`` (of incidents made one there are several), the newest first.

    ``key`` is the id of the organisation, of any other party that of its thread.
    """

    key: UUID
    organisation: Organisation | None
    threads: tuple[Thread, ...] = ()
    tellings: Sequence[Telling] = ()

    @property
    def thread(self) -> Thread | None:
        """Give the one in which something was said last."""
        return next(iter(self.threads), None)

    @property
    def name(self) -> str:
        """Give what the party is called."""
        if self.organisation is not None:
            return str(self.organisation)
        return self.thread.name or self.thread.address if self.thread is not None else ""

    @property
    def party(self) -> object:
        """Say what the party is."""
        return Party(self.thread.party).label if self.thread is not None else Party.ORGANISATION.label

    @property
    def state(self) -> str:
        """Give whose turn it is; see `Thread.Last`."""
        if self.thread is not None:
            return next((each.last for each in self.threads if each.waits), self.thread.last)
        return Thread.Last.US if self.tellings else Thread.Last.NOBODY

    @property
    def waits(self) -> bool:
        """Tell whether somebody of the house must look at it."""
        return any(thread.waits for thread in self.threads)

    @property
    def state_label(self) -> object:
        """Say whose turn it is."""
        return Thread.Last(self.state).label

    @property
    def at(self) -> datetime | None:
        """Give when something was said last."""
        told = self.tellings[-1].told_at if self.tellings else None
        return max(filter(None, (told, self.thread.updated_at if self.thread else None)), default=None)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was said: ``kind`` is mail, told, letter, answer or remark, ``of`` its row."""

    kind: str
    at: datetime
    of: Any
    text: str = ""
    answered: bool = False
    guarded: Sequence[notices.Guarded] = ()


def conversations(view: View) -> list[Conversation]:
    """Give the conversations a person may read, the last changed first, then the organisations nothing was said to."""
    told: dict[int, list[Telling]] = {}
    for telling in notices.tellings_about(view.incident.uuid):
        told.setdefault(telling.part.organisation_id, []).append(telling)
    places = {entity.organisation_id: entity.organisation for entity in view.entities}
    places |= {pk: each[0].part.organisation for pk, each in told.items()}
    talks: dict[int | str, list[Thread]] = {}  # by organisation, or by address
    for thread in notices.threads_about(view.user, view.incident.uuid):
        if thread.organisation is not None:
            places[thread.organisation.pk] = thread.organisation
        talks.setdefault(thread.organisation_id or thread.address, []).append(thread)
    found = [
        Conversation(place.uuid, place, tuple(talks.pop(pk, ())), told.get(pk, ()))
        for pk, place in places.items()
        if _may_read(view, pk)
    ]
    if _may_read(view, None):
        found += [Conversation(each[0].uuid, None, tuple(each)) for key, each in talks.items() if isinstance(key, str)]
    said = sorted((each for each in found if each.at), key=lambda each: str(each.at), reverse=True)
    return [*said, *(each for each in found if not each.at)]


def _may_read(view: View, organisation: int | None) -> bool:
    """Tell whether a person reads the conversation with an organisation, or (None) with somebody outside."""
    if organisation in {entity.organisation_id for entity in view.entities}:
        return True
    if not view.handler or organisation is None:
        return view.handler
    return view.in_charge or organisation in scope_of(view.user).organisations("incidents.view")


def chosen_or_404(found: Sequence[Conversation], key: str) -> Conversation | None:
    """Give the one with a key, the first without one; None when there is none."""
    if not key:
        return found[0] if found else None
    chosen = next((each for each in found if key in {str(each.key), *(str(one.uuid) for one in each.threads)}), None)
    if chosen is None:
        raise Http404("conversation")
    return chosen


def entries(view: View, known: Conversation) -> list[Entry]:
    """Give all that was said in a conversation and that a person may read, in order."""
    matter, threads, place = view.incident.uuid, known.threads, known.organisation
    letters = [each for each in notices.letters_from(threads, place, matter) if each.reading not in SILENT]
    mails = notices.mails_in(threads) if threads else []
    if not view.handler:
        letters, mails = _for_officers(view, letters, mails)
    found = [*_ours(mails, known.tellings, letters), *_theirs(letters)]
    if place is not None and known.tellings:
        found += [Entry("answer", each.said_at, each, each.text) for each in notices.answers_of(place, matter)]
    if place is not None and threads:
        found += [Entry("remark", each.created_at, each, each.text) for each in notices.remarks_in(threads)]
    return sorted(found, key=lambda each: each.at)


def _for_officers(
    view: View, letters: Sequence[Letter], mails: Sequence[ThreadMail]
) -> tuple[list[Letter], list[ThreadMail]]:
    """Leave out what strangers wrote, and what was for the eyes of named others only, with the answers to it."""
    mine = view.user.email.lower()
    secret = {mail.pk for mail in mails if mail.tlp == TLP.RED and mail.address != mine}
    hidden = {None, *secret} if secret else frozenset[int | None]()  # of some it is not known what they answer
    seen = [
        each
        for each in letters
        if each.standing in {Standing.PARTY, ""}
        and (each.sender == mine or each.thread_id is None or each.mail_id not in hidden)
    ]
    return seen, [mail for mail in mails if mail.pk not in secret]


def _ours(mails: Sequence[ThreadMail], tellings: Sequence[Telling], letters: Sequence[Letter]) -> Iterator[Entry]:
    by_people = [letter for letter in letters if letter.reading in notices.BY_PEOPLE]
    answered, heard = {each.mail_id for each in by_people}, {each.telling_id for each in by_people}
    for mail in mails:
        yield Entry("mail", mail.created_at, mail, mail.text, mail.pk in answered)
    for telling in tellings:
        written = telling.edition.texts.get(telling.language) or telling.edition.texts.get("en", {})
        yield Entry("told", telling.told_at, telling, written.get("text", ""), telling.pk in heard)


def _theirs(letters: Sequence[Letter]) -> Iterator[Entry]:
    for letter in letters:
        yield Entry("letter", letter.received_at, letter, letter.own or letter.text, guarded=notices.guarded(letter))


def key_of(thread: Thread) -> UUID:
    """Give the key of the conversation that a thread is."""
    return thread.organisation.uuid if thread.organisation is not None else thread.uuid


def answer_to(known: Conversation, said: Sequence[Entry]) -> dict[str, str]:
    """Give whom an answer goes to, as the form of a mail takes it: who wrote last and is known, else who was told."""
    code = known.organisation.code if known.organisation is not None else ""
    theirs = [each.of for each in said if each.kind == "letter" and each.of.standing == Standing.PARTY]
    ours = [each.of.address for each in said if each.kind == "mail"]
    ours += [each.of.address for each in said if each.kind == "told" and each.of.channel == Channel.MAIL]
    address = theirs[-1].sender if theirs else next(reversed(ours), "")
    given = {"to": f"{code or '-'} {address}"} if address else {}
    if address:
        given |= {"address": address, "organisation": code, "subject": _subject(theirs)}
    if known.thread is not None and known.organisation is None:
        given |= {"name": known.thread.name, "party": known.thread.party}
    return given


def _subject(theirs: Sequence[Letter]) -> str:
    """Give the subject of an answer: theirs, without our markings and references."""
    if not theirs:
        return ""
    return f"Re: {OURS.sub('', theirs[-1].subject).strip()}"[:150] if theirs[-1].subject else ""


def own_part(view: View, known: Conversation) -> IncidentEntity | None:
    """Give the part in which the person may answer in the page: that of their own organisation."""
    if known.organisation is None or view.incident.sealed:
        return None
    may = scope_of(view.user).allows("incidents.answer", known.organisation.pk)
    return next((each for each in view.entities if may and each.organisation_id == known.organisation.pk), None)


def waiting_conversations(view: View) -> Iterator[OpenEnd]:
    """Give the conversations in which somebody waits for the house, as what is open about the incident."""
    for thread in notices.threads_about(view.user, view.incident.uuid):
        if thread.waits and _may_read(view, thread.organisation_id):
            where = reverse("incident_conversations", args=[view.incident.uuid])
            party = thread.organisation or thread.name or thread.address
            text = _("Conversation with %(party)s: %(state)s") % {"party": party, "state": thread.get_last_display()}
            yield OpenEnd(text, f"{where}?with={thread.uuid}")


def among_conversations(several: Several) -> Iterator[int]:
    """Give which of several incidents (inner ids) have such a conversation."""
    by_uuid = {each.uuid: each.pk for each in several.incidents}
    reach = scope_of(several.user).organisations("incidents.view", "incidents.part")
    for matter, organisation in notices.threads_waiting(several.user, list(by_uuid)):
        incident = by_uuid[matter]
        outside = organisation is None and incident in several.handled
        if outside or organisation in reach or incident in several.in_charge:
            yield incident
