"""Memory that the engine is done with, back to the system before the next part of the work needs as much."""

from __future__ import annotations

import sys

MUCH_KB = 300_000
"""Below this peak nothing is asked for: giving back takes some 20 ms."""


def give_back() -> None:
    """Have glibc give back what is free in the arenas of threads that ended; elsewhere nothing happens.

    A flood's open flows leave a hundred megabytes there, which the plant that is then built of it would come on top of.
    """
    if sys.platform != "linux":
        return
    import resource

    if resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < MUCH_KB:
        return
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
    if trim is not None:
        trim(0)
