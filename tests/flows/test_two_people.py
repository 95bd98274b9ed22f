"""Two people on one incident, in two browsers: neither undoes what the other wrote, and both see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.flows.conftest import Demo

pytestmark = pytest.mark.browser


def opened(page: Any, url: str, title: str) -> str:
    """Open an incident as on the telephone and give its address."""
    page.goto(f"{url}/incidents/new/")
    page.get_by_label("Title").fill(title)
    page.get_by_label("Organisations concerned").select_option("AGRI")
    page.get_by_role("button", name="Open the incident").click()
    page.wait_for_selector("text=/INC-\\d\\d-/")
    return str(page.url)


def summary_of(page: Any) -> Any:
    page.locator("form[action$='/change/']").get_by_label("Summary").wait_for()
    return page.locator("form[action$='/change/']").get_by_label("Summary")


def write(page: Any, text: str) -> None:
    summary_of(page).fill(text)
    page.locator("form[action$='/change/']").get_by_role("button", name="Save").click()


def test_two_who_write_one_summary_choose_together(demo: Demo, sign_in: Callable[..., Any]) -> None:
    first, second = sign_in("csirc.responder"), sign_in("ciso")
    address = opened(first, demo.url, "Two people, one summary")
    second.goto(address)
    summary_of(second)  # shown before the first one saves

    write(first, "One host.\nIt is off the network.")
    first.wait_for_selector("text=Changed.")
    write(second, "Two hosts, says the officer.")
    second.wait_for_selector("text=choose what stays")
    assert "It is off the network." in second.content()
    assert second.get_by_label("Summary").input_value() == "Two hosts, says the officer."
    second.reload()  # the browser sends it again; nothing is overwritten either
    second.get_by_role("radio", name="You wrote").check()
    second.get_by_label("Summary").fill("Two hosts, says the officer. One is off the network.")
    second.get_by_role("button", name="Save").click()
    second.wait_for_selector("text=Changed.")

    first.goto(address)
    assert "Two hosts, says the officer. One is off the network." in first.content()
    assert first.get_by_text("Summary changed.").count() == 2


def test_one_merges_while_the_other_writes(demo: Demo, sign_in: Callable[..., Any]) -> None:
    first, second = sign_in("csirc.responder"), sign_in("ciso")
    source = opened(first, demo.url, "The same thing, reported twice")
    target = opened(first, demo.url, "The thing itself")
    reference = first.locator("dd.mono").first.inner_text()
    second.goto(source)

    first.goto(f"{source}merge/")
    first.get_by_role("combobox", name="Merge into").fill(reference)
    first.get_by_role("button", name="Show what would move").click()
    first.wait_for_selector("text=Timeline entries:")
    first.get_by_role("button", name="Merge", exact=True).click()
    first.wait_for_url(target)
    first.wait_for_selector("text=is merged into this")

    form = second.locator("form[action$='/comment/']")
    form.get_by_label("Comment").fill("I called them.")
    form.get_by_role("button", name="Comment").click()
    second.wait_for_selector("text=go on there")
    second.locator("section.notice a", has_text="The thing itself").click()
    second.wait_for_url(target)

    first.goto(source)
    first.get_by_role("button", name="Take apart again").click()
    first.wait_for_selector("text=Taken apart")
    assert first.get_by_text("Incident opened.").count() == 1
