"""How the things of one incident go over to another, and back: one mover each, from this room or one above."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from tocsin.rooms.accounts.models import Person
from tocsin.rooms.incidents.models import Incident

AT_ONCE = 500
NAMED = 20  # of what goes over, in the preview


@dataclass(frozen=True, slots=True)
class Passage:
    """From one incident to another. ``parts`` leads from each part of the source to the one it becomes (inner ids).

    ``whole``: everything goes; else only what is of one of ``parts``. Between them the parts keep their organisation.
    """

    actor: Person
    source: Incident
    target: Incident
    parts: Mapping[int, int]
    whole: bool


@dataclass(frozen=True, slots=True)
class Going:
    """What would go over: how many the actor may know of, the first of these in words, and the inner ids of all."""

    number: int
    names: Sequence[str]
    ids: Sequence[int]


class Mover(Protocol):
    """Moves the things of one kind. Both ends are held, and it runs in the transaction of the merge or the split."""

    @property
    def name(self) -> str:
        """Its key in what a merge remembers; never to be changed."""
        ...

    @property
    def label(self) -> Any:
        """What it moves, in words."""
        ...

    def going(self, passage: Passage) -> Going:
        """Give what would go over."""
        ...

    def move(self, passage: Passage) -> Any:
        """Move it; give as JSON what `restore` needs."""
        ...

    def restore(self, back: Passage, moved: Any) -> None:
        """Take back what ``moved`` names; raise ValidationError with the reason when something stands against it."""
        ...


_MOVERS: dict[str, Mover] = {}


def register_mover(mover: Mover) -> None:
    """Let a room move its own things when incidents are merged, split or taken apart; called when it is made ready."""
    _MOVERS[mover.name] = mover


def movers() -> list[Mover]:
    """Give all movers, in the order in which they were registered."""
    return list(_MOVERS.values())


@dataclass(frozen=True)
class Rows:
    """Moves the rows of a table that belong to an incident and, when it has ``entity``, to one of its parts.

    ``shown`` puts a row into words for the preview, ``touch`` is the field that says when a row last changed.
    """

    name: str
    label: str | Promise
    model: Any  # a model
    shown: Callable[[Any], str] = str
    entity: bool = True
    related: tuple[str, ...] = ()
    touch: str = ""

    def going(self, passage: Passage) -> Going:
        """Give the rows that would go over."""
        found = self._rows(passage)
        ids = list(found.order_by("pk").values_list("pk", flat=True))
        first = found.select_related(*self.related) if self.related else found
        return Going(len(ids), [self.shown(row) for row in first.order_by("pk")[:NAMED]], ids)

    def move(self, passage: Passage) -> Any:
        """Move them and name them."""
        return self.move_rows(passage, self._rows(passage))

    def move_rows(self, passage: Passage, rows: QuerySet[Any]) -> dict[str, list[int]]:
        """Move some of the rows and give their inner ids, by the part they were of ("" for none)."""
        by_part: defaultdict[int | None, list[int]] = defaultdict(list)
        for pk, part in rows.order_by("pk").values_list("pk", "entity" if self.entity else "incident"):
            by_part[part if self.entity else None].append(pk)
        for part, ids in by_part.items():
            there = passage.parts.get(part or 0)
            self._put(ids, passage.target, {} if there is None else {"entity_id": there})
        return {"" if part is None else str(part): ids for part, ids in by_part.items()}

    def restore(self, back: Passage, moved: Mapping[str, list[int]]) -> None:
        """Take the rows back; refuse when some have gone on to a third incident."""
        home = {there: here for here, there in back.parts.items()}  # the part they had -> the one they have
        for part, ids in moved.items():
            for some in _chunks(ids):
                if self._manager().filter(pk__in=some).exclude(incident=back.source).exists():
                    raise ValidationError(
                        _("%s: some of it has gone on to another incident since. Split off what does not belong here.")
                        % self.label
                    )
            had = int(part) if part else None
            self._put(ids, back.target, {"entity_id": had} if had in home else {})

    def _rows(self, passage: Passage) -> QuerySet[Any]:
        of_parts = Q(entity__in=list(passage.parts)) if self.entity else Q(pk__in=())
        found: QuerySet[Any] = self._manager().filter(Q() if passage.whole else of_parts, incident=passage.source)
        return found

    def _put(self, ids: Sequence[int], target: Incident, values: Mapping[str, Any]) -> None:
        touched = {self.touch: timezone.now()} if self.touch else {}
        for some in _chunks(ids):
            self._manager().filter(pk__in=some).update(incident=target, **values, **touched)

    def _manager(self) -> Any:
        return self.model.objects


def _chunks(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
