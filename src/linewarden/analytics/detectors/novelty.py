"""A tag by itself does what it never did: a level, a jump, or a mean over an hour that its own past does not know.

Needs no model and next to no normal time: each row's value, its jump from the row before, and the mean of the latest
rows are ranked among all that came before (conformal p-values), and two of the three must be rare. It goes on
learning from what it scores, so that what happens again is news no more. After an alarm only what is ten times rarer
is told for a while.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from linewarden.analytics.contract import Detector, Flags, Rows, Scores, shares
from linewarden.analytics.holding import Refractory
from linewarden.analytics.tails import Tail


class Track:
    """The memory of one tag."""

    def __init__(self, span: int, keep: int) -> None:
        self._lately: deque[float] = deque(maxlen=span)
        self._sum = 0.0
        self._last: float | None = None
        self._high, self._low, self._jump = Tail(keep), Tail(keep), Tail(keep)
        self._mean_high, self._mean_low = Tail(keep), Tail(keep)

    def add(self, value: float) -> float:
        """How rare this is, in powers of ten: the two rarest of level, jump and mean together."""
        if len(self._lately) == self._lately.maxlen:
            self._sum -= self._lately[0]
        self._lately.append(value)
        self._sum += value
        mean = self._sum / len(self._lately)
        jump = abs(value - self._last) if self._last is not None else 0.0
        self._last = value
        level = max(self._high.add(value), self._low.add(-value))
        means = max(self._mean_high.add(mean), self._mean_low.add(-mean))
        rare = sorted((level, self._jump.add(jump), means))
        return rare[1] + rare[2]


class Novelty(Detector):
    """span: rows of the mean. limit: powers of ten by which two of the three together must be rare. arms: from where
    on the refractory period begins; more: by how many powers of ten rarer a row within it must be; refractory: its
    rows. keep: rows remembered a tag.
    """

    needs_rows = 1

    def __init__(
        self,
        tags: Sequence[str],
        *,
        span: int = 64,
        limit: float = 4.5,
        arms: float = 3.5,
        more: float = 1.5,
        refractory: int = 300,
        keep: int = 50_000,
    ) -> None:
        super().__init__(tags, keep=keep)
        self.span, self.limit, self.arms, self.more, self.refractory = span, limit, arms, more, refractory

    def _fit(self, normal: Rows) -> None:
        self._learned = normal

    def _restart(self) -> None:
        self._tracks = [Track(self.span, self._normal.keep) for _ in self.tags]
        self._held_back = [Refractory(self.refractory, self.arms, self.more) for _ in self.tags]
        self._rows = 0
        self._rarity(self._learned)

    def _rarity(self, rows: Rows) -> Rows:
        out = np.zeros(rows.shape)
        for tag, (track, values) in enumerate(zip(self._tracks, rows.T, strict=True)):
            out[:, tag] = [track.add(v) if v == v else 0.0 for v in values.tolist()]
        self._rows += len(rows)
        return out

    def _score(self, rows: Rows, there: Flags) -> Scores:
        known = self._rows + np.arange(len(rows)) + 1.0
        rare = self._rarity(rows)
        for tag, gate in enumerate(self._held_back):
            rare[:, tag] = [gate.passes(v) for v in rare[:, tag].tolist()]
        rare /= self.limit
        score = rare.max(axis=1)
        sure = 1.0 - 1.0 / np.sqrt(1.0 + known / self.span)
        return Scores(score, score > 1.0, sure, shares(np.where(rare > 0.5, rare, 0.0) ** 2))


DETECTOR = Novelty
