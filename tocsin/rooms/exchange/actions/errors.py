"""What can go wrong with an import.

ExchangeError
└── Superseded   another process, or a person, has taken the import further meanwhile
"""

from __future__ import annotations


class ExchangeError(Exception):
    """Something about an import cannot be done; the message says what to do instead."""


class Superseded(ExchangeError):
    """Another process, or a person, has taken the import further meanwhile."""
