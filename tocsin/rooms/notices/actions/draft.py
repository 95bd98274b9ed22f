"""Write a notice, its correction or its withdrawal. Nothing is sent here: `send` does, once a person has looked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.platform import audit
from tocsin.platform.access import require, scope_of
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency import queries as constituency
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.notices import knowledge, queries
from tocsin.rooms.notices.actions.errors import NoticeError
from tocsin.rooms.notices.actions.hold import hold
from tocsin.rooms.notices.models import Edition, Notice, Part, Share

VERB = "notices.send"
AT_ONCE = 500
Facts = Mapping[str, Sequence[dict[str, Any]]]
Texts = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class About:
    """What a notice is: title, kind, severity, marking, hours to answer (None: as the severity demands), matter."""

    title: str
    kind: str
    severity: int
    tlp: str
    due_hours: int | None = None
    matter: queries.Matter | None = None
    key: str = ""

    def kept(self) -> dict[str, Any]:
        """Give what a notice keeps of its matter."""
        known = self.matter
        return {} if known is None else {"matter_kind": known.kind, "matter": known.uuid, "sealed": known.sealed}


@transaction.atomic
def draft(
    *,
    actor: Person | None,
    title: str,
    kind: str,
    severity: int,
    tlp: str,
    facts: Facts,
    texts: Texts | None = None,
    due_hours: int | None = None,
    listed: queries.Listed | None = None,
    matter: queries.Matter | None = None,
    key: str = "",
) -> Notice:
    """Write a notice with one part for each organisation in ``facts`` (by code); nobody is told yet.

    About a sealed ``matter`` it is sealed to the same people. A ``key`` of the actor's is used once.
    """
    places = _places(actor, facts)
    if not places:
        raise NoticeError(_("This concerns none of the organisations you serve; there is nobody to tell."))
    return drafted(actor, About(title, kind, severity, tlp, due_hours, matter, key), places, facts, texts, listed)


def drafted(
    actor: Person | None,
    about: About,
    places: Sequence[Organisation],
    facts: Facts,
    texts: Texts | None = None,
    listed: queries.Listed | None = None,
) -> Notice:
    """Write a notice to ``places``, in the caller's transaction, who has seen to it that the actor may."""
    matter = None if about.matter is None else queries.held(actor, about.matter)
    if matter is None and about.matter is not None:
        raise NoticeError(_("What this is about has been sealed meanwhile."))
    about = replace(about, matter=matter)
    notice = Notice.objects.create(
        title=about.title,
        kind=about.kind,
        severity=about.severity,
        tlp=about.tlp,
        due_hours=about.due_hours or knowledge.due_hours(about.severity),
        created_by=actor,
        key=about.key,
        **(listed.kept() if listed else {}),
        **about.kept(),
    )
    if about.matter is not None and about.matter.sealed:
        notice.named.set(about.matter.named)
    edition = Edition.objects.create(
        notice=notice, texts=_texts(about.kind, about.title, texts), created_by=actor, kind=Edition.Kind.FIRST
    )
    parts = Part.objects.bulk_create((Part(notice=notice, organisation=place) for place in places), batch_size=AT_ONCE)
    _share(edition, parts, facts)
    audit.record(
        actor, "notice.draft", notice, {"title": about.title, "organisations": [place.code for place in places]}
    )
    return notice


def draft_list(
    *, actor: Person, text: str, organisations: Sequence[str] = (), kind: str, severity: int, **more: Any
) -> Notice:
    """Write a notice about a list of indicators, to whom it concerns, and to ``organisations`` besides (codes)."""
    within = constituency.codes(actor, VERB)
    listed = queries.read_list(text, at=datetime.now(UTC), within=within)
    facts: Facts = {**{code: () for code in organisations if code in within}, **listed.facts}
    return draft(actor=actor, kind=kind, severity=severity, facts=facts, listed=listed, **more)


@transaction.atomic
def correct(*, actor: Person, notice: Notice, changes: Texts, texts: Texts | None = None, text: str = "") -> Edition:
    """Write a new edition; ``text`` is the list as it is now (empty: as it was). Whoever had the old one is told."""
    current = _changeable(actor, notice)
    last = current.editions.order_by("-number")[0]
    shares = {share.part.organisation.code: share.facts for share in _shares(last)}
    facts: Facts = shares
    kept: dict[str, Any] = {}
    if text.strip():
        listed = queries.read_list(text, at=datetime.now(UTC), within=constituency.codes(actor, VERB))
        facts = {**dict.fromkeys(shares, ()), **listed.facts}
        kept = listed.kept()
    edition = _next(current, last, actor, Edition.Kind.CORRECTION, changes, texts or last.texts, kept)
    _add_parts(actor, current, facts)
    parts = current.parts.select_related("organisation")
    _share(edition, [part for part in parts if not _passes_by(part, facts, shares)], facts)
    audit.record(actor, "notice.correct", notice, {"edition": edition.number})
    return edition


