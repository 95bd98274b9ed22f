"""The process of background work: `python -m tocsin.platform.worker`."""

from __future__ import annotations

from tocsin.platform.start import migrate

if __name__ == "__main__":
    migrate()
    from tocsin.platform.jobs import worker  # needs Django set up

    worker()
