"""What can go wrong where signals are kept.

LakeError
├── JournalError           the journal could not take or give an entry
│   └── EntryTooLarge      one entry is over what a journal takes
├── StorageFull            there is no room left (or a quota is used up)
├── FileMissing            a file that is listed as true is not there
└── TakenMeanwhile         another process has taken the same records first
"""

from __future__ import annotations

import errno

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class LakeError(Exception):
    """The base of all errors of journal and lake; the message says what to do."""


class JournalError(LakeError):
    """The journal could not take or give an entry."""


class EntryTooLarge(JournalError):
    """One entry is over what a journal takes."""


class StorageFull(LakeError):
    """There is no room left."""


class FileMissing(LakeError):
    """A file that is listed as true is not there."""


class TakenMeanwhile(LakeError):
    """Another process has taken the same records first."""


def explained(error: OSError, where: object) -> LakeError:
    """Turn an error of the operating system into one that says what to do."""
    if error.errno in FULL:
        return StorageFull(f"No room left in {where}. Free some space and run it again; what was taken so far is kept.")
    return LakeError(f"{where} could not be written: {error.strerror or error}.")
