"""What cannot be: a tank that fills without an inflow, a temperature that jumps, a level above the brim.

Hints are lines that a person states (`hints`): balances, whose scale and offset (a tank's area, the units) are
learned from normal time by least squares, and bounds. Beside them each tag has a limit of its own: it may not move
`faster` times as fast as it ever did in its normal time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linewarden.analytics.contract import Detector, Flags, Rows, Scores, Series, shares
from linewarden.analytics.hints import Balance, Bounds, Term, parsed
from linewarden.analytics.normal import centre_and_spread, filled
from linewarden.analytics.smoothing import ewma
from linewarden.analytics.thresholds import pot_limit

FARTHEST = 1e6
"""A score is at most this."""


class Physics(Detector):
    """hints: lines as in `hints`; HintError if one cannot be read. row_seconds: time between rows. faster: times the
    fastest move of normal time that is too fast. weight: of a new row in the mean of what a balance leaves over,
    0..1. rate: of rows of normal operation that may exceed a balance's limit.
    """

    def __init__(
        self,
        tags: Sequence[str],
        *,
        hints: Sequence[str] = (),
        row_seconds: float = 1.0,
        faster: float = 2.0,
        weight: float = 0.1,
        rate: float = 0.0005,
        keep: int = 50_000,
    ) -> None:
        super().__init__(tags, keep=keep)
        stated = [parsed(line, self.tags) for line in hints]
        self._balances = [h for h in stated if isinstance(h, Balance)]
        self._bounds = [h for h in stated if isinstance(h, Bounds)]
        self.row_seconds, self.faster, self.weight, self.rate = row_seconds, faster, weight, rate

    def _fit(self, normal: Rows) -> None:
        self._centre, _ = centre_and_spread(normal)
        self._restart()
        rates = self._moved(normal)
        rows, _ = filled(normal, self._centre)
        fastest = np.abs(rates).max(axis=0)
        self._fastest = np.where(fastest > 0, self.faster * fastest, np.inf)
        self._scales, self._limits = [], []
        for balance in self._balances:
            left, right = self._value(balance.left, rows, rates), self._right(balance, rows)
            design = np.column_stack([right, np.ones(len(right))])
            scale = np.linalg.lstsq(design[1:], left[1:], rcond=None)[0]
            over, _ = ewma(left - design @ scale, self.weight, np.array(0.0))
            self._scales.append(scale)
            self._limits.append(max(1.2 * pot_limit(np.abs(over), self.rate), 1e-12))
        self._sure = 1.0 - 1.0 / np.sqrt(len(normal))

    def _restart(self) -> None:
        tags = len(self.tags)
        self._held = self._centre.copy()
        self._seen = np.zeros(tags, bool)
        self._age = np.ones(tags)
        self._over = [np.array(0.0) for _ in self._balances]

    def _moved(self, rows: Rows) -> Rows:
        """How fast each value moved a second since the one before it, which may be some rows
        ago."""
        rates = np.zeros(rows.shape)
        there = np.isfinite(rows)
        for row, came in enumerate(there):
            now = came & self._seen
            rates[row, now] = (rows[row, now] - self._held[now]) / (self._age[now] * self.row_seconds)
            self._held = np.where(came, rows[row], self._held)
            self._seen |= came
            self._age = np.where(came, 1.0, self._age + 1.0)
        return rates

    def _value(self, term: Term, rows: Rows, rates: Rows) -> Series:
        return np.asarray(term.factor * (rates if term.rate else rows)[:, self.tags.index(term.tag)])

    def _right(self, balance: Balance, rows: Rows) -> Series:
        return np.asarray(np.sum([self._value(t, rows, rows) for t in balance.right], axis=0))

    def _score(self, rows: Rows, there: Flags) -> Scores:
        before = self._held.copy()
        rates = self._moved(rows)
        rows, _ = filled(rows, before)
        parts = np.abs(rates) / self._fastest
        for bounds in self._bounds:
            beyond = self._beyond(bounds, rows, rates)
            column = self.tags.index(bounds.term.tag)
            parts[:, column] = np.maximum(parts[:, column], beyond)
        for number, balance in enumerate(self._balances):
            left = self._value(balance.left, rows, rates)
            scale = self._scales[number]
            over = left - scale[0] * self._right(balance, rows) - scale[1]
            mean, self._over[number] = ewma(over, self.weight, self._over[number])
            for tag in {t.tag for t in (balance.left, *balance.right)}:
                column = self.tags.index(tag)
                parts[:, column] = np.maximum(parts[:, column], np.abs(mean) / self._limits[number])
        parts = np.minimum(parts, FARTHEST)
        score = parts.max(axis=1)
        sure = np.full(len(rows), self._sure)
        return Scores(score, score > 1.0, sure, shares(np.where(parts > 0.5, parts, 0.0) ** 2))

    def _beyond(self, bounds: Bounds, rows: Rows, rates: Rows) -> Series:
        """0 within the bounds; 1 and more outside, by how far against their distance (or the bound's own size)."""
        value = self._value(bounds.term, rows, rates)
        wide = bounds.high - bounds.low
        size = wide if np.isfinite(wide) else max(abs(min(bounds.low, bounds.high, key=abs)), 1e-12)
        off = np.maximum(bounds.low - value, value - bounds.high)
        return np.asarray(np.where(off > 0, 1.0 + 1e-9 + off / size, 0.0))


DETECTOR = Physics
