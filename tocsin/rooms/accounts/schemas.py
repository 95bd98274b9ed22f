"""How the lists of this room are written as files."""

from __future__ import annotations

from tocsin.platform.export import Sheet

PEOPLE = Sheet(
    name="people",
    columns={
        "username": "username",
        "name": "full_name",
        "email": "email",
        "language": "language",
        "timezone": "timezone",
        "active": "is_active",
        "last_sign_in": "last_login",
        "made": "date_joined",
    },
)
