"""Take a mail apart into its parts (MIME), to a depth and a number that are bounded.

The parser of the standard library recurses as deep as a mail is nested and looks at every line once for every level;
a small mail made for it keeps it busy for minutes. Here each level costs one search.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from tocsin.pipeline.mail.headers import Headers, content, decode, decode_transfer, first, split_head

DEPTH, PARTS = 10, 100


@dataclass(frozen=True, slots=True)
class Part:
    """One part: a leaf with its body as it stands in the mail, or a multipart with its children.

    ``cut`` says that the part goes on behind the place where reading stopped.
    """

    headers: Headers
    kind: str
    body: bytes
    children: tuple[Part, ...] = ()
    cut: bool = False

    @property
    def data(self) -> bytes:
        """The body without its transfer encoding."""
        return decode_transfer(self.body, first(self.headers, "content-transfer-encoding"))

    @property
    def text(self) -> str:
        """The body as text."""
        return decode(self.data, self.parameter("charset"))

    @property
    def name(self) -> str:
        """The name of the file it wants to be."""
        found = content(self.headers).get_filename()
        return str(found or "")

    @property
    def attached(self) -> bool:
        """Whether it is meant to be a file and not to be read in its place."""
        disposition = first(self.headers, "content-disposition").strip().lower()
        return disposition.startswith("attachment") or bool(self.name)

    def parameter(self, name: str) -> str:
        """Give a parameter of the content type."""
        value = content(self.headers).get_param(name, "")
        return value[2] if isinstance(value, tuple) else str(value or "")

    def leaves(self) -> Iterator[Part]:
        """Give all parts that have no parts."""
        if not self.children:
            yield self
        for child in self.children:
            yield from child.leaves()


class _Budget:
    """Counts the parts of one mail; ``spent`` once some had to be left whole."""

    def __init__(self) -> None:
        self.left = PARTS
        self.spent = False


def take_apart(data: bytes, cut: bool) -> tuple[Part, bool]:
    """Give the whole mail as a part; True beside it when it has more parts or levels than are looked at."""
    budget = _Budget()
    return _part(data, cut, DEPTH, budget), budget.spent


def _part(data: bytes, cut: bool, depth: int, budget: _Budget) -> Part:
    headers, body = split_head(data)
    part = Part(headers, content(headers).get_content_type(), body, cut=cut)
    boundary = part.parameter("boundary").strip()
    if not part.kind.startswith("multipart/"):
        return part
    if not boundary:
        return replace(part, kind="text/plain")
    if not depth:
        budget.spent = True
        return part
    found = list(islice(pieces(body, boundary.encode("utf-8", "replace"), cut), budget.left + 1))
    if len(found) > budget.left:
        budget.spent = True
        found.pop()
    budget.left -= len(found)
    if not found:
        return replace(part, kind="text/plain")
    return replace(part, body=b"", children=tuple(_part(piece, c, depth - 1, budget) for piece, c in found))


def pieces(body: bytes, boundary: bytes, cut: bool) -> Iterator[tuple[bytes, bool]]:
    """Give what stands between the boundaries, and whether it has no end."""
    line = re.compile(rb"(?:\A|\r?\n)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r?\n|\Z)")
    start = -1
    for match in line.finditer(body):
        if start >= 0:
            yield _after_line(body[start : match.start()]), False
        start = match.end()
        if match[1]:
            return
    if start >= 0:
        yield _after_line(body[start:]), cut


def _after_line(piece: bytes) -> bytes:
    return piece.removeprefix(b"\r").removeprefix(b"\n")
