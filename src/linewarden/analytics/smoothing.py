"""Smoothing that carries its state from chunk to chunk."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt
from scipy.signal import lfilter

Floats = npt.NDArray[np.float64]


def ewma(values: Floats, weight: float, state: Floats) -> tuple[Floats, Floats]:
    """Exponentially weighted mean along the first axis: s = s + weight (v - s). Returns it, and the state after the
    last row.

    values: (n, ...); state: (...), the mean before the first row.
    """
    if not len(values):
        return values, state
    start = ((1.0 - weight) * state)[None]
    smoothed, _ = lfilter([weight], [1.0, weight - 1.0], values, axis=0, zi=start)
    return cast(Floats, smoothed), cast(Floats, smoothed[-1]).copy()


def lagged(rows: Floats, lags: int, before: Floats) -> tuple[Floats, Floats]:
    """Each row beside the `lags` rows before it: (n, tags) -> (n, tags * (lags + 1)). Returns that and the new
    `before`.

    before: (lags, tags), the rows before the first.
    """
    if not lags:
        return rows, before
    joined = np.vstack([before, rows])
    n = len(rows)
    return np.hstack([joined[lags - k : lags - k + n] for k in range(lags + 1)]), joined[len(joined) - lags :].copy()
