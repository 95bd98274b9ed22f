"""The whole story, in a browser: from the demonstration to a message in the ledger."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from tests.flows.conftest import Demo

pytestmark = pytest.mark.browser

STORY = "LSASS"


def open_first(page: Any, url: str, text: str) -> None:
    page.goto(url)
    page.locator("table[data-queue] a.row-link", has_text=text).first.click()


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.2)


def test_an_alert_becomes_an_incident_that_concerns_one_department(demo: Demo, sign_in: Callable[..., Any]) -> None:
    analyst = sign_in("soc.analyst")
    open_first(analyst, f"{demo.url}/alerts/?organisation=AGRI", "")
    title = analyst.locator("h1").inner_text()
    analyst.get_by_role("link", name="Escalate").or_(analyst.get_by_role("button", name="Escalate")).first.click()
    analyst.wait_for_url("**/incidents/from-alerts/**")
    analyst.get_by_label("Hand over to").select_option("CSIRC")
    analyst.get_by_role("button", name="Open the incident").click()
    analyst.wait_for_selector("text=/INC-\\d\\d-/")
    incident = analyst.url

    responder = sign_in("csirc.responder")
    responder.goto(incident)
    responder.get_by_role("button", name="Accept").click()
    responder.wait_for_selector("text=You own this incident.")
    responder.locator("summary", has_text="Write a message").click()
    form = responder.locator("form[action$='/inform/']")
    form.get_by_label("Organisation").select_option(label="Agriculture and Rural Development")
    form.get_by_label("Subject").fill("What we saw on your host")
    form.get_by_label("Message").fill("Please take the host off the network and call us.")
    form.get_by_role("button", name="Send").click()
    responder.wait_for_selector("text=On its way to")
    kept = demo.home / "mail"
    wait_until(lambda: any(b"What we saw on your host" in mail.read_bytes() for mail in kept.glob("new/*")), 30)

    officer = sign_in("liso.agri")
    officer.goto(incident)
    assert officer.locator("h1").inner_text().startswith(title[:20])
    assert "AGRI" in officer.content()
    assert "What we saw on your host" in officer.content()

    other = sign_in("liso.comp")
    assert other.goto(incident).status == 404
    other.goto(f"{demo.url}/incidents/")
    assert title[:20] not in other.content()

    ciso = sign_in("ciso")
    ciso.goto(f"{demo.url}/ledger/")
    assert "liso.agri@agri.commission.example" in ciso.content()


def test_the_api_answers_with_the_tokens_of_the_demonstration(demo: Demo) -> None:
    def ask(path: str, username: str) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{demo.url}{path}", headers={"Authorization": f"Bearer {demo.accounts[username]['token']}"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            loaded: dict[str, Any] = json.load(answer)
            return loaded

    seen = ask("/api/alerts?limit=5", "soc.analyst")
    assert len(seen["items"]) == 5
    assert seen["next"]
    further = ask(f"/api/alerts?limit=5&cursor={seen['next']}", "soc.analyst")
    assert {a["uuid"] for a in further["items"]}.isdisjoint({a["uuid"] for a in seen["items"]})
    for path in ("/api/incidents", "/api/organisations", "/api/receipts"):
        assert set(ask(path, "soc.analyst")) == {"items", "next"}
    assert {a["organisation"] for a in ask("/api/alerts", "liso.agri")["items"]} <= {"AGRI"}
