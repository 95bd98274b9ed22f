"""Every page of the demonstration, looked at as people with little patience and assistive technology would."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.flows.conftest import Demo

pytestmark = pytest.mark.browser

PAGES = {
    "soc.analyst": [
        "/",
        "/alerts/",
        "/alerts/suppressions/",
        "/alerts/suppressions/new/",
        "/incidents/",
        "/rules/",
        "/intake/receipts/",
        "/organisations/",
        "/incidents/new/",
        "/notices/",
        "/notices/new/",
        "/notices/matrix/",
        "/notices/board/",
        "/notices/letters/",
        "/notices/affected/",
        "/notices/routing/?value=agri.commission.example&kind=incident&severity=5",
    ],
    "liso.agri": ["/", "/alerts/", "/organisations/", "/notices/mine/"],
    "ciso": ["/", "/ledger/", "/audit/", "/incidents/"],
    "admin": ["/", "/intake/receipts/", "/organisations/"],
}


@pytest.mark.parametrize("username", sorted(PAGES))
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_no_serious_barrier(username: str, scheme: str, demo: Demo, sign_in: Callable[..., Any]) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page = sign_in(username, color_scheme=scheme, bypass_csp=True)
    for path in PAGES[username]:
        assert page.goto(f"{demo.url}{path}").status == 200, path
        found = Axe().run(page).response["violations"]
        serious = [
            f"{path}: {v['id']}: {v['nodes'][0]['html']}" for v in found if v["impact"] in {"serious", "critical"}
        ]
        assert serious == []


@pytest.mark.parametrize("username", sorted(PAGES))
def test_pages_fit_a_telephone(username: str, demo: Demo, sign_in: Callable[..., Any]) -> None:
    page = sign_in(username, viewport={"width": 390, "height": 844})
    for path in PAGES[username]:
        page.goto(f"{demo.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path


def test_the_queue_is_worked_from_the_keyboard(demo: Demo, sign_in: Callable[..., Any]) -> None:
    page = sign_in("soc.analyst")
    page.goto(f"{demo.url}/alerts/")
    page.keyboard.press("j")
    page.keyboard.press("x")
    assert page.locator("input[name=selected]:checked").count() == 1
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/alerts/*-*/")


def test_no_page_complains_in_the_console(demo: Demo, sign_in: Callable[..., Any]) -> None:
    page = sign_in("soc.analyst")
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in PAGES["soc.analyst"]:
        page.goto(f"{demo.url}{path}")
    assert complaints == []