@transaction.atomic
def withdraw(*, actor: Person, notice: Notice, changes: Texts) -> Edition:
    """Write the withdrawal of a notice; whoever was told of it is told."""
    current = _changeable(actor, notice)
    last = current.editions.order_by("-number")[0]
    edition = _next(current, last, actor, Edition.Kind.WITHDRAWAL, changes, last.texts)
    told = current.parts.exclude(edition=None).select_related("organisation")
    _share(edition, list(told), {share.part.organisation.code: share.facts for share in _shares(last)})
    audit.record(actor, "notice.withdraw", notice, {"edition": edition.number})
    return edition


@transaction.atomic
def discard(*, actor: Person, notice: Notice) -> None:
    """Throw away what has not been sent: the whole notice, or its newest edition."""
    require_all(actor, notice)
    current = hold(notice)
    edition = current.editions.filter(sent_at=None).first()
    if edition is None:
        raise NoticeError(_("This has been sent; correct or withdraw it instead."))
    audit.record(actor, "notice.discard", current, {"title": current.title, "edition": edition.number})
    if current.state == Notice.State.DRAFT:
        Part.objects.filter(notice=current).delete()
        current.delete()
        return
    Part.objects.filter(notice=current, state=Part.State.WAITING).delete()  # new with this edition
    edition.delete()


def require_all(actor: Person | None, notice: Notice) -> None:
    """Refuse whoever may not send to every organisation of the notice; the system (None) may."""
    if actor is None:
        return
    require(actor, VERB)
    if notice.sealed and not notice.named.filter(pk=actor.pk).exists():
        raise PermissionDenied(_("This notice is sealed to others."))
    for organisation in notice.parts.values_list("organisation", flat=True):
        require(actor, VERB, organisation)


def _places(actor: Person | None, facts: Facts) -> list[Organisation]:
    found = Organisation.objects.filter(code__in=list(facts), active=True).order_by("code")
    if actor is not None:
        require(actor, VERB)
        found = found.filter(pk__in=scope_of(actor).organisations(VERB))
    return list(found)


def _texts(kind: str, title: str, texts: Texts | None) -> dict[str, dict[str, str]]:
    """Give what is told in every language: what was written, and the kind's own text where nothing was."""
    told = knowledge.written(kind, title)
    for language, given in (texts or {}).items():
        told.setdefault(language, {"subject": title, "text": ""}).update(
            {name: value.strip() for name, value in given.items() if value.strip()}
        )
    return told


def _changeable(actor: Person, notice: Notice) -> Notice:
    require_all(actor, notice)
    current = hold(notice)
    if current.state in {Notice.State.DRAFT, Notice.State.WITHDRAWN}:
        raise NoticeError(_("Only what was sent and is not withdrawn can be corrected or withdrawn."))
    if current.editions.filter(sent_at=None).exists():
        raise NoticeError(_("A new edition waits to be sent; send it or throw it away first."))
    return current


def _shares(edition: Edition) -> Sequence[Share]:
    return list(edition.shares.select_related("part__organisation"))


def _next(
    notice: Notice, last: Edition, actor: Person | None, kind: Edition.Kind, changes: Texts, texts: Texts,
    listed: Mapping[str, Any] | None = None,
) -> Edition:  # fmt: skip
    Notice.objects.filter(pk=notice.pk).update(updated_at=timezone.now())
    return Edition.objects.create(
        notice=notice,
        number=last.number + 1,
        kind=kind,
        texts=texts,
        changes={language: given["text"].strip() for language, given in changes.items() if given["text"].strip()},
        created_by=actor,
        listed=dict(listed or {}),
    )


def _add_parts(actor: Person, notice: Notice, facts: Facts) -> None:
    known = set(notice.parts.values_list("organisation__code", flat=True))
    new = [place for place in _places(actor, facts) if place.code not in known]
    Part.objects.bulk_create((Part(notice=notice, organisation=place) for place in new), batch_size=AT_ONCE)


def _passes_by(part: Part, facts: Facts, before: Facts) -> bool:
    """Tell whether an edition is none of an organisation's business: its facts are gone, and it heard so or nothing."""
    code, state = part.organisation.code, part.state
    never_heard = part.edition_id is None and state == Part.State.UNREACHED and bool(before.get(code))
    return not facts.get(code) and (state == Part.State.RELEASED or never_heard)


def _share(edition: Edition, parts: Sequence[Part], facts: Facts) -> None:
    Share.objects.bulk_create(
        (
            Share(part=part, edition=edition, facts=list(facts[part.organisation.code]))
            for part in parts
            if part.organisation.code in facts
        ),
        batch_size=AT_ONCE,
    )
