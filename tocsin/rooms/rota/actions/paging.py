"""Page whoever is on call, and climb the ladder until somebody acknowledges.

Each step is one transaction: who is called, the messages that wait to leave, how far the page has climbed. A worker
that dies in the middle of a step has not taken it; one that dies afterwards has, and nobody is called twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta
from itertools import product
from uuid import UUID

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit, sms
from tocsin.platform.access import require
from tocsin.platform.models import OutboxMessage
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Team
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices import queries as matters
from tocsin.rooms.notices.queries import Matter
from tocsin.rooms.notifications.actions import notify
from tocsin.rooms.rota import queries
from tocsin.rooms.rota.knowledge import Ladder, Step, ladder_for, ladder_named
from tocsin.rooms.rota.models import PAGE, Call, Means, Page, Roster

BREATH = timedelta(minutes=2)  # between two steps, however far behind: people must have time to answer
BATCH = 200
ANSWERED, SEALED = "answered before it left", "sealed before it left"
State = Page.State


@transaction.atomic
def page(*, team: Team, reason: str, matter: Matter | None, severity: int, actor: Person) -> Page:
    """Page whoever is on call in a team; the first step of the ladder is taken at once.

    Of something sealed nobody is called who is not named there. ValidationError when nobody at all can be called.
    """
    require(actor, PAGE)
    if not queries.teams_to_page(actor).filter(pk=team.pk).exists():
        raise ValidationError(_("%(team)s keeps no roster that could be paged; call them.") % {"team": team})
    if not reason.strip():
        raise ValidationError({"reason": _("Say why, in a few words.")})
    if not 0 <= severity <= 5:
        raise ValidationError({"severity": _("A severity lies between 0 and 5.")})
    about = matters.held(actor, matter) if matter is not None else None
    if matter is not None and about is None:
        raise PermissionDenied(_("You do not handle what this page would be about."))
    rosters = Roster.objects.select_for_update(of=("self",)).select_related("team__organisation")
    team = rosters.get(team=team).team  # held: two who press the button at once page once
    _refuse_second(team, about)
    made = Page.objects.create(
        team=team, reason=reason.strip()[:200], severity=severity, ladder=ladder_for(team.code, severity).name,
        matter_kind=about.kind if about else "", matter=about.uuid if about else None,
        sealed=about is not None and about.sealed, paged_by=actor,
    )  # fmt: skip
    made.named.set(about.named if about else ())
    audit.record(actor, "page.begin", made, {"team": team.code, "severity": severity, "ladder": made.ladder})
    called = _climb(made, timezone.now(), actor)
    if not called:
        raise ValidationError(_refusal(made))
    queries.tell_room(made, "paged", called)
    return made


def _refuse_second(team: Team, about: Matter | None) -> None:
    if about is None:
        return
    earlier = Page.objects.filter(team=team, matter=about.uuid, state=State.OPEN).first()
    if earlier is not None:
        raise ValidationError(
            _("%(team)s is being paged about this already: %(reference)s.")
            % {"team": team, "reference": earlier.reference}
        )


def _refusal(made: Page) -> str:
    if made.sealed:
        return _("Nobody who is named in the seal is on call in %(team)s: name somebody first, or call them.") % {
            "team": made.team
        }
    return _("Nobody could be called in %(team)s: nobody is on call, or no address is known. Call somebody.") % {
        "team": made.team
    }


def _climb(page: Page, now: datetime, actor: Person | None = None) -> list[str]:
    """Take the next step, and those after it for as long as they reach nobody; give the names of who is called."""
    ladder = ladder_named(page.ladder, page.team.code, page.severity)
    called: list[str] = []
    while page.step < len(ladder.steps) and not called:
        step = ladder.steps[page.step]
        page.step += 1
        called = _call(page, step, now, actor)
    if called or page.step < len(ladder.steps):
        page.next_step_at = _next(page, ladder, now)
    else:
        page.state, page.next_step_at = State.UNANSWERED, None
    page.save(update_fields=["step", "next_step_at", "state", "updated_at"])
    return called


def _next(page: Page, ladder: Ladder, now: datetime) -> datetime:
    """Give when the page goes on: with the next step, or as one that nobody has answered."""
    minutes = ladder.steps[page.step].after if page.step < len(ladder.steps) else ladder.unanswered
    return max(page.created_at + timedelta(minutes=minutes), now + BREATH)


def _call(page: Page, step: Step, now: datetime, actor: Person | None) -> list[str]:
    """Call everybody of one step by its means, in the caller's transaction; give the names of those it reaches for."""
    named = set(page.named.values_list("pk", flat=True)) if page.sealed else None
    calls = list(_wanted(page, step, now, named))
    leaving = [call for call in calls if not call.trouble and call.means != Means.TELEPHONE]
    paging = _paging(page)
    posted = notices.page_people(actor=actor, paging=paging, paged=[_paged(page, call) for call in leaving])
    for call, outcome in zip(leaving, posted, strict=True):
        if isinstance(outcome, str):
            call.trouble = outcome[:300]
        else:
            call.message = outcome
    Call.objects.bulk_create(calls)
    audit.record(actor, "page.step", page, {"step": page.step, "called": [_on_record(call) for call in calls]})
    people = {call.person.pk: str(call.person) for call in calls if call.person is not None and not call.trouble}
    notify(people=people, kind="page_waits", about=page, by=actor)
    return list(people.values())


