"""A tag's level has changed for good: two-sided CUSUM of what is new in a value, a tag at a time.

Values are taken against the value that the tag's own past expects (an autoregression of the normal time), since the
sums of a chart that takes each value as independent of the last run away on any slow tag. A change that was told
becomes the new level, so that one step is one alarm. Source: Page 1954; Hawkins and Olwell 1998 for the residuals.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linewarden.analytics.contract import Detector, Flags, Rows, Scores, Series, shares
from linewarden.analytics.normal import centre_and_spread, filled
from linewarden.analytics.thresholds import pot_limit

CLIP = 5.0
"""Deviations of what is new that one row may add."""

MARGIN = 1.2
"""A pump that switches gives the same sums again and again: the limit keeps clear of the largest that normal time
gave."""


class ChangePoints(Detector):
    """shift: the smallest change worth telling, in deviations of what is new a row. limit: sums above which normal
    time must not go more often than `rate` of its rows. memory: rows over which the level after a change is learned
    anew.
    """

    def __init__(
        self,
        tags: Sequence[str],
        *,
        shift: float = 1.0,
        rate: float = 0.0001,
        memory: int = 30,
        keep: int = 50_000,
    ) -> None:
        super().__init__(tags, keep=keep)
        self.shift, self.rate, self.memory = shift, rate, memory

    def _fit(self, normal: Rows) -> None:
        self._centre, self._spread = centre_and_spread(normal)
        steps = (filled(normal, self._centre)[0] - self._centre) / self._spread
        past, now = steps[:-1], steps[1:]
        self._tied = np.clip((past * now).sum(axis=0) / np.maximum((past**2).sum(axis=0), 1e-12), 0.0, 0.999)
        fresh = now - self._tied * past
        self._fresh = np.maximum(fresh.std(axis=0), 1e-9)
        self._limits = np.ones(len(self.tags))
        self._restart()
        sums, _ = self._walk(steps, tell=False)
        self._limits = np.array([max(pot_limit(s, self.rate), MARGIN * s.max(), 2.0) for s in sums.T])
        self._sure = 1.0 - 1.0 / np.sqrt(len(normal))

    def _restart(self) -> None:
        tags = len(self.tags)
        self._held = self._centre.copy()
        self._past = np.zeros(tags)
        self._up, self._down = np.zeros(tags), np.zeros(tags)
        self._level = np.zeros(tags)
        self._settling = np.zeros(tags)

    def _score(self, rows: Rows, there: Flags) -> Scores:
        rows, self._held = filled(rows, self._held)
        sums, told = self._walk((rows - self._centre) / self._spread, tell=True)
        ratio = sums / self._limits
        parts = np.where(ratio > 0.25, ratio, 0.0) ** 2
        return Scores(ratio.max(axis=1), np.asarray(told.any(axis=1)), np.full(len(rows), self._sure), shares(parts))

    def _walk(self, steps: Rows, *, tell: bool) -> tuple[Rows, np.ndarray]:
        """The larger sum of each tag, row by row, and whether it was told; a sum begins anew where it was."""
        sums, told = np.empty_like(steps), np.zeros(steps.shape, bool)
        half = self.shift / 2
        for row, step in enumerate(steps):
            fresh = self._news(step)
            self._up = np.maximum(self._up + fresh - half, 0.0)
            self._down = np.maximum(self._down - fresh - half, 0.0)
            sums[row] = np.maximum(self._up, self._down)
            if tell:
                told[row] = sums[row] > self._limits
                self._begin_anew(told[row], step)
        return sums, told

    def _news(self, step: Series) -> Series:
        """What a value has that its past did not say, in deviations; and the level that follows after a change."""
        expected = self._level + self._tied * (self._past - self._level)
        self._past = step
        settling = self._settling > 0
        gain = 1.0 / np.maximum(self.memory - self._settling + 1.0, 1.0)
        self._level = np.where(settling, self._level + gain * (step - self._level), self._level)
        self._settling = np.maximum(self._settling - 1, 0)
        fresh = np.clip((step - expected) / self._fresh, -CLIP, CLIP)
        return np.where(settling, 0.0, fresh)

    def _begin_anew(self, told: np.ndarray, step: Series) -> None:
        self._up[told] = self._down[told] = 0.0
        self._level = np.where(told, step, self._level)
        self._settling = np.where(told, self.memory, self._settling)


DETECTOR = ChangePoints
