"""The pages of a change of many incidents: chosen on the list, looked at, done, taken back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest
from django.urls import reverse

from tests.rooms.incidents.test_bulk import TEXTS, opened
from tests.rooms.incidents.things import fresh
from tocsin.platform.bulk import packed, unpacked
from tocsin.rooms.constituency.models import Organisation, Team
from tocsin.rooms.incidents import actions
from tocsin.rooms.incidents.models import BulkChange, Incident

if TYPE_CHECKING:
    from django.test import Client

    from tocsin.rooms.accounts.models import Person

ClientOf = Callable[["Person"], "Client"]
RATE = {"do": "severity", "severity": "4", "reason": "As in June."}
LIST = "/incidents/?state=all"


@pytest.fixture
def ready(responder: Person, department_a: Organisation, csirc: Team) -> list[Incident]:
    return opened(responder, 4, department_a, state="analysis", rsit_class="malicious-code", owner=None)


def preview(client: Client, back: str = LIST, **given: Any) -> tuple[str, dict[str, Any]]:
    """Look at what would happen; give the page, and what its form holds."""
    data = {"back": back, **({"whole": "1"} if "selected" not in given else {}), **given}
    page = client.post(reverse("incidents_bulk"), data).content.decode()
    hidden: dict[str, Any] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page):
        hidden.setdefault(name, []).append(value)
    hidden.pop("csrfmiddlewaretoken", None)
    return page, hidden


def severities() -> set[int]:
    return set(Incident.objects.values_list("severity", flat=True))


def test_a_preview_counts_by_reason_and_changes_nothing(
    client_of: ClientOf, responder: Person, ready: list[Incident]
) -> None:
    actions.add_task(actor=responder, incident=ready[0], title="Look")
    Incident.objects.filter(pk=ready[1].pk).update(state="triage")
    page, hidden = preview(client_of(responder), do="close")
    assert "Close 2 incidents?" in page
    assert "2 do not allow it and stay as they are" in page
    assert "their state does not allow it" in page
    assert "still open" in page
    assert "This field is required" not in page
    assert hidden["whole"] == ["1"]
    assert Incident.objects.filter(open=True).count() == 4
    assert not BulkChange.objects.exists()


def test_what_was_shown_is_done_and_nothing_else(
    client_of: ClientOf, responder: Person, department_a: Organisation, ready: list[Incident]
) -> None:
    client = client_of(responder)
    _page, hidden = preview(client, **RATE)
    late = opened(responder, 1, department_a)[0]
    answer = client.post(reverse("incidents_bulk"), hidden, follow=True)
    assert "4 incidents changed." in answer.content.decode()
    change = BulkChange.objects.get()
    assert f'<a href="{reverse("incidents_bulk_change", args=[change.uuid])}" data-key="u"' in answer.content.decode()
    assert fresh(late).severity == 2
    assert {fresh(one).severity for one in ready} == {4}


def test_the_ones_ticked_alone(client_of: ClientOf, responder: Person, ready: list[Incident]) -> None:
    client = client_of(responder)
    page, hidden = preview(client, **RATE, selected=[str(ready[0].uuid), str(ready[2].uuid), "nonsense"])
    assert "Rate 2 incidents high?" in page or "Rate 2 incidents severe?" in page
    assert "whole" not in hidden
    client.post(reverse("incidents_bulk"), hidden)
    assert [fresh(one).severity for one in ready] == [4, 2, 4, 2]


def test_the_filter_of_the_list_decides(client_of: ClientOf, responder: Person, ready: list[Incident]) -> None:
    Incident.objects.filter(pk=ready[3].pk).update(severity=5)
    page, _hidden = preview(client_of(responder), back="/incidents/?severity=5", do="take")
    assert "Take 1 incident?" in page


def test_closing_asks_on_the_preview_and_keeps_what_was_typed(
    client_of: ClientOf, responder: Person, ready: list[Incident]
) -> None:
    client = client_of(responder)
    _page, hidden = preview(client, do="close")
    again = client.post(reverse("incidents_bulk"), {**hidden, **TEXTS, "lesson": "none"}).content.decode()
    assert "Say what is learnt" in again
    assert TEXTS["cause"] in again
    assert Incident.objects.filter(open=True).count() == 4
    client.post(reverse("incidents_bulk"), {**hidden, **TEXTS})
    assert set(Incident.objects.values_list("closing_cause", flat=True)) == {TEXTS["cause"]}


def test_looking_again_counts_with_the_class_that_was_chosen(
    client_of: ClientOf, responder: Person, ready: list[Incident]
) -> None:
    client = client_of(responder)
    Incident.objects.update(rsit_class="")
    page, hidden = preview(client, do="close")
    assert "they have no class" in page
    assert 'data-key="y"' not in page  # nothing to do yet
    again, hidden = preview(client, **{**hidden, "again": "1", "rsit_class": "fraud"})
    assert "Close 4 incidents?" in again
    other = {**hidden, **TEXTS, "rsit_class": "malicious-code"}
    client.post(reverse("incidents_bulk"), other)  # not what was looked at
    assert Incident.objects.filter(open=True).count() == 4
    client.post(reverse("incidents_bulk"), {**hidden, **TEXTS, "rsit_class": "fraud"})
    assert set(Incident.objects.values_list("state", "rsit_class")) == {("closed", "fraud")}


@pytest.mark.parametrize(
    "other",
    [
        {"severity": "5"}, {"do": "take"}, {"back": "/incidents/?state=open"}, {"upto": "forged"}, {"upto": ""},
        {"severity": "99"}, {"severity": "x"}, {"do": "nonsense"}, {"reason": ""},
    ],
)  # fmt: skip
def test_a_preview_allows_only_what_it_showed(
    client_of: ClientOf, responder: Person, ready: list[Incident], other: dict[str, str]
) -> None:
    client = client_of(responder)
    _page, hidden = preview(client, **RATE)
    assert client.post(reverse("incidents_bulk"), {**hidden, **other}).status_code in {200, 302}
    assert severities() == {2}
    assert set(Incident.objects.values_list("owner", flat=True)) == {None}


def test_nobody_uses_anothers_preview(
    client_of: ClientOf, responder: Person, second: Person, ready: list[Incident]
) -> None:
    _page, hidden = preview(client_of(responder), **RATE)
    client_of(second).post(reverse("incidents_bulk"), hidden)
    assert severities() == {2}


def test_outsiders_reach_nothing(
    client_of: ClientOf, responder: Person, ready: list[Incident], chart: Mapping[str, Person]
) -> None:
    client = client_of(responder)
    _page, hidden = preview(client, **RATE)
    client.post(reverse("incidents_bulk"), hidden)
    change = BulkChange.objects.get()
    for name in ("outsider", "officer_a", "analyst", "ciso"):
        other = client_of(chart[name])
        address = reverse("incidents_bulk_change", args=[change.uuid])
        assert {other.get(address).status_code, other.post(address).status_code} <= {403, 404}
        assert b'name="selected"' not in other.get(LIST).content or name == "ciso"
    assert severities() == {4}


def test_a_sealed_one_shows_nowhere(
    client_of: ClientOf, responder: Person, second: Person, ready: list[Incident]
) -> None:
    actions.seal(actor=responder, incident=ready[0], people=[])
    page, _hidden = preview(client_of(second), **RATE)
    assert "Rate 3 incidents" in page
    assert "stay as" not in page
    page, _hidden = preview(client_of(second), **RATE, selected=[str(ready[0].uuid)])
    assert page == ""  # back to the list: nothing was chosen


def test_only_if_all_of_them(client_of: ClientOf, responder: Person, second: Person, ready: list[Incident]) -> None:
    client = client_of(responder)
    _page, hidden = preview(client, **RATE)
    actions.change(actor=second, incident=ready[0], severity=4)
    client.post(reverse("incidents_bulk"), {**hidden, "strict": "1"})
    assert severities() == {2, 4}
    answer = client.post(reverse("incidents_bulk"), hidden, follow=True).content.decode()
    assert "3 incidents changed." in answer
    assert "they are so already" in answer


def test_it_is_taken_back_on_its_page(client_of: ClientOf, responder: Person, ready: list[Incident]) -> None:
    client = client_of(responder)
    _page, hidden = preview(client, **RATE)
    client.post(reverse("incidents_bulk"), hidden)
    address = reverse("incidents_bulk_change", args=[BulkChange.objects.get().uuid])
    assert b"Take it back" in client.get(address).content
    assert "4 incidents are as before." in client.post(address, follow=True).content.decode()
    assert severities() == {2}
    assert b"Take it back" not in client.get(address).content


def test_the_keys_are_those_of_the_alerts(client_of: ClientOf, responder: Person, ready: list[Incident]) -> None:
    page = client_of(responder).get(LIST).content.decode()
    keys = set(re.findall(r'data-key="(\w)"', page))
    assert {"t", "d"} <= keys
    assert 'data-key="y"' in preview(client_of(responder), **RATE)[0]


def test_people_of_other_teams_are_no_choice(
    client_of: ClientOf, responder: Person, second: Person, analyst: Person, ready: list[Incident]
) -> None:
    client = client_of(responder)
    page = client.get(LIST).content.decode()
    assert str(second.uuid) in page
    assert str(analyst.uuid) not in page
    assert preview(client, do="assign", person=str(analyst.uuid))[0] == ""
    _page, hidden = preview(client, do="assign", person=str(second.uuid))
    client.post(reverse("incidents_bulk"), hidden)
    assert set(Incident.objects.values_list("owner", flat=True)) == {second.pk}


def test_ten_thousand_ids_fit_a_form() -> None:
    ids = list(range(5, 30_005, 3))
    text = packed(reversed(ids))
    assert unpacked(text) == ids
    assert len(packed(n * n for n in range(10_000))) < 60_000
    assert unpacked(packed([])) == []