def _wanted(page: Page, step: Step, now: datetime, named: Collection[int] | None) -> Iterator[Call]:
    """Give the calls of one step, each with why it cannot be made, if it cannot: each person once by each means."""
    seen = set()
    for role, means in product(step.to, (each for each in step.by if each != Means.WEBHOOK)):
        for person in queries.called_for(page.team, role, now):
            if (person.pk, means) not in seen and (named is None or person.pk in named):
                seen.add((person.pk, means))
                call = Call(page=page, step=page.step, role=role, person=person, means=means)
                call.trouble = _trouble(call)
                yield call
    if Means.WEBHOOK in step.by and page.team.roster.webhook and not page.sealed:
        yield Call(page=page, step=page.step, role="tool", means=Means.WEBHOOK)


def _trouble(call: Call) -> str:
    if call.means == Means.SMS and not sms.known():
        return _("The house has no gateway for short messages.")
    if call.means in {Means.SMS, Means.TELEPHONE} and not call.number:
        return _("No telephone is known.")
    if call.means == Means.MAIL and call.person is not None and not call.person.email:
        return _("No mail address is known.")
    return ""


def _paging(page: Page) -> notices.Paging:
    """Give what may be said of a page; a sealed one goes to the addresses and numbers of the people named."""
    people = page.named.all() if page.sealed else ()
    named = {address for each in people for address in (each.email, sms.number(each.phone)) if address}
    return notices.Paging(
        item=page.uuid, reference=page.reference, team=page.team.code, organisation=page.team.organisation.code,
        severity=page.severity, began_at=page.created_at, sealed=page.sealed, named=frozenset(named),
    )  # fmt: skip


def _paged(page: Page, call: Call) -> notices.Paged:
    if call.person is None:
        return notices.Paged(call.means, page.team.roster.webhook, "", "en", queries.page_url(page))
    address = call.person.email if call.means == Means.MAIL else call.number
    return notices.Paged(call.means, address, str(call.person), call.person.language, queries.link(call))


def _on_record(call: Call) -> list[str]:
    return [call.person.username if call.person is not None else "tool", call.means, call.trouble]


def escalate() -> int:
    """Let every page that is due take its next step; give how many did."""
    _hasten(timezone.now())
    due = Page.objects.filter(state=State.OPEN, next_step_at__lte=timezone.now()).order_by("next_step_at", "pk")
    return sum(_step(pk) for pk in list(due.values_list("pk", flat=True)[:BATCH]))


def _hasten(now: datetime) -> None:
    """Go on at once with pages of whose last step nothing will arrive: every message has failed for good."""
    last = Call.objects.filter(page=OuterRef("pk"), step=OuterRef("step")).exclude(means=Means.WEBHOOK)
    failed = Q(message__state=OutboxMessage.State.FAILED) | ~Q(trouble="")
    lost = Page.objects.filter(Exists(last.filter(message__state=OutboxMessage.State.FAILED)), state=State.OPEN)
    lost.filter(~Exists(last.exclude(failed)), next_step_at__gt=now).update(next_step_at=now)


@transaction.atomic
def _step(pk: int) -> bool:
    page = _hold(pk)
    now = timezone.now()
    if page.state != State.OPEN or page.next_step_at is None or page.next_step_at > now:
        return False
    ladder = ladder_named(page.ladder, page.team.code, page.severity)
    called = _climb(page, now) if page.step < len(ladder.steps) else []
    if called:
        queries.tell_room(page, "escalated", called)
        return True
    Page.objects.filter(pk=page.pk).update(state=State.UNANSWERED, next_step_at=None, updated_at=now)
    audit.record(None, "page.unanswered", page, {"team": page.team.code})
    queries.tell_room(page, "unanswered")
    return True


def _hold(pk: int) -> Page:
    """Hold a page for this transaction, and before it what it is about; give it as it is now."""
    queries.hold_matter(pk)
    found = Page.objects.select_for_update(of=("self",)).select_related("team__organisation", "team__roster")
    return found.get(pk=pk)


