"""Rows of normal time that stand for days, within a bound: runs of rows, thinned evenly as they become too many."""

from __future__ import annotations

import numpy as np

from linewarden.analytics.contract import Rows

BLOCK = 900
"""Rows of a run: long enough for what follows from what."""
MOST = 64
"""Runs that are kept at most."""


class Blocks:
    """Every so many-th run of BLOCK rows, such that at most MOST are kept: twice as long a time, half as many of it.

    Tags may be added; what came before them has NaN in their columns.
    """

    def __init__(self) -> None:
        self.whole: list[tuple[int, Rows]] = []
        """Number of the run, and its rows."""
        self.stride, self.number = 1, 0
        self._begun: list[Rows] = []
        self._rows = 0

    def add(self, rows: Rows) -> None:
        """(n, tags), which follow those before."""
        while len(rows):
            part, rows = rows[: BLOCK - self._rows], rows[BLOCK - self._rows :]
            self._begun.append(part.copy())
            self._rows += len(part)
            if self._rows == BLOCK:
                self._close()

    def take_back(self, rows: int) -> None:
        """The latest rows were not normal: as far as their run is not over, they are let go."""
        begun = _joined(self._begun)
        kept = begun[: max(0, len(begun) - rows)]
        self._begun, self._rows = [kept] if len(kept) else [], len(kept)

    def _close(self) -> None:
        if self.number % self.stride == 0:
            self.whole.append((self.number, _joined(self._begun)))
        self._begun, self._rows = [], 0
        self.number += 1
        if len(self.whole) > MOST:
            self.stride *= 2
            self.whole = [(n, rows) for n, rows in self.whole if n % self.stride == 0]

    def finish(self) -> None:
        """What was begun is kept as a run of its own, for good: a person said so."""
        if self._begun:
            self.whole.append((self.number // self.stride * self.stride, _joined(self._begun)))
            self._begun, self._rows = [], 0

    def begun(self) -> Rows:
        """The rows of the run that is not over."""
        return _joined(self._begun)

    def rows(self, most: int | None = None) -> Rows:
        """All, the oldest first; `most`: about so many, of runs spread evenly."""
        runs = [rows for _, rows in self.whole] + ([_joined(self._begun)] if self._begun else [])
        if most is not None and len(runs) > (wanted := max(2, most // BLOCK)):
            runs = [runs[k] for k in np.unique(np.linspace(0, len(runs) - 1, wanted).astype(int))]
        return _joined(runs)

    def __len__(self) -> int:
        return self._rows + sum(len(rows) for _, rows in self.whole)


def _joined(parts: list[Rows]) -> Rows:
    if not parts:
        return np.empty((0, 0))
    width = max(p.shape[1] for p in parts)
    same = [p if p.shape[1] == width else np.pad(p, ((0, 0), (0, width - p.shape[1])), constant_values=np.nan)
            for p in parts]  # fmt: skip
    return np.concatenate(same)
