"""What a parser offers: the one thing each format's file must define."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from tocsin.pipeline.schema.event import Reading, Record, Reject

HEAD = 64 * 1024


@dataclass(frozen=True, slots=True)
class Format:
    """Declare a format: its name, how to recognise it and how to read it.

    ``sniff`` sees the first 64 KiB. ``read`` yields each record in order and never stops at a bad one.
    ``appendable`` says that a file of this format grows at its end and can be resumed at an offset;
    where it is False, resuming means reading again and skipping.
    """

    name: str
    sniff: Callable[[bytes], bool]
    read: Callable[[BinaryIO, Reading], Iterator[Record | Reject]]
    appendable: bool = True
