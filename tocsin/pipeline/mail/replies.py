"""Say what the answer to a notice means.

A phrase that is known says something, or explains a part of the text that changes nothing. What is left must hold no
word that stops the answer (not, but, if, some, will ...): otherwise, or where phrases contradict each other, the answer
is "unclear" and a person reads it. docs/reference/replies.md says which section stops what.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from tocsin.pipeline.mail.dates import Day, days
from tocsin.pipeline.mail.delivery import Delivery, read_notification
from tocsin.pipeline.mail.letter import Letter
from tocsin.pipeline.mail.phrases import meaning, plain

ANSWERS = frozenset({"acknowledged", "not_applicable", "planned", "done", "refused"})
# A longer text is for a person to read.
LONG, REASON = 2_000, 500
_LINK = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+\.\S+")
_SAID = re.compile(r"\"[^\"]{2,}\"|«[^»]+»|“[^”]+”|„[^“”]+[“”]")
# One word in quotes is a name, unless it says how it went.
_NAMED = re.compile(r"[\"«“„] ?([\w-]{2,30}) ?[\"»”“]")
_FACES = re.compile(r"[\U0001f600-\U0001f64f\U0001f900-\U0001f9ff\u2639\u263a]|[:;]-?[()pd/]|\.\.\.|…")
_SENTENCE = re.compile(r"(?<=[.!?])[\"')]*\s+|\n+")
_CLAUSE = re.compile(r"[,;:()]+ *| - |- ")
_SIGNALS = (
    "limits", "not_applicable", "refused", "planned", "done", "contained", "ended", "working", "received",
)  # fmt: skip
# Phrases of these hold words of doubt themselves: "is not ours", "will be patched".
_UNSURE = {"limits", "not_applicable", "refused", "planned", "ended", "working", "received"}
_ENDED = ("done", "contained", "ended")
_EVIDENCE = {
    "acknowledged": ("working", "received"),
    "done": _ENDED,
    **{kind: (kind,) for kind in ("not_applicable", "refused", "planned")},
}
# What may stand nowhere beside an answer, when no phrase explains it. A day that is named carries a plan.
_STOPS = {
    "done": ("negation", "reason", "timing", "future", "postponed", "undone", "matter"),
    "planned": ("negation", "reason", "timing", "future", "undone"),
    "planned for a day": ("negation", "undone"),
    "not_applicable": ("timing", "postponed", "remedy"),
    "refused": ("timing", "postponed"),
    "acknowledged": ("negation", "matter", "remedy", "denial"),
}
# What phrases that are taken out must not hold: of others' addresses "another" may be said, "some" may not.
_WITHIN = {"planned": "doubt", "not_applicable": "partial", "refused": "partial", "limits": "denial", "ended": "doubt"}
# What only tells how it came about holds none of these.
_TELLING = ("doubt", "negation", "matter", "postponed", *_SIGNALS)
# These count in clauses in which nothing was said.
_LOOSE = ("matter", "remedy", "denial")
_REST = ("negation", "reason", "timing", "future", "postponed")
# A line of this length was broken by a mail program.
_JOINED = 50


@dataclass(frozen=True, slots=True)
class Understood:
    """What a mail means.

    ``kind`` is acknowledged, not_applicable, planned, done, refused, question, out_of_office, bounced, delayed,
    delivered, read, automatic or unclear; ``evidence`` the phrase or header that decided. ``reason`` are the writer's
    words where they decline.
    """

    kind: str
    evidence: str
    planned_for: date | None = None
    away_until: date | None = None
    reason: str = ""
    deliveries: tuple[Delivery, ...] = ()
    original_message_id: str = ""
    original_envelope_id: str = ""


@dataclass(slots=True)
class _Reading:
    """What was found in a text so far: the first evidence of each signal, the days of plans, what no phrase knows."""

    signals: dict[str, str] = field(default_factory=dict)
    stops: dict[str, str] = field(default_factory=dict)
    days: list[Day] = field(default_factory=list)


def understand(letter: Letter) -> Understood:
    """Say what a mail means; what machines write is never an answer."""
    report = read_notification(letter)
    if report:
        return Understood(
            report.kind,
            report.evidence,
            deliveries=report.deliveries,
            original_message_id=report.message_id,
            original_envelope_id=report.envelope_id,
        )
    return _machine(letter) or _absence(letter) or _words(letter)


def _machine(letter: Letter) -> Understood | None:
    """Recognise what answers by itself, by header, subject or words."""
    subject = plain(letter.subject).partition(":")[0]
    text = _joined(plain(letter.own or (letter.text if letter.automatic else ""))[:4_000])
    told = letter.automatic or meaning("automatic_subject").first(subject)
    away = meaning("absent_subject").first(subject) or (_away(text) if told else "")
    if away:
        return Understood("out_of_office", away, away_until=_until(text, letter))
    told = told or ("" if _away(text) else meaning("automatic").first(text))
    return Understood("automatic", told) if told else None


def _absence(letter: Letter) -> Understood | None:
    """Recognise an absence by words alone; who names a plan beside it is a person."""
    text = _joined(plain(letter.own)[:4_000])
    away = _away(text)
    if not away:
        return None
    reading = _Reading()
    _read(letter.own, letter.date.date() if letter.date else None, reading)
    if "planned" not in reading.signals:
        return Understood("out_of_office", away, away_until=_until(text, letter))
    return Understood("unclear", away) if meaning("out_of_office").first(text) else None


def _away(text: str) -> str:
    return meaning("out_of_office").first(text) or meaning("returning").first(text)


def _until(text: str, letter: Letter) -> date | None:
    """Give the last day that is named as the end of an absence."""
    found = [
        day.day
        for day in days(text, letter.date.date() if letter.date else None)
        if day.day and meaning("return").first(text[max(0, day.start - 25) : day.end])
    ]
    return max(found, default=None)


def _words(letter: Letter) -> Understood:
    """Understand the writer's own words."""
    if not letter.own or len(letter.own) > LONG:
        return Understood("unclear", "")
    asked = _question(letter.own)
    if asked:
        return Understood("question", asked)
    reading = _Reading()
    doubt = _read(letter.own, letter.date.date() if letter.date else None, reading)
    answer = "" if doubt else _answer(reading, letter)
    stop = doubt or next((reading.stops[name] for name in _STOPS.get(answer, ()) if name in reading.stops), "")
    kind = answer.partition(" ")[0]
    if stop or not kind:
        return Understood("unclear", stop)
    evidence = next((reading.signals[name] for name in _EVIDENCE[kind] if name in reading.signals), "")
    return Understood(
        kind,
        evidence,
        planned_for=_planned_for(reading) if kind == "planned" else None,
        reason=" ".join(letter.own.split())[:REASON] if kind in {"not_applicable", "refused"} else "",
    )


