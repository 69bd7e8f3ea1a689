"""A tag stays at a level at which it never stayed in its normal time.

No distribution is assumed. Where a tag stayed for a while is marked on its scale (a product filled at 500 ml, another
at 330); it may pass between these levels, as at a change of product, but it may not stay there. So a set-point that
lies within the range of all usual values is odd, too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from linewarden.analytics.contract import Detector, Flags, Rows, Scores, Series, shares
from linewarden.analytics.normal import filled
from linewarden.analytics.shapes import FEW_VALUES
from linewarden.analytics.smoothing import ewma

PLACES = 400
"""Parts of a tag's scale."""
FARTHEST = 50.0
"""A score is at most this."""
NO_REASON = 0.25
"""A tag below this share of its limit is none."""


class Levels(Detector):
    """weight: of a new row in the mean that is looked at, 0..1. dwell: rows for which a tag must stay somewhere, in
    normal time for a level to be known, and afterwards for it to be odd. margin: beyond a known level, as a share of
    the span of all; least: and at least this share of the largest value. Tags with at most FEW_VALUES values are
    for `Settings`.
    """

    needs_rows = 60

    def __init__(
        self,
        tags: Sequence[str],
        *,
        weight: float = 0.2,
        dwell: int = 15,
        margin: float = 0.04,
        least: float = 0.01,
        keep: int = 60_000,
    ) -> None:
        super().__init__(tags, keep=keep)
        self.weight, self.dwell, self.margin, self.least = weight, dwell, margin, least

    def _fit(self, normal: Rows) -> None:
        there = np.isfinite(normal)
        self._first = np.array([c[t][0] if t.any() else 0.0 for c, t in zip(normal.T, there.T, strict=True)])
        rows, _ = filled(normal, self._first)
        smoothed, _ = ewma(rows, self.weight, rows[0])
        self._low, self._high = smoothed.min(axis=0), smoothed.max(axis=0)
        span, largest = self._high - self._low, np.abs(smoothed).max(axis=0)
        few = np.array([len(np.unique(c[t])) <= FEW_VALUES for c, t in zip(normal.T, there.T, strict=True)])
        self._far = np.where(few, np.inf, np.maximum.reduce([self.margin * span, self.least * largest]) + 1e-9)
        self._step = np.maximum(span, 1e-12) / PLACES
        self._away = np.array([self._distances(c, k) for k, c in enumerate(smoothed.T)])
        self._sure = len(normal) / (len(normal) + 40.0 * self.dwell)

    def _distances(self, smoothed: Series, tag: int) -> Series:
        """From each place of the scale to the nearest at which the tag stayed, in places."""
        count = np.bincount(self._places(smoothed, tag), minlength=PLACES + 1)
        # Slow values cross a place in some rows: what is counted is how long the neighbourhood held it.
        near = float(self._far[tag] / self._step[tag]) / 2
        wide = round(min(max(near, 1.0), PLACES / 4)) if np.isfinite(near) else 1
        around = np.convolve(count, np.ones(2 * wide + 1), mode="same")
        stayed = np.flatnonzero((count > 0) & (around >= self.dwell))
        if not len(stayed):
            return np.zeros(PLACES + 1)
        after = np.minimum(np.searchsorted(stayed, np.arange(PLACES + 1)), len(stayed) - 1)
        before = np.maximum(after - 1, 0)
        place = np.arange(PLACES + 1)
        return np.asarray(np.minimum(np.abs(stayed[after] - place), np.abs(stayed[before] - place)), np.float64)

    def _places(self, values: Series, tag: int) -> npt.NDArray[np.int64]:
        return np.asarray(np.clip((values - self._low[tag]) / self._step[tag], 0, PLACES), np.int64)

    def ends(self) -> tuple[Series, Series, Series]:
        """Of each tag: the lowest and the highest mean of its normal time, and how far beyond is its limit."""
        return self._low, self._high, self._far

    def nearest(self, tag: int, value: float) -> tuple[float, float]:
        """Lower and upper end of the level nearest to a value, places where the tag stayed in its normal time."""
        known = np.flatnonzero(self._away[tag] == 0)
        if not len(known) or not np.isfinite(value):
            return float(self._low[tag]), float(self._high[tag])
        step = float(self._step[tag])
        gaps = np.flatnonzero(np.diff(known) * step > self._far[tag])
        begins, ends = known[np.concatenate([[0], gaps + 1])], known[np.concatenate([gaps, [len(known) - 1]])]
        low, high = self._low[tag] + begins * step, self._low[tag] + (ends + 1) * step
        best = int(np.argmin(np.maximum(np.maximum(low - value, value - high), 0.0)))
        return self._plain(low[best], tag), self._plain(min(high[best], self._high[tag]), tag)

    def _plain(self, value: float, tag: int) -> float:
        """What is left of a mean that comes from elsewhere is 0."""
        return 0.0 if abs(value) < 1e-6 * (PLACES * self._step[tag]) else float(value)

    def _restart(self) -> None:
        tags = len(self.tags)
        self._held = self._first.copy()
        self._mean = self._first.copy()
        self._lately = np.zeros((self.dwell - 1, tags))

    def _score(self, rows: Rows, there: Flags) -> Scores:
        rows, self._held = filled(rows, self._held)
        smoothed, self._mean = ewma(rows, self.weight, self._mean)
        place = np.clip((smoothed - self._low) / self._step, 0, PLACES).astype(np.int64)
        near = self._away[np.arange(rows.shape[1]), place] * self._step
        beyond = np.maximum(self._low - smoothed, smoothed - self._high)
        off = (near + np.maximum(beyond, 0.0)) / self._far
        parts = np.minimum(self._stayed(off), FARTHEST)
        score = parts.max(axis=1)
        odd = np.where(parts > NO_REASON, parts, 0.0) ** 2
        return Scores(score, score > 1.0, np.full(len(rows), self._sure), shares(odd))

    def _stayed(self, off: Rows) -> Rows:
        """The least of each row and the `dwell` - 1 before it."""
        joined = np.vstack([self._lately, off])
        self._lately = joined[len(joined) - self.dwell + 1 :].copy()
        out = off.copy()
        for back in range(1, self.dwell):
            np.minimum(out, joined[self.dwell - 1 - back : len(joined) - back], out=out)
        return out


DETECTOR = Levels
