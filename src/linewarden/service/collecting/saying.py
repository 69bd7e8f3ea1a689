"""The same line is not said again and again."""

from __future__ import annotations

import threading
import time

MOST = 1000
"""Lines that are remembered."""


class Sayings:
    """Remembers what was said. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[str, float] = {}

    def is_new(self, line: str, within_s: float) -> bool:
        """Whether it was not said within this time; from now on it was."""
        now = time.monotonic()
        with self._lock:
            if line in self._said and self._said[line] > now - within_s:
                return False
            if len(self._said) >= MOST:
                self._said.clear()
            self._said[line] = now
            return True
