"""Levels and slopes of the past, with weights that fade: the same whether a history is whole or still grows.

All are of the rows up to and with each row, never of later ones. A missing value (NaN) has no weight; before a tag's
first value, and for a tag that never came, the answer is NaN.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
PRIOR = 10.0
"""Rows squared: pulls slopes of the first few rows towards zero."""


def level(rows: Floats, span: float) -> Floats:
    """Exponentially weighted mean, (n, tags): a row's weight fades by 1 - 2 / (span + 1) with each later row."""
    there = np.isfinite(rows)
    fade = 1.0 - 2.0 / (span + 1.0)
    weight = _faded(there.astype(float), fade)
    total = _faded(np.where(there, rows, 0.0), fade)
    mean: Floats = np.divide(total, weight, out=np.full_like(rows, np.nan), where=weight > 0)
    return mean


def slope_and_level(rows: Floats, span: float) -> tuple[Floats, Floats]:
    """The straight line through the past by exponentially weighted least squares: its slope in the units of the tag
    per `span` rows, and its value at each row, both (n, tags)."""
    there = np.isfinite(rows)
    fade = 1.0 - 2.0 / (span + 1.0)
    w0, w1, w2 = _moments(there.astype(float), fade)
    y0, y1, _ = _moments(np.where(there, rows, 0.0), fade)
    by = w0 * (w2 + PRIOR) - w1 * w1
    some = w0 > 0
    slope = np.divide(w0 * y1 - w1 * y0, by, out=np.full_like(rows, np.nan), where=some)
    at_end = np.divide(y0 - slope * w1, w0, out=np.full_like(rows, np.nan), where=some)
    return slope * span, at_end


def mean_so_far(rows: Floats) -> Floats:
    """The mean of all rows until each, (n, tags)."""
    there = np.isfinite(rows)
    count = np.cumsum(there, axis=0)
    total = np.cumsum(np.where(there, rows, 0.0), axis=0)
    mean: Floats = np.divide(total, count, out=np.full_like(rows, np.nan), where=count > 0)
    return mean


def _faded(values: Floats, fade: float) -> Floats:
    from scipy.signal import lfilter

    return np.asarray(lfilter([1.0], [1.0, -fade], values, axis=0), np.float64)


def _moments(values: Floats, fade: float) -> tuple[Floats, Floats, Floats]:
    """Sums over the past of fade^age * (-age)^k * value for k = 0, 1, 2; each from the sums one row before, as a row
    of age a becomes one of a + 1."""
    zeroth = _faded(values, fade)
    before0 = _earlier(zeroth)
    first = _faded(-fade * before0, fade)
    second = _faded(fade * (before0 - 2.0 * _earlier(first)), fade)
    return zeroth, first, second


def _earlier(values: Floats) -> Floats:
    return np.concatenate([np.zeros((1, values.shape[1])), values[:-1]])
