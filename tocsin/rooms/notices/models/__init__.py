"""Notices and their parts, what is told, what comes back, and conversations about a matter."""

from __future__ import annotations

from tocsin.rooms.notices.models.notice import (
    COUNT,
    OWN,
    VIEW,
    Answer,
    Channel,
    Edition,
    Letter,
    Notice,
    NoticeQuerySet,
    Part,
    PartQuerySet,
    Share,
    Standing,
    Telling,
    new_reference,
    unsealed_for,
)
from tocsin.rooms.notices.models.thread import Party, Remark, Thread, ThreadMail

__all__ = [
    "COUNT",
    "OWN",
    "VIEW",
    "Answer",
    "Channel",
    "Edition",
    "Letter",
    "Notice",
    "NoticeQuerySet",
    "Part",
    "PartQuerySet",
    "Party",
    "Remark",
    "Share",
    "Standing",
    "Telling",
    "Thread",
    "ThreadMail",
    "new_reference",
    "unsealed_for",
]
