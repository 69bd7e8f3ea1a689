"""A mode or set-point that shows a value which its normal time never had.

No statistic: a tag that took one to six values took another. It lasts while the value does. What a person set on
purpose looks the same; who wrote it is for others to say.
"""

from __future__ import annotations

import numpy as np

from linewarden.analytics.contract import Detector, Flags, Rows, Scores, shares
from linewarden.analytics.normal import filled
from linewarden.analytics.shapes import FEW_VALUES

FARTHEST = 20.0
"""The score of a value that is as far from all known ones as they are large."""


class Settings(Detector):
    """Tags with more than FEW_VALUES values in their normal time are not looked at. sure: rows that make it half
    sure."""

    def __init__(self, tags: tuple[str, ...], *, sure: int = 600, keep: int = 60_000) -> None:
        super().__init__(tags, keep=keep)
        self.sure = sure

    def _fit(self, normal: Rows) -> None:
        known = np.full((len(self.tags), FEW_VALUES), np.nan)
        for tag, column in enumerate(normal.T):
            seen = np.unique(column[np.isfinite(column)])
            if len(seen) <= FEW_VALUES:
                known[tag, : len(seen)] = seen
        self._looked = np.flatnonzero(np.isfinite(known).any(axis=1))
        self._known = np.where(np.isfinite(known), known, known[:, :1])[self._looked]
        self._size = np.maximum(np.abs(self._known).max(axis=1, initial=0.0), 1e-12)
        self._rows = len(normal)

    def _restart(self) -> None:
        self._held = np.full(len(self.tags), np.nan)
        self._held[self._looked] = self._known[:, 0]
        self._held = np.nan_to_num(self._held)

    def _score(self, rows: Rows, there: Flags) -> Scores:
        rows, self._held = filled(rows, self._held)
        parts = np.zeros(rows.shape)
        off = np.abs(rows[:, self._looked, None] - self._known[None]).min(axis=2, initial=np.inf)
        beyond = 2.0 + np.minimum(off / self._size, 1.0) * (FARTHEST - 2.0)
        parts[:, self._looked] = np.where(off > 1e-9 * self._size, beyond, 0.0)
        score = parts.max(axis=1, initial=0.0)
        sure = np.full(len(rows), self._rows / (self._rows + self.sure))
        return Scores(score, score > 0, sure, shares(parts))
