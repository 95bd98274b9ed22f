"""Turn DATABASE_URL into Django's database settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from tocsin.config import ConfigError

# Pages ask for little: to share a question out among processes, or to compile it, takes longer than to answer it.
QUICK = "-c jit=off -c max_parallel_workers_per_gather=0"  # PostgreSQL manual, 20.7


def database(url: str, home: Path) -> dict[str, Any]:
    """Give the settings of the database at ``url``, or of the SQLite file in ``home`` when it is empty."""
    parts = urlsplit(url)
    if not url or parts.scheme == "sqlite":
        return _sqlite(Path(parts.path) if parts.path else home / "tocsin.sqlite3")
    if parts.scheme in {"postgresql", "postgres"}:
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": parts.path.lstrip("/"),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {"options": QUICK, **dict(parse_qsl(parts.query, keep_blank_values=True))},
        }
    raise ConfigError(f"DATABASE_URL starts with {parts.scheme!r}; use postgresql:// or sqlite:///")


def _sqlite(path: Path) -> dict[str, Any]:
    # IMMEDIATE: a writer takes its lock when it starts, waits for others, and never finds at COMMIT that it lost.
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 60,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; "
                "PRAGMA cache_size=-32000; PRAGMA mmap_size=134217728;"
            ),
        },
    }
