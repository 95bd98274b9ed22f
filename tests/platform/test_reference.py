"""The page of settings says what the code does."""

from __future__ import annotations

from tocsin.platform.reference import PAGE, settings_page


def test_the_page_of_settings_is_current() -> None:
    assert PAGE.read_text() == settings_page(), "run `python -m tocsin.platform.reference`"
