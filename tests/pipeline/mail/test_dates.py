"""Days as people name them."""

from __future__ import annotations

from datetime import date

import pytest

from tocsin.pipeline.mail.dates import days

THURSDAY = date(2026, 11, 12)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-11-17", "2026-11-17"), ("on 17/11/2026", "2026-11-17"), ("le 17.11.26", "2026-11-17"),
        ("by 17/11", "2026-11-17"), ("le 5/1", "2027-01-05"), ("11/18/2026", "2026-11-18"),
        ("17 november", "2026-11-17"), ("17th of november 2026", "2026-11-17"), ("november 17th", "2026-11-17"),
        ("dec 3, 2026", "2026-12-03"), ("1er decembre", "2026-12-01"), ("d'ici le 3 janv. 2027", "2027-01-03"),
        ("today", "2026-11-12"), ("tonight", "2026-11-12"), ("aujourd'hui", "2026-11-12"), ("ce soir", "2026-11-12"),
        ("tomorrow morning", "2026-11-13"), ("demain matin", "2026-11-13"), ("apres-demain", "2026-11-14"),
        ("the day after tomorrow", "2026-11-14"),
        ("on monday", "2026-11-16"), ("lundi", "2026-11-16"), ("lundi prochain", "2026-11-16"),
        ("next monday", "2026-11-16"), ("next friday", "2026-11-20"), ("friday", "2026-11-13"),
        ("next thursday", "2026-11-19"), ("thursday", "2026-11-19"), ("on wednesday 18/11", "2026-11-18"),
        ("within 48 hours", "2026-11-14"), ("sous 24h", "2026-11-13"), ("in two weeks", "2026-11-26"),
        ("dans trois jours", "2026-11-15"), ("in the next 5 days", "2026-11-17"), ("dans un mois", "2026-12-12"),
        ("end of the week", "2026-11-13"), ("fin de semaine", "2026-11-13"), ("end of next week", "2026-11-20"),
        ("la semaine prochaine", "2026-11-20"), ("end of the month", "2026-11-30"), ("fin du mois", "2026-11-30"),
        ("for friday 20/11", "2026-11-20"), ("wednesday 18", "2026-11-18"), ("mercredi 18", "2026-11-18"),
        ("friday 9 am", "2026-11-13"), ("by the 18th", "2026-11-18"), ("this weekend", "2026-11-15"),
        ("le week-end prochain", "2026-11-22"), ("semaine 48", "2026-11-27"), ("mid-december", "2026-12-15"),
        ("mi-decembre", "2026-12-15"), ("fin decembre", "2026-12-31"), ("for january 2027", "2027-01-31"),
        ("by the end of the year", "2026-12-31"), ("fin de l'annee", "2026-12-31"), ("next month", "2026-12-31"),
        ("d'ici quinze jours, sous quinzaine", "2026-11-26"), ("by end of day", "2026-11-12"),
    ],
)  # fmt: skip
def test_it_finds_the_day(text: str, day: str) -> None:
    assert [found.day for found in days(text, THURSDAY)][-1] == date.fromisoformat(day)


@pytest.mark.parametrize(
    "text",
    ["192.0.2.14", "198.51.100.0/24", "24/7", "1/2 of them", "version 7.4.9", "31/02/2026", "on 45 november", "in 5",
     "99/99/2026", "0000-00-00", "within 999 months of 9999-99-99", "2026-13-01", "may",
     "in march 2025", "en mars 2025"],
)  # fmt: skip
def test_other_numbers_are_no_days(text: str) -> None:
    assert [found.day for found in days(text, THURSDAY) if found.day and found.day.year < 2100] == []


def test_days_that_are_counted_from_a_letter_need_its_date() -> None:
    assert [found.day for found in days("tomorrow, on monday, by 17/11, in two weeks", None)] == [None] * 4
    assert [found.day for found in days("2026-11-17", None)] == [date(2026, 11, 17)]


def test_the_last_days_of_the_calendar_do_no_harm() -> None:
    assert days("in 99 weeks, end of next week, end of the month", date.max) == []
