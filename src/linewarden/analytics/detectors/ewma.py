"""A tag's level, smoothed, against what its normal time can vouch for.

Each tag has two exponentially weighted means, a slow one that sees small shifts and a fast one that sees large ones
soon. What is odd is judged by Student's t with as many degrees of freedom as the normal time holds *independent*
values: a temperature that wandered through its whole normal time has shown only a handful, may wander on, and must go
far to be odd; a flow that shook around one level has shown hundreds, and half a deviation counts. The reference
follows slowly while all is well, and stands still while something is odd.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, t as student

from linewarden.analytics.contract import Detector, Flags, Rows, Scores, shares
from linewarden.analytics.normal import centre_and_spread, filled, independent_rows
from linewarden.analytics.smoothing import ewma

CLIP = 4.0
"""Deviations that one value may count at most: a single spike is no new level."""
NO_REASON = 0.25
"""A tag below this share of its limit is none."""
WARM_UP = 30
"""Rows until the slow mean has forgotten where it began."""


class Ewma(Detector):
    """weights: of the slow and the fast mean, 0..1 a row. begin, end: how odd an alarm's first and last row is, in
    deviations of a normal distribution that are as rare. least: deviations of the
    normal time that a shift must have to matter at all, however well founded. follow: share of a deviation that the
    reference takes over a row while all is well.
    """

    def __init__(
        self,
        tags: Sequence[str],
        *,
        weights: tuple[float, float] = (0.15, 0.3),
        begin: float = 4.5,
        end: float = 2.0,
        least: float = 0.8,
        follow: float = 0.006,
        keep: int = 50_000,
    ) -> None:
        super().__init__(tags, keep=keep)
        self.weights = weights
        self.begin, self.end, self.least, self.follow = begin, end, least, follow

    def _fit(self, normal: Rows) -> None:
        self._centre, self._spread = centre_and_spread(normal)
        steps = self._steps(filled(normal, self._centre)[0])
        self._worth = independent_rows(steps)
        freedom = np.maximum(self._worth - 1.0, 1.0)
        noise = [self._noise(steps, weight) for weight in self.weights]
        self._begin, self._end = (
            np.maximum([student.isf(norm.sf(limit), freedom) * s for s in noise], self.least)
            for limit in (self.begin, self.end)
        )
        self._calm = 2.5 * noise[0]

    def _noise(self, steps: Rows, weight: float) -> npt.NDArray[np.float64]:
        """How far the mean strays by itself: as it did, and by what the centre may be wrong."""
        smoothed, _ = ewma(steps, weight, np.zeros(steps.shape[1]))
        strayed = smoothed[min(WARM_UP, len(steps) // 2) :].var(axis=0)
        return np.asarray(np.sqrt(np.maximum(strayed + 1.0 / self._worth, 1e-12)))

    def _steps(self, rows: Rows) -> Rows:
        return np.clip((rows - self._centre) / self._spread, -CLIP, CLIP)

    def _restart(self) -> None:
        tags = len(self.tags)
        self._held = self._centre.copy()
        self._means = [np.zeros(tags) for _ in self.weights]
        self._reference = np.zeros(tags)
        self._odd = np.zeros(tags, bool)

    def _score(self, rows: Rows, there: Flags) -> Scores:
        rows, self._held = filled(rows, self._held)
        steps = self._steps(rows)
        smoothed = np.empty((len(rows), 2, len(self.tags)))
        for k, weight in enumerate(self.weights):
            smoothed[:, k], self._means[k] = ewma(steps, weight, self._means[k])
        ratio, odd = self._walk(steps, smoothed)
        sure = (1.0 - 1.0 / np.sqrt(np.maximum(self._worth, 1.0)))[np.argmax(ratio, axis=1)]
        parts = np.where(ratio > NO_REASON, ratio, 0.0) ** 2
        return Scores(ratio.max(axis=1), np.asarray(odd.any(axis=1)), sure, shares(parts))

    def _walk(self, steps: Rows, smoothed: Rows) -> tuple[Rows, Flags]:
        """Row by row, since the reference waits for what is odd: share of the limit, and whether odd, (n, tags)
        each."""
        ratio, odd = np.empty_like(steps), np.empty(steps.shape, bool)
        for row in range(len(steps)):
            off = np.abs(smoothed[row] - self._reference)
            ratio[row] = (off / self._begin).max(axis=0)
            warm = (off > self._end).any(axis=0)
            self._odd = np.where(self._odd, warm, ratio[row] > 1.0)
            calm = ~self._odd & (off[0] < self._calm)
            self._reference = self._reference + np.where(calm, self.follow * (steps[row] - self._reference), 0.0)
            odd[row] = self._odd
        return ratio, odd


DETECTOR = Ewma
