"""What can be found of notices: what they say, and what came back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from tocsin.platform.access import scope_of
from tocsin.platform.search.sources import Document, Found, Source, Watch
from tocsin.rooms.notices.models import OWN, VIEW, Answer, Edition, Letter, Notice, Part

NOTICE_OF_PART = "(SELECT notice_id FROM notices_part p WHERE p.id = {row}.part_id)"


class _Readers:
    """The tokens of those who may read something of one notice."""

    def __init__(self, notice: Notice, parts: Collection[Part], named: Collection[int]) -> None:
        self.named = frozenset(f"ns{person}" for person in named) if notice.sealed else None
        self.senders = frozenset({f"nu{notice.created_by_id}", *(f"nv{part.organisation_id}" for part in parts)})
        self.told = frozenset(f"np{part.organisation_id}" for part in parts if part.told_at)
        self.about = frozenset(part.organisation_id for part in parts)

    def all(self) -> frozenset[str]:
        """Give those who follow the notice and those who were told."""
        return self.senders | self.told if self.named is None else self.named

    def following(self) -> frozenset[str]:
        """Give those who follow the notice."""
        return self.senders if self.named is None else self.named

    def of(self, part: Part) -> frozenset[str]:
        """Give those who follow one part."""
        return frozenset({f"nv{part.organisation_id}"}) if self.named is None else self.named


def documents(things: Collection[int]) -> Iterator[Document]:
    """Give the texts of notices, in six queries however many there are."""
    notices = {notice.pk: notice for notice in Notice.objects.filter(pk__in=things)}
    parts = {part.pk: part for part in Part.objects.filter(notice__in=notices)}
    of: defaultdict[int, list[Part]] = defaultdict(list)
    for part in parts.values():
        of[part.notice_id].append(part)
    named: defaultdict[int, set[int]] = defaultdict(set)
    for notice_pk, person in Notice.named.through.objects.filter(notice__in=notices).values_list("notice", "person"):
        named[notice_pk].add(person)
    readers = {pk: _Readers(notice, of[pk], named[pk]) for pk, notice in notices.items()}
    for pk, notice in notices.items():
        title = " ".join([notice.title, *(part.reference for part in of[pk])]) if len(of[pk]) == 1 else notice.title
        yield Document(pk, "", "notice", notice.created_at, readers[pk].all(), title, places=readers[pk].about)
    yield from _editions(readers)
    yield from _came_back(parts, readers)


def _editions(readers: Mapping[int, _Readers]) -> Iterator[Document]:
    for edition in Edition.objects.filter(notice__in=readers):
        mine = readers[edition.notice_id]
        who = mine.all() if edition.sent_at else mine.following()
        said = "\n".join(text for texts in edition.texts.values() for text in texts.values())
        yield Document(edition.notice_id, f"edition{edition.pk}", "notice", edition.created_at, who, text=said,
                       places=mine.about)  # fmt: skip


def _came_back(parts: Mapping[int, Part], readers: Mapping[int, _Readers]) -> Iterator[Document]:
    for letter in Letter.objects.filter(part__in=parts):
        part = parts[letter.part_id or 0]
        yield Document(part.notice_id, f"letter{letter.pk}", "letter", letter.received_at,
                       readers[part.notice_id].of(part), letter.subject, f"{letter.sender}\n{letter.text}",
                       frozenset({part.organisation_id}))  # fmt: skip
    for answer in Answer.objects.filter(part__in=parts, letter=None).exclude(text=""):
        part = parts[answer.part_id]
        yield Document(part.notice_id, f"answer{answer.pk}", "letter", answer.said_at,
                       readers[part.notice_id].of(part), text=answer.text,
                       places=frozenset({part.organisation_id}))  # fmt: skip


def readers(user: Any) -> Collection[str]:
    """Give the tokens of a person in office."""
    scope = scope_of(user)
    tokens = {f"nv{place}" for place in scope.organisations(VIEW)}
    tokens |= {f"np{place}" for place in scope.organisations(OWN)}
    if scope.allows(VIEW):
        tokens |= {f"nu{scope.person}", f"ns{scope.person}"}
    return tokens


def visible(user: Any, things: Collection[int]) -> Mapping[int, Found]:
    """Give those notices that the person may see, and their own part of those they were told of."""
    known = Notice.objects.visible_to(user).filter(pk__in=things).only("uuid", "title", "state", "severity", "tlp")
    found = {one.pk: _found(one, "notice", one.uuid) for one in known}
    told = Part.objects.visible_to(user, OWN).filter(notice__in=set(things) - set(found), told_at__isnull=False)
    for part in told.select_related("notice"):
        found[part.notice_id] = _found(part.notice, "notice_part", part.uuid)
    return found


def _found(notice: Notice, page: str, uuid: UUID) -> Found:
    return Found(notice.title, page, uuid, state=notice.get_state_display(), severity=notice.severity, tlp=notice.tlp)


SOURCES = (
    Source(
        name="notices",
        model=Notice,
        kinds={"notice": _("notices"), "letter": _("letters and answers")},
        watches=(
            Watch(Notice, ("title", "sealed", "created_by")),
            Watch(Notice.named.through, ("notice", "person"), "{row}.notice_id"),
            Watch(Part, ("notice", "organisation", "told_at"), "{row}.notice_id"),
            Watch(Edition, ("notice", "texts", "sent_at"), "{row}.notice_id"),
            Watch(Letter, ("part", "subject", "text"), NOTICE_OF_PART),
            Watch(Answer, ("part", "text"), NOTICE_OF_PART),
        ),
        documents=documents,
        readers=readers,
        visible=visible,
    ),
)
