"""Queues are worked by keys alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import CHROMIUM, FLAGS
from tests.shared import missing

pytestmark = pytest.mark.browser

SCRIPT = Path(__file__).parents[3] / "tocsin/platform/look/static/keys.js"
ROW = """<tr id="r{n}"><td><input type="checkbox" name="selected" value="{n}"></td>
<td><a class="row-link" href="#open{n}">row {n}</a></td><td><a data-key="e" href="#act{n}">act</a></td></tr>"""
PAGE = f"""<!doctype html><title>x</title><script>{SCRIPT.read_text()}</script>
<a data-goto="2" href="#room">room</a><input type="search"><textarea data-key="c"></textarea>
<button data-keys hidden>keys</button><b data-selected-count></b>
<table data-queue><thead><tr><th><input type="checkbox" data-select-all hidden></th></tr></thead>
<tbody>{"".join(ROW.format(n=n) for n in range(4))}</tbody></table>
<a data-key="n" data-key-label="next page" href="#next">next</a>
<dialog id="keys"><dl data-page-keys></dl><input type="checkbox" data-keys-on checked></dialog>"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    if not Path(CHROMIUM).exists():
        missing("Chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context()
    opened = context.new_page()
    opened.route("**/*", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
    opened.goto("http://tocsin.test/")
    yield opened
    context.close()


def press(page: Any, *keys: str) -> str:
    for key in keys:
        page.keyboard.press(key)
    fragment: str = page.evaluate("location.hash")
    return fragment


def ticked(page: Any) -> list[str]:
    found: list[str] = page.eval_on_selector_all("[name=selected]:checked", "all => all.map(one => one.value)")
    return found


def test_j_and_k_move_and_enter_opens(page: Any) -> None:
    assert press(page, "j", "j", "j", "k", "Enter") == "#open1"


def test_moving_stops_at_both_ends(page: Any) -> None:
    assert press(page, "k", "k", "Enter") == "#open0"
    assert press(page, *"jjjjjj", "Enter") == "#open3"


def test_e_acts_on_the_row_one_is_on(page: Any) -> None:
    assert press(page, "e") == ""
    assert press(page, "j", "j", "e") == "#act1"


def test_x_selects_and_shift_x_selects_up_to_here(page: Any) -> None:
    press(page, "j", "x")
    assert ticked(page) == ["0"]
    press(page, "j", "j", "Shift+X")
    assert ticked(page) == ["0", "1", "2"]
    assert page.text_content("[data-selected-count]") == "3"
    press(page, "x")
    assert ticked(page) == ["0", "1"]


def test_one_box_ticks_all(page: Any) -> None:
    page.check("[data-select-all]")
    assert ticked(page) == ["0", "1", "2", "3"]


def test_slash_searches_and_typing_there_is_typing(page: Any) -> None:
    press(page, "/", "j", "x", "e")
    assert page.input_value("input[type=search]") == "jxe"
    assert ticked(page) == []
    assert press(page, "Escape", "j", "Enter") == "#open0"


def test_a_key_of_the_page_presses_or_focuses(page: Any) -> None:
    assert press(page, "n") == "#next"
    press(page, "c", "h", "i")
    assert page.input_value("textarea") == "hi"


def test_g_and_a_number_go_to_a_room(page: Any) -> None:
    assert press(page, "2") == ""
    assert press(page, "g", "2") == "#room"


def test_a_question_mark_shows_the_keys_of_this_page(page: Any) -> None:
    press(page, "?")
    assert page.is_visible("dialog")
    assert "next page" in page.text_content("[data-page-keys]")


def test_keys_are_turned_off_and_stay_off(page: Any) -> None:
    press(page, "?")
    page.uncheck("[data-keys-on]")
    page.reload()
    assert press(page, "j", "n") == ""
    page.click("[data-keys]")
    page.check("[data-keys-on]")
    page.keyboard.press("Escape")
    assert press(page, "n") == "#next"


def test_keys_of_the_browser_are_left_alone(page: Any) -> None:
    assert press(page, "Control+j", "Alt+n") == ""
