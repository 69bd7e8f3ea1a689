"""What every detector keeps to: one way to learn, one way to score, row by row or many at once.

A row is one value a tag, in the order of `tags`; NaN is a value that did not come. Rows come in the order of time;
one that is not later than the last (late or sent twice) changes nothing and gets the verdict of the last. `learn`
takes rows of a time when all was well; `score` takes any and needs no labels. The model is made at the first score
after learning, so learning row by row costs nothing more than learning many.

Row by row and many at once are the same code over chunks: each detector carries its state from chunk to chunk.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from linewarden.analytics.normal import NormalRows

Rows = npt.NDArray[np.float64]
"""(n, tags): one row an instant."""
Series = npt.NDArray[np.float64]
"""(n,): one number a row."""
Flags = npt.NDArray[np.bool_]


NO_READING = 1e100
"""A value beyond is none that an instrument gave: as good as missing."""


CHUNK = 65_536
"""Values that are scored at a time."""


class NothingLearnedError(RuntimeError):
    """A detector was asked to score before it had learned what it needs."""


@dataclass(frozen=True)
class Scores:
    """Verdicts on n rows.

    score: (n,) 1 is the limit that normal data set; alarm: (n,) as the detector's own rule for beginning and end says;
    confidence: (n,) 0..1, how much the verdict stands on; contributions: (n, tags) shares that sum to 1, or to 0
    where nothing is odd.
    """

    score: Series
    alarm: Flags
    confidence: Series
    contributions: npt.NDArray[np.floating]

    def __getitem__(self, rows: slice | npt.NDArray[np.int64]) -> Scores:
        return Scores(self.score[rows], self.alarm[rows], self.confidence[rows], self.contributions[rows])


@dataclass(frozen=True)
class Verdict:
    """On one row, with its reasons: tags and their share, the largest first."""

    score: float
    alarm: bool
    confidence: float
    why: tuple[tuple[str, float], ...]


class Detector(ABC):
    """A subclass says how it fits (`_fit`), how it scores a chunk of new rows (`_score`), and how to begin anew
    (`_restart`).

    tags: names, one a column. keep: rows of normal operation held at most (the latest).
    """

    needs_rows = 32
    """Fewer rows than this are no normal operation to speak of."""

    def __init__(self, tags: Sequence[str], *, keep: int = 50_000) -> None:
        if not tags or len(set(tags)) != len(tags):
            raise ValueError("tags must be named, and each but once")
        self.tags = tuple(tags)
        self._normal = NormalRows(len(self.tags), keep)
        self._fitted = False
        self._learned_at = -np.inf
        self._scored_at = -np.inf
        self._last: Scores | None = None

    # --- learn ---

    def learn_one(self, row: Sequence[float] | Series, at: float | None = None) -> None:
        """One row of normal operation; `at` in seconds, or None where rows are counted."""
        self.learn_many(np.asarray(row, np.float64)[None], None if at is None else np.array([at]))

    def learn_many(self, rows: Rows, at: Series | None = None) -> None:
        """Rows of normal operation, (n, tags)."""
        rows = self._checked(rows)
        new, self._learned_at = _later(len(rows), at, self._learned_at)
        if new.size:
            rows = rows[new]
            self._normal.add(np.where(np.abs(rows) < NO_READING, rows, np.nan))
            self._fitted = False

    # --- score ---

    def score_one(self, row: Sequence[float] | Series, at: float | None = None) -> Verdict:
        """The verdict on one row. Raises NothingLearnedError."""
        scores = self.score_many(np.asarray(row, np.float64)[None], None if at is None else np.array([at]))
        return self.verdict(scores, 0)

    def score_many(self, rows: Rows, at: Series | None = None) -> Scores:
        """Verdicts on n rows, (n, tags). Raises NothingLearnedError."""
        rows = self._checked(rows)
        self._make_ready()
        new, self._scored_at = _later(len(rows), at, self._scored_at)
        before = self._last or self._quiet(1)
        if new.size == len(rows):
            told = self._in_chunks(rows)
            self._last = told[-1:] if len(rows) else before
            return told
        told = _joined(before, self._in_chunks(rows[new]))
        self._last = told[-1:]
        return told[np.searchsorted(new, np.arange(len(rows)), side="right")]

    def _in_chunks(self, rows: Rows) -> Scores:
        """In pieces that stay in the processor's cache, whatever came at once."""
        out = self._quiet(len(rows))
        size = max(CHUNK // len(self.tags), 64)
        for first in range(0, len(rows), size):
            piece = slice(first, first + size)
            chunk = rows[piece]
            whole = bool(chunk.min() > -NO_READING and chunk.max() < NO_READING)  # neither, where one is NaN
            there = np.broadcast_to(np.True_, chunk.shape) if whole else np.abs(chunk) < NO_READING
            told = self._score(chunk if whole else np.where(there, chunk, np.nan), there)
            out.score[piece], out.alarm[piece] = told.score, told.alarm
            out.confidence[piece] = told.confidence if whole else told.confidence * there.mean(axis=1)
            out.contributions[piece] = told.contributions
        return out

    def verdict(self, scores: Scores, row: int) -> Verdict:
        """One row of many, with its reasons by name."""
        shares = scores.contributions[row]
        order = np.argsort(-shares, kind="stable")
        return Verdict(
            float(scores.score[row]),
            bool(scores.alarm[row]),
            float(scores.confidence[row]),
            tuple((self.tags[k], float(shares[k])) for k in order if shares[k] > 0),
        )

    def restart(self) -> None:
        """Forgets what was scored (another file, a plant started again), not what was learned."""
        self._scored_at = -np.inf
        self._last = None
        if self._fitted:
            self._restart()

    # --- what a subclass says ---

    @abstractmethod
    def _fit(self, normal: Rows) -> None:
        """Makes the model of rows of normal operation, which may hold NaN."""

    @abstractmethod
    def _restart(self) -> None:
        """The state before the first row is scored."""

    @abstractmethod
    def _score(self, rows: Rows, there: Flags) -> Scores:
        """Verdicts on rows that follow those scored before; `there`: which values came, NaN stands for the others.
        The share that came is taken into the confidence afterwards."""

    # --- what is common ---

    def _make_ready(self) -> None:
        if self._fitted:
            return
        normal = self._normal.rows()
        if len(normal) < self.needs_rows:
            raise NothingLearnedError(f"{type(self).__name__}: {len(normal)} rows learned, needs {self.needs_rows}")
        self._fit(normal)
        self._fitted = True
        self._restart()

    def _checked(self, rows: Rows) -> Rows:
        rows = np.asarray(rows, np.float64)
        if rows.ndim != 2 or rows.shape[1] != len(self.tags):
            raise ValueError(f"rows must be (n, {len(self.tags)}), not {rows.shape}")
        return rows

    def _quiet(self, n: int) -> Scores:
        return Scores(np.zeros(n), np.zeros(n, bool), np.zeros(n), np.zeros((n, len(self.tags)), np.float32))


def shares(parts: Rows) -> Rows:
    """Each row of parts, none of them negative, as shares of its sum; changes `parts`."""
    total = parts.sum(axis=1)
    parts *= np.divide(1.0, total, out=np.zeros_like(total), where=total > 0)[:, None]
    return parts


def _joined(first: Scores, then: Scores) -> Scores:
    return Scores(
        np.concatenate([first.score, then.score]),
        np.concatenate([first.alarm, then.alarm]),
        np.concatenate([first.confidence, then.confidence]),
        np.concatenate([first.contributions, then.contributions]),
    )


def _later(n: int, at: Series | None, last: float) -> tuple[npt.NDArray[np.int64], float]:
    """The rows whose time is after all before them, and the latest time."""
    if at is None:
        return np.arange(n), last
    at = np.asarray(at, np.float64)
    if at.shape != (n,):
        raise ValueError(f"one time a row: {at.shape} for {n} rows")
    before = np.maximum.accumulate(np.concatenate([[last], np.nan_to_num(at, nan=-np.inf)]))
    return np.flatnonzero(at > before[:-1]), float(before[-1])
