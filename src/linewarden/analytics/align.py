"""Readings of single tags, as they come, to rows on a grid of time; by columns, with no object for each reading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import floor, isfinite

import numpy as np
import numpy.typing as npt

from linewarden.analytics.contract import Rows, Series

Whole = npt.NDArray[np.int64]
NO_MARK = -1
"""Of a value that never came."""


@dataclass(frozen=True)
class Reading:
    """One value of one tag. at: seconds."""

    at: float
    tag: str
    value: float


@dataclass
class Counts:
    """What did not become part of a row of its own."""

    late: int = 0
    repeated: int = 0
    unknown: int = 0


@dataclass(frozen=True)
class Cells:
    """Readings side by side, (n,) each. row: number of the row in time; column: of the tag; mark: whatever the caller
    knows a reading by."""

    row: Whole
    column: Whole
    at: Series
    value: Series
    mark: Whole

    def __len__(self) -> int:
        return len(self.row)

    def __getitem__(self, which: npt.NDArray[np.bool_] | Whole) -> Cells:
        return Cells(self.row[which], self.column[which], self.at[which], self.value[which], self.mark[which])

    def and_then(self, other: Cells) -> Cells:
        """These, then the others."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in ("row", "column", "at", "value", "mark"))
        return Cells(*(np.concatenate(pair) for pair in pairs))


def no_cells() -> Cells:
    """None at all."""
    none = np.empty(0, np.int64)
    return Cells(none, none, np.empty(0), np.empty(0), none)


