"""The text in a content, for those who look for words: of texts, mails and ZIP archives, as far as it is worth it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import BinaryIO

from tocsin.pipeline.content.archive import members, read
from tocsin.pipeline.content.kinds import HEAD, MAIL, TEXT, ZIP, media_type
from tocsin.pipeline.mail.headers import clean
from tocsin.pipeline.mail.letter import LIMIT, read_letter

LONGEST = 200_000  # bytes of the text that is given, in UTF-8
FIELDS = 32 * 1024  # of a mail's head: the way it came
LETTER = 4  # bytes of one in UTF-8; where a content is cut one may be broken
_MARKUP = re.compile(r"\s*<(?:\?xml|!doctype|html)\b", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")


def text_of(stream: BinaryIO) -> str:
    """Give the text in a content, empty when there is none; raise `errors.Refused` for an archive beyond its limits.

    ``stream`` must be seekable; of one that is long only the start is read.
    """
    kind = media_type(read(stream, HEAD))
    stream.seek(0)
    if kind == ZIP:
        return _joined(_archive(stream))
    if kind == MAIL:
        return _joined(_mail(read(stream, LIMIT)))
    return _joined(iter([_decoded(read(stream, LONGEST))])) if kind == TEXT else ""


def _joined(pieces: Iterator[str]) -> str:
    """Join pieces up to the longest text; what would come behind it is not even made."""
    kept: list[str] = []
    left = LONGEST
    for piece in pieces:
        data = piece.encode("utf-8", "replace")[:left]
        kept.append(data.decode("utf-8", "ignore"))
        left -= len(data) + 1
        if left <= 0:
            break
    return "\n".join(kept).strip()


def _archive(stream: BinaryIO) -> Iterator[str]:
    for member in members(stream):
        yield clean(member.name)
        kind = media_type(member.content[:HEAD])
        if kind == MAIL:
            yield from _mail(member.content)
        elif kind == TEXT:
            yield _decoded(member.content)


def _mail(data: bytes) -> Iterator[str]:
    letter = read_letter(io.BytesIO(data))
    yield clean(letter.subject)
    yield _decoded(re.split(rb"\r?\n\r?\n", data[:FIELDS], maxsplit=1)[0])
    yield letter.text
    for attachment in letter.attachments:
        yield f"{attachment.name} {attachment.sha256}"


def _decoded(data: bytes) -> str:
    """Read bytes as text; of markup only the text stays."""
    text = clean(data.decode(_charset(data), "replace"))
    if not _MARKUP.match(text):
        return text
    return "\n".join(line.strip() for line in _TAG.sub(" ", text).splitlines() if line.strip())


def _charset(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8" if error.start >= len(data) - LETTER else "cp1252"
    return "utf-8"
