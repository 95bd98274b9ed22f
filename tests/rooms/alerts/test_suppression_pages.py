"""The pages of suppressions: made from an alert, listed by their end, prolonged, lifted, taken along; and the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.rooms.alerts.conftest import chunk, expire, hit, hits, rule
from tests.rooms.alerts.test_api import asked
from tocsin.rooms.alerts import actions
from tocsin.rooms.alerts.models import LONGEST, Alert, Suppression
from tocsin.rooms.constituency.models import Membership, Organisation, Team

if TYPE_CHECKING:
    from django.test import Client

    from tocsin.rooms.accounts.models import Person
    from tocsin.rooms.intake.models import Receipt

AlertOf = Callable[..., Alert]
ClientOf = Callable[["Person"], "Client"]
Suppress = Callable[..., Suppression]


def day(ahead: int) -> str:
    return f"{timezone.now().date() + timedelta(days=ahead)}"


def listed(client: Client, **query: str) -> list[str]:
    page = client.get(reverse("suppressions"), query)
    assert page.status_code == 200
    return [one.reason for one in page.context["page"].items]


@pytest.fixture
def several(suppress: Suppress) -> Mapping[str, Suppression]:
    now = timezone.now()
    made = {
        "long": suppress(reason="long", until=now + timedelta(days=60)),
        "soon": suppress("DEPB", reason="soon", until=now + timedelta(days=6)),
        "over": suppress(reason="over", subject="x"),
        "lifted": suppress("DEPB", reason="lifted", subject="y"),
    }
    expire(made["over"])
    actions.lift(actor=made["lifted"].owner, suppression=made["lifted"], reason="Done.")
    return made


def test_an_alert_offers_to_suppress_its_rule_there(client_of: ClientOf, alert_of: AlertOf, analyst: Person) -> None:
    alert, client = alert_of(), client_of(analyst)
    link = f"{reverse('suppression_new')}?alert={alert.uuid}"
    assert f'href="{link}" data-key="s"' in client.get(reverse("alert", args=[alert.uuid])).content.decode()
    initial = client.get(link).context["form"].initial
    assert initial == {"rule": alert.rule_id, "where": "DEPA", "subject": alert.subject}

    answer = client.post(link, {**initial, "until": day(7), "reason": "A known scanner."})
    assert answer.status_code == 302
    held = Suppression.objects.get()
    assert (held.rule_id, held.organisation, held.subject) == (alert.rule_id, alert.organisation, alert.subject)
    assert (held.title, held.reason, held.owner) == (alert.title, "A known scanner.", analyst)
    assert f"{held.until.date()}" == day(8)  # the end of the day in UTC, which is the beginning of the next
    page = client.get(answer["Location"]).content.decode()
    assert "Later alerts like this one stay out of the queue" in page
    assert link not in page
    assert str(held.uuid) in page


def test_the_last_day_is_a_whole_one_where_the_person_is(
    client_of: ClientOf, alert_of: AlertOf, analyst: Person
) -> None:
    analyst.timezone = "Pacific/Auckland"
    analyst.save()
    alert = alert_of()
    form = {"rule": alert.rule_id, "where": "DEPA", "until": day(7), "reason": "x"}
    client_of(analyst).post(reverse("suppression_new"), form)
    assert Suppression.objects.get().until.hour in {11, 12}  # midnight there


@pytest.mark.parametrize(
    "wrong",
    [{"rule": ""}, {"rule": "none"}, {"where": ""}, {"where": "OTHER"}, {"reason": ""}, {"until": ""},
     {"until": day(-2)}, {"until": day(LONGEST.days + 2)}, {"until": "9999-12-31"}, {"subject": "x" * 256}],
)  # fmt: skip
def test_a_form_with_something_missing_says_so(
    client_of: ClientOf, alert_of: AlertOf, analyst: Person, wrong: dict[str, str]
) -> None:
    form = {"rule": alert_of().rule_id, "where": "DEPA", "until": day(7), "reason": "x"} | wrong
    page = client_of(analyst).post(reverse("suppression_new"), form)
    assert page.status_code == 200
    assert page.context["form"].errors
    assert not Suppression.objects.exists()


def test_one_can_be_made_for_all_or_for_nobodys(
    client_of: ClientOf, alert_of: AlertOf, analyst: Person, responder: Person
) -> None:
    form = {"rule": alert_of().rule_id, "until": day(7), "reason": "x"}
    assert client_of(responder).post(reverse("suppression_new"), {**form, "where": "-"}).status_code == 200
    for where in ("*", "-"):
        assert client_of(analyst).post(reverse("suppression_new"), {**form, "where": where}).status_code == 302
    places = [sorted(held.places.values_list("code", flat=True)) for held in Suppression.objects.order_by("pk")]
    assert places == [["DEPA", "DEPB", "INST"], []]


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ({}, ["soon", "long"]),
        ({"sort": "latest"}, ["long", "soon"]),
        ({"state": "soon"}, ["soon"]),
        ({"state": "ended", "sort": "latest"}, ["lifted", "over"]),
        ({"state": "all"}, ["over", "soon", "lifted", "long"]),
        ({"state": "nonsense"}, []),
        ({"organisation": "DEPA"}, ["long"]),
        ({"organisation": "-"}, []),
        ({"rule": "another"}, []),
        ({"owner": "me"}, ["soon", "long"]),
    ],
)
def test_the_list_filters_and_sorts(
    client_of: ClientOf, analyst: Person, query: dict[str, str], seen: list[str]
) -> None:
    assert listed(client_of(analyst), **query) == seen


def test_a_filter_by_organisation_finds_all_that_reaches_it(
    client_of: ClientOf, suppress: Suppress, analyst: Person
) -> None:
    suppress(None, everywhere=True, reason="all")
    suppress(None, reason="nobody's")
    client = client_of(analyst)
    assert listed(client, organisation="DEPB") == ["all"]
    assert listed(client, organisation="-") == ["nobody's"]
    assert listed(client, organisation="NONE-SUCH") == []


@pytest.mark.usefixtures("several")
def test_an_officer_reads_what_reaches_their_own(client_of: ClientOf, officer_a: Person) -> None:
    client = client_of(officer_a)
    assert listed(client, state="all") == ["over", "long"]
    assert client.get(reverse("suppression_new")).status_code == 403


def test_another_scope_sees_none_of_it(
    client_of: ClientOf, several: Mapping[str, Suppression], officer_b: Person
) -> None:
    client, held = client_of(officer_b), several["long"]
    assert client.get(reverse("suppression", args=[held.uuid])).status_code == 404
    assert listed(client, state="all") == ["soon", "lifted"]
    page = client.get(reverse("alerts"), {"state": "all", "suppression": str(held.uuid)})
    assert list(page.context["page"].items) == []


def test_a_file_holds_what_the_list_holds(
    client_of: ClientOf, several: Mapping[str, Suppression], analyst: Person
) -> None:
    answer = client_of(analyst).get(reverse("suppressions"), {"state": "all", "export": "csv"})
    text = b"".join(answer).decode()
    assert text.count("\r\n") == 5
    assert [line.split('","')[4] for line in text.splitlines()[1:]] == ["ended", "soon", "ended", "in_force"]


def test_it_is_prolonged_and_lifted_on_its_page(
    client_of: ClientOf, several: Mapping[str, Suppression], analyst: Person
) -> None:
    client, held = client_of(analyst), several["soon"]
    page = client.get(reverse("suppression", args=[held.uuid]))
    assert "prolong_form" in page.context
    assert "lift_form" in page.context
    prolong = reverse("suppression_prolong", args=[held.uuid])
    client.post(prolong, {"until": day(30), "reason": ""})
    held.refresh_from_db()
    assert held.until < timezone.now() + timedelta(days=7)
    client.post(prolong, {"until": day(30), "reason": "The fix comes later."})
    held.refresh_from_db()
    assert held.until > timezone.now() + timedelta(days=29)
    client.post(reverse("suppression_lift", args=[held.uuid]), {"reason": "Fixed."})
    held.refresh_from_db()
    assert held.ended_by == analyst
    page = client.get(reverse("suppression", args=[held.uuid]))
    assert "prolong_form" not in page.context
    assert "The fix comes later." in page.content.decode()


def test_a_second_lift_is_told_that_it_is_over(
    client_of: ClientOf, several: Mapping[str, Suppression], responder: Person
) -> None:
    answer = client_of(responder).post(reverse("suppression_lift", args=[several["lifted"].uuid]), follow=True)
    assert "It has ended already" in answer.content.decode()


def test_an_alert_says_what_kept_it_quiet(
    client_of: ClientOf, suppress: Suppress, receipt: Receipt, officer_a: Person
) -> None:
    held = suppress(None, everywhere=True)
    actions.record_hits(receipt, chunk([hit(100)]))
    alert = Alert.objects.get(suppression=held)
    page = client_of(officer_a).get(reverse("alert", args=[alert.uuid])).content.decode()
    assert "Kept out of the queue when it was raised" in page
    assert reverse("suppression", args=[held.uuid]) in page
    assert held.reason in page


def test_an_alert_says_it_only_where_it_is_so(client_of: ClientOf, suppress: Suppress, alert_of: AlertOf) -> None:
    here, there, nobodys = alert_of(subject="a"), alert_of(organisations=("DEPB",)), alert_of(organisations=())
    held = suppress(subject="a")
    client, said = client_of(held.owner), "stay out of the queue"

    def told() -> list[bool]:
        pages = [client.get(reverse("alert", args=[alert.uuid])) for alert in (here, there, nobodys)]
        return [said in page.content.decode() for page in pages]

    assert told() == [True, False, False]
    actions.lift(actor=held.owner, suppression=held)
    assert told() == [False, False, False]
    suppress(None)
    assert told() == [False, False, True]
    suppress(None, everywhere=True)
    assert told() == [True, True, True]


def test_the_number_leads_to_what_it_hid(
    client_of: ClientOf, suppress: Suppress, receipt: Receipt, analyst: Person
) -> None:
    held = suppress()
    actions.record_hits(receipt, chunk([*hits(2, start=100), hit(200, subject="other"), hit(300, rule=rule(id="z"))]))
    client = client_of(analyst)
    link = f"{reverse('alerts')}?state=all&amp;suppression={held.uuid}"
    assert f'<a href="{link}">2</a>' in client.get(reverse("suppressions")).content.decode()
    shown = client.get(link.replace("&amp;", "&"))
    assert {alert.suppression_id for alert in shown.context["page"].items} == {held.pk}
    assert len(shown.context["page"].items) == 2


def test_programs_read_what_changed(suppress: Suppress, receipt: Receipt, analyst: Person, officer_b: Person) -> None:
    first, second = suppress(), suppress("DEPB")
    status, answer = asked(analyst, "/api/suppressions", limit=1)
    assert (status, [item["uuid"] for item in answer["items"]]) == (200, [str(first.uuid)])
    _status, rest = asked(analyst, "/api/suppressions", cursor=answer["next"])
    assert [(item["uuid"], item["organisation"]) for item in rest["items"]] == [(str(second.uuid), "DEPB")]

    since = timezone.now()
    actions.record_hits(receipt, chunk([hit(100)]))
    _status, changed = asked(analyst, "/api/suppressions", updated_since=since.isoformat())
    assert [(item["uuid"], item["hidden"], item["state"]) for item in changed["items"]] == [
        (str(first.uuid), 1, "in_force")
    ]
    _status, alerts = asked(analyst, "/api/alerts", suppression=str(first.uuid))
    assert [item["suppression"] for item in alerts["items"]] == [str(first.uuid)]
    _status, others = asked(officer_b, "/api/suppressions")
    assert [item["uuid"] for item in others["items"]] == [str(second.uuid)]


def test_somebody_who_serves_b_alone_changes_nothing_at_a(
    client_of: ClientOf, several: Mapping[str, Suppression], outsider: Person
) -> None:
    team = Team.objects.create(code="B", name="B", organisation=Organisation.objects.get(code="DEPB"))
    team.mandates.create(organisation=team.organisation)
    Membership.objects.create(person=outsider, role="analyst", team=team)
    client = client_of(outsider)
    for name in ("suppression_prolong", "suppression_lift"):
        answer = client.post(reverse(name, args=[several["long"].uuid]), {"until": day(80), "reason": "x"})
        assert answer.status_code == 404
    form = {"rule": rule().id, "where": "DEPA", "until": day(7), "reason": "x"}
    assert client.post(reverse("suppression_new"), form).status_code == 200
    assert Suppression.objects.count() == 4