def _question(own: str) -> str:
    """Give what is asked."""
    for sentence in _sentences(own):
        # "which" asks at the beginning of a sentence only.
        asking = meaning("question").first(_explained(sentence, "harmless").replace("\n", ", "))
        if asking or "?" in sentence:
            return asking or sentence.strip()[-200:]
    return ""


def _read(own: str, today: date | None, reading: _Reading) -> str:
    """Note what the text says, and give the first word of doubt that nothing explains."""
    own = _NAMED.sub(_quoted, own)
    if _SAID.search(own) or _FACES.search(own):
        return (_SAID.search(own) or _FACES.search(own) or [""])[0]
    for sentence in _sentences(own):
        doubt = _read_sentence(_untold(_explained(sentence, "harmless")), today, reading)
        if doubt:
            return doubt
    return ""


def _quoted(match: re.Match[str]) -> str:
    """Take the quotes off a word that says nothing."""
    telling = ("doubt", "negation", "remedy", "denial", "received", "working", "done", "contained")
    word = plain(match[1])
    return match[0] if any(meaning(section).first(word) for section in telling) else "_"


def _read_sentence(sentence: str, today: date | None, reading: _Reading) -> str:
    """Note what a sentence says, and give its first word of doubt."""
    cause = meaning("cause").first(sentence)
    if cause:
        reading.signals.setdefault("cause", cause)
        sentence = _explained(sentence, "cause")
    named = days(sentence, today)
    if cause:
        reading.days += named
    ahead = _done_ahead(sentence, today)
    if ahead:
        reading.stops.setdefault("future", ahead)
    rest = text = _without_days(sentence, named)
    for name in _SIGNALS:
        found = meaning(name).first(rest)
        if not found:
            continue
        reading.signals.setdefault(name, found)
        if name in {"planned", "refused"}:
            reading.days += named
        if name in _WITHIN:
            doubt = _doubt_within(rest, name, reading)
            if doubt:
                return doubt
        if name in _UNSURE:
            rest = _explained(rest, name)
    _note_stops(reading, rest, _REST)
    _note_stops(reading, _explained(text, "received"), ("undone",))
    _note_stops(reading, _loose(text, rest), _LOOSE)
    return meaning("doubt").first(rest)


