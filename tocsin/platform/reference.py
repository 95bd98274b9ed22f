"""Write `docs/reference/settings.md` from `tocsin.config`: `python -m tocsin.platform.reference`."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from tocsin.config import Config

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
HEAD = """# Settings

Tocsin is set up by the environment; there is no file of settings. Everything has a default that works on one machine.
`tocsin doctor` says which settings do not fit together and which variables mean nothing to Tocsin.

This page is made from `tocsin/config.py` by `python -m tocsin.platform.reference`.

| Variable | Default | Meaning |
| --- | --- | --- |
"""


def settings_page() -> str:
    """Give the page as it should be."""
    rows = (f"| `{f.name.upper()}` | {_default(str(f.default))} | {f.metadata['help']} |" for f in fields(Config))
    return HEAD + "\n".join(rows) + "\n"


def _default(value: str) -> str:
    return f"`{value}`" if value else "(empty)"


if __name__ == "__main__":
    PAGE.write_text(settings_page())
