"""Rows of normal operation: held within a bound, and measured: centre, spread, and how much they really say."""

from __future__ import annotations

from collections import deque

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class NormalRows:
    """The latest rows of normal operation, at most `keep`."""

    def __init__(self, tags: int, keep: int) -> None:
        self._tags = tags
        self.keep = keep
        self._chunks: deque[Floats] = deque()
        self._count = 0

    def add(self, rows: Floats) -> None:
        """(n, tags), copied."""
        self._chunks.append(rows[-self.keep :].copy())
        self._count += len(self._chunks[-1])
        while self._count - len(self._chunks[0]) >= self.keep:
            self._count -= len(self._chunks.popleft())

    def rows(self) -> Floats:
        """(n, tags), the oldest first; n <= keep."""
        if not self._chunks:
            return np.empty((0, self._tags))
        joined = np.concatenate(self._chunks)[-self.keep :]
        self._chunks = deque([joined])
        self._count = len(joined)
        return joined


def centre_and_spread(rows: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation a column, NaN left out. A column that never moved has a spread of infinity, so that
    it is never odd by its level: nothing is known of how it moves."""
    there = np.isfinite(rows)
    count = np.maximum(there.sum(axis=0), 1)
    centre = np.where(there, rows, 0.0).sum(axis=0) / count
    off = np.where(there, rows - centre, 0.0)
    spread = np.sqrt((off**2).sum(axis=0) / count)
    still = spread <= 1e-9 * np.maximum(np.abs(centre), 1e-12)
    return centre, np.where(still, np.inf, spread)


def filled(rows: Floats, last: Floats) -> tuple[Floats, Floats]:
    """Each gap holds the value before it (`last`, (tags,), before the first row). Returns rows and the new `last`."""
    if np.isfinite(rows.sum()):  # quicker than to look at each
        return rows, (rows[-1].copy() if len(rows) else last)
    there = np.isfinite(rows)
    joined = np.vstack([last[None], rows])
    there = np.vstack([np.ones((1, rows.shape[1]), bool), there])
    index = np.maximum.accumulate(np.where(there, np.arange(len(joined))[:, None], 0), axis=0)
    held = np.take_along_axis(joined, index, axis=0)
    return held[1:], held[-1].copy()


def independent_rows(deviations: Floats, blocks: tuple[int, ...] = (10,)) -> Floats:
    """How many independent values a column of n correlated ones is worth, by batch means.

    The mean of b independent values varies by variance / b; where the means of blocks vary more, values hang together
    and count for less. Source: Glynn and Whitt 1991, "Estimating the asymptotic variance with batch means".
    """
    n = len(deviations)
    inflation = np.ones(deviations.shape[1])
    variance = deviations.var(axis=0)
    for count in blocks:
        length = n // count
        if length < 1:
            continue
        means = deviations[: count * length].reshape(count, length, -1).mean(axis=1)
        ratio = np.divide(means.var(axis=0, ddof=1) * length, variance, out=np.ones_like(variance), where=variance > 0)
        inflation = np.maximum(inflation, ratio)
    return n / inflation
