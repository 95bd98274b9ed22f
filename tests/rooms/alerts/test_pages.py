"""The pages of the alert room: what they show, to whom, and what they cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.rooms.alerts.conftest import NOON, chunk, hits, rule
from tocsin.rooms.alerts import actions, pages
from tocsin.rooms.alerts.models import Alert
from tocsin.rooms.intake.models import Receipt

if TYPE_CHECKING:
    from django.test import Client

    from tocsin.rooms.accounts.models import Person

AlertOf = Callable[..., Alert]
ClientOf = Callable[["Person"], "Client"]
RAW = "<script>alert(1)</script>"


def titles(client: Client, **query: str) -> list[str]:
    page = client.get(reverse("alerts"), query)
    assert page.status_code == 200
    return [alert.title for alert in page.context["page"].items]


@pytest.fixture
def several(alert_of: AlertOf, analyst: Person) -> Mapping[str, Alert]:
    made = {
        "critical": alert_of(rule=rule(id="1", title="critical", level="critical"), subject="a"),
        "high": alert_of(rule=rule(id="2", title="high", level="high"), subject="b", organisations=("DEPB",)),
        "newer": alert_of(rule=rule(id="3", title="newer", level="low"), time=NOON + timedelta(hours=1)),
        "nobody's": alert_of(rule=rule(id="4", title="nobody's", level="low"), organisations=()),
        "closed": alert_of(rule=rule(id="5", title="closed", level="medium")),
        "mine": alert_of(rule=rule(id="6", title="mine", level="informational"), subject="a"),
    }
    actions.dispose(actor=analyst, alert=made["closed"], disposition="benign", reason="A planned test.")
    actions.take(actor=analyst, alert=made["mine"])
    return made


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ({}, ["critical", "high", "newer", "nobody's", "mine"]),
        ({"sort": "newest"}, ["newer", "mine", "nobody's", "high", "critical"]),
        ({"state": "new"}, ["critical", "high", "newer", "nobody's"]),
        ({"state": "triage"}, ["mine"]),
        ({"assignee": "me"}, ["mine"]),
        ({"assignee": "none"}, ["critical", "high", "newer", "nobody's"]),
        ({"state": "closed"}, ["closed"]),
        ({"state": "escalated"}, []),
        ({"state": "all", "level": "2"}, ["closed"]),
        ({"state": "all", "level": "2-"}, ["critical", "high", "closed"]),
        ({"organisation": "DEPB"}, ["high"]),
        ({"organisation": "-"}, ["nobody's"]),
        ({"organisation": "OTHER"}, []),
        ({"organisation": "NONE-SUCH"}, []),
        ({"rule": "3"}, ["newer"]),
        ({"subject": "a"}, ["critical", "mine"]),
        ({"q": "CRIT"}, ["critical"]),
        ({"q": "depa.example"}, ["newer", "nobody's"]),
        ({"q": "%"}, []),
        ({"cursor": "x"}, ["critical", "high", "newer", "nobody's", "mine"]),
        ({"state": "x"}, []),
        ({"level": "9"}, []),
        ({"assignee": "x"}, []),
    ],
)
def test_the_queue_shows_what_is_asked_for(
    client_of: ClientOf, analyst: Person, query: Mapping[str, str], seen: list[str]
) -> None:
    assert titles(client_of(analyst), **query) == seen


@pytest.mark.usefixtures("several")
def test_the_queue_is_that_of_its_reader(client_of: ClientOf, officer_a: Person, officer_b: Person) -> None:
    assert titles(client_of(officer_a)) == ["critical", "newer", "mine"]
    assert titles(client_of(officer_b), state="all") == ["high"]


@pytest.mark.usefixtures("several")
def test_the_tabs_count(client_of: ClientOf, analyst: Person) -> None:
    page = client_of(analyst).get(reverse("alerts"))
    counted = {(tab.state, tab.assignee): tab.count for tab in page.context["tabs"]}
    assert counted["open", ""] == "5"
    assert counted["new", ""] == "4"
    assert counted["open", "me"] == "1"
    assert counted["closed", ""] == ""
    assert page.context["count"] == "5"


@pytest.mark.parametrize("name", ["analyst", "officer_a"])
@pytest.mark.parametrize("query", [{}, {"state": "all"}, {"state": "closed"}, {"q": "host"}, {"organisation": "DEPA"}])
def test_the_queue_takes_few_queries(
    receipt: Receipt,
    client_of: ClientOf,
    chart: Mapping[str, Person],
    django_assert_max_num_queries: DjangoAssertNumQueries,
    name: str,
    query: Mapping[str, str],
) -> None:
    given = [one for number in range(60) for one in hits(1, start=number + 1, subject=f"host{number}")]
    actions.record_hits(receipt, chunk(given))
    client = client_of(chart[name])
    with django_assert_max_num_queries(12):
        page = client.get(reverse("alerts"), query)
    assert page.status_code == 200
    if page.context["page"].next:
        with django_assert_max_num_queries(12):
            deep = client.get(reverse("alerts"), {**query, "cursor": page.context["page"].next})
        assert len(deep.context["page"].items) == 60 - pages.ROWS


@pytest.mark.usefixtures("several")
def test_the_queue_bears_no_raw_line(client_of: ClientOf, analyst: Person) -> None:
    assert "ScriptBlockText" not in client_of(analyst).get(reverse("alerts")).content.decode()


@pytest.mark.usefixtures("several")
def test_htmx_gets_the_list_alone(client_of: ClientOf, analyst: Person) -> None:
    page = client_of(analyst).get(reverse("alerts"), headers={"HX-Request": "true"}).content.decode()
    assert page.startswith('<div id="list">')


def test_an_alert_shows_what_fired_and_what_was_done(
    client_of: ClientOf, several: Mapping[str, Alert], analyst: Person
) -> None:
    page = client_of(analyst).get(reverse("alert", args=[several["closed"].uuid])).content.decode()
    assert "A planned test." in page
    assert "closes it as benign" in page
    assert "T1059.001" in page
    assert "Name of DEPA" in page
    assert "Open again" in page


def test_an_alert_takes_few_queries(
    client_of: ClientOf,
    several: Mapping[str, Alert],
    analyst: Person,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = client_of(analyst)
    with django_assert_max_num_queries(12):
        page = client.get(reverse("alert", args=[several["critical"].uuid]))
    assert [other.title for other in page.context["related"]] == ["mine"]


def test_an_officer_sees_an_alert_and_no_way_to_change_it(
    client_of: ClientOf, several: Mapping[str, Alert], officer_a: Person
) -> None:
    page = client_of(officer_a).get(reverse("alert", args=[several["critical"].uuid])).content.decode()
    for name in ("alert_take", "alert_dispose", "alert_comment", "alert_ask", "alert_assign"):
        assert reverse(name, args=[several["critical"].uuid]) not in page


@pytest.mark.parametrize("name", ["alert", "alert_hits", "alert_raw"])
@pytest.mark.parametrize("person", ["officer_b", "outsider"])
def test_what_may_not_be_seen_is_as_if_it_did_not_exist(
    client_of: ClientOf, several: Mapping[str, Alert], chart: Mapping[str, Person], name: str, person: str
) -> None:
    client = client_of(chart[person])
    there = client.get(reverse(name, args=[several["critical"].uuid]))
    not_there = client.get(reverse(name, args=[uuid4()]))
    assert there.status_code == not_there.status_code == (404 if person == "officer_b" else 403)
    assert there.content == not_there.content


def test_raw_lines_are_one_click_away_and_escaped(
    client_of: ClientOf, several: Mapping[str, Alert], analyst: Person
) -> None:
    alert, client = several["critical"], client_of(analyst)
    hit = alert.hits.get()
    pages = [
        reverse("alert_raw", args=[alert.uuid]),
        reverse("alert_event", args=[alert.uuid, hit.receipt.uuid, hit.record]),
    ]
    shown = client.get(reverse("alert", args=[alert.uuid])).content.decode()
    for address in pages:
        assert address in shown
        page = client.get(address).content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert RAW not in page


def test_an_event_of_another_alert_is_not_shown(
    client_of: ClientOf, several: Mapping[str, Alert], analyst: Person
) -> None:
    hit = several["high"].hits.get()
    address = reverse("alert_event", args=[several["critical"].uuid, hit.receipt.uuid, hit.record])
    assert client_of(analyst).get(address).status_code == 404


def test_hits_are_listed_page_by_page(receipt: Receipt, client_of: ClientOf, analyst: Person) -> None:
    actions.record_hits(receipt, chunk(hits(60)))
    address = reverse("alert_hits", args=[Alert.objects.get().uuid])
    first = client_of(analyst).get(address).context["page"]
    second = client_of(analyst).get(address, {"cursor": first.next}).context["page"]
    assert [hit.record for hit in (*first.items, *second.items)] == list(range(60, 0, -1))


def test_an_alert_is_taken_commented_on_and_closed(
    client_of: ClientOf, several: Mapping[str, Alert], analyst: Person
) -> None:
    alert, client = several["critical"], client_of(analyst)
    client.post(reverse("alert_take", args=[alert.uuid]))
    client.post(reverse("alert_comment", args=[alert.uuid]), {"text": "Looks real."})
    answer = client.post(reverse("alert_dispose", args=[alert.uuid]), {"disposition": "duplicate", "reason": "Known."})

    assert answer["Location"] == reverse("alert", args=[alert.uuid])
    alert.refresh_from_db()
    assert (alert.state, alert.assignee, alert.disposition) == ("closed_duplicate", analyst, "Known.")
    assert [comment.event for comment in alert.comments.all()] == ["take", "", "duplicate"]


def test_after_closing_the_next_one_is_shown(
    client_of: ClientOf, several: Mapping[str, Alert], analyst: Person
) -> None:
    given = {"disposition": "benign", "reason": "A test.", "next": "1"}
    answer = client_of(analyst).post(reverse("alert_dispose", args=[several["critical"].uuid]), given)
    assert answer["Location"] == reverse("alert", args=[several["high"].uuid])


@pytest.mark.parametrize(
    "given", [{"disposition": "benign"}, {"reason": "x"}, {"disposition": "escalate", "reason": "x"}]
)
def test_it_is_not_closed_without_disposition_and_reason(
    client_of: ClientOf, several: Mapping[str, Alert], analyst: Person, given: Mapping[str, str]
) -> None:
    page = client_of(analyst).post(reverse("alert_dispose", args=[several["critical"].uuid]), given, follow=True)
    assert [message.level_tag for message in page.context["messages"]] == ["error"]
    several["critical"].refresh_from_db()
    assert several["critical"].open


def test_what_cannot_be_done_is_said(client_of: ClientOf, several: Mapping[str, Alert], analyst: Person) -> None:
    page = client_of(analyst).post(reverse("alert_take", args=[several["closed"].uuid]), follow=True)
    assert "this cannot be done with it now" in page.content.decode()


def test_it_is_given_to_a_colleague_and_no_one_else(
    client_of: ClientOf, several: Mapping[str, Alert], analyst: Person, outsider: Person
) -> None:
    alert, client = several["critical"], client_of(analyst)
    client.post(reverse("alert_assign", args=[alert.uuid]), {"assignee": str(outsider.uuid)})
    alert.refresh_from_db()
    assert alert.assignee is None
    client.post(reverse("alert_assign", args=[alert.uuid]), {"assignee": str(analyst.uuid)})
    alert.refresh_from_db()
    assert alert.assignee == analyst


def test_the_organisation_is_asked_and_answers(
    client_of: ClientOf, several: Mapping[str, Alert], analyst: Person, officer_a: Person
) -> None:
    alert = several["critical"]
    client_of(analyst).post(reverse("alert_ask", args=[alert.uuid]), {"text": "Your scanner?"})
    page = client_of(officer_a).get(reverse("alert", args=[alert.uuid])).content.decode()
    assert "Your scanner?" in page
    client_of(officer_a).post(reverse("alert_answer", args=[alert.uuid]), {"text": "Yes."})
    client_of(analyst).post(reverse("alert_release", args=[alert.uuid]))
    alert.refresh_from_db()
    assert alert.state == "new"


def test_it_is_opened_again_with_a_reason(client_of: ClientOf, several: Mapping[str, Alert], analyst: Person) -> None:
    client = client_of(analyst)
    client.post(reverse("alert_reopen", args=[several["closed"].uuid]), {"reason": "It came back."})
    several["closed"].refresh_from_db()
    assert several["closed"].state == "triage"


@pytest.mark.parametrize("name", ["take", "release", "comment", "ask", "answer", "dispose", "reopen", "assign"])
def test_it_rejects_get(client_of: ClientOf, several: Mapping[str, Alert], analyst: Person, name: str) -> None:
    assert client_of(analyst).get(reverse(f"alert_{name}", args=[several["high"].uuid])).status_code == 405


@pytest.mark.parametrize("name", ["take", "release", "comment", "ask", "answer", "dispose", "reopen", "assign"])
def test_nobody_changes_what_they_may_not_see(
    client_of: ClientOf, several: Mapping[str, Alert], officer_b: Person, outsider: Person, name: str
) -> None:
    address = reverse(f"alert_{name}", args=[several["critical"].uuid])
    given = {"text": "x", "reason": "x", "disposition": "benign"}
    assert client_of(officer_b).post(address, given).status_code == (403 if name == "assign" else 404)
    assert client_of(outsider).post(address, given).status_code == 403
    several["critical"].refresh_from_db()
    assert several["critical"].state == "new"


def test_an_officer_does_not_triage_their_own(
    client_of: ClientOf, several: Mapping[str, Alert], officer_a: Person
) -> None:
    given = {"disposition": "benign", "reason": "x"}
    assert (
        client_of(officer_a).post(reverse("alert_dispose", args=[several["critical"].uuid]), given).status_code == 403
    )


def test_several_are_closed_from_the_queue(client_of: ClientOf, several: Mapping[str, Alert], analyst: Person) -> None:
    back = f"{reverse('alerts')}?state=new"
    given = {"do": "dispose", "disposition": "benign", "reason": "Patch day.", "back": back}
    chosen = [str(several[name].uuid) for name in ("critical", "high")]
    answer = client_of(analyst).post(reverse("alerts_bulk"), {**given, "selected": chosen})
    assert answer["Location"] == back
    assert titles(client_of(analyst), state="new") == ["newer", "nobody's"]


def test_several_are_taken_from_the_queue(client_of: ClientOf, several: Mapping[str, Alert], analyst: Person) -> None:
    chosen = [str(several[name].uuid) for name in ("critical", "high")]
    client_of(analyst).post(reverse("alerts_bulk"), {"do": "take", "selected": chosen})
    assert Alert.objects.filter(assignee=analyst).count() == 3


def test_several_become_an_incident(client_of: ClientOf, several: Mapping[str, Alert], analyst: Person) -> None:
    chosen = [str(several[name].uuid) for name in ("critical", "high")]
    answer = client_of(analyst).post(reverse("alerts_bulk"), {"do": "escalate", "selected": chosen})
    assert answer["Location"] == f"{reverse('incident_from_alerts')}?alert={chosen[0]}&alert={chosen[1]}"


@pytest.mark.parametrize(
    "given",
    [
        {"do": "take"},
        {"do": "take", "selected": ["nonsense", str(uuid4())]},
        {"do": "dispose", "disposition": "benign", "reason": ""},
        {"do": "dispose", "disposition": "", "reason": "x"},
        {"do": "nonsense"},
    ],
)
def test_a_bulk_that_makes_no_sense_changes_nothing(
    client_of: ClientOf, several: Mapping[str, Alert], analyst: Person, given: Mapping[str, object]
) -> None:
    data = {"selected": [str(several["high"].uuid)], "back": "https://elsewhere.example/", **given}
    if given == {"do": "take"}:
        data["selected"] = []
    answer = client_of(analyst).post(reverse("alerts_bulk"), data)
    assert answer["Location"] == reverse("alerts")
    several["high"].refresh_from_db()
    assert (several["high"].state, several["high"].assignee) == ("new", None)


def test_an_officer_does_nothing_in_bulk(client_of: ClientOf, several: Mapping[str, Alert], officer_a: Person) -> None:
    chosen = {"do": "take", "selected": [str(several["critical"].uuid)]}
    assert client_of(officer_a).post(reverse("alerts_bulk"), chosen).status_code == 403


def test_an_unknown_filter_is_said(client_of: ClientOf, several: Mapping[str, Alert], analyst: Person) -> None:
    page = client_of(analyst).get(reverse("alerts"), {"level": "99"}).content.decode()
    assert "This address asks for something unknown: level." in page


def test_the_next_one_is_of_the_list_one_works_through(
    client_of: ClientOf, several: Mapping[str, Alert], analyst: Person, responder: Person, alert_of: AlertOf
) -> None:
    low = [alert_of(rule=rule(id=f"low{n}", title="low", level="low"), subject=f"z{n}") for n in range(3)]
    actions.take(actor=responder, alert=low[1])
    given = {"disposition": "benign", "reason": "A test.", "next": "1"}
    address = reverse("alert_dispose", args=[low[2].uuid])
    answer = client_of(analyst).post(f"{address}?level=1&q=low", given)
    assert answer["Location"] == f"{reverse('alert', args=[low[0].uuid])}?level=1&q=low"
    address = reverse("alert_dispose", args=[low[0].uuid])
    answer = client_of(analyst).post(f"{address}?level=1&q=low", given)
    assert answer["Location"] == f"{reverse('alerts')}?level=1&q=low"


@pytest.mark.parametrize(
    "back", ["foo", "a b", "alert", "?state=all", "//elsewhere.example", "/alerts/../x", "/people/"]
)
def test_an_odd_way_back_leads_to_the_queue(
    client_of: ClientOf, several: Mapping[str, Alert], analyst: Person, back: str
) -> None:
    given = {"do": "take", "selected": [str(several["high"].uuid)], "back": back}
    answer = client_of(analyst).post(reverse("alerts_bulk"), given)
    assert (answer.status_code, answer["Location"]) == (302, reverse("alerts"))


def test_the_name_of_a_file_is_shown_without_its_folders(
    client_of: ClientOf, several: Mapping[str, Alert], officer_a: Person
) -> None:
    Receipt.objects.update(name="/srv/secret/place/file.jsonl")
    page = client_of(officer_a).get(reverse("alert", args=[several["critical"].uuid])).content
    assert b"file.jsonl" in page
    assert b"/srv/secret" not in page
