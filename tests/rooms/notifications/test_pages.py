"""The pages and the API of what waits for oneself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.test import Client

from tests.architecture.test_routes import bearer
from tests.rooms.notifications.conftest import Waiting
from tocsin.rooms.accounts.models import Person
from tocsin.rooms.constituency.models import Organisation
from tocsin.rooms.incidents import actions as incidents
from tocsin.rooms.incidents.models import Incident
from tocsin.rooms.notifications import actions, queries
from tocsin.rooms.notifications.models import Choice, Notification, Preference

pytestmark = pytest.mark.django_db
ClientOf = Callable[[Person], Client]


@pytest.fixture
def told(incident: Incident, ciso: Person, responder: Person) -> Notification:
    actions.notify(people=[ciso], kind="risen", about=incident, by=responder)
    actions.notify(people=[ciso], kind="risen", about=incident, by=responder)
    return Notification.objects.get()


def test_the_list_shows_what_waits(told: Notification, incident: Incident, ciso: Person, client_of: ClientOf) -> None:
    page = client_of(ciso).get("/notifications/").content.decode()
    for text in ("Something has risen to you", "2 ×", "Macro at DEPA", incident.reference, "Responder"):
        assert text in page
    assert f'href="/incidents/{incident.uuid}/"' in page


def test_the_list_shows_nothing_of_what_is_out_of_sight(
    told: Notification, incident: Incident, ciso: Person, responder: Person, client_of: ClientOf
) -> None:
    incidents.seal(actor=responder, incident=incident, people=[])
    for query in ("", "?show=all"):
        page = client_of(ciso).get(f"/notifications/{query}").content.decode()
        assert incident.reference not in page
        assert "Nothing waits for you." in page
    assert client_of(ciso).post(f"/notifications/{told.uuid}/read/").status_code == 404


def test_one_line_is_read(told: Notification, ciso: Person, client_of: ClientOf, waiting: Waiting) -> None:
    assert client_of(ciso).post(f"/notifications/{told.uuid}/read/").status_code == 302
    assert waiting(ciso) == []
    assert "Macro at DEPA" in client_of(ciso).get("/notifications/?show=all").content.decode()


def test_all_lines_are_read(told: Notification, ciso: Person, client_of: ClientOf, waiting: Waiting) -> None:
    client_of(ciso).post("/notifications/read/")
    assert waiting(ciso) == []


@pytest.mark.parametrize("path", ["/notifications/read/", "/notifications/{}/read/"])
def test_reading_is_no_get(path: str, told: Notification, ciso: Person, client_of: ClientOf) -> None:
    assert client_of(ciso).get(path.format(told.uuid)).status_code == 405


def test_nobody_reads_anothers_line(
    told: Notification, ciso: Person, analyst: Person, client_of: ClientOf, waiting: Waiting
) -> None:
    assert client_of(analyst).post(f"/notifications/{told.uuid}/read/").status_code == 404
    client_of(analyst).post("/notifications/read/")
    assert waiting(ciso) == [("risen", 2)]


def wished(**more: str) -> dict[str, str]:
    """Give the form as it stands for a CISO who has chosen nothing."""
    boxes = {"page_waits", "offered", "handed_over", "hand_off_accepted", "hand_off_refused", "risen", "deadline_near",
             "deadline_late", "task_given", "task_due", "answered", "mentioned", "given", "personal_asked",
             "personal_answered", "personal_waits", "suppression_ends"}  # fmt: skip
    mailed = ("hand_off_refused", "risen", "deadline_late", "personal_asked", "personal_waits")
    return {
        "digest_minutes": "15",
        **{f"{name}.page": "on" for name in boxes},
        **{f"{name}.mail": "on" for name in mailed},
        **more,
    }


def test_wishes_are_kept(ciso: Person, client_of: ClientOf) -> None:
    form = wished(**{"mentioned.mail": "on", "quiet_from": "22:00", "quiet_to": "07:00"})
    del form["risen.mail"]
    assert client_of(ciso).post("/notifications/wishes/", form).status_code == 302
    chosen = {row.kind: (row.page, row.mail, row.webhook) for row in Choice.objects.all()}
    assert chosen == {"mentioned": (True, True, False), "risen": (True, False, False)}  # the others stay defaults
    kept = Preference.objects.get()
    assert (str(kept.quiet_from), str(kept.quiet_to), kept.digest_minutes) == ("22:00:00", "07:00:00", 15)
    client_of(ciso).post("/notifications/wishes/", wished())
    assert queries.choices_of(ciso)["risen"]["mail"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"quiet_from": "22:00"},
        {"quiet_from": "22:00", "quiet_to": "22:00"},
        {"webhook": "http://x.example/"},
        {"webhook": "https://10.0.0.1/"},
        {"digest_minutes": "1"},
        {"quiet_from": "25:00"},
    ],
)
def test_wrong_wishes_are_shown_again(wrong: Mapping[str, str], ciso: Person, client_of: ClientOf) -> None:
    answer = client_of(ciso).post("/notifications/wishes/", wished(**wrong))
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert not Preference.objects.exists()


def test_the_secret_of_the_tool_is_shown_to_its_person(ciso: Person, client_of: ClientOf) -> None:
    client = client_of(ciso)
    assert "whsec_" not in client.get("/notifications/wishes/").content.decode()
    client.post("/notifications/wishes/", wished(webhook="https://tool.example/hook"))
    assert queries.secret_of(ciso, queries.preference_of(ciso)) in client.get("/notifications/wishes/").content.decode()


def get(headers: Mapping[str, str], query: str = "") -> Any:
    return Client(headers=dict(headers)).get(f"/api/notifications{query}")


def test_programs_read_the_lines(told: Notification, incident: Incident, ciso: Person) -> None:
    headers = bearer(ciso)
    (item,) = get(headers).json()["items"]
    assert (item["uuid"], item["kind"], item["count"], item["by"], item["read"]) == (
        str(told.uuid), "risen", 2, "responder", False,
    )  # fmt: skip
    assert item["url"].endswith(f"/incidents/{incident.uuid}/")
    answer = Client(headers=dict(headers)).post(f"/api/notifications/{told.uuid}/read")
    assert answer.json()["read"]
    assert get(headers, "?unread=true").json() == {"items": [], "next": None}
    assert get(headers).json()["items"][0]["read"]


def test_programs_read_page_by_page(told: Notification, ciso: Person, responder: Person) -> None:
    for number in range(4):
        made = incidents.open_incident(
            actor=responder, title=f"{number}", organisations=[Organisation.objects.get(code="DEPA")]
        )
        actions.notify(people=[ciso], kind="risen", about=made)
    headers, seen, cursor = bearer(ciso), [], ""
    while cursor is not None:
        page = get(headers, f"?limit=2&cursor={cursor}").json()
        seen += [item["title"] for item in page["items"]]
        cursor = page["next"]
    assert seen == ["Macro at DEPA", "0", "1", "2", "3"]
    since = get(headers).json()["items"][3]["updated_at"].replace("+", "%2B")
    assert [item["title"] for item in get(headers, f"?updated_since={since}").json()["items"]] == ["2", "3"]


def test_programs_read_no_others(told: Notification, analyst: Person, outsider: Person) -> None:
    assert get(bearer(analyst)).json()["items"] == []
    assert Client(headers=bearer(analyst)).post(f"/api/notifications/{told.uuid}/read").status_code == 404
    assert get(bearer(outsider)).status_code == 403
