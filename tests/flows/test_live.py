"""An open page hears what others do, keeps what one is typing, moves nothing, and says when it is gone."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.flows.conftest import Demo
from tests.flows.test_two_people import opened

pytestmark = pytest.mark.browser
WITHIN = 6_000  # milliseconds


def comment(page: Any, text: str) -> None:
    form = page.locator("form[action$='/comment/']")
    form.get_by_label("Comment").fill(text)
    form.get_by_role("button", name="Comment").click()
    page.wait_for_load_state()


def test_the_second_hears_what_the_first_writes(demo: Demo, sign_in: Callable[..., Any]) -> None:
    first, second = sign_in("csirc.responder"), sign_in("ciso")
    address = opened(first, demo.url, "Two people, one live page")
    second.goto(address)
    typing = second.locator("form[action$='/comment/']").get_by_label("Comment")
    typing.fill("Half a sen")
    stands = typing.bounding_box()

    began = time.monotonic()
    comment(first, "The host @ciso asked about burns.")
    second.get_by_text("The host @ciso asked about burns.").wait_for(timeout=WITHIN)
    assert time.monotonic() - began < 2 * WITHIN / 1000
    assert second.locator("#news li").inner_text().endswith(": The host @ciso asked about burns.")
    assert (typing.input_value(), typing.bounding_box()) == ("Half a sen", stands)
    assert second.locator(".timeline").get_by_text("burns").count() == 0  # nothing moves unless asked to

    second.locator("[data-refresh]").click()
    second.locator(".timeline").get_by_text("The host @ciso asked about burns.").wait_for()
    assert typing.input_value() == "Half a sen"
    kept = second.get_by_text("What you are writing was left as it is")
    kept.wait_for()
    second.wait_for_timeout(WITHIN)  # it is asked once more meanwhile, and there is nothing new
    assert kept.is_visible()
    typing.press_sequentially("tence")
    assert typing.input_value() == "Half a sentence"
    second.locator("form[action$='/comment/']").get_by_role("button", name="Comment").click()
    second.locator(".timeline").get_by_text("Half a sentence").wait_for()


def test_they_know_of_each_other(demo: Demo, sign_in: Callable[..., Any]) -> None:
    first, second = sign_in("csirc.responder"), sign_in("ciso")
    address = opened(first, demo.url, "Who else is here")
    second.goto(address)
    second.locator("[data-here] span").get_by_text("Marek Fern").wait_for(timeout=WITHIN)
    first.locator("[data-here] span").get_by_text("Emil Rowan").wait_for(timeout=WITHIN)


def test_the_bell_rings_elsewhere_and_falls_silent_on_the_page(demo: Demo, sign_in: Callable[..., Any]) -> None:
    first, second = sign_in("csirc.responder"), sign_in("ciso")
    address = opened(first, demo.url, "Ring the bell")
    second.goto(f"{demo.url}/organisations/")
    bell = second.locator("[data-unread]")
    second.wait_for_timeout(500)
    before = int(bell.inner_text() or "0") if bell.is_visible() else 0
    comment(first, "@ciso, look.")
    comment(first, "@ciso, look again.")
    second.wait_for_function(
        "most => Number(document.querySelector('[data-unread]').textContent) >= most", arg=before + 2, timeout=WITHIN
    )
    second.keyboard.press("b")
    second.wait_for_url(f"{demo.url}/notifications/")
    assert second.get_by_role("link", name="Ring the bell").count() == 2  # two notes
    second.goto(address)
    second.wait_for_timeout(1_500)
    second.goto(f"{demo.url}/notifications/")
    assert second.get_by_role("link", name="Ring the bell").count() == 0  # whoever has the page open has read them


def test_what_is_sealed_meanwhile_says_that_it_is_gone(demo: Demo, sign_in: Callable[..., Any]) -> None:
    first, second = sign_in("csirc.responder"), sign_in("ciso")
    address = opened(first, demo.url, "Soon sealed")
    second.goto(address)
    second.wait_for_timeout(500)
    first.get_by_text("Seal to named people").click()
    first.get_by_role("button", name="Seal", exact=True).click()
    first.get_by_text("sealed", exact=True).first.wait_for()
    gone = second.locator("#news.fresh")
    gone.wait_for(timeout=WITHIN)
    assert gone.inner_text().strip() == (
        "This is not here for you any more. Copy what you were writing, then leave the page."
    )
