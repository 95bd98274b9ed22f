"""What became of notices: who has answered, who has acted, who is silent; each person only what they may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from statistics import median
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.platform import addresses
from tocsin.platform.access import scope_of
from tocsin.platform.look.tags import short
from tocsin.platform.markings import TLP
from tocsin.rooms.notices.knowledge import MESSAGE
from tocsin.rooms.notices.models import COUNT, OWN, VIEW, Letter, Notice, Part, Telling, unsealed_for
from tocsin.rooms.notices.queries.directory import directory
from tocsin.rooms.notices.queries.letters import uuid_of

FEWEST = 3  # fewer others would no longer be anonymous
State = Part.State


@dataclass(frozen=True, slots=True)
class Figures:
    """How the organisations of one notice stand. ``acted`` have ended it, ``answered`` have said anything at all."""

    concerned: int = 0
    told: int = 0
    answered: int = 0
    acted: int = 0
    not_concerned: int = 0
    refused: int = 0
    silent: int = 0
    unreached: int = 0
    overdue: int = 0

    def pieces(self) -> list[tuple[str, str, str]]:
        """Give the shares for a bar of width 100: name of the state, start, width."""
        looked_at = self.answered - self.acted - self.not_concerned - self.refused
        shares = (
            ("done", self.acted), ("not_applicable", self.not_concerned), ("acknowledged", looked_at),
            ("refused", self.refused), ("told", self.silent), ("unreached", self.unreached),
        )  # fmt: skip
        found, start = [], 0.0
        for name, number in shares:
            width = 100 * number / self.concerned
            if number:
                found.append((name, f"{start:.2f}", f"{width:.2f}"))
            start += width
        return found

    def sentence(self) -> str:
        """Say it in one sentence, for people who only read."""
        said = ngettext(
            "Of %(told)d told, %(answered)d has answered",
            "Of %(told)d told, %(answered)d have answered",
            self.answered,
        ) % {"told": self.told, "answered": self.answered}
        more = [
            text % {"number": number}
            for number, text in (
                (self.acted, _("%(number)d acted")),
                (self.not_concerned, _("%(number)d not concerned")),
                (self.refused, _("%(number)d refused")),
            )
            if number
        ]
        ends = [f"{said} ({', '.join(more)})" if more else said, _("%(number)d silent") % {"number": self.silent}]
        if self.overdue:
            ends.append(_("%(number)d overdue") % {"number": self.overdue})
        if self.unreached:
            ends.append(_("%(number)d could not be told") % {"number": self.unreached})
        return f"{'; '.join(ends)}."


def figures(states: Iterable[tuple[str, int, int]]) -> Figures:
    """Count (state, how many, how many of them overdue) of the parts of one notice."""
    counted: dict[str, int] = {}
    overdue = 0
    for state, number, late in states:
        counted[state] = counted.get(state, 0) + number
        overdue += late
    return _figures(counted, overdue)


def _figures(counted: Mapping[str, int], overdue: int) -> Figures:
    def of(*states: str) -> int:
        return sum(counted.get(state, 0) for state in states)

    answered = of(State.ACKNOWLEDGED, State.PLANNED, State.REFUSED, State.NOT_APPLICABLE, State.DONE)
    concerned, unreached, waiting = sum(counted.values()), of(State.UNREACHED), of(State.WAITING)
    return Figures(
        concerned=concerned,
        told=concerned - unreached - waiting,
        answered=answered,
        acted=of(State.DONE),
        not_concerned=of(State.NOT_APPLICABLE),
        refused=of(State.REFUSED),
        silent=of(State.TOLD),
        unreached=unreached,
        overdue=overdue,
    )


def counts(notices: Sequence[Notice], user: Any = None, *verbs: str) -> dict[int, Figures]:
    """Give how each notice stands, over all its parts or those of organisations where the person may do a verb."""
    rows = Part.objects.filter(notice__in=[notice.pk for notice in notices])
    if user is not None:
        rows = rows.filter(organisation__in=scope_of(user).organisations(*(verbs or (VIEW,))))
    grouped = rows.values("notice", "state").annotate(n=Count("pk"), late=Count("pk", filter=Q(overdue=True)))
    found: dict[int, list[tuple[str, int, int]]] = {}
    for row in grouped.order_by():
        found.setdefault(row["notice"], []).append((row["state"], row["n"], row["late"]))
    return {notice: figures(each) for notice, each in found.items()}


def median_of_others(part: Part) -> str:
    """Say how long half of the others took to answer, when at least three have: nobody in particular; else nothing."""
    others = Part.objects.filter(notice=part.notice_id, answered_at__isnull=False, told_at__isnull=False)
    rows = others.exclude(pk=part.pk).values_list("told_at", "answered_at")
    taken = [max((answered - told).total_seconds(), 60) for told, answered in rows if answered and told]
    return short(timedelta(seconds=median(taken))) if len(taken) >= FEWEST else ""


def own_parts(user: Any) -> QuerySet[Part]:
    """Give what the person's own organisations were told, the open ones first, the soonest due on top."""
    told = Part.objects.visible_to(user, OWN).exclude(edition=None)
    return told.select_related("notice", "organisation").order_by("settled", "due_at", "-pk")