def acknowledge(*, actor: Person, page: Page) -> Page:
    """Take a page, signed in: whoever was called, or anybody of the team."""
    if not queries.may_take(actor, page):
        raise PermissionDenied(_("The people of the team take it, and whoever was called."))
    return _answer(page.pk, actor, "page", actor)


def acknowledge_by_link(*, call: Call) -> Page:
    """Take a page by the signed link of one call, if whoever was called may still take it."""
    if call.person is None or not queries.still_theirs(call):
        raise PermissionDenied(_("Whoever this link was made for does not serve there any more."))
    return _answer(call.page_id, None, "link", call.person)


@transaction.atomic
def note_telephone(*, actor: Person, call: Call, reached: bool) -> Page:
    """Write down what came of a call by telephone: who was reached takes the page, else it goes on at once."""
    page = _hold(call.page_id)
    if not Page.objects.visible_to(actor).filter(pk=page.pk).exists():
        raise PermissionDenied(_("You may not know of this page."))
    open_calls = Call.objects.filter(pk=call.pk, means=Means.TELEPHONE, reached=None, trouble="")
    if not page.waiting or not open_calls.update(reached=reached):
        raise ValidationError(_("This call is written down already, or the page is over."))
    person = call.person
    audit.record(
        actor, "page.telephone", page, {"person": person.username if person is not None else "", "reached": reached}
    )
    if reached and person is not None:
        return _answer(page.pk, actor, "telephone", person)
    if page.state == State.OPEN:
        page.next_step_at = timezone.now()
        page.save(update_fields=["next_step_at", "updated_at"])
    return page


@transaction.atomic
def _answer(pk: int, actor: Person | None, via: str, person: Person) -> Page:
    page = _hold(pk)
    if page.state == State.ACKNOWLEDGED:
        raise ValidationError(_("%(person)s has taken it already.") % {"person": page.answered_by})
    if not page.waiting:
        raise ValidationError(_("This page was withdrawn; nothing is to be done."))
    page.answered_by, page.answered_at, page.answered_via = person, timezone.now(), via
    _end(page, State.ACKNOWLEDGED)
    audit.record(actor or person, "page.acknowledge", page, {"by": person.username, "via": via})
    queries.tell_room(page, "acknowledged", [str(person)])
    return page


@transaction.atomic
def withdraw(*, actor: Person, page: Page) -> Page:
    """End a page that is not needed any more."""
    if not queries.may_withdraw(actor, page):
        raise PermissionDenied(_("Whoever wrote the page withdraws it, the team, or the CISO."))
    current = _hold(page.pk)
    if not current.waiting:
        raise ValidationError(_("This page is over already."))
    _end(current, State.WITHDRAWN)
    audit.record(actor, "page.withdraw", current, {"team": current.team.code})
    queries.tell_room(current, "withdrawn", [str(actor)])
    return current


def _end(page: Page, state: str) -> None:
    page.state, page.next_step_at = state, None
    page.save()
    _stop(Call.objects.filter(page=page), ANSWERED)


def _stop(calls: QuerySet[Call], why: str) -> None:
    """Keep what waits to leave from leaving."""
    waiting = OutboxMessage.objects.filter(call__in=calls, state=OutboxMessage.State.QUEUED)
    waiting.update(state=OutboxMessage.State.FAILED, error=why)


@transaction.atomic
def seal_about(*, matter: UUID, named: Collection[int] | None) -> None:
    """Seal all pages about a matter to the people ``named`` (inner ids), or open them: None."""
    pages = list(Page.objects.select_for_update().filter(matter=matter))
    for page in pages:
        page.named.set(named or ())
    Page.objects.filter(pk__in=[page.pk for page in pages]).update(sealed=named is not None, updated_at=timezone.now())
    if named is not None:
        others = Call.objects.filter(page__in=pages, message__isnull=False).exclude(
            person__isnull=False, person__in=named
        )
        _stop(others, SEALED)
    audit.record_many(None, "page.seal" if named is not None else "page.unseal", pages)


@transaction.atomic
def move_matter(*, before: UUID, after: UUID, only: Collection[UUID] | None = None) -> list[UUID]:
    """Let the pages about one matter (``only`` some of them) be about another of its kind; give which."""
    found = Page.objects.select_for_update().filter(matter=before)
    pages = list(found if only is None else found.filter(uuid__in=only))
    Page.objects.filter(pk__in=[page.pk for page in pages]).update(matter=after, updated_at=timezone.now())
    audit.record_many(None, "page.move", pages)
    return [page.uuid for page in pages]
