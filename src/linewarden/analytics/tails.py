"""How rare a value is among those before it, without any assumption of how they are distributed."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from math import log10

FEW = 20
"""Values before which a record is no news."""
FARTHEST = 2.0
"""What a record may add at most, in powers of ten."""


class Tail:
    """-log10 of the conformal p-value of a value among at most `keep` before it; beyond the largest, more by how far
    beyond it is, in units of the upper half of what was seen."""

    def __init__(self, keep: int) -> None:
        self._keep = keep
        self._sorted: list[float] = []
        self._order: deque[float] = deque()

    def add(self, value: float) -> float:
        """How rare it is, 0 (usual) to about log10(keep) + 2; and it is remembered."""
        held = self._sorted
        n = len(held)
        at_least = n - bisect_left(held, value)
        rare = -log10((at_least + 1) / (n + 2))
        if at_least == 0 and n > FEW:
            largest, middle = held[-1], held[n // 2]
            beyond = (value - largest) / max(largest - middle, 1e-12)
            rare += min(beyond, FARTHEST)
        self._remember(value)
        return rare

    def _remember(self, value: float) -> None:
        insort(self._sorted, value)
        self._order.append(value)
        if len(self._order) > self._keep:
            oldest = self._order.popleft()
            del self._sorted[bisect_left(self._sorted, oldest)]
