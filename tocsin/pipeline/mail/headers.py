"""Read the header lines of a mail, whatever stands in them.

The header classes of the standard library raise on some broken lines and take long over others, so only its small
functions are used here, on values that have been cut to a length.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime

Headers = Mapping[str, tuple[str, ...]]

BLOCK, VALUE, IDS = 256 * 1024, 8 * 1024, 100
_BLANK = re.compile(rb"\r?\n[ \t]*\r?\n|\A\r?\n")
_LINE = re.compile(r"([!-9;-~]{1,76}):(.*)", re.DOTALL)
_WORD = re.compile(r"=\?([\w.:+-]{1,40})(?:\*[\w-]*)?\?([bBqQ])\?([^?]*)\?=(?:[ \t]+(?==\?))?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@]{1,64}@[^\s<>()\[\],;:\"@]{1,253}")
_ANGLE = re.compile(r"<([^<>]*)>")
_ID = re.compile(r"<[^<>\s\x00-\x1f\x7f]{1,500}>")
# Codecs that turn bytes into text and nothing else; others run long, or are no character sets at all.
_CHARSETS = re.compile(
    r"utf-8|utf-16.*|ascii|iso8859-\d+|cp\d+|koi8-[rtu]|gb.*|big5.*|euc_.*|shift_jis.*|iso2022_.*|mac-.*|tis-620|hz"
)


def split_head(data: bytes) -> tuple[Headers, bytes]:
    """Part a mail, or a part of one, into its headers and what follows."""
    blank = _BLANK.search(data[: BLOCK + 4])
    if blank:
        return read_headers(data[: blank.start()]), data[blank.end() :]
    return read_headers(data[:BLOCK]), data[BLOCK:]


def read_headers(block: bytes) -> Headers:
    """Give the values of each header by its lower-case name, unfolded and cut to a length."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in decode(block, "utf-8").splitlines():
        if line[:1] in {" ", "\t"} and lines:
            if len(lines[-1]) < VALUE:
                lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
    for line in lines:
        match = _LINE.fullmatch(line[:VALUE])
        if match:
            found.setdefault(match[1].lower(), []).append(match[2].strip())
    return {name: tuple(values) for name, values in found.items()}


def first(headers: Headers, name: str) -> str:
    """Give the first value of a header, nothing when it is not there."""
    return headers.get(name, ("",))[0]


def decode(data: bytes, charset: str) -> str:
    """Turn bytes into text as they say they are written, or as they most likely are."""
    for name in (charset, "utf-8"):
        try:
            known = codecs.lookup(name).name
            if known not in {"iso8859-1", "ascii"} and _CHARSETS.fullmatch(known):
                return data.decode(known)
        except (LookupError, UnicodeError, ValueError):
            continue
    # What calls itself latin-1 is written with Windows' quotation marks.
    return data.decode("cp1252", "replace")


def decode_transfer(data: bytes, encoding: str) -> bytes:
    """Undo base64 and quoted-printable."""
    match encoding.strip().lower():
        case "base64":
            digits = re.sub(rb"[^A-Za-z0-9+/]", b"", data)
            return base64.b64decode(digits[: len(digits) - (len(digits) % 4 == 1)] + b"==")
        case "quoted-printable":
            return binascii.a2b_qp(data)
        case _:
            return data


def clean(text: str) -> str:
    """Take out control and direction characters, which hide what is written."""
    return _CONTROL.sub("", text)


def readable(value: str) -> str:
    """Decode the encoded words of a value (RFC 2047)."""

    def word(match: re.Match[str]) -> str:
        data = match[3].encode("utf-8", "replace")
        raw = decode_transfer(data, "base64") if match[2] in "bB" else binascii.a2b_qp(data, header=True)
        return decode(raw, match[1])

    return clean(" ".join(_WORD.sub(word, value).split()))


def addresses(values: tuple[str, ...]) -> tuple[str, ...]:
    """Give the addresses of a From, To or Cc header, in lower case; a display name is never taken for one."""
    found: dict[str, None] = {}
    for value in values:
        for piece in _QUOTED.sub(" ", value).split(","):
            angle = _ANGLE.search(piece)
            match = _ADDRESS.search(angle[1] if angle else piece)
            if match and len(found) < IDS:
                found[clean(match[0]).lower()] = None
    return tuple(found)


def message_ids(values: tuple[str, ...]) -> tuple[str, ...]:
    """Give the message ids of a header, with their brackets."""
    return tuple(_ID.findall(" ".join(values)))[:IDS]


def moment(value: str) -> datetime | None:
    """Read a date in the zone it was written in, where "tomorrow" counts from; without one it is taken as UTC."""
    try:
        found = parsedate_to_datetime(value)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        # A day at the end of the calendar has no time in other zones.
        found.astimezone(UTC)
        return found
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


def content(headers: Headers) -> Message:
    """Give a message that has only what describes the content, for the parameters of its headers."""
    message = Message()
    for name in ("content-type", "content-disposition"):
        value = first(headers, name)[:2048]
        if value:
            message[name] = clean(value)
    return message
