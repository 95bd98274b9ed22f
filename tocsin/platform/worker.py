"""The process of background work: `python -m tocsin.platform.worker`."""

from __future__ import annotations

import os

from tocsin.platform.start import migrate

BEHIND = 5  # how much less urgent than the pages that people wait for; see nice(2)

if __name__ == "__main__":
    os.nice(BEHIND)
    migrate()
    from tocsin.platform.jobs import worker  # needs Django set up

    worker()
