"""Converse about an incident: mail to whoever is concerned, what they answer, what an officer answers in the page."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from tocsin.platform import audit
from tocsin.platform.markings import TLP
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents.actions.record import hold, note, require_handler, require_own_part
from tocsin.rooms.incidents.actions.telling import tell_written
from tocsin.rooms.incidents.models import Audience, Incident, IncidentEntity, TimelineEntry
from tocsin.rooms.incidents.queries import Writing, draft_of, matter_of
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices.models import Letter, Remark, Standing, Thread, ThreadMail

RESPONSE = TimelineEntry.Kind.RESPONSE


def converse(
    *, actor: Person, incident: Incident, writing: Writing, seen: str, confirmed: Collection[str]
) -> ThreadMail:
    """Send a mail as its preview (``seen``, its digest) showed it, with the cautions ``confirmed`` by their codes.

    Raises ``Refused`` with the gate's reason; the refusal stands in the ledger all the same.
    """
    try:
        with transaction.atomic():
            current = _held(actor, incident)
            draft = draft_of(current, writing)
            mail = notices.write_mail(actor=actor, draft=draft, seen=seen, confirmed=confirmed)
            entity = _part_of(current, mail.thread)
            audit.record(
                actor,
                "incident.converse",
                current,
                {"to": mail.address, "tlp": mail.tlp, "confirmed": [code for code, _text in mail.confirmed]},
            )
            note(
                current, "told", name=mail.name or mail.address, subject=mail.subject, text=mail.text, author=actor,
                kind=RESPONSE, entity=entity, audience=_audience(entity, mail),
            )  # fmt: skip
    except notices.NoticeError as error:
        raise ValidationError(str(error)) from error
    return mail


def _held(actor: Person, incident: Incident) -> Incident:
    """Give the incident as it is, held so that nobody seals it meanwhile, to whoever may write about it."""
    current = hold(incident.pk)
    require_handler(actor, current, "incidents.inform")
    return current


def _part_of(incident: Incident, thread: Thread) -> IncidentEntity | None:
    if thread.organisation_id is None:
        return None
    return incident.entities.filter(organisation=thread.organisation_id).first()


def _audience(entity: IncidentEntity | None, mail: ThreadMail | None) -> str:
    """Say who reads on: the part's people, unless the mail was for the named recipient's eyes only."""
    eyes_only = mail is not None and mail.tlp == TLP.RED
    return Audience.ENTITY if entity is not None and not eyes_only else Audience.TEAM


@transaction.atomic
def answer_conversation(*, actor: Person, incident: Incident, entity: IncidentEntity, text: str) -> Remark:
    """Answer in the page for one's own organisation; it stands in its conversation and in the timeline."""
    current = hold(incident.pk)
    require_own_part(actor, current, entity)
    matter = matter_of(current)
    written = notices.remark(actor=actor, matter=matter, organisation=entity.organisation, text=text)
    audit.record(actor, "incident.answer", current, {"organisation": entity.organisation.code})
    note(
        current, text=written.text, author=actor, kind=TimelineEntry.Kind.COMMENT, entity=entity,
        audience=Audience.ENTITY,
    )  # fmt: skip
    tell_written(current, by=actor)
    return written


@transaction.atomic
def settle_conversation(*, actor: Person, incident: Incident, threads: Collection[Thread]) -> None:
    """Note that nothing in a conversation waits for an answer of ours."""
    current = _held(actor, incident)
    notices.settle_threads(threads=threads)
    audit.record(actor, "incident.settle_conversation", current, {"references": [str(each) for each in threads]})


def note_letter(matter: UUID, letter: Letter) -> None:
    """Write into the timeline that somebody wrote back about an incident, for those who read that part.

    Of a stranger it says no more than that: their words stand in the conversation, and nothing is drawn from them.
    """
    incident = _now(matter)
    if incident is None:
        return
    if letter.thread is not None and letter.standing != Standing.PARTY:
        party = letter.thread.organisation or letter.thread.name or letter.thread.address
        _write(incident, "stranger_wrote", letter, _part_of(incident, letter.thread), Audience.TEAM, party=party)
        return
    entity = _entity(incident, letter)
    _write(incident, "wrote", letter, entity, _audience(entity, letter.mail), text=letter.own or letter.text)


def _now(matter: UUID) -> Incident | None:
    """Give the incident, or the one that it was merged into."""
    found = Incident.objects.select_related("merged_into").filter(uuid=matter).first()
    return None if found is None else found.merged_into or found


def _entity(incident: Incident, letter: Letter) -> IncidentEntity | None:
    if letter.thread is not None:
        return _part_of(incident, letter.thread)
    return incident.entities.filter(organisation=letter.part.organisation_id).first() if letter.part else None


def _write(
    incident: Incident, event: str, letter: Letter, entity: IncidentEntity | None, audience: str, **more: Any
) -> None:
    note(
        incident, event, name=letter.sender, author=None, kind=RESPONSE, entity=entity, audience=audience,
        time=letter.received_at, **more,
    )  # fmt: skip
    tell_written(incident)


def note_failure(matter: UUID, mail: ThreadMail) -> None:
    """Write into the timeline, for the teams, that a mail did not arrive."""
    incident = _now(matter)
    if incident is not None:
        entity = _part_of(incident, mail.thread)
        note(incident, "mail_failed", name=mail.address, reason=mail.failure, author=None, kind=RESPONSE, entity=entity)
