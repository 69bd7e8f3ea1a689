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

    At most `most` rows are made of one gap: after a longer silence time goes on where it is. `marks`: of the rows that
    were closed last, (n, tags), the mark of the reading that each value is of; NO_MARK where none ever came. `came`: of
    the same rows, which values came in them and are not held.
    """

    def __init__(
        self, tags: Sequence[str], seconds: float, *, stale: float, wait: float = 0.0, most: int = 1000
    ) -> None:
        self.tags = tuple(tags)
        self.seconds, self.stale, self.wait, self.most = seconds, stale, wait, most
        self.counts = Counts()
        self.marks: Whole = np.empty((0, len(self.tags)), np.int64)
        self.came: npt.NDArray[np.bool_] = np.empty((0, len(self.tags)), np.bool_)
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
        known = (column >= 0) & (column < len(self.tags)) & np.isfinite(at)
        self.counts.unknown += int(len(at) - np.count_nonzero(known))
        row = np.floor(np.where(known, at, 0.0) / self.seconds).astype(np.int64)
        new = Cells(row, column, at, value, np.full(len(at), NO_MARK) if mark is None else mark)
        self._take(new if known.all() else new[known])
        ready = floor((self._newest - self.wait) / self.seconds) if isfinite(self._newest) else 0
        return self._closed(ready)

    def flush(self) -> tuple[Rows, Series]:
        """All rows that were begun: at the end of a file."""
        return self._closed(int(self._open.row.max()) + 1 if len(self._open) else 0)

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
        none = np.empty((0, len(self.tags)))
        parts = [(none, np.empty(0), none.astype(np.int64), none.astype(np.bool_))]
        while self._next is not None and self._next < until:
            first, end = self._run(self._next, until)
            here = self._open.row < end
            cells, self._open = (self._open, no_cells()) if here.all() else (self._open[here], self._open[~here])
            self._next = end
            at = (np.arange(first, end, dtype=np.float64) + 1.0) * self.seconds
            rows = self._filled(cells, first, at)
            parts.append((rows, at, self.marks, self.came))
        columns = parts[-1] if len(parts) <= 2 else tuple(np.concatenate(c) for c in zip(*parts, strict=True))
        rows, at, self.marks, self.came = columns
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

    def _filled(self, cells: Cells, first: int, at: Series) -> Rows:
        """(n, tags), each gap with the value before it while that is fresh."""
        shape = (len(at) + 1, len(self.tags))
        values: Rows = np.empty(shape)
        when: Rows = np.empty(shape)
        marks: Whole = np.empty(shape, np.int64)
        values[0], when[0], marks[0] = self._value, self._at, self._mark
        place = cells.row - first + 1, cells.column
        values[place], when[place], marks[place] = cells.value, cells.at, cells.mark
        source = np.zeros(shape, np.int64)
        source[place] = place[0]
        self.came = source[1:] > 0
        if len(cells) < len(at) * len(self.tags):
            np.maximum.accumulate(source, axis=0, out=source)
            values = np.take_along_axis(values, source, axis=0)
            when = np.take_along_axis(when, source, axis=0)
            marks = np.take_along_axis(marks, source, axis=0)
        self._value, self._at, self._mark = values[-1].copy(), when[-1].copy(), marks[-1].copy()
        self.marks = marks[1:]
        fresh = at[:, None] - when[1:] <= self.stale + self.seconds
        return np.asarray(np.where(fresh, values[1:], np.nan))
