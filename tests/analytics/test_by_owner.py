"""Rows of machines that are not equally punctual: each is over by what that machine says."""

from __future__ import annotations

import numpy as np

from linewarden.analytics.align import Cells
from linewarden.analytics.by_owner import OwnedGrid

PROMPT, BATCHED = 0, 1


def grid_of_two(seconds: float = 1.0) -> OwnedGrid:
    """A column each."""
    grid = OwnedGrid(seconds, stale=10.0, wait=seconds / 2)
    grid.own(["a", "b"], [PROMPT, BATCHED])
    return grid


def say(grid: OwnedGrid, column: int, *at: float) -> list[tuple[int, int]]:
    """Values of a column that come together; the (row, column) that are over by them."""
    times = np.array(at)
    cells: Cells = grid.cells(times, np.full(len(at), column), times)
    return list(zip(cells.row.tolist(), cells.column.tolist(), strict=True))


def test_a_row_is_over_once_its_machine_told_something_behind_it() -> None:
    grid = grid_of_two()
    assert say(grid, PROMPT, 0.2, 0.9) == []
    assert say(grid, PROMPT, 1.01) == [(0, PROMPT)]
    assert grid.ends.tolist() == [1.0, -np.inf]


def test_who_tells_late_but_in_order_loses_nothing_and_holds_nobody_up() -> None:
    """One tells at once, the other all of two and a half seconds together, 40 times."""
    grid, rows = grid_of_two(), [0, 0]
    for turn in range(40):
        begin = 2.5 * turn
        for at in np.arange(begin, begin + 2.5, 0.25):
            over = say(grid, PROMPT, float(at))
            rows[BATCHED] += sum(column == BATCHED for _, column in over)
            rows[PROMPT] += sum(column == PROMPT for _, column in over)
            assert grid.ends[PROMPT] == np.floor(at), "its row is over with its first value behind it"
        rows[BATCHED] += sum(c == BATCHED for _, c in say(grid, BATCHED, *np.arange(begin, begin + 2.5, 0.25).tolist()))
    # What comes before it is known that it comes so late is late: the first time only.
    assert grid.counts.late <= 10
    assert rows[PROMPT] == 99 and rows[BATCHED] >= 95


def test_who_falls_silent_is_not_waited_for() -> None:
    grid = grid_of_two()
    say(grid, BATCHED, 0.1)
    assert say(grid, PROMPT, 0.2, 1.4) == [(0, PROMPT)]
    assert (0, BATCHED) in say(grid, PROMPT, 1.6), "half a row behind its end"


def test_values_out_of_order_are_waited_for_once_that_is_known() -> None:
    grid = grid_of_two()
    say(grid, PROMPT, 0.5)
    say(grid, PROMPT, 1.1)
    say(grid, PROMPT, 0.9)
    assert grid.counts.late == 1
    say(grid, PROMPT, 2.1)
    say(grid, PROMPT, 1.95)
    assert grid.counts.late == 1
    assert say(grid, PROMPT, 2.5) == [(1, PROMPT)]


def test_a_clock_that_is_ahead_makes_nobody_late() -> None:
    """Where time was that of the newest value of all, one clock that is ahead left all others without a row."""
    grid = grid_of_two()
    for second in range(20):
        say(grid, PROMPT, float(second), second + 0.5)
        say(grid, BATCHED, second + 100.0)
    assert grid.counts.late <= 1
    assert grid.ends[PROMPT] == 19.0


def test_the_rest_is_what_was_begun_and_then_all_is_over() -> None:
    grid = grid_of_two()
    say(grid, PROMPT, 0.2)
    say(grid, BATCHED, 0.3)
    left = grid.rest()
    assert sorted(left.column.tolist()) == [PROMPT, BATCHED]
    assert not len(grid.rest()) and grid.ends.tolist() == [1.0, 1.0]


def test_what_is_no_time_or_no_column_is_counted() -> None:
    grid = grid_of_two()
    cells = grid.cells(np.array([np.nan, 0.5]), np.array([0, 7]), np.zeros(2))
    assert not len(cells) and grid.counts.unknown == 2
    assert grid.until == -np.inf
