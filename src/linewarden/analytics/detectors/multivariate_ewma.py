"""All tags at once, smoothed: is this combination of levels one that normal time has shown?

A multivariate EWMA chart (Lowry et al. 1992): the smoothed deviations are weighed with the inverse of *their*
covariance, so that a combination that normally does not occur is odd although each tag is within its own limits. What
the smoothing cannot see, a faster swing with no shift, is told by a second statistic: the same distance of rows
beside the rows before them, its mean over some rows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from linewarden.analytics.contract import Detector, Flags, Rows, Scores, Series, shares
from linewarden.analytics.holding import Hold
from linewarden.analytics.normal import centre_and_spread, filled
from linewarden.analytics.smoothing import ewma, lagged
from linewarden.analytics.thresholds import cautious_limit, cross_fitted

CLIP = 6.0
"""Deviations that one value may count at most."""


class _Distance:
    """Squared Mahalanobis distance from the centre of normal rows, and what each column adds to it."""

    def __init__(self, normal: Rows, shrink: float) -> None:
        self._centre = normal.mean(axis=0)
        covariance = np.cov(normal, rowvar=False).reshape(normal.shape[1], -1)
        own = np.diag(covariance)
        covariance = (1 - shrink) * covariance + np.diag(shrink * own + np.where(own > 0, 0.0, 1.0))
        self._inverse = np.linalg.inv(covariance)

    def parts(self, rows: Rows) -> Rows:
        """(n, columns); a row's sum is its distance."""
        off = rows - self._centre
        return np.asarray(off * (off @ self._inverse))


class MultivariateEwma(Detector):
    """weight: of a new row in the mean, 0..1. lags: rows before that the second statistic sees. shrink: share of the
    covariance's diagonal, 0..1, which keeps the inverse calm. rate: of rows of normal operation that may exceed the
    limit. hold: rows below the limit that end an alarm.
    """

    def __init__(
        self,
        tags: Sequence[str],
        *,
        weight: float = 0.2,
        lags: int = 1,
        shrink: float = 0.02,
        rate: float = 0.001,
        hold: int = 0,
        keep: int = 50_000,
    ) -> None:
        super().__init__(tags, keep=keep)
        self.weight, self.lags, self.shrink, self.rate, self.hold = weight, lags, shrink, rate, hold

    def _fit(self, normal: Rows) -> None:
        self._centre, self._spread = centre_and_spread(normal)
        steps = self._steps(filled(normal, self._centre)[0])
        held_out = cross_fitted(steps, 5, self._fit_and_score)
        self._limits = np.array([max(cautious_limit(s, self.rate), 1e-9) for s in held_out.T])
        self._models = self._fitted_on(steps)
        self._sure = 1.0 - 1.0 / np.sqrt(max(len(steps) / len(self.tags), 1.0))

    def _fit_and_score(self, learn: Rows, score: Rows) -> Rows:
        level, swing, _ = self._statistics(score, self._fitted_on(learn), self._blank())
        return np.column_stack([level.sum(axis=1), swing.sum(axis=1)])

    def _fitted_on(self, steps: Rows) -> tuple[_Distance, _Distance]:
        smoothed, _ = ewma(steps, self.weight, np.zeros(steps.shape[1]))
        skip = min(int(3 / self.weight), len(steps) // 2)
        wide, _ = lagged(steps, self.lags, np.zeros((self.lags, steps.shape[1])))
        return _Distance(smoothed[skip:], self.shrink), _Distance(wide[self.lags :], self.shrink)

    def _blank(self) -> tuple[Series, Rows, Series]:
        tags = len(self.tags)
        return np.zeros(tags), np.zeros((self.lags, tags)), np.full(tags, 1.0 + self.lags)

    def _statistics(
        self, steps: Rows, models: tuple[_Distance, _Distance], state: tuple[Series, Rows, Series]
    ) -> tuple[Rows, Rows, tuple[Series, Rows, Series]]:
        """Parts of the two distances by tag, (n, tags) each, and the state after them."""
        mean, before, swung = state
        smoothed, mean = ewma(steps, self.weight, mean)
        wide, before = lagged(steps, self.lags, before)
        by_tag = models[1].parts(wide).reshape(len(steps), self.lags + 1, -1).sum(axis=1)
        swing, swung = ewma(by_tag, self.weight, swung)
        return models[0].parts(smoothed), swing, (mean, before, swung)

    def _steps(self, rows: Rows) -> Rows:
        return np.clip((rows - self._centre) / self._spread, -CLIP, CLIP)

    def _restart(self) -> None:
        self._held = self._centre.copy()
        self._state = self._blank()
        self._hold = Hold(self.hold)

    def _score(self, rows: Rows, there: Flags) -> Scores:
        rows, self._held = filled(rows, self._held)
        level, swing, self._state = self._statistics(self._steps(rows), self._models, self._state)
        both = np.stack([level, swing]) / self._limits[:, None, None]
        ratio: npt.NDArray[np.float64] = both.sum(axis=2)
        parts = both[np.argmax(ratio, axis=0), np.arange(len(rows))]
        score = np.maximum(ratio.max(axis=0), 0.0)
        return Scores(
            score, self._hold.over(score > 1.0), np.full(len(rows), self._sure), shares(np.maximum(parts, 0.0))
        )


DETECTOR = MultivariateEwma