def _done_ahead(sentence: str, today: date | None) -> str:
    """Give the words of a day to come that a clause names beside something done: "done by Friday" is none yet."""
    for clause in sentence.split("\n"):
        named = days(clause, today)
        if not named or not any(meaning(name).first(_without_days(clause, named)) for name in _ENDED):
            continue
        for day in named:
            written = clause[day.start : day.end]
            exact = day.day is not None and today is not None and day.day > today and any(map(str.isdigit, written))
            if exact or meaning("ahead").first(written) or meaning("ahead").first(clause[: day.start].rstrip()[-12:]):
                return written
    return ""


def _loose(text: str, rest: str) -> str:
    """Give the clauses in which no phrase says anything."""
    known = [meaning(name) for name in ("done", "contained")]
    whole = set(text.split("\n"))
    return "\n".join(line for line in rest.split("\n") if line in whole and not any(p.first(line) for p in known))


def _doubt_within(text: str, name: str, reading: _Reading) -> str:
    """Note what stands inside the phrases that are taken out, and give their word of doubt."""
    for found in meaning(name).all(text):
        if name == "planned":
            _note_stops(reading, found.text, ("negation", "timing"))
        doubt = meaning(_WITHIN[name]).first(found.text)
        if doubt:
            return doubt
    return ""


def _note_stops(reading: _Reading, text: str, sections: Iterable[str]) -> None:
    for section in sections:
        found = meaning(section).first(text)
        if found:
            reading.stops.setdefault(section, found)


def _without_days(sentence: str, named: Sequence[Day]) -> str:
    """Write __ for each day, whose "before" and "until" are no doubt."""
    for day in reversed(named):
        sentence = f"{sentence[: day.start]}__{sentence[day.end :]}"
    return sentence


def _explained(sentence: str, section: str) -> str:
    """Take out what the phrases of a section explain."""
    for found in reversed(list(meaning(section).all(sentence))):
        before, behind = sentence[: found.start], sentence[found.end :]
        # Before "please note that ..." nothing stays, so that the clause begins with what follows.
        leads = section == "harmless" and (not before or before[-1] == "\n")
        sentence = f"{before}{behind.lstrip(' ')}" if leads else f"{before}_{behind}"
    return sentence


def _untold(sentence: str) -> str:
    """Take out what only tells how it came about."""
    for found in reversed(list(meaning("background").all(sentence))):
        if not any(meaning(section).first(found.text) for section in _TELLING):
            sentence = f"{sentence[: found.start]}_{sentence[found.end :]}"
    return sentence


def _answer(reading: _Reading, letter: Letter) -> str:
    """Decide on what was said, where it does not contradict itself."""
    said = set(reading.signals) - {"received"}
    ahead = [day for day in reading.days if day.day and not (letter.date and day.day < letter.date.date())]
    if "planned" in said:
        return _plan(said, bool(ahead), any(day.day for day in reading.days))
    if said - {"cause"} == {"refused"}:
        return "" if reading.days else "refused"
    if said and said <= {"done", "contained", "ended"}:
        return "done"
    if said - {"cause"} == {"not_applicable"}:
        return "not_applicable"
    known = reading.signals.keys() & {"working", "received"}
    return "acknowledged" if known and said <= {"working", "limits"} else ""


def _plan(said: set[str], ahead: bool, named: bool) -> str:
    """Say what a plan is worth; beside one with a day may stand what was done until then."""
    if ahead:
        return "" if said & {"not_applicable", "refused", "done"} else "planned for a day"
    return "planned" if said <= {"planned", "working"} and not named else ""


def _planned_for(reading: _Reading) -> date | None:
    """Give the last of the days that are named: by then all of it is to be done."""
    return max((day.day for day in reading.days if day.day), default=None)


def _sentences(own: str) -> Iterator[str]:
    """Give the sentences, written plainly; the clauses of each stand on lines of their own."""
    text = _joined(plain(_LINK.sub("_", own)))
    for sentence in _SENTENCE.split(text):
        if not sentence.strip():
            continue
        clauses = _CLAUSE.sub("\n", sentence)
        yield "\n".join(" ".join(clause.split()).rstrip(" .!") for clause in clauses.split("\n"))


def _joined(text: str) -> str:
    """Join lines that a mail program broke."""
    lines: list[str] = []
    for line in text.splitlines():
        if lines and len(lines[-1].rpartition("\n")[2]) >= _JOINED and line.strip():
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line.strip())
    return "\n".join(lines)
