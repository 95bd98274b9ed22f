"""What of this room and of the rooms below goes over when incidents are merged or split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.platform.access import scope_of
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.artefacts import actions as artefacts
from tocsin.rooms.incidents import knowledge
from tocsin.rooms.incidents.actions.family import LEVELS, ancestors, height
from tocsin.rooms.incidents.actions.moving import NAMED, Going, Passage, Rows, register_mover
from tocsin.rooms.incidents.models import (
    Evidence,
    HandOff,
    Incident,
    IncidentEntity,
    Relation,
    Rise,
    Sighting,
    Task,
    TimelineEntry,
)
from tocsin.rooms.incidents.queries.view import ENDS
from tocsin.rooms.intel import actions as intel
from tocsin.rooms.notices import actions as notices
from tocsin.rooms.notices import queries as notice_queries
from tocsin.rooms.notices.models import Notice

NAME_LENGTH = 120


def _entry(entry: TimelineEntry) -> str:
    return f"{entry.time:%Y-%m-%d %H:%M}Z {knowledge.said(entry)}"[:NAME_LENGTH]


class Tasks(Rows):
    """Moves tasks; an open one whose assignee may not see the target is nobody's then, so that it does not vanish."""

    def move(self, passage: Passage) -> Any:
        """Move them, and let go who could not see them there."""
        moved, freed = super().move(passage), {}
        mine = Task.objects.filter(incident=passage.target, state=Task.State.OPEN).exclude(assignee=None)
        for task in mine.select_related("assignee").filter(pk__in=[pk for ids in moved.values() for pk in ids]):
            if not Incident.objects.visible_to(task.assignee).filter(pk=passage.target.pk).exists():
                freed[str(task.pk)] = task.assignee_id
        Task.objects.filter(pk__in=freed).update(assignee=None)
        return {"rows": moved, "freed": freed}

    def restore(self, back: Passage, moved: Mapping[str, Any]) -> None:
        """Take them back, with whom they had, unless somebody has taken them since."""
        super().restore(back, moved["rows"])
        for pk, person in moved["freed"].items():
            Task.objects.filter(pk=pk, assignee=None).update(assignee=person)


class Alerts:
    """Moves alerts; one that is in both stays in the target alone."""

    name = "alerts"
    label = gettext_lazy("Alerts")

    def going(self, passage: Passage) -> Going:
        """Give the alerts that would go over."""
        ids = [alert.pk for alert in self._alerts(passage)]
        seen = list(Alert.objects.visible_to(passage.actor).filter(incidents=passage.source, pk__in=ids).order_by("pk"))
        return Going(len(seen), [str(alert.title) for alert in seen[:NAMED]], ids)

    def move(self, passage: Passage) -> Any:
        """Move them; remember which the target had already."""
        ids = [alert.pk for alert in self._alerts(passage)]
        had = set(passage.target.alerts.filter(pk__in=ids).values_list("pk", flat=True))
        passage.target.alerts.add(*ids)
        passage.source.alerts.remove(*ids)
        return {"ids": ids, "had": sorted(had)}

    def restore(self, back: Passage, moved: Mapping[str, Sequence[int]]) -> None:
        """Take them back; refuse when some have gone on."""
        ids, had = list(moved["ids"]), set(moved["had"])
        if back.source.alerts.filter(pk__in=ids).count() < len(ids):
            raise ValidationError(_("Some of the alerts have gone on to another incident since."))
        back.target.alerts.add(*ids)
        back.source.alerts.remove(*(pk for pk in ids if pk not in had))

    def _alerts(self, passage: Passage) -> list[Alert]:
        found = passage.source.alerts.order_by("pk")
        if not passage.whole:
            places = IncidentEntity.objects.filter(pk__in=list(passage.parts)).values("organisation")
            found = found.filter(organisation__in=places)
        return list(found)


