"""Regimes: what a plant is doing, by its tags that only take a few values (pump on, step of a recipe)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
MOST_VALUES = 6
"""A tag with more different values in its normal time is a measurement, no mode."""


class Regimes:
    """Combinations of mode tags that normal time showed often enough to be learned by themselves.

    A row whose combination was seldom or never seen belongs to the common regime 0, which stands for all.
    """

    def __init__(self, normal: Floats, least: int) -> None:
        whole = [np.unique(c[np.isfinite(c)]) for c in normal.T]
        self._modes = np.array([k for k, v in enumerate(whole) if 1 < len(v) <= MOST_VALUES], np.int64)
        self._known: Floats = np.empty((0, len(self._modes)))
        if len(self._modes):
            seen, count = np.unique(normal[:, self._modes], axis=0, return_counts=True)
            self._known = seen[(count >= least) & np.isfinite(seen).all(axis=1)]

    def __len__(self) -> int:
        return 1 + len(self._known)

    def of(self, rows: Floats) -> Places:
        """(n,) the regime of each row."""
        place = np.zeros(len(rows), np.int64)
        for number, known in enumerate(self._known, start=1):
            place[(rows[:, self._modes] == known).all(axis=1)] = number
        return place
