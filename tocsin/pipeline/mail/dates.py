"""Find the days that are named in a text, in English and French, as seen from the day it was written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

_MONTHS = (
    ("january", "jan", "janvier", "janv"), ("february", "feb", "fevrier", "fev"), ("march", "mar", "mars"),
    ("april", "apr", "avril", "avr"), ("may", "mai"), ("june", "jun", "juin"), ("july", "jul", "juillet", "juil"),
    ("august", "aug", "aout"), ("september", "sept", "sep", "septembre"), ("october", "oct", "octobre"),
    ("november", "nov", "novembre"), ("december", "dec", "decembre"),
)  # fmt: skip
_WEEKDAYS = (
    ("monday", "lundi"), ("tuesday", "mardi"), ("wednesday", "mercredi"), ("thursday", "jeudi"),
    ("friday", "vendredi"), ("saturday", "samedi"), ("sunday", "dimanche"),
)  # fmt: skip
MONTHS = {name: number for number, names in enumerate(_MONTHS, 1) for name in names}
WEEKDAYS = {name: number for number, names in enumerate(_WEEKDAYS) for name in names}
_COUNTS = ("one un une a", "two deux", "three trois", "four quatre", "five cinq", "six", "seven sept", "eight huit",
           "nine neuf", "ten dix")  # fmt: skip
COUNTS = {word: number for number, words in enumerate(_COUNTS, 1) for word in words.split()}
FRIDAY, SUNDAY = 4, 6

_MONTH, _DAY = "|".join(sorted(MONTHS, key=len, reverse=True)), "|".join(WEEKDAYS)
_PART = "morning|afternoon|evening|night|matin|soir|apres-midi"
_UNIT = "hours?|h|heures?|days?|jours?|weeks?|semaines?|months?|mois"
_COUNT = rf"\d{{1,3}}|{'|'.join(sorted(COUNTS, key=len, reverse=True))}"
# Without any of these no day is named.
_HINT = re.compile(
    rf"\d|{_DAY}|{_MONTH}|hour|heure|week|semaine|month|mois|jour|today|tonight|tomorrow|day|afternoon|evening|year"
    "|fortnight|eod|cob|close of|aujourd|soir|midi|demain|annee|quinzaine"
)
# What may stand before a day without making it another one.
_BEFORE = (
    r"(?:(?:by|on|before|until|till|for|from|the|of|no later than|at the latest|this|coming|in|around|latest"
    r"|d'ici|avant|pour|des|le|la|au|du|jusqu'au|a partir du|ce|cet|cette|en|courant|vers|dans"
    rf"|{_DAY})\b,? *){{0,4}}"
)
_NUMBERED = (
    r"(?:(?:by|on|before|until|till|to|from|for|no later than|at the latest|le|au|du|avant|d'ici|pour) (?:le |the )?"
    rf"(?:(?:{_DAY}),? (?:le |the )?)?|(?:{_DAY}),? (?:le |the )?)"
)


@dataclass(frozen=True, slots=True)
class Day:
    """A day that is named, and where; ``day`` is none where the letter has no date to count from."""

    start: int
    end: int
    day: date | None


def days(text: str, today: date | None) -> list[Day]:
    """Give the days named in a text that is written in small letters without accents, one after the other."""
    found: list[Day] = []
    if not _HINT.search(text):
        return found
    for day in sorted(_all(text, today), key=lambda d: (d.start, d.start - d.end)):
        if not found or day.start >= found[-1].end:
            found.append(day)
    return found


def _all(text: str, today: date | None) -> Iterator[Day]:
    for pattern, read in _FORMS:
        for match in pattern.finditer(text):
            try:
                yield Day(match.start(), match.end(), read(match, today))
            except (ValueError, OverflowError):
                continue


def _iso(match: re.Match[str], _: date | None) -> date | None:
    return date(int(match[1]), int(match[2]), int(match[3]))


def _numbers(match: re.Match[str], today: date | None) -> date | None:
    day, month = int(match[1]), int(match[2])
    # 11/18 can only be American; everything else is read as in Europe.
    if month > 12:
        day, month = month, day
    return _in_year(day, month, match[3] if match.re.groups > 2 else None, today)


def _day_first(match: re.Match[str], today: date | None) -> date | None:
    return _in_year(int(match[1]), MONTHS[match[2]], match[3], today)


def _month_first(match: re.Match[str], today: date | None) -> date | None:
    return _in_year(int(match[2]), MONTHS[match[1]], match[3], today)


def _in_year(day: int, month: int, year: str | None, today: date | None) -> date | None:
    if year:
        return date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    if today is None:
        return None
    found = date(today.year, month, day)
    return date(today.year + 1, month, day) if found < today - timedelta(days=60) else found


def _day_of_month(match: re.Match[str], today: date | None) -> date | None:
    """Give the next day of that number, where it is that day of the week: Wednesday 18."""
    if today is None:
        return None
    found = today.replace(day=int(match["number"]))
    if found < today:
        found = (today.replace(day=1) + timedelta(days=32)).replace(day=found.day)
    if match["named"] and WEEKDAYS[match["named"]] != found.weekday():
        raise ValueError("it is another day of the week")
    return found


def _end_of_named(match: re.Match[str], today: date | None) -> date | None:
    found = _month_end(match, _in_year(1, MONTHS[match[1]], match[2], today))
    if found and today and found < today:
        raise ValueError("a month that has passed is no day of a plan")
    return found


def _middle_of_named(match: re.Match[str], today: date | None) -> date | None:
    return _in_year(15, MONTHS[match[1]], match[2], today)


def _next_month_end(match: re.Match[str], today: date | None) -> date | None:
    return _month_end(match, today.replace(day=1) + timedelta(days=32)) if today else None


def _numbered_week(match: re.Match[str], today: date | None) -> date | None:
    """Give the Friday of the week of that number."""
    if today is None:
        return None
    found = date.fromisocalendar(today.year, int(match[1]), FRIDAY + 1)
    return found if found >= today else date.fromisocalendar(today.year + 1, int(match[1]), FRIDAY + 1)


def _year_end(_: re.Match[str], today: date | None) -> date | None:
    return today.replace(month=12, day=31) if today else None


def _sunday(match: re.Match[str], today: date | None) -> date | None:
    """Give the end of a weekend."""
    weeks = 7 if match["next"] == "next " or match["prochain"] else 0
    return today + timedelta(days=SUNDAY - today.weekday() + weeks) if today else None


def _weekday(match: re.Match[str], today: date | None) -> date | None:
    if today is None:
        return None
    number = WEEKDAYS[match["day"]]
    if match["next"] or match["prochain"]:
        return today + timedelta(days=7 - today.weekday() + number)
    return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1)


def _ahead(match: re.Match[str], today: date | None) -> date | None:
    if today is None:
        return None
    count = COUNTS.get(match[1]) or int(match[1])
    unit = match[2][0]
    if unit == "h":
        return today + timedelta(days=-(-count // 24))
    if unit == "m":
        return today + timedelta(days=30 * count)
    return today + timedelta(days=count * (7 if unit in "ws" else 1))


def _in_days(count: int) -> Callable[[re.Match[str], date | None], date | None]:
    return lambda _, today: today + timedelta(days=count) if today else None


def _week_end(weeks: int) -> Callable[[re.Match[str], date | None], date | None]:
    def read(_: re.Match[str], today: date | None) -> date | None:
        return today + timedelta(days=FRIDAY - today.weekday() + 7 * weeks) if today else None

    return read


def _month_end(_: re.Match[str], today: date | None) -> date | None:
    if today is None:
        return None
    return (today.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _form(
    pattern: str, read: Callable[[re.Match[str], date | None], date | None], before: str = _BEFORE
) -> tuple[re.Pattern[str], Callable[[re.Match[str], date | None], date | None]]:
    return re.compile(rf"\b{before}(?<![\w./])(?:{pattern})(?![\w/])"), read


_FORMS = (
    _form(r"(\d{4})-(\d\d)-(\d\d)", _iso),
    _form(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d\d)(?!\.?\d)", _numbers),
    _form(r"(\d{1,2})[/.](\d{1,2})(?![.-]?\d)", _numbers, _NUMBERED),
    _form(rf"(\d{{1,2}})(?:st|nd|rd|th|er|e)?(?: of)? ({_MONTH})\.?(?:,? (\d{{4}}))?", _day_first),
    _form(rf"({_MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?(?:,? (\d{{4}}))?", _month_first),
    _form(
        rf"(?P<next>next )?(?P<day>{_DAY})(?P<prochain> prochain)?(?: (?:{_PART}))?",
        _weekday,
    ),
    _form(
        rf"(?P<named>{_DAY}),? (?:the |le )?(?P<number>\d{{1,2}})(?:st|nd|rd|th|er)?(?! ?(?:[h:]|{_MONTH}))",
        _day_of_month,
        "",
    ),
    _form(
        r"(?P<named>)(?P<number>\d{1,2})(?:st|nd|rd|th)(?! \w+ (?:time|day|floor|line))",
        _day_of_month,
        r"(?:by|on|before|until) the ",
    ),
    _form(
        rf"(?:the )?(?:end of|late|fin(?: de| du mois de)?|in the course of|during) ({_MONTH})(?: (\d{{4}}))?",
        _end_of_named,
    ),
    _form(
        rf"(?:in|en|for|pour|by|d'ici|courant|au mois de|(?:debut|early|beginning of)) ({_MONTH})(?: (\d{{4}}))?",
        _end_of_named,
        "",
    ),
    _form(rf"(?:mid|mi|middle of)[ -]({_MONTH})(?: (\d{{4}}))?", _middle_of_named),
    _form(r"(?:the )?(?:end of|fin(?: de)?)(?: the| this| l'| d'| l)? ?(?:year|annee)", _year_end),
    _form(r"(?:this |ce |le )?(?P<next>next |coming )?(?:weekend|week-end)(?P<prochain> prochain)?", _sunday),
    _form(r"(?:this week|cette semaine)", _week_end(0)),
    _form(
        r"(?:within|in|sous|dans|d'ici|d'ici a)(?: the| les)?(?: next| prochaine?s?)?"
        rf" ({_COUNT}) ?(?:prochaine?s? )?({_UNIT})",
        _ahead,
    ),
    _form(r"(?:sous|dans la|within a|in a|d'ici une) (?:quinzaine|fortnight)", _in_days(14)),
    _form(
        r"(?:the )?(?:end of(?: the| this)? day|eod|cob|close of business|fin de(?: la)? journee)(?: today)?",
        _in_days(0),
    ),
    _form(r"(?:next month|mois prochain)", _next_month_end),
    _form(r"(?:week|semaine) (\d{1,2})", _numbered_week),
    _form(r"(?:today|tonight|this (?:afternoon|evening)|aujourd'hui|ce soir|cet apres-midi)", _in_days(0)),
    _form(r"(?:day after tomorrow|apres-demain)", _in_days(2)),
    _form(r"(?:tomorrow|demain)(?: (?:morning|afternoon|evening|night|matin|soir|apres-midi))?", _in_days(1)),
    _form(r"(?:end of|fin de|fin)(?: the| this| la| cette)? (?:week|semaine)", _week_end(0)),
    _form(r"(?:end of|fin de|fin)(?: the| la)? (?:next week|semaine prochaine)", _week_end(1)),
    _form(r"(?:next week|la semaine prochaine|semaine prochaine)", _week_end(1)),
    _form(r"(?:end of|fin de|fin)(?: the| this| du| ce)? (?:month|mois)", _month_end),
)
