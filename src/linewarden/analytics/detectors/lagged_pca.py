"""Lagged principal components, one model a regime: T2 is odd *within* what usually moves together, Q is what moves
apart.

Rows stand beside the rows before them (dynamic PCA, Ku et al. 1995), so that what should follow is part of what moves
together. Contributions are each tag's terms of both statistics against their limits (Miller et al. 1998; Alcala and Qin
2009), over all its lags.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linewarden.analytics.contract import Detector, Flags, Rows, Scores, Series, shares
from linewarden.analytics.holding import Hold
from linewarden.analytics.normal import centre_and_spread, filled
from linewarden.analytics.regimes import Regimes
from linewarden.analytics.smoothing import ewma, lagged
from linewarden.analytics.thresholds import cautious_limit, cross_fitted

CLIP = 6.0
"""Deviations that one value may count at most."""


@dataclass(frozen=True)
class Axes:
    """centre: (columns,). axes: (columns, kept). weigh: (kept,), 1 / variance along each axis."""

    centre: Series
    axes: Rows
    weigh: Series

    @classmethod
    def of(cls, rows: Rows, explained: float) -> Axes:
        """Of rows, the axes that hold the share `explained` of their variance."""
        centre = rows.mean(axis=0)
        variances, axes = np.linalg.eigh(np.cov(rows, rowvar=False).reshape(rows.shape[1], -1))
        variances, axes = np.maximum(variances[::-1], 0.0), axes[:, ::-1]
        total = max(float(variances.sum()), 1e-12)
        kept = min(int(np.searchsorted(np.cumsum(variances) / total, explained)) + 1, rows.shape[1])
        return cls(centre, axes[:, :kept], 1.0 / np.maximum(variances[:kept], 1e-9))

    def parts(self, rows: Rows) -> tuple[Rows, Rows]:
        """Each column's terms of T2 and of Q, (n, columns) both; a row's sums are T2 and Q."""
        off = rows - self.centre
        along = off @ self.axes
        rest = along @ self.axes.T
        np.subtract(off, rest, out=rest)
        np.multiply(rest, rest, out=rest)
        along *= self.weigh
        off *= along @ self.axes.T
        return off, rest


class LaggedPca(Detector):
    """lags: rows before that stand beside each. explained: share of the variance that the kept axes hold, 0..1.
    weight: of a new row in the mean of T2 and Q, 0..1. rate: of rows of normal operation that may exceed the limit.
    hold: rows below the limit that end an alarm.
    """

    def __init__(
        self,
        tags: Sequence[str],
        *,
        lags: int = 2,
        explained: float = 0.9,
        weight: float = 0.1,
        rate: float = 0.001,
        hold: int = 0,
        keep: int = 50_000,
    ) -> None:
        super().__init__(tags, keep=keep)
        self.lags, self.explained, self.weight = lags, explained, weight
        self.rate, self.hold = rate, hold

    def _fit(self, normal: Rows) -> None:
        self._centre, spread = centre_and_spread(normal)
        self._per_spread = 1.0 / spread
        whole, _ = filled(normal, self._centre)
        self._regimes = Regimes(whole, least=max(5 * len(self.tags) * (self.lags + 1), 200))
        wide, _ = lagged(self._steps(whole), self.lags, np.zeros((self.lags, len(self.tags))))
        wide, place = wide[self.lags :], self._regimes.of(whole)[self.lags :]
        groups = [wide] + [wide[place == k] for k in range(1, len(self._regimes))]
        self._axes = [Axes.of(g, self.explained) for g in groups]
        self._limits = np.array([self._limit(g) for g in groups])
        self._sure = np.array([1.0 - 1.0 / np.sqrt(max(len(g) / g.shape[1], 1.0)) for g in groups])

    def _limit(self, wide: Rows) -> Series:
        """Of T2 and of Q, by models that did not see the rows."""
        held_out = cross_fitted(wide, 5, lambda learn, score: self._sums(Axes.of(learn, self.explained), score))
        middle = np.median(held_out, axis=0)
        smoothed, _ = ewma(held_out, self.weight, middle)
        return np.array([max(cautious_limit(s, self.rate), 1e-9) for s in smoothed.T])

    def _sums(self, axes: Axes, wide: Rows) -> Rows:
        return np.column_stack([p.sum(axis=1) for p in axes.parts(wide)])

    def _steps(self, rows: Rows) -> Rows:
        steps = rows - self._centre
        steps *= self._per_spread
        return np.clip(steps, -CLIP, CLIP, out=steps)

    def _restart(self) -> None:
        self._held = self._centre.copy()
        self._before = np.zeros((self.lags, len(self.tags)))
        self._means = np.zeros(2)
        self._hold = Hold(self.hold)

    def _score(self, rows: Rows, there: Flags) -> Scores:
        rows, self._held = filled(rows, self._held)
        wide, self._before = lagged(self._steps(rows), self.lags, self._before)
        place = self._regimes.of(rows)
        if len(self._regimes) == 1:
            sums, parts = self._told(0, wide)
        else:
            sums, parts = np.empty((len(rows), 2)), np.empty(rows.shape)
            for regime in np.unique(place):
                mine = place == regime
                sums[mine], parts[mine] = self._told(regime, wide[mine])
        ratio, self._means = ewma(sums, self.weight, self._means)
        score = np.maximum(ratio.max(axis=1), 0.0)
        return Scores(score, self._hold.over(score > 1.0), self._sure[place], shares(parts))

    def _told(self, regime: int, wide: Rows) -> tuple[Rows, Rows]:
        """T2 and Q against their limits, (n, 2), and each tag's terms of the two together, (n, tags)."""
        t2, q = self._axes[regime].parts(wide)
        t2 /= self._limits[regime, 0]
        q /= self._limits[regime, 1]
        sums = np.column_stack([t2.sum(axis=1), q.sum(axis=1)])
        t2 += q
        if self.lags:
            t2 = t2.reshape(len(wide), self.lags + 1, -1).sum(axis=1)
        return sums, np.maximum(t2, 0.0, out=t2)


DETECTOR = LaggedPca
