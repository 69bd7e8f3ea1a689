"""Is the normal time still what normal is? The distribution of lately scored rows against the learned one, tag by tag.

No alarm of a process: it says that a model has grown old (a sensor that creeps, a season, another product) and should
learn again. Each tag's lately seen values are counted in ten classes that hold equal shares of its normal time; the
statistic is the population stability index over them. Rows hang together, so its limit comes from spans of the normal
time itself against all of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linewarden.analytics.contract import Detector, Flags, Rows, Scores, shares
from linewarden.analytics.normal import centre_and_spread, filled

CLASSES = 10
AT_LEAST = 0.25
"""An index below this is a drift to nobody. Source: the usual reading of the index (Siddiqi 2006)."""


class Drift(Detector):
    """span: rows of lately (their counts are forgotten with this time constant). keep: rows of normal operation
    held."""

    def __init__(self, tags: Sequence[str], *, span: int = 200, keep: int = 50_000) -> None:
        super().__init__(tags, keep=keep)
        self.span = span

    def _fit(self, normal: Rows) -> None:
        self._centre, _ = centre_and_spread(normal)
        rows, _ = filled(normal, self._centre)
        edges = np.quantile(rows, np.arange(1, CLASSES) / CLASSES, axis=0)
        self._edges = edges
        self._usual = np.array([self._classes(rows)[:, :, k].mean(axis=0) for k in range(CLASSES)])
        self._restart()
        index = self._indices(rows)[min(self.span, len(rows) // 2) :]
        self._limits = np.maximum(1.5 * index.max(axis=0), AT_LEAST)
        self._sure = min(1.0, len(rows) / (4.0 * self.span))

    def _classes(self, rows: Rows) -> np.ndarray:
        """(n, tags, classes) of zeros and a one."""
        place = (rows[:, None, :] > self._edges[None]).sum(axis=1)
        return np.asarray(np.eye(CLASSES)[place])

    def _restart(self) -> None:
        self._held = self._centre.copy()
        self._lately = self._usual.T.copy()

    def _indices(self, rows: Rows) -> Rows:
        """The stability index of each tag after each row."""
        out = np.empty(rows.shape)
        usual = self._usual.T + 1e-3
        for row, classes in enumerate(self._classes(rows)):
            self._lately += (classes - self._lately) / self.span
            lately = self._lately + 1e-3
            out[row] = ((lately - usual) * np.log(lately / usual)).sum(axis=1)
        return out

    def _score(self, rows: Rows, there: Flags) -> Scores:
        rows, self._held = filled(rows, self._held)
        ratio = self._indices(rows) / self._limits
        parts = np.where(ratio > 0.25, ratio, 0.0) ** 2
        score = ratio.max(axis=1)
        return Scores(score, score > 1.0, np.full(len(rows), self._sure), shares(parts))


DETECTOR = Drift
