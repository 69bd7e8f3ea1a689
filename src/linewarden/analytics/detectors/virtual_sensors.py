"""Each tag told from all the others: what should follow from what, and does not.

For each tag a boosted forest of small trees (regression by histograms) learns its value from the other tags now and
from all tags in the row before: a level from flows and the last level, a pump's state from the level that switches
it, a pressure from pumps and levels. What is left over is judged against what was left over on normal rows that the
model had not seen (cross-conformal limits: Vovk 2015; Barber et al. 2021, "CV+"). A reading that is replayed, a pump
that runs against its own switching levels, or a pressure without its flow stands out although each value is a usual
one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from functools import cache

import numpy as np
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import ThreadpoolController

from linewarden.analytics.contract import Detector, Flags, Rows, Scores, Series, shares
from linewarden.analytics.holding import Hold
from linewarden.analytics.normal import centre_and_spread, filled
from linewarden.analytics.thresholds import conformal_limit

SEED = 0
SWING = 4.0
"""A tag whose whole swing is within so many times its accuracy says nothing; it is neither told nor used."""


class VirtualSensors(Detector):
    """accuracy: of an instrument, as a share of the largest value seen; what is within is no deviation. folds: runs
    of the normal time that are each left out of one model. trees, leaves: of a forest, and of each tree. rate: of
    normal rows that may exceed the limit. hold: rows below the limit that end an alarm. follow: share of its limit by
    which a tag's bias follows a row. keep: rows of normal operation held at most.
    """

    needs_rows = 200

    def __init__(
        self,
        tags: Sequence[str],
        *,
        accuracy: float = 0.005,
        folds: int = 4,
        trees: int = 60,
        leaves: int = 15,
        rate: float = 0.01,
        hold: int = 5,
        follow: float = 0.002,
        keep: int = 20_000,
    ) -> None:
        super().__init__(tags, keep=keep)
        self.accuracy, self.folds, self.trees, self.leaves = accuracy, folds, trees, leaves
        self.rate, self.hold, self.follow = rate, hold, follow

    def _fit(self, normal: Rows) -> None:
        self._centre, _ = centre_and_spread(normal)
        rows, _ = filled(normal, self._centre)
        fine = self.accuracy * np.maximum(np.abs(rows).max(axis=0), 1e-12)
        self._used = np.flatnonzero(np.ptp(rows, axis=0) > SWING * fine)
        self._models: list[list[HistGradientBoostingRegressor]] = []
        if not self._used.size:
            return
        left = self._left_over_of_normal(rows[:, self._used], fine[self._used])
        limits = [conformal_limit(np.abs(c), self.rate / 10) for c in left.T]
        self._limits = np.maximum(limits, fine[self._used])
        self._row_limit = max(conformal_limit((np.abs(left) / self._limits).max(axis=1), self.rate), 1e-9)

    def _left_over_of_normal(self, rows: Rows, fine: Series) -> Rows:
        """By the model that did not see each row; keeps the models."""
        shaken = rows + np.random.default_rng(SEED).uniform(-0.5, 0.5, rows.shape) * fine
        seen = self._seen(shaken, np.vstack([shaken[:1], shaken[:-1]]))
        place = np.arange(len(rows)) * self.folds // len(rows)
        left = np.empty_like(rows)
        for tag in range(rows.shape[1]):
            inputs = np.delete(seen, tag, axis=1)
            self._models.append([self._model(inputs[place != k], rows[place != k, tag]) for k in range(self.folds)])
            for k, model in enumerate(self._models[-1]):
                left[place == k, tag] = rows[place == k, tag] - model.predict(inputs[place == k])
        return left

    def _model(self, inputs: Rows, value: Series) -> HistGradientBoostingRegressor:
        model = HistGradientBoostingRegressor(
            max_iter=self.trees, max_leaf_nodes=self.leaves, learning_rate=0.15, early_stopping=False, random_state=SEED
        )
        with _one_thread():
            return model.fit(inputs, value)

    @staticmethod
    def _seen(now: Rows, before: Rows) -> Rows:
        """What the models see: all tags now (each model without its own), then all of the row before."""
        return np.hstack([now, before])

    def _restart(self) -> None:
        self._held = self._centre.copy()
        self._before: Rows | None = None
        self._bias = np.zeros(len(self._used))
        self._hold = Hold(self.hold)

    def _score(self, rows: Rows, there: Flags) -> Scores:
        if not self._used.size:
            return self._quiet(len(rows))
        rows, self._held = filled(rows, self._held)
        used = rows[:, self._used]
        before = np.vstack([used[:1] if self._before is None else self._before, used[:-1]])
        self._before = used[-1:].copy()
        left = self._without_bias(used - self._expected(self._seen(used, before)))
        ratio = np.where(there[:, self._used], np.abs(left) / self._limits / self._row_limit, 0.0)
        score = ratio.max(axis=1)
        parts = np.zeros_like(rows)
        parts[:, self._used] = np.where(ratio > 0.25, ratio, 0.0) ** 2
        sure = 1.0 - 1.0 / np.sqrt(1.0 + self.rate * len(self._normal.rows()))
        return Scores(score, self._hold.over(score > 1.0), np.full(len(rows), sure), shares(parts))

    def _expected(self, seen: Rows) -> Rows:
        expected = np.empty((len(seen), len(self._models)))
        with _one_thread():
            for tag, models in enumerate(self._models):
                inputs = np.delete(seen, tag, axis=1)
                expected[:, tag] = np.mean([m.predict(inputs) for m in models], axis=0)
        return expected

    def _without_bias(self, left: Rows) -> Rows:
        """Takes off what each tag is off by for long, which is followed by small steps whatever the deviation's
        size."""
        out = np.empty_like(left)
        step = self.follow * self._limits
        for row, value in enumerate(left):
            out[row] = value - self._bias
            self._bias = self._bias + np.clip(out[row], -step, step)
        return out


@cache
def _pools() -> ThreadpoolController:
    return ThreadpoolController()


def _one_thread() -> AbstractContextManager[object]:
    """Trees this small gain nothing from more; on a busy machine threads that wait for each other cost minutes."""
    one: AbstractContextManager[object] = _pools().limit(limits=1, user_api="openmp")
    return one


DETECTOR = VirtualSensors
