"""What a tag is, by its normal time: a counter is told by how fast it counts, the upper word of one by nothing.

Registers on the wire have no type. A total that grows has no usual level, only a usual speed; of a number in two
registers the upper one moves once in hours, and only because the lower one is full.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from linewarden.analytics.contract import Rows
from linewarden.analytics.normal import filled

FEW_MOVES, MANY_MOVES = 3, 20
"""With fewer moves nothing is said of their direction; up to many all must go up."""
UPWARD = 0.98
"""Share of the many moves of a counter that go up; it may be set back, or begin anew when it is full."""
FEW_VALUES = 6
"""A tag with at most so many different values in its normal time is a mode or a setting."""
SAMPLE = 20_000
"""Rows that are looked at, spread over all."""


class Kind(IntEnum):
    """Of a tag."""

    MEASURED = 0
    """A value that moves both ways."""
    SETTING = 1
    """It takes a few values, or one: a mode, a set-point."""
    COUNTER = 2
    """It goes up."""
    UPPER = 3
    """The upper word of a counter."""


def kinds_of(rows: Rows, neighbours: Sequence[int]) -> list[Kind]:
    """Of each column of rows of normal time, (n, tags). neighbours: the column of the next address, or -1."""
    found = [_kind(column) for column in rows.T]
    for column, after in enumerate(neighbours):
        if after >= 0 and found[after] is Kind.COUNTER and found[column] in (Kind.SETTING, Kind.COUNTER):
            beyond = np.nanmax(rows[:, after], initial=0.0) > 2**15 or np.nanmax(rows[:, column], initial=0.0) == 0
            found[column] = Kind.UPPER if beyond else found[column]
    return found


def _kind(column: npt.NDArray[np.float64]) -> Kind:
    there = column[np.isfinite(column)]
    moves = np.diff(there)
    moves = moves[moves != 0]
    least = UPWARD if len(moves) >= MANY_MOVES else 1.0
    if len(moves) >= FEW_MOVES and np.count_nonzero(moves > 0) >= least * len(moves):
        return Kind.COUNTER
    return Kind.SETTING if len(np.unique(there[:: max(1, len(there) // SAMPLE)])) <= FEW_VALUES else Kind.MEASURED


class Shape:
    """Rows as they come to rows as detectors want them: the moving tags, counters as steps a row.

    A counter that goes back (set to zero, full) says nothing in that row. `kept`: the columns that are left, in order.
    """

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self.kinds = tuple(kinds)
        self.kept = np.array([k for k, kind in enumerate(kinds) if kind is not Kind.UPPER], np.int64)
        self._counters = np.array([kind is Kind.COUNTER for kind in kinds])[self.kept]
        self._last = np.full(len(self.kept), np.nan)

    def of(self, rows: Rows) -> Rows:
        """(n, tags) -> (n, kept); rows follow those given before."""
        rows = rows[:, self.kept]
        if not self._counters.any() or not len(rows):
            return rows
        whole = np.vstack([self._last[None], rows])
        held, self._last = filled(whole, np.where(np.isfinite(self._last), self._last, rows[0]))
        steps = np.diff(held, axis=0)
        steps = np.where(steps < 0, np.nan, steps)
        return np.where(self._counters & np.isfinite(rows), steps, np.where(self._counters, np.nan, rows))
