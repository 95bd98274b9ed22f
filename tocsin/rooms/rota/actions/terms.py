"""Deputies and secondments: named with dates, both sides told, ended by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db import transaction
from django.utils.translation import gettext_noop

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency import actions as constituency
from tocsin.rooms.constituency import queries as places
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.rota import queries

DEPUTY, DEPUTY_BACK = gettext_noop("Deputy of the security officer"), gettext_noop("Deputy no longer needed")
SECONDED, SECONDMENT_ENDS = gettext_noop("Secondment"), gettext_noop("A secondment ends")


@transaction.atomic
def name_deputy(
    *, actor: Person, organisation: Organisation, officer: Person, deputy: Person, first_day: date, last_day: date
) -> Membership:
    """Let somebody stand in for a security officer, both days included; both are told."""
    held = constituency.name_deputy(
        actor=actor, organisation=organisation, officer=officer, deputy=deputy, first_day=first_day, last_day=last_day
    )
    _tell(actor, held, DEPUTY, "rota/mail_deputy.txt", [deputy, officer])
    return held


@transaction.atomic
def end_deputation(*, actor: Person, held: Membership) -> None:
    """End a deputation before its last day; both are told."""
    constituency.end_deputation(actor=actor, held=held)
    people = [held.person, *([held.stands_in_for] if held.stands_in_for is not None else [])]
    _tell(actor, held, DEPUTY_BACK, "rota/mail_deputy_back.txt", people)


@transaction.atomic
def second(
    *, actor: Person, person: Person, team: Team, role: str, home: Organisation, first_day: date, last_day: date
) -> Membership:
    """Let a person of one institution serve in another's team, both days included; both sides are told."""
    held = constituency.second(
        actor=actor, person=person, team=team, role=role, home=home, first_day=first_day, last_day=last_day
    )
    _tell_both_sides(actor, held, SECONDED, "rota/mail_secondment.txt")
    return held


def follow_terms() -> int:
    """Write down what has ended, and tell both sides of secondments that end within a fortnight; give how many."""
    ended = constituency.note_over()
    return len(ended) + sum(_announce(held) for held in queries.secondments_ending())


@transaction.atomic
def _announce(held: Membership) -> bool:
    if not constituency.note_announced(held=held):
        return False
    _tell_both_sides(None, held, SECONDMENT_ENDS, "rota/mail_secondment_ends.txt")
    return True


def _tell(actor: Person | None, held: Membership, subject: str, template: str, people: list[Person]) -> None:
    place = held.organisation
    content = queries.term_of(held)
    told = [
        notices.Told(each.email, str(each), each.language, place.code, subject, template, content)
        for each in people
        if place is not None and each.is_active
    ]
    notices.tell_people(actor=actor, item=held.uuid, told=told)


def _tell_both_sides(actor: Person | None, held: Membership, subject: str, template: str) -> None:
    content = queries.term_of(held)
    told = [
        notices.Told(address, name, language, code, subject, template, content)
        for address, name, language, code in _sides(held)
    ]
    notices.tell_people(actor=actor, item=held.uuid, told=told)


def _sides(held: Membership) -> Iterator[tuple[str, str, str, str]]:
    """Give whom a secondment concerns: the person, the team that takes them in, whoever answers for their house."""
    team, home = held.team, held.seconded_from
    if team is None or home is None:
        return
    yield held.person.email, str(held.person), held.person.language, home.code
    if team.email:
        yield team.email, str(team), team.organisation.language, team.organisation.code
    officer = places.contact_for(home)
    if officer is not None and officer.email.lower() != held.person.email.lower():
        yield officer.email, officer.name, officer.language, home.code
