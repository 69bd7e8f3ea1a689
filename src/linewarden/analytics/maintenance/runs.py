"""Histories of units (machines, tools, engines): rows in the order of time, one history a unit."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
FEWEST_UNITS = 10
"""With fewer units that failed, what is learned is worth less than `survival` or `limits`."""
SHORTEST = 5
"""Rows of a history that are worth learning from."""


@dataclass(frozen=True, slots=True)
class Run:
    """The history of one unit. at: (n,) rising, in the unit of the answer (cycles, hours). rows: (n, tags), NaN where a
    value did not come."""

    unit: str
    at: Floats
    rows: Floats

    def until(self, count: int) -> Run:
        """The first `count` rows: what was known then."""
        return Run(self.unit, self.at[:count], self.rows[:count])

    @property
    def left(self) -> Floats:
        """(n,) what each row had left until the last, which is taken as the failure."""
        return np.asarray(self.at[-1] - self.at)


def runs_of(units: Sequence[Hashable] | npt.NDArray[np.generic], at: Floats, rows: Floats) -> list[Run]:
    """One history a unit, in the order in which units first appear; rows are put in the order of time, and of rows
    with the same time (sent twice) the last counts.

    units: (n,) names; at: (n,); rows: (n, tags). Raises ValueError where they do not fit, or a time is no number.
    """
    names = np.asarray(units).astype(str)
    at = np.asarray(at, np.float64)
    rows = np.asarray(rows, np.float64)
    if rows.ndim != 2 or names.shape != (len(rows),) or at.shape != (len(rows),):
        raise ValueError(f"{names.shape} units and {at.shape} times for rows {rows.shape}")
    if not np.isfinite(at).all():
        raise ValueError(f"row {int(np.flatnonzero(~np.isfinite(at))[0]) + 1} has no time")
    _, first, place = np.unique(names, return_index=True, return_inverse=True)
    order = np.lexsort((np.arange(len(rows)), at, first[place]))
    found = []
    for piece in np.split(order, np.flatnonzero(np.diff(first[place][order])) + 1):
        if piece.size:
            kept = piece[np.append(np.diff(at[piece]) > 0, True)]
            found.append(Run(str(names[kept[0]]), at[kept], rows[kept]))
    return found
