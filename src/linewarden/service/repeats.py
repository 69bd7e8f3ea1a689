"""The same thing, again and again: said once in a while, with how often it was."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock

AGAIN_S = 60.0
MOST = 4096
"""Things that are remembered; of more, the one that was said longest ago is forgotten."""


class Repeats:
    """May be asked from every thread. `clock` gives s."""

    def __init__(self, again_s: float = AGAIN_S, most: int = MOST, clock: Callable[[], float] = time.monotonic) -> None:
        self._again_s, self._most, self._clock, self._lock = again_s, most, clock, Lock()
        self._said: OrderedDict[Hashable, tuple[float, int]] = OrderedDict()

    def between(self, what: Hashable) -> int | None:
        """How often it was not said since it last was, if it is to be said now; None: it was just now."""
        now = self._clock()
        with self._lock:
            at, count = self._said.get(what, (float("-inf"), 0))
            if now - at < self._again_s:
                self._said[what] = (at, count + 1)
                return None
            self._said[what] = (now, 0)
            self._said.move_to_end(what)
            while len(self._said) > self._most:
                self._said.popitem(last=False)
            return count
