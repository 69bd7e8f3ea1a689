"""Rows of many machines on one grid, where each machine's row is over by what that machine says.

Machines are not equally punctual: one tells each value at once, another all of a publishing interval together, a third
has a clock that is behind. A fixed wait is too long for the first and makes the values of the others late.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from linewarden.analytics.align import Cells, Grid, Whole, no_cells
from linewarden.analytics.contract import Series

FADES = 0.999
"""What was learned of how late an owner's values come fades by this with each batch of it."""
CLOCK_WAITS_S = 2.0
"""`until` waits so long at most for an owner who is behind all others."""
_NEVER = np.iinfo(np.int64).min


class OwnedGrid(Grid):
    """A `Grid` whose columns have owners, by number; only `cells`, `rest` and `filled` of it are used.

    A row of an owner is over once the owner itself told a value behind its end: at once where its values come in their
    order, later by as much as they came out of it lately, at most a row. An owner who falls silent is not waited for:
    its row is over, too, once anybody told a value that is behind its end by `wait` and by as much as the owner's
    values usually are behind the newest of all.
    """

    def __init__(self, seconds: float, *, stale: float, wait: float) -> None:
        super().__init__((), seconds, stale=stale, wait=wait)
        self.owners: Whole = np.empty(0, np.int64)
        """By column."""
        self._over_by: Whole = np.empty(0, np.int64)
        """By owner: the first row that is not over."""
        self._latest_of = self._behind = self._lag = np.empty(0)
        """By owner: its newest value; how far its values came behind that, and behind the newest of all, lately."""

    def own(self, tags: Sequence[str], owners: Sequence[int]) -> None:
        """More columns, with the owner of each."""
        self.grow(tags)
        self.owners = np.concatenate([self.owners, np.array(owners, np.int64)])
        if (more := int(self.owners.max(initial=-1)) + 1 - len(self._over_by)) > 0:
            self._over_by = np.concatenate([self._over_by, np.full(more, _NEVER)])
            self._latest_of = np.concatenate([self._latest_of, np.full(more, -np.inf)])
            self._behind = np.concatenate([self._behind, np.zeros(more)])
            self._lag = np.concatenate([self._lag, np.zeros(more)])

    @property
    def ends(self) -> Series:
        """By owner: the end of its last row that is over, s; -inf before the first."""
        return np.where(self._over_by == _NEVER, -np.inf, self._over_by * self.seconds)

    @property
    def until(self) -> float:
        """The end of the last row that is over for all, s, but for who is far behind; -inf before the first."""
        if not np.isfinite(self._newest):
            return -np.inf
        over = np.floor((self._newest - self.wait) / self.seconds)
        patient = over - np.ceil(CLOCK_WAITS_S / self.seconds)
        open_row = float(self._open.row.min()) if len(self._open) else np.inf
        return float(max(min(over, open_row), patient) * self.seconds)

    def cells(self, at: Series, column: Whole, value: Series, mark: Whole | None = None) -> Cells:
        """Of the rows that these readings closed what came in them, one value a place, by row."""
        known = (column >= 0) & (column < len(self.tags)) & np.isfinite(at)
        self.counts.unknown += int(len(at) - np.count_nonzero(known))
        row = np.floor(np.where(known, at, 0.0) / self.seconds).astype(np.int64)
        new = Cells(row, column, at, value, np.full(len(at), -1) if mark is None else mark)
        new = new if known.all() else new[known]
        if not len(new):
            return no_cells()
        late = new.row < self._over_by[self.owners[new.column]]
        self._follow(new)
        if late.any():
            self.counts.late += int(np.count_nonzero(late))
            new = new[~late]
        if len(new):
            self._open = self._latest(self._open.and_then(new))
        return self._taken_out()

    def rest(self) -> Cells:
        """The same of all rows that were begun: at the end."""
        if len(self._open):
            np.maximum.at(self._over_by, self.owners[self._open.column], self._open.row + 1)
        return self._taken_out()

    def _taken_out(self) -> Cells:
        cells = self._open
        if not len(cells):
            return cells
        over = cells.row < self._over_by[self.owners[cells.column]]
        if over.all():
            self._open = no_cells()
            return cells
        self._open = cells[~over]
        return cells[over]

    def _follow(self, new: Cells) -> None:
        """Learns how punctual owners are, and whose rows are over."""
        owner = self.owners[new.column]
        first, last = np.full(len(self._over_by), np.inf), np.full(len(self._over_by), -np.inf)
        np.minimum.at(first, owner, new.at)
        np.maximum.at(last, owner, new.at)
        told = np.flatnonzero(last > -np.inf)
        begin = told[self._over_by[told] == _NEVER]
        self._over_by[begin] = np.floor(first[begin] / self.seconds).astype(np.int64)
        behind = np.clip(self._latest_of[told] - first[told], 0.0, self.seconds)
        self._behind[told] = np.maximum(FADES * self._behind[told], behind)
        lag = np.clip(self._newest - first[told], 0.0, None)
        self._lag[told] = np.maximum(FADES * self._lag[told], lag)
        self._latest_of[told] = np.maximum(self._latest_of[told], last[told])
        self._close(float(last[told].max()))

    def heard(self, at: float) -> Cells:
        """Of the rows that are over since somebody told something at this time, s, of whom nothing is looked at."""
        self._close(at)
        return self._taken_out()

    def _close(self, at: float) -> None:
        self._newest = max(self._newest, at)
        begun = self._over_by != _NEVER
        of_itself = self._latest_of[begun] - self._behind[begun]
        # Others only end a row that was begun: a clock of theirs that is ahead makes none of its values late.
        of_all = self._newest - self.wait - self._lag[begun]
        of_all = np.minimum(of_all, self._latest_of[begun] + self.seconds)
        over = np.floor(np.maximum(of_itself, of_all) / self.seconds).astype(np.int64)
        self._over_by[begun] = np.maximum(self._over_by[begun], over)