class Grid:
    """One row each `seconds`: the last value of each tag in it. A tag that said nothing keeps its value for `stale`
    seconds and is NaN after that. A row is closed once a reading came that is `wait` seconds past its end; what comes
    for a closed row is late.

    At most `most` rows are made of one gap: after a longer silence time goes on where it is.

    Of many tags most say nothing in a row. Who has many asks for `cells`, what came in the rows that were closed, and
    has some columns `filled` at a time; then no row is made in which none of these came.
    """

    def __init__(
        self, tags: Sequence[str], seconds: float, *, stale: float, wait: float = 0.0, most: int = 1000
    ) -> None:
        self.tags = tuple(tags)
        self.seconds, self.stale, self.wait, self.most = seconds, stale, wait, most
        self.counts = Counts()
        self._place = {tag: k for k, tag in enumerate(self.tags)}
        self._open = no_cells()
        self._next: int | None = None
        self._newest = -np.inf
        self._value = np.full(len(self.tags), np.nan)
        self._at = np.full(len(self.tags), -np.inf)
        self._mark = np.full(len(self.tags), NO_MARK, np.int64)

    @property
    def until(self) -> float:
        """The end of the last row that was closed, s; -inf before the first."""
        return -np.inf if self._next is None else self._next * self.seconds

    def grow(self, tags: Sequence[str]) -> None:
        """More columns, behind those that there are."""
        self.tags = (*self.tags, *tags)
        self._place = {tag: k for k, tag in enumerate(self.tags)}
        more = len(tags)
        self._value = np.concatenate([self._value, np.full(more, np.nan)])
        self._at = np.concatenate([self._at, np.full(more, -np.inf)])
        self._mark = np.concatenate([self._mark, np.full(more, NO_MARK, np.int64)])

    def rows(self, readings: Iterable[Reading]) -> tuple[Rows, Series]:
        """Rows that these readings closed, (n, tags), and the time at the end of each."""
        found = [(r.at, self._place.get(r.tag, -1), r.value) for r in readings]
        at, column, value = (np.array(c) for c in zip(*found, strict=True)) if found else (np.empty(0),) * 3
        return self.columns(at, column.astype(np.int64), value.astype(np.float64))

    def columns(self, at: Series, column: Whole, value: Series, mark: Whole | None = None) -> tuple[Rows, Series]:
        """The same of readings as columns, (n,) each, in the order in which they came. at: seconds; column: place of
        the tag in `tags`, anything else is unknown."""
        return self._closed(self._ready(at, column, value, mark))

    def flush(self) -> tuple[Rows, Series]:
        """All rows that were begun: at the end of a file."""
        return self._closed(self._end)

    def cells(self, at: Series, column: Whole, value: Series, mark: Whole | None = None) -> Cells:
        """Of the rows that these readings closed what came in them, one value a place, by row."""
        return self._over(self._ready(at, column, value, mark))

    def rest(self) -> Cells:
        """The same of all rows that were begun: at the end."""
        return self._over(self._end)

    def filled(self, cells: Cells, columns: Whole) -> tuple[Rows, Series, Whole]:
        """Of `columns` the rows in which one of them came: (n, columns), the time at the end of each, and the marks of
        the readings that the values are of; NO_MARK where none ever came. cells: all that came of these columns since
        they were filled last, by row. A column of -1 was never heard."""
        sorter = np.argsort(columns)
        place = sorter[np.searchsorted(columns, cells.column, sorter=sorter)]
        rows, number = np.unique(cells.row, return_inverse=True)
        at: Series = (rows.astype(np.float64) + 1.0) * self.seconds
        values, marks = self._held(cells, (number + 1, place), at, columns)
        return values, at, marks

    @property
    def _end(self) -> int:
        return int(self._open.row.max()) + 1 if len(self._open) else 0

    def _ready(self, at: Series, column: Whole, value: Series, mark: Whole | None) -> int:
        """Takes readings; the rows before this one are over."""
        known = (column >= 0) & (column < len(self.tags)) & np.isfinite(at)
        self.counts.unknown += int(len(at) - np.count_nonzero(known))
        row = np.floor(np.where(known, at, 0.0) / self.seconds).astype(np.int64)
        new = Cells(row, column, at, value, np.full(len(at), NO_MARK) if mark is None else mark)
        self._take(new if known.all() else new[known])
        return floor((self._newest - self.wait) / self.seconds) if isfinite(self._newest) else 0

    def _over(self, until: int) -> Cells:
        """What came in the rows before this one."""
        if self._next is None or self._next >= until:
            return no_cells()
        self._next = until
        here = self._open.row < until
        cells, self._open = (self._open, no_cells()) if here.all() else (self._open[here], self._open[~here])
        return cells

    def _take(self, new: Cells) -> None:
        if not len(new):
            return
        if self._next is None:
            self._next = int(new.row[0])
        late = new.row < self._next
        if late.any():
            self.counts.late += int(np.count_nonzero(late))
            new = new[~late]
        if not len(new):
            return
        self._newest = max(self._newest, float(new.at.max()))
        self._open = self._latest(self._open.and_then(new))

    def _latest(self, cells: Cells) -> Cells:
        """Of several for one place the one of the latest time, the first of equal ones; the others are repeated."""
        place = (cells.row - cells.row.min()) * len(self.tags) + cells.column  # rows of one gap are far from 2**63
        order = np.argsort(place, kind="stable")
        place = place[order]
        begins = np.concatenate([[True], place[1:] != place[:-1]])
        if begins.all():
            return cells[order]
        # All of one place lie within one row: its number and the share of the row that has passed rise together.
        number = np.cumsum(begins) - 1
        passed = number + np.clip(cells.at[order] / self.seconds - cells.row[order], 0.0, 1.0 - 1e-9)
        highest = np.maximum.accumulate(passed)
        news = begins | np.concatenate([[False], highest[1:] > highest[:-1]])
        self.counts.repeated += int(len(cells) - np.count_nonzero(news))
        kept = np.flatnonzero(news)
        last = np.concatenate([np.flatnonzero(np.diff(number[kept])), [len(kept) - 1]])
        return cells[order[kept[last]]]

    def _closed(self, until: int) -> tuple[Rows, Series]:
        parts = [(np.empty((0, len(self.tags))), np.empty(0))]
        while self._next is not None and self._next < until:
            first, end = self._run(self._next, until)
            cells = self._over(end)
            at = (np.arange(first, end, dtype=np.float64) + 1.0) * self.seconds
            place = cells.row - first + 1, cells.column
            parts.append((self._held(cells, place, at, np.arange(len(self.tags)))[0], at))
        rows, at = parts[-1] if len(parts) <= 2 else tuple(np.concatenate(c) for c in zip(*parts, strict=True))
        return rows, at

    def _run(self, begin: int, until: int) -> tuple[int, int]:
        """The first rows from `begin` on that are to be made at once: up to a longer silence, or its end."""
        said = np.unique(self._open.row[self._open.row < until])
        edges = np.concatenate([[begin - 1], said, [until]])
        silent = np.flatnonzero(np.diff(edges) > self.most + 1)
        if not len(silent):
            return begin, until
        if silent[0] == 0:  # it is silent now: time goes on where it is
            first = int(edges[1]) - self.most
            return first, int(edges[1]) if edges[1] == until else self._run(first, until)[1]
        return begin, int(edges[silent[0]]) + 1

    def _held(self, cells: Cells, place: tuple[Whole, Whole], at: Series, columns: Whole) -> tuple[Rows, Whole]:
        """(n, columns) of values and marks, each gap with the value before it while that is fresh. place: of the cells,
        row 0 is what was before."""
        shape = (len(at) + 1, len(columns))
        values: Rows = np.empty(shape)
        when: Rows = np.empty(shape)
        marks: Whole = np.empty(shape, np.int64)
        heard = columns >= 0
        mine = columns[heard]
        values[0], when[0], marks[0] = np.nan, -np.inf, NO_MARK
        values[0, heard], when[0, heard], marks[0, heard] = self._value[mine], self._at[mine], self._mark[mine]
        values[place], when[place], marks[place] = cells.value, cells.at, cells.mark
        if len(cells) < len(at) * len(columns):
            source = np.zeros(shape, np.int64)
            source[place] = place[0]
            np.maximum.accumulate(source, axis=0, out=source)
            values = np.take_along_axis(values, source, axis=0)
            when = np.take_along_axis(when, source, axis=0)
            marks = np.take_along_axis(marks, source, axis=0)
        self._value[mine], self._at[mine], self._mark[mine] = values[-1, heard], when[-1, heard], marks[-1, heard]
        fresh = at[:, None] - when[1:] <= self.stale + self.seconds
        return np.asarray(np.where(fresh, values[1:], np.nan)), marks[1:]