class Sightings:
    """Moves what texts name; what the target names to the same readers already is not named twice."""

    name = "sightings"
    label = gettext_lazy("Observables")

    def going(self, passage: Passage) -> Going:
        """Give what would go over."""
        found = self._rows(passage)
        return Going(len(found), [each.observable.shown for each in found[:NAMED]], [each.pk for each in found])

    def move(self, passage: Passage) -> Any:
        """Move them; an observable that both named was seen in one matter less."""
        before = {key for key, *_rest in self._keys(passage.target)}
        known = set(self._keys(passage.target))
        moved: list[tuple[int, int | None]] = []
        doubles: list[tuple[int, int | None, str]] = []
        for each in self._rows(passage):
            part = passage.parts.get(each.entity_id or 0)
            double = (each.observable_id, part, each.audience) in known
            if double:
                doubles.append((each.observable_id, each.entity_id, each.audience))
                each.delete()
            else:
                Sighting.objects.filter(pk=each.pk).update(incident=passage.target, entity=part)
                moved.append((each.pk, each.entity_id))
        left = {key for key, *_rest in self._keys(passage.source)}
        gone = {pk for pk, *_rest in doubles} | set(self._observables([pk for pk, _part in moved]))
        intel.discount((gone & before) - left)
        intel.count((gone & left) - before)
        return {"moved": moved, "doubles": doubles, "shared": sorted((gone & before) - left)}

    def restore(self, back: Passage, moved: Mapping[str, Any]) -> None:
        """Take them back, and name again what was named by both."""
        for pk, part in moved["moved"]:
            Sighting.objects.filter(pk=pk).update(incident=back.target, entity=part)
        Sighting.objects.bulk_create(
            (
                Sighting(incident=back.target, observable_id=observable, entity_id=part, audience=audience)
                for observable, part, audience in moved["doubles"]
            ),
            ignore_conflicts=True,
        )
        intel.count(set(moved["shared"]))

    def _rows(self, passage: Passage) -> list[Sighting]:
        found = passage.source.sightings.select_related("observable").order_by("pk")
        return list(found if passage.whole else found.filter(entity__in=list(passage.parts)))

    def _keys(self, incident: Incident) -> list[tuple[int, int | None, str]]:
        return [(each.observable_id, each.entity_id, each.audience) for each in incident.sightings.all()]

    def _observables(self, ids: Sequence[int]) -> list[int]:
        return [each.observable_id for each in Sighting.objects.filter(pk__in=ids)]


class Filed(Rows):
    """Moves evidence; its chain of custody says where to."""

    def move(self, passage: Passage) -> Any:
        """Move it, and write it down."""
        moved = super().move(passage)
        self._write_down(passage, moved)
        return moved

    def restore(self, back: Passage, moved: Mapping[str, list[int]]) -> None:
        """Take it back, and write that down as well."""
        super().restore(back, moved)
        self._write_down(back, moved)

    def _write_down(self, passage: Passage, moved: Mapping[str, list[int]]) -> None:
        ids = [pk for some in moved.values() for pk in some]
        for evidence in Evidence.objects.filter(pk__in=ids).select_related("artefact").order_by("pk"):
            artefacts.move(
                actor=passage.actor,
                artefact=evidence.artefact,
                about=passage.target,
                recipient=passage.target.reference,
            )


class Notices:
    """Lets the notices about the one incident be about the other; of a split those that concern its parts alone."""

    name = "notices"
    label = gettext_lazy("Notices and messages")

    def going(self, passage: Passage) -> Going:
        """Give the notices that would go over."""
        found = notice_queries.of_matter(passage.source.uuid, self._places(passage))
        seen = list(found.filter(pk__in=Notice.objects.visible_to(passage.actor).values("pk")))
        return Going(len(seen), [each.title for each in seen[:NAMED]], list(found.values_list("pk", flat=True)))

    def move(self, passage: Passage) -> Any:
        """Move them and name them."""
        found = [each.uuid for each in notice_queries.of_matter(passage.source.uuid, self._places(passage))]
        notices.move_matter(before=passage.source.uuid, after=passage.target.uuid, notices=found)
        return [str(uuid) for uuid in found]

    def restore(self, back: Passage, moved: Sequence[str]) -> None:
        """Take them back."""
        notices.move_matter(before=back.source.uuid, after=back.target.uuid, notices=[UUID(each) for each in moved])

    def _places(self, passage: Passage) -> list[int] | None:
        if passage.whole:
            return None
        found = IncidentEntity.objects.filter(pk__in=list(passage.parts))
        return list(found.values_list("organisation", flat=True))


class Conversations(Notices):
    """Takes conversations along; of a split those with the organisations that go."""

    name = "conversations"
    label = gettext_lazy("Conversations")

    def going(self, passage: Passage) -> Going:
        """Give the conversations that would go over."""
        found = notice_queries.threads_of(passage.source.uuid, self._places(passage)).select_related("organisation")
        mine = scope_of(passage.actor).organisations("incidents.view") | {None}
        seen = [each for each in found if each.organisation_id in mine]
        names = [str(each.organisation or each.name or each.address) for each in seen[:NAMED]]
        return Going(len(seen), names, [each.pk for each in found])

    def move(self, passage: Passage) -> Any:
        """Move them and name them."""
        found = [each.uuid for each in notice_queries.threads_of(passage.source.uuid, self._places(passage))]
        notices.move_threads(before=passage.source.uuid, after=passage.target.uuid, threads=found)
        return [str(uuid) for uuid in found]

    def restore(self, back: Passage, moved: Sequence[str]) -> None:
        """Take them back."""
        notices.move_threads(before=back.source.uuid, after=back.target.uuid, threads=[UUID(each) for each in moved])


