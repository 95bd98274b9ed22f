"""What can be found of playbooks: names, descriptions and steps of the newest version, in every language they have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from tocsin.platform.access import scope_of
from tocsin.platform.search.sources import Document, Found, Source, Watch
from tocsin.rooms.playbooks.models import Playbook, Step

VIEW, TOKEN = "incidents.view", "pb"


def documents(things: Collection[int]) -> Iterator[Document]:
    """Give the texts of playbooks, in two queries."""
    playbooks = list(Playbook.objects.filter(pk__in=things).exclude(current=None).select_related("current"))
    steps: defaultdict[int, list[str]] = defaultdict(list)
    written = Step.objects.filter(version__in=[one.current_id for one in playbooks]).order_by("position")
    for version, title, text, translations in written.values_list("version", "title", "text", "translations"):
        steps[version] += [title, text, *_texts(translations)]
    for one in playbooks:
        current: Any = one.current
        told = [current.description, *_texts(current.translations), *steps[current.pk]]
        text = "\n".join(filter(None, told))
        yield Document(one.pk, "", "playbook", current.created_at, frozenset({TOKEN}), one.name, text)


def _texts(translations: Mapping[str, Any]) -> list[str]:
    return [str(text) for texts in translations.values() if isinstance(texts, dict) for text in texts.values()]


def readers(user: Any) -> Collection[str]:
    """Give the token of whoever reads playbooks."""
    return {TOKEN} if scope_of(user).allows(VIEW) else set()


def visible(user: Any, things: Collection[int]) -> Mapping[int, Found]:
    """Give those playbooks that the person may see."""
    known = Playbook.objects.visible_to(user).filter(pk__in=things).select_related("current")
    known = known.defer("current__source", "current__facts", "current__description")
    return {one.pk: Found(str(one), "playbook", one.uuid, tlp=one.tlp) for one in known}


SOURCES = (
    Source(
        name="playbooks",
        model=Playbook,
        kinds={"playbook": _("playbooks")},
        watches=(Watch(Playbook, ("name", "current")),),
        documents=documents,
        readers=readers,
        visible=visible,
    ),
)
