"""What can go wrong before there are records.

    ParserError
    ├── UnknownFormat          no parser knows this content, or there is none of that name
    └── ContentError           the bytes cannot be had
        ├── Vanished           there is no such file (any more)
        ├── NotAFile           a directory, a socket, ...
        ├── NoPermission       we may not read it
        ├── EmptyContent       there is nothing in it
        ├── TruncatedContent   compressed data that ends early; raised after all that could be read
        ├── CorruptContent     compressed data that is damaged; raised after all that could be read
        └── Unreadable         the medium failed

A record that cannot be understood is none of these: it is a `Reject` and the others carry on.
"""

from __future__ import annotations


class ParserError(Exception):
    """The base of all errors of the parsers; the message says what to do."""


class UnknownFormat(ParserError):
    """No parser knows this content."""


class ContentError(ParserError):
    """The bytes cannot be had."""


class Vanished(ContentError):
    """There is no such file."""


class NotAFile(ContentError):
    """The path is not a file."""


class NoPermission(ContentError):
    """The file may not be read."""


class EmptyContent(ContentError):
    """The file holds nothing."""


class TruncatedContent(ContentError):
    """Compressed data ends early."""


class CorruptContent(ContentError):
    """Compressed data is damaged."""


class Unreadable(ContentError):
    """Reading failed half-way."""