class Family:
    """Gives the children of what is merged to the other, and what was merged into it before; a split leaves both."""

    name = "family"
    label = gettext_lazy("Parts of it")

    def going(self, passage: Passage) -> Going:
        """Give the children that would go over."""
        if not passage.whole:
            return Going(0, (), ())
        found = self._children(passage).order_by("pk")
        seen = [f"{each.reference} {each.title}" for each in found.visible_to(passage.actor)]
        return Going(len(seen), seen[:NAMED], list(found.values_list("pk", flat=True)))

    def move(self, passage: Passage) -> Any:
        """Move them. When the target stands below the source, it first takes the source's place."""
        if not passage.whole:
            return None
        source, target = passage.source, passage.target
        children = list(self._children(passage).values_list("pk", flat=True))
        moved = {
            "parent": source.parent_id,
            "target_parent": target.parent_id,
            "children": children,
            "merged": list(source.merged_from.values_list("pk", flat=True)),
            "took_place": source.pk in ancestors(target),
        }
        if moved["took_place"]:
            target.parent_id = source.parent_id
            target.save(update_fields=["parent"])
        source.parent = None
        source.save(update_fields=["parent"])
        Incident.objects.filter(pk__in=children).update(parent=target)
        source.merged_from.update(merged_into=target)
        if len(ancestors(target)) + height(target) > LEVELS:
            raise ValidationError(_("Incidents are nested in at most %d levels. Choose a parent higher up.") % LEVELS)
        return moved

    def restore(self, back: Passage, moved: Mapping[str, Any] | None) -> None:
        """Put each back where it was, if it still stands where the merge had put it and no circle comes of it."""
        if moved is None:
            return
        target, source = back.source, back.target  # of the merge
        Incident.objects.filter(pk__in=moved["merged"], merged_into=target).update(merged_into=source)
        above = Incident.objects.filter(pk=moved["parent"], open=True).first()
        if above is not None and source.pk not in ancestors(above):
            source.parent = above
            source.save(update_fields=["parent"])
        Incident.objects.filter(pk__in=moved["children"], parent=target).update(parent=source)
        if moved["took_place"] and target.parent_id == moved["parent"]:
            target.parent_id = moved["target_parent"]
            target.save(update_fields=["parent"])
        if target.pk in ancestors(target) or source.pk in ancestors(source):
            raise ValidationError(_("What is a part of what was changed since; set the parents by hand first."))

    def _children(self, passage: Passage) -> Any:
        return Incident.objects.filter(parent=passage.source).exclude(pk=passage.target.pk)


class Relations:
    """Gives the links of what is merged to the other; a link between the two, or one that both have, stays."""

    name = "relations"
    label = gettext_lazy("Links")

    def going(self, passage: Passage) -> Going:
        """Give the links that would go over."""
        found = self._rows(passage)
        ends = {pk for each in found for pk in (each.first_id, each.second_id)} - {passage.source.pk}
        known = Incident.objects.visible_to(passage.actor).in_bulk(ends)
        seen = [f"{each.reference} {each.title}" for each in known.values()]
        return Going(len(seen), seen[:NAMED], [each.pk for each in found])

    def move(self, passage: Passage) -> Any:
        """Move them and name them."""
        return [each.pk for each in self._rows(passage) if self._put(each, passage)]

    def restore(self, back: Passage, moved: Sequence[int]) -> None:
        """Take them back, those that are still there."""
        for each in Relation.objects.filter(pk__in=moved):
            self._put(each, back)

    def _put(self, relation: Relation, passage: Passage) -> bool:
        ends = {relation.first_id, relation.second_id} - {passage.source.pk} | {passage.target.pk}
        if len(ends) < 2:
            return False
        first, second = sorted(ends)
        if Relation.objects.filter(first=first, second=second).exists():
            return False
        Relation.objects.filter(pk=relation.pk).update(first=first, second=second)
        return True

    def _rows(self, passage: Passage) -> list[Relation]:
        if not passage.whole:
            return []
        here = passage.source.pk
        found = Relation.objects.filter(Q(first=here) | Q(second=here)).order_by("pk")
        return list(found.exclude(Q(first=passage.target.pk) | Q(second=passage.target.pk)))


class Risen(Rows):
    """Moves what rose of hand-offs, with these; what rose of an incident itself ends with it."""

    def _rows(self, passage: Passage) -> QuerySet[Any]:
        return super()._rows(passage).filter(hand_off__isnull=False)


def register() -> None:
    """Let the things of this room go over."""
    register_mover(Rows("timeline", gettext_lazy("Timeline entries"), TimelineEntry, _entry, related=("other",)))
    register_mover(Tasks("tasks", gettext_lazy("Tasks"), Task, lambda task: str(task.title)))
    hand_off = gettext_lazy("Hand-offs")
    register_mover(Rows("hand_offs", hand_off, HandOff, lambda each: str(each.receiver), False, ENDS))
    register_mover(Risen("rises", gettext_lazy("What rose of hand-offs"), Rise, entity=False))
    register_mover(Filed("evidence", gettext_lazy("Evidence"), Evidence, touch="updated_at"))
    register_mover(Alerts())
    register_mover(Sightings())
    register_mover(Notices())
    register_mover(Conversations())
    register_mover(Family())
    register_mover(Relations())