def parts_told(user: Any, filters: Mapping[str, str]) -> QuerySet[Part]:
    """Give the parts of all notices of organisations the person looks after; an unknown value matches nothing."""
    found = Part.objects.visible_to(user, VIEW).exclude(edition=None)
    if code := filters.get("organisation"):
        found = found.filter(organisation__code=code)
    if state := filters.get("state"):
        found = found.filter(state=state)
    if filters.get("overdue"):
        found = found.filter(overdue=True, settled=False)
    return found.select_related("notice", "organisation")


def stuck_parts(user: Any) -> QuerySet[Part]:
    """Give the parts with which nothing goes on without a person: not reached, refused, overdue, a mail in doubt."""
    found = Part.objects.visible_to(user, "notices.send")
    unread = Letter.objects.filter(part=OuterRef("pk"), waiting=True)
    missed = Q(state__in=(State.UNREACHED, State.REFUSED)) | Q(overdue=True)
    stuck = found.annotate(read_me=Exists(unread)).filter(Q(settled=False) & missed | Q(missed=True) | Q(read_me=True))
    return stuck.select_related("notice", "organisation").order_by("-notice__severity", "due_at", "pk")


def letters_waiting(user: Any) -> QuerySet[Letter]:
    """Give the mails that a person must look at, the oldest first; those nobody could place are seen by all senders."""
    found = letters_of(user, "notices.send").filter(waiting=True)
    known = found.select_related("part__notice", "part__organisation").order_by("pk")
    return known if scope_of(user).allows("notices.send") else known.none()


def letters_of(user: Any, verb: str = VIEW) -> QuerySet[Letter]:
    """Give the mails about parts of organisations where the person may do ``verb``, and those about nothing at all.

    Those of a conversation are for whoever reads on about its matter, and stand there.
    """
    placed = Q(part__in=Part.objects.visible_to(user, verb).values("pk"))
    return Letter.objects.filter(Q(part=None, thread=None) | placed)


def listed(user: Any, state: str = "") -> QuerySet[Notice]:
    """Give the notices the person may see, all or those in one state; messages stand with what they are about."""
    found = Notice.objects.visible_to(user).exclude(kind=MESSAGE).select_related("created_by")
    return found.filter(state=state) if state else found


def may_send(user: Any, notice: Notice) -> bool:
    """Tell whether the person may send to every organisation of a notice."""
    scope = scope_of(user)
    return (
        scope.allows("notices.send")
        and not notice.parts.exclude(organisation__in=scope.organisations("notices.send")).exists()
    )


def standing(user: Any) -> list[tuple[Notice, Figures]]:
    """Give how the open notices stand where the person reads on; what is for named people only is left out."""
    parts = Part.objects.filter(organisation__in=scope_of(user).organisations(COUNT, VIEW)).values("notice")
    found = Notice.objects.filter(pk__in=parts, state=Notice.State.OPEN, sealed=False).exclude(tlp=TLP.RED)
    known = list(found.order_by("-severity", "-sent_at")[:100])
    counted = counts(known, user, COUNT, VIEW)
    return [(notice, counted.get(notice.pk, Figures())) for notice in known]


