"""Text that outsiders carry without reading or forging it: cursors hold inner ids, and gaps in those would tell."""

from __future__ import annotations

import base64
import hashlib
from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings


def shut(text: str) -> str:
    """Give ``text`` as letters and digits that only this installation reads; the same text gives the same."""
    sealed = _cipher(settings.SECRET_KEY).encrypt(text.encode(), None)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def opened(token: str) -> str | None:
    """Give back the text; none when it was not made here."""
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        return _cipher(settings.SECRET_KEY).decrypt(sealed, None).decode()
    except (ValueError, InvalidTag):
        return None


@cache
def _cipher(secret: str) -> AESSIV:
    return AESSIV(hashlib.sha512(b"tocsin cursors\0" + secret.encode()).digest())
