"""What is still open about an incident when somebody wants to close it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from tocsin.rooms.incidents.knowledge import routes
from tocsin.rooms.incidents.models import HandOff, Incident, Task
from tocsin.rooms.incidents.queries.many import Several
from tocsin.rooms.incidents.queries.view import View
from tocsin.rooms.notices import queries as notices


@dataclass(frozen=True, slots=True)
class OpenEnd:
    """Something that waits. ``settle`` is how one click settles it (value and label each), ``url`` where it is seen."""

    text: str
    url: str = ""
    settle: Sequence[tuple[str, str | Promise]] = ()


Finder = Callable[[View], Iterable[OpenEnd]]
Among = Callable[[Several], Iterable[int]]
_FINDERS: dict[str, tuple[Finder, Among]] = {}


def register_open_ends(name: str, finder: Finder, among: Among) -> None:
    """Let a room name what of its own is open; called when it is made ready. What it names is for the view's person.

    ``among`` gives which of several incidents (inner ids) have such, in a fixed number of queries.
    """
    _FINDERS[name] = finder, among


def open_ends(view: View) -> list[OpenEnd]:
    """Give all that is open about an incident, as far as the person may know of it."""
    return [
        end
        for finder in (_tasks, _offers, _questions, *(one for one, _among in _FINDERS.values()))
        for end in finder(view)
    ]


def with_open_ends(several: Several) -> frozenset[int]:
    """Give which of several incidents (inner ids) have something open, parts of them included."""
    known = Incident.objects.visible_to(several.user).filter(parent__in=several.incidents, open=True)
    tasks = several.tasks().filter(state=Task.State.OPEN).order_by()
    offers = several.hand_offs().filter(state=HandOff.State.OFFERED).order_by()
    by_uuid = {each.uuid: each.pk for each in several.incidents}
    waiting = notices.matters_unanswered(several.user, list(by_uuid))
    found = {*known.values_list("parent", flat=True), *(by_uuid[uuid] for uuid in waiting)}
    found.update(tasks.values_list("incident", flat=True), offers.values_list("incident", flat=True))
    return frozenset(found.union(*(among(several) for _finder, among in _FINDERS.values())))


def open_children(view: View) -> list[Incident]:
    """Give the incidents that are parts of this one and have not ended, as far as the person may know of them."""
    found = Incident.objects.visible_to(view.user).filter(parent=view.incident, open=True)
    return list(found.order_by("-severity", "-id"))


def _tasks(view: View) -> Iterator[OpenEnd]:
    for task in view.tasks().filter(state=Task.State.OPEN):
        whose = f" ({task.entity.organisation.code})" if task.entity else ""
        settle = ((f"done:{task.uuid}", _("Done")), (f"dropped:{task.uuid}", _("Drop")))
        yield OpenEnd(_("Task: %(title)s") % {"title": f"{task.title}{whose}"}, settle=settle)


def _offers(view: View) -> Iterator[OpenEnd]:
    for offer in view.hand_offs().filter(state=HandOff.State.OFFERED):
        text = _("Offered to %(team)s, which has not answered") % {"team": offer.receiver}
        if not offer.moves:
            text = f"{routes.name_of(offer.route)}: {text}"
        yield OpenEnd(text, settle=((f"withdrawn:{offer.uuid}", _("Withdraw")),))


def _questions(view: View) -> Iterator[OpenEnd]:
    waiting = notices.unanswered(view.user, view.incident.uuid)
    for part in waiting.parts:
        text = _("%(organisation)s has not answered: %(title)s")
        said = text % {"organisation": part.organisation.code, "title": part.notice.title}
        yield OpenEnd(said, reverse("notice_part", args=[part.uuid]))
    for letter in waiting.letters:
        url = _url_of(letter.part.uuid if letter.part else None)
        yield OpenEnd(_("A mail waits to be read: %s") % (letter.subject or letter.sender), url)


def _url_of(part: UUID | None) -> str:
    return reverse("notice_part", args=[part]) if part is not None else reverse("notice_letters")
