"""Write small mails for tests."""

from __future__ import annotations

import io

from tocsin.pipeline.mail.letter import Letter, read_letter
from tocsin.pipeline.mail.replies import Understood, understand

HEAD = (
    "From: Some One <security@agency.example>\nDate: Thu, 12 Nov 2026 10:30:00 +0100\nSubject: Re: Infected addresses\n"
)


def letter(text: str, headers: str = "") -> Letter:
    """Give the letter of a plain mail."""
    mail = f"{HEAD}{headers}Content-Type: text/plain; charset=utf-8\n\n{text}"
    return read_letter(io.BytesIO(mail.encode()))


def page(markup: str) -> Letter:
    """Give the letter of a mail in HTML."""
    return read_letter(io.BytesIO(f"{HEAD}Content-Type: text/html; charset=utf-8\n\n{markup}".encode()))


def meant(text: str, headers: str = "") -> Understood:
    """Understand a plain mail."""
    return understand(letter(text, headers))
