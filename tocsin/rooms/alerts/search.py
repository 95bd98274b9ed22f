"""What can be found of alerts: what was seen, at whom, and what people said of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from tocsin.platform.access import scope_of
from tocsin.platform.search.sources import Document, Found, Source, Watch
from tocsin.rooms.alerts.models import Alert, AlertComment

VIEW = "alerts.view"
NOBODYS = "a0"


def _readers(organisation: int | None) -> frozenset[str]:
    return frozenset({f"a{organisation}" if organisation else NOBODYS})


def documents(things: Collection[int]) -> Iterator[Document]:
    """Give the texts of alerts, in two queries however many there are."""
    wanted = Alert.objects.filter(pk__in=things)
    places: dict[int, int | None] = {}
    for pk, place, title, subject, rule, at in wanted.values_list(
        "pk", "organisation", "title", "subject", "rule_id", "first_seen"
    ):
        places[pk] = place
        about = frozenset({place}) if place else frozenset()
        yield Document(pk, "", "alert", at, _readers(place), title, f"{subject}\n{rule}", about)
    for said in AlertComment.objects.filter(alert__in=places).exclude(text="").order_by("pk"):
        place = places[said.alert_id]
        about = frozenset({place}) if place else frozenset()
        yield Document(said.alert_id, f"said{said.pk}", "alert", said.created_at, _readers(place), "", said.text, about)


def readers(user: Any) -> Collection[str]:
    """Give the tokens of a person."""
    scope = scope_of(user)
    tokens = {f"a{place}" for place in scope.organisations(VIEW)}
    return tokens | {NOBODYS} if scope.everything(VIEW) else tokens


def visible_ids(user: Any, things: Collection[int]) -> Collection[int]:
    """Give the inner ids of those alerts that the person may see."""
    found: Collection[int] = Alert.objects.visible_to(user).filter(pk__in=things).values_list("pk", flat=True)
    return found


def visible(user: Any, things: Collection[int]) -> Mapping[int, Found]:
    """Give those alerts that the person may see."""
    known = Alert.objects.visible_to(user).filter(pk__in=things)
    states = {state.value: str(state.label) for state in Alert.State}
    return {
        pk: Found(f"{title} – {subject}" if subject else title, "alert", uuid, state=states[state])
        for pk, title, subject, uuid, state in known.values_list("pk", "title", "subject", "uuid", "state")
    }


SOURCES = (
    Source(
        name="alerts",
        model=Alert,
        kinds={"alert": _("alerts")},
        watches=(
            Watch(Alert, ("organisation", "title", "subject", "rule_id")),
            Watch(AlertComment, ("alert", "text"), "{row}.alert_id"),
        ),
        documents=documents,
        readers=readers,
        visible=visible,
        visible_ids=visible_ids,
    ),
)
