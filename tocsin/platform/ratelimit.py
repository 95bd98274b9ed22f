"""How often one caller may ask, counted in this process: enough to stop a program that runs wild."""

from __future__ import annotations

import threading
import time

FORGET_AT = 10_000


class Rate:
    """At most ``limit`` in any window of ``seconds`` for each key."""

    def __init__(self, limit: int, seconds: float = 60) -> None:
        self.limit, self.seconds = limit, seconds
        self._counts: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def allows(self, key: str) -> bool:
        """Count one more and tell whether it is still within the limit."""
        window = int(time.monotonic() / self.seconds)
        with self._lock:
            if len(self._counts) > FORGET_AT:
                self._counts = {k: v for k, v in self._counts.items() if v[0] == window}
            then, count = self._counts.get(key, (window, 0))
            count = count + 1 if then == window else 1
            self._counts[key] = (window, count)
        return count <= self.limit
