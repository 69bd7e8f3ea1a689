"""When a trend meets a limit: for a value with a limit, and no machine that was ever run until it failed.

The trend is fitted robustly (Theil and Sen: the median of slopes between pairs), as a straight line, as growth by the
same share a time (a straight line of the logarithm), and as such growth of what is above the value of a new machine,
where that is known; whichever foresaw the latest part best is taken. How far off
it may be: the fit is done again with blocks of its residuals put elsewhere (moving-block bootstrap, Kuensch 1989),
since what is measured at one moment hangs together with the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
FEWEST = 12
POINTS = 96
"""Means of rows that are fitted; more would cost more and say no more."""
AGAIN = 200
"""Fits for an interval."""
LATEST = 0.25
"""Share of the points that the choice of the trend is judged on."""


@dataclass(frozen=True, slots=True)
class Reach:
    """Time until the limit, in the unit of the times; infinite where the trend does not lead there. low, high: the
    interval asked for. trend: "line" or "growth"; a_time: change a unit of time now. reached: it is beyond already."""

    left: float
    low: float
    high: float
    trend: str
    a_time: float
    reached: bool


def time_to_limit(
    at: Floats,
    values: Floats,
    limit: float,
    coverage: float = 0.9,
    *,
    below: bool = False,
    new: float | None = None,
    again: int = AGAIN,
) -> Reach:
    """at, values: (n,), NaN for a value that did not come; limit: is passed upwards, or `below`: downwards. new: the
    value of a machine without wear; again: fits for the interval, 0 for none.

    Raises ValueError for fewer than 12 values, or times that do not rise.
    """
    at, values = np.asarray(at, np.float64), np.asarray(values, np.float64)
    there = np.isfinite(values) & np.isfinite(at)
    at, values = at[there], values[there]
    if len(at) < FEWEST:
        raise ValueError(f"{len(at)} values; a trend needs {FEWEST}")
    if (np.diff(at) < 0).any() or at[-1] == at[0]:
        raise ValueError("times must rise")
    sign = -1.0 if below else 1.0
    t, y = _thinned(at - at[-1], sign * values)
    goal = sign * limit
    floors = [0.0] if new is None else [0.0, sign * new]
    usable = [f for f in floors if y.min() > f and goal > f]
    foreseen = [_foresight(t, np.log(y - f), lambda g, f=f: np.exp(g) + f, y) for f in usable]  # type: ignore[misc]
    best = min(zip(foreseen, usable, strict=True), default=(np.inf, 0.0))
    growth = best[0] < _foresight(t, y, np.asarray, y)
    told, goal = (np.log(y - best[1]), float(np.log(goal - best[1]))) if growth else (y, goal)
    slope, level = _line(t, told[None])
    left = float(_until(goal, slope, level)[0])
    low = high = left
    if again:
        ways = _bootstrapped(t, told, float(slope[0]), float(level[0]), again)
        low, high = _between(np.sort(_until(goal, *ways)), (1.0 - coverage) / 2.0)
    now = float(slope[0]) * (float(np.exp(level[0])) if growth else 1.0)
    return Reach(left, min(low, left), max(high, left), "growth" if growth else "line", sign * now, left == 0.0)


def _thinned(t: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Means of as many pieces as are fitted."""
    if len(t) <= POINTS:
        return t, y
    pieces = np.array_split(np.arange(len(t)), POINTS)
    return np.array([t[p].mean() for p in pieces]), np.array([y[p].mean() for p in pieces])


def _line(t: Floats, many: Floats) -> tuple[Floats, Floats]:
    """Slopes and levels at t = 0 of (m, n) series, by Theil and Sen; the level: the median of what the slope leaves."""
    i, j = np.triu_indices(len(t), 1)
    apart = t[j] - t[i]
    kept = apart > 0
    slope = np.median((many[:, j[kept]] - many[:, i[kept]]) / apart[kept], axis=1)
    return slope, np.median(many - slope[:, None] * t, axis=1)


def _foresight(t: Floats, told: Floats, back: Callable[[Floats], Floats], y: Floats) -> float:
    """Mean error of the latest part by a fit of all before."""
    cut = int(len(t) * (1.0 - LATEST))
    slope, level = _line(t[:cut], told[None, :cut])
    foreseen = back(np.minimum(level[0] + slope[0] * t[cut:], 600.0))
    return float(np.mean(np.abs(foreseen - y[cut:])))


def _bootstrapped(t: Floats, told: Floats, slope: float, level: float, again: int) -> tuple[Floats, Floats]:
    """Slopes and levels of fits with residuals in other places, (again,) each; the same for the same values."""
    dice = np.random.default_rng(0)
    off = told - level - slope * t
    block = max(2, round(len(t) ** 0.5))
    first = dice.integers(0, len(t) - block + 1, (again, -(-len(t) // block)))
    places = (first[:, :, None] + np.arange(block)).reshape(again, -1)[:, : len(t)]
    # Blocks of fitted residuals are somewhat too small: two degrees of freedom went into the line.
    wider = float(np.sqrt(len(t) / max(len(t) - 2.0, 1.0)))
    slopes, levels = [], []
    for some in np.array_split(places, 8):
        s, v = _line(t, level + slope * t + wider * off[some])
        slopes.append(s)
        levels.append(v)
    return np.concatenate(slopes), np.concatenate(levels)


def _until(goal: float, slope: Floats, level: Floats) -> Floats:
    missing = goal - level
    rising = slope > 1e-300
    far = np.divide(missing, slope, out=np.full(len(slope), np.inf), where=rising)
    return np.where(missing <= 0, 0.0, far)


def _between(found: Floats, beyond: float) -> tuple[float, float]:
    """Quantiles that are values themselves, so that none lies between a number and infinity."""
    last = len(found) - 1
    return float(found[int(np.floor(beyond * last))]), float(found[int(np.ceil((1.0 - beyond) * last))])
