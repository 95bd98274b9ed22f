"""How few keys it takes: every human action counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.flows.conftest import Demo

pytestmark = pytest.mark.browser


class Keys:
    """A keyboard that counts."""

    def __init__(self, page: Any) -> None:
        self.page, self.pressed = page, 0

    def press(self, key: str) -> None:
        self.pressed += 1
        self.page.keyboard.press(key)


def test_an_alert_is_an_owned_and_classified_incident_after_four_keys(demo: Demo, sign_in: Callable[..., Any]) -> None:
    page = sign_in("csirc.responder")
    page.goto(f"{demo.url}/alerts/")
    page.wait_for_selector("a.row-link")
    keys = Keys(page)
    keys.press("j")
    keys.press("e")
    page.wait_for_url("**/incidents/from-alerts/**")
    page.wait_for_selector("input[name=title]:focus")
    suggested = page.locator("select[name=rsit_type]").input_value()
    keys.press("Enter")
    page.wait_for_selector("text=/INC-\\d\\d-/")
    assert keys.pressed <= 4
    page.get_by_text("Classify and change", exact=True).click()
    form = page.locator("form[action$='/change/']")
    assert suggested
    assert form.locator("select[name=rsit_type]").input_value() == suggested
    assert form.locator("select[name=rsit_class]").input_value()
    facts = page.locator("dl.facts").first.inner_text()
    assert demo.accounts["csirc.responder"].get("full_name", "") in facts
    assert "nobody" not in facts


def test_a_telephone_call_is_an_incident_after_its_title(demo: Demo, sign_in: Callable[..., Any]) -> None:
    page = sign_in("csirc.responder")
    page.goto(f"{demo.url}/incidents/")
    keys = Keys(page)
    keys.press("c")
    page.wait_for_selector("input[name=title]:focus")
    page.keyboard.type("Caller: files are encrypted")
    keys.press("Enter")
    page.wait_for_selector("text=/INC-\\d\\d-/")
    assert keys.pressed == 2
    assert "Caller: files are encrypted" in page.content()
