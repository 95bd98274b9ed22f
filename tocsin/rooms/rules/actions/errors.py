"""What can go wrong with rules.

RuleError
├── NothingToImport   the folder is not there or holds no rule file
└── CannotRun         a refused rule was to be switched on
"""

from __future__ import annotations


class RuleError(Exception):
    """Something about rules cannot be done; the message says what to do instead."""


class NothingToImport(RuleError):
    """The folder is not there or holds no rule file."""


class CannotRun(RuleError):
    """A refused rule was to be switched on."""