def notice_or_404(user: Any, uuid: UUID, verb: str = VIEW) -> Notice:
    """Give a notice the person may see."""
    found = Notice.objects.visible_to(user, verb).filter(uuid=uuid).select_related("created_by").first()
    if found is None:
        raise Http404
    return found


def asked_for(user: Any, key: str) -> Notice | None:
    """Give the notice that a program has asked for by a key before; None without one."""
    return Notice.objects.filter(created_by=user, key=key).first() if key else None


def newest_texts(notice: Notice) -> Mapping[str, Mapping[str, str]]:
    """Give the texts of the newest edition, by language."""
    texts: Mapping[str, Mapping[str, str]] = notice.editions.order_by("-number")[0].texts
    return texts


def parts_of(user: Any, notice: Notice, verb: str = VIEW) -> QuerySet[Part]:
    """Give the parts of a notice that the person may see, those that still wait first."""
    found = notice.parts.visible_to(user, verb).select_related("organisation", "edition")
    return found.order_by("settled", "-overdue", "organisation__code")


def part_at_or_404(user: Any, notice: Notice, code: str) -> Part:
    """Give the part of a notice that is one organisation's."""
    found = parts_of(user, notice).filter(organisation__code=code).first()
    if found is None:
        raise Http404
    return found


def part_or_404(user: Any, uuid: UUID, *verbs: str) -> Part:
    """Give a part of an organisation where the person may do one of ``verbs``."""
    scope = scope_of(user)
    known = Q(edition=None, organisation__in=scope.organisations(VIEW)) | ~Q(edition=None)
    found = Part.objects.filter(known, unsealed_for(scope, "notice__"), uuid=uuid)  # of their own they see no drafts
    found = found.filter(organisation__in=scope.organisations(*verbs))
    part = found.select_related("notice", "organisation", "edition").first()
    if part is None:
        raise Http404
    return part


def letter_or_404(user: Any, uuid: UUID) -> Letter:
    """Give a mail that waits for somebody who may decide about it."""
    found = letters_waiting(user).filter(uuid=uuid).first()
    if found is None:
        raise Http404
    return found


def part_named(user: Any, reference: str) -> Part | None:
    """Give the part with a reference, if the person may send to its organisation."""
    found = Part.objects.visible_to(user, "notices.send").filter(reference=reference.strip().upper())
    return found.select_related("notice", "organisation").first()


def telling_of(token: str) -> Telling | None:
    """Give the telling a signed link was made for."""
    wanted = uuid_of(token)
    if not wanted:
        return None
    found = Telling.objects.select_related("part__notice", "part__organisation", "part__edition", "edition")
    return found.filter(uuid=UUID(wanted)).first()


def hidden(telling: Telling) -> bool:
    """Tell whether a link, which may be passed on, must show neither title nor text of a notice."""
    notice = telling.part.notice
    return notice.sealed or notice.tlp == TLP.RED


def sealed_from(telling: Telling) -> bool:
    """Tell whether a notice has been sealed to others than whoever was told."""
    notice = telling.part.notice
    return notice.sealed and not any(addresses.same(telling.address, each) for each in notice.named_addresses)


def asked_since(telling: Telling, part: Part) -> bool:
    """Tell whether the organisation was asked anew since somebody was told: their answer is about what stood then."""
    return (part.told_at is not None and telling.told_at < part.told_at and telling.edition_id != part.edition_id) or (
        part.round > telling.round
    )


def still_theirs(telling: Telling) -> bool:
    """Tell whether the address told still answers for the organisation, there or above it."""
    return answers_for(telling.part, telling.address)


def answers_for(part: Part, address: str) -> bool:
    """Tell whether an address is that of somebody who answers for a part's organisation, there or above it."""
    known = directory()
    return known.answers(known.places.get(part.organisation.code), address)
