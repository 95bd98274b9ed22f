"""What cannot be done with a notice now."""

from __future__ import annotations


class NoticeError(Exception):
    """The message says what stands against it and what to do; people read it."""


class LookAgain(NoticeError):
    """What would be sent is no longer what the person saw."""
