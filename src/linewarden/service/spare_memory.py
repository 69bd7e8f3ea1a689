"""Gives memory that was freed back to the system, so that a run of months takes no more than it uses.

Rows of ever other sizes come and go in the threads of the engine, and the C library keeps what they free for the next
ones, in pieces (glibc's arenas): what is in use stays the same, and what is kept grows for hours. malloc_trim(3) gives
whole free pages back; it takes about a millisecond.
"""

from __future__ import annotations

import ctypes
import time
from functools import cache
from typing import Any

EVERY_S = 60.0


@cache
def _trim() -> Any:
    # Only glibc has it; musl and macOS give back by themselves.
    return getattr(ctypes.CDLL(None), "malloc_trim", None)


def give_back() -> bool:
    """Gives back what is free now; False where the C library has no such call."""
    trim = _trim()
    if trim is None:
        return False
    trim(0)
    return True


class GivingBack:
    """Gives back every `EVERY_S` s, when it is asked often enough."""

    def __init__(self) -> None:
        self._due = time.monotonic() + EVERY_S

    def at_times(self) -> None:
        """To be called often: once a second does."""
        if time.monotonic() >= self._due:
            give_back()
            self._due = time.monotonic() + EVERY_S
