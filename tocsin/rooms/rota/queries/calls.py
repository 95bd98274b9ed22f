"""Pages as people see them, who can be called now, and the rooms that hear what becomes of a page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.signing import BadSignature, Signer
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.urls import reverse

from tocsin import config
from tocsin.platform.access import scope_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Membership, Organisation, Team
from tocsin.rooms.notifications.knowledge import Shown, Source
from tocsin.rooms.rota.knowledge import CISO, LINES
from tocsin.rooms.rota.models import OVERSEE, PAGE, Call, Layer, Page
from tocsin.rooms.rota.queries.duty import on_call

Listener = Callable[[Page, str, Sequence[str]], None]
Holder = Callable[[UUID], None]
_LISTENERS: dict[str, Listener] = {}
_HOLDERS: dict[str, Holder] = {}
_SIGNER = Signer(sep=".", salt="tocsin.rota.page")


def register(kind: str, listener: Listener, holder: Holder) -> None:
    """Let a room above hear what becomes of pages about its matters.

    The listener is called in the transaction of the change with the page, what happened (paged, escalated,
    acknowledged, unanswered, withdrawn) and the names of whom it concerns. The holder holds a matter for this
    transaction: always before its pages, as whoever seals it does, so that nobody waits in a circle.
    """
    _LISTENERS[kind], _HOLDERS[kind] = listener, holder


def hold_matter(pk: int) -> None:
    """Hold what a page is about, if it is about anything, before the page itself is held."""
    for kind, matter in Page.objects.filter(pk=pk, matter__isnull=False).values_list("matter_kind", "matter"):
        if kind in _HOLDERS and matter is not None:
            _HOLDERS[kind](matter)


def tell_room(page: Page, event: str, names: Sequence[str] = ()) -> None:
    """Tell the room of its matter what became of a page."""
    if page.matter is not None and page.matter_kind in _LISTENERS:
        _LISTENERS[page.matter_kind](page, event, names)


def pages(user: Any) -> QuerySet[Page]:
    """Give the pages a person may know of."""
    return Page.objects.visible_to(user).select_related("team", "paged_by", "answered_by")


def page_or_404(user: Any, uuid: UUID) -> Page:
    """Give one page; one out of sight is as good as none."""
    found = pages(user).filter(uuid=uuid).first()
    if found is None:
        raise Http404("page")
    return found


def pages_about(user: Any, matter: UUID) -> QuerySet[Page]:
    """Give the pages about a matter, the newest first; the room of the matter has checked who asks."""
    found = Page.objects.filter(matter=matter)
    named = Page.named.through.objects.filter(page=OuterRef("pk"), person=scope_of(user).person)
    seen = found.filter(Q(sealed=False) | Exists(named))
    return seen.select_related("team", "paged_by", "answered_by").order_by("-id")[:50]


def calls_of(page: Page) -> QuerySet[Call]:
    """Give who was called, in order."""
    return page.calls.select_related("person", "message")


def call_or_404(page: Page, uuid: UUID) -> Call:
    """Give one call of a page."""
    found = page.calls.filter(uuid=uuid).first()
    if found is None:
        raise Http404("call")
    return found


def may_take(user: Any, page: Page) -> bool:
    """Tell whether a person may acknowledge a page: whoever was called, and everybody of the team."""
    return page.team_id in scope_of(user).teams(PAGE) or page.calls.filter(person=user.pk).exists()


def may_withdraw(user: Any, page: Page) -> bool:
    """Tell whether a person may withdraw a page: who wrote it, the team, and whoever oversees it."""
    scope = scope_of(user)
    mine = page.paged_by_id == scope.person or page.team_id in scope.teams(PAGE)
    return mine or scope.allows(OVERSEE, page.team.organisation_id)


def teams_to_page(user: Any) -> QuerySet[Team]:
    """Give the teams with a roster that a person may page."""
    if not scope_of(user).allows(PAGE):
        return Team.objects.none()
    kept = Layer.objects.filter(roster__team=OuterRef("pk"), active=True)
    return Team.objects.visible_to(user).filter(Exists(kept)).order_by("code")


def called_for(team: Team, role: str, at: datetime) -> list[Person]:
    """Give who is to be called for a role of the ladder at a moment."""
    if role == CISO:
        return _cisos(team)
    shifts = on_call(at).filter(team=team, line=LINES[role])
    return list({shift.person_id: shift.person for shift in shifts}.values())


def _cisos(team: Team) -> list[Person]:
    """Give who holds the role of CISO at, above or with a mandate over the organisation where the team stands."""
    above = Organisation.objects.filter(pk__in=[int(part) for part in team.organisation.path.split("/") if part])
    reach = Q(organisation__in=above) | Q(team__mandates__organisation=team.organisation)
    reach |= Q(team__mandates__organisation__in=above, team__mandates__subtree=True)
    held = Membership.objects.valid().filter(reach, role="ciso", person__is_active=True)
    return list(Person.objects.filter(pk__in=held.values("person")).order_by("pk"))


def link(call: Call) -> str:
    """Give the address where whoever was called acknowledges without signing in."""
    return f"{config.load().url}/called/{_SIGNER.sign(call.uuid.hex)}/"


def page_url(page: Page) -> str:
    """Give the address of a page for those who sign in."""
    return f"{config.load().url}{reverse('page', args=[page.uuid])}"


def call_of(token: str) -> Call | None:
    """Give the call a signed link was made for, if that person may still take it."""
    try:
        wanted = UUID(_SIGNER.unsign(token))
    except (BadSignature, ValueError):
        return None
    found = Call.objects.select_related("page__team", "page__answered_by", "person").filter(uuid=wanted).first()
    return found if found is not None and still_theirs(found) else None


def still_theirs(call: Call) -> bool:
    """Tell whether whoever was called still serves there, and is named where the matter is sealed."""
    person = call.person
    if person is None or not person.is_active:
        return False
    held = Membership.objects.valid().filter(person=person)
    if not (held.filter(role=CISO) if call.role == CISO else held.filter(team=call.page.team)).exists():
        return False
    return not call.page.sealed or call.page.named.filter(pk=person.pk).exists()


def _shown(user: Any, things: Collection[int]) -> Mapping[int, Shown]:
    """Give what lines about these pages show."""
    return {
        each.pk: Shown(each.reference, each.reason, reverse("page", args=[each.uuid]), each.sealed)
        for each in pages(user).filter(pk__in=things)
    }


SOURCE = Source("page", Page, pages, _shown)
