"""So many at once, so many more in waiting, and no more: for what takes much memory while it runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from threading import Condition

from linewarden.errors import BusyError

BUSY = "too many people sign in just now; try again in a few seconds"


class Turns:
    """Whoever asks for a turn gets it, waits for it, or is told at once (`busy`) that too many wait."""

    def __init__(self, at_once: int, waiting: int, wait_s: float, busy: str = BUSY) -> None:
        self._busy = busy
        self._at_once, self._waiting, self._wait_s = at_once, waiting, wait_s
        self._changed = Condition()
        self._running = self._in_line = 0

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """A turn, for the time of the block. Raises BusyError: too many wait, or it took too long."""
        self._begin()
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify()

    def _begin(self) -> None:
        with self._changed:
            if self._running >= self._at_once or self._in_line:
                if self._in_line >= self._waiting:
                    raise BusyError(self._busy)
                self._in_line += 1
                try:
                    free = self._changed.wait_for(lambda: self._running < self._at_once, self._wait_s)
                finally:
                    self._in_line -= 1
                if not free:
                    raise BusyError(self._busy)
            self._running += 1


ARGON2 = Turns(at_once=2, waiting=16, wait_s=10.0)
"""Of this process: each run takes 64 MiB, so that all together take 128 MiB, however many knock at the door."""
