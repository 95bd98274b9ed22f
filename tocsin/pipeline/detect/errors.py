"""What can go wrong before there is a plan.

DetectError
├── CannotRun        a rule cannot be run here; becomes a refusal with file and line
└── MappingError     a file in mappings/ is broken: ours to mend, never the rule's author's
"""

from __future__ import annotations


class DetectError(Exception):
    """The base of all errors of detection."""


class CannotRun(DetectError):
    """A rule cannot be run, and why; ``needle`` is the text of the rule that shows the place."""

    def __init__(self, reason: str, needle: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.needle = needle


class MappingError(DetectError):
    """A mapping file is not usable; the message says where."""
