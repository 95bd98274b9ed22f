"""What can be found of detection rules."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from tocsin.platform.access import scope_of
from tocsin.platform.search.sources import Document, Found, Source, Watch
from tocsin.rooms.rules.models import Rule

VIEW, TOKEN = "rules.view", "r"


def documents(things: Collection[int]) -> Iterator[Document]:
    """Give the texts of rules, in one query."""
    for rule in Rule.objects.filter(pk__in=things):
        told = "\n".join([rule.description, rule.sigma_id, rule.source, *map(str, rule.techniques), rule.text])
        yield Document(rule.pk, "", "rule", rule.created_at, frozenset({TOKEN}), rule.title, told)


def readers(user: Any) -> Collection[str]:
    """Give the token of whoever may see rules."""
    return {TOKEN} if scope_of(user).allows(VIEW) else set()


def visible(user: Any, things: Collection[int]) -> Mapping[int, Found]:
    """Give those rules that the person may see."""
    if not scope_of(user).allows(VIEW):
        return {}
    known = Rule.objects.filter(pk__in=things).only("uuid", "title", "level")
    return {one.pk: Found(one.title, "rule", one.uuid, state=one.get_level_display()) for one in known}


SOURCES = (
    Source(
        name="rules",
        model=Rule,
        kinds={"rule": _("rules")},
        watches=(Watch(Rule, ("title", "description", "sigma_id", "source", "text")),),
        documents=documents,
        readers=readers,
        visible=visible,
    ),
)
