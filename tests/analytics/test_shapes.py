"""Kinds of tags, rows for days, settings: what the analytics of a machine stand on."""

import numpy as np
import pytest

from linewarden.analytics.align import NO_MARK, Grid
from linewarden.analytics.blocks import BLOCK, MOST, Blocks
from linewarden.analytics.detectors.levels import Levels
from linewarden.analytics.settings import Settings
from linewarden.analytics.shapes import Kind, Shape, kinds_of

DICE = np.random.default_rng(0)
COUNT = np.cumsum(DICE.integers(0, 4, 5000)).astype(float)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        (DICE.normal(0, 1, 5000), Kind.MEASURED),
        (np.full(5000, 3.0), Kind.SETTING),
        (np.where(np.arange(5000) // 500 % 2, 330.0, 500.0), Kind.SETTING),
        (COUNT, Kind.COUNTER),
        (COUNT % 65_536, Kind.COUNTER),
        (np.repeat(np.arange(5.0) + 1, 1000), Kind.COUNTER),
        (60 + np.sin(np.arange(5000) / 50), Kind.MEASURED),
    ],
)
def test_kinds(column: np.ndarray, kind: Kind) -> None:
    assert kinds_of(column[:, None], [-1]) == [kind]


def test_the_upper_word_of_a_number_in_two_registers_says_nothing() -> None:
    whole = 100_000 + 40 * np.arange(5000)
    rows = np.column_stack([whole // 65_536, whole % 65_536, np.full(5000, 7)]).astype(float)
    assert kinds_of(rows, [1, 2, -1]) == [Kind.UPPER, Kind.COUNTER, Kind.SETTING]


def test_a_counter_becomes_its_speed_however_rows_are_cut() -> None:
    rows = np.column_stack([COUNT, DICE.normal(0, 1, 5000)])
    whole = Shape([Kind.COUNTER, Kind.MEASURED]).of(rows)
    cut = Shape([Kind.COUNTER, Kind.MEASURED])
    np.testing.assert_array_equal(np.vstack([cut.of(rows[:7]), cut.of(rows[7:8]), cut.of(rows[8:])]), whole)
    assert 1 < np.nanmean(whole[:, 0]) < 2
    np.testing.assert_array_equal(whole[:, 1], rows[:, 1])


def test_a_counter_that_begins_anew_says_nothing_in_that_row() -> None:
    rows = np.array([[5.0], [6.0], [0.0], [1.0]])
    assert np.isnan(Shape([Kind.COUNTER]).of(rows)[2, 0])
    assert Shape([Kind.COUNTER]).of(rows)[3, 0] == 1


def test_blocks_stand_for_all_of_a_long_time_within_their_bound() -> None:
    made = Blocks()
    rows = np.arange(300 * BLOCK, dtype=float)[:, None]
    for first in range(0, len(rows), 7_000):
        made.add(rows[first : first + 7_000])
    held = made.rows()[:, 0]
    assert len(held) <= (MOST + 1) * BLOCK
    assert held[0] == 0 and held[-1] > 0.9 * len(rows)
    assert 0.4 < np.median(held) / len(rows) < 0.6
    assert len(made.rows(5 * BLOCK)) == 5 * BLOCK


def test_blocks_take_back_what_was_not_normal() -> None:
    made = Blocks()
    made.add(np.arange(100.0)[:, None])
    made.take_back(30)
    assert made.rows()[-1, 0] == 69


def test_a_value_that_a_setting_never_had_is_odd_while_it_lasts() -> None:
    made = Settings(("mode", "flow"))
    normal = np.column_stack([np.arange(1000) // 100 % 3, DICE.normal(0, 1, 1000)])
    made.learn_many(normal)
    rows = np.column_stack([np.repeat([0.0, 7.0, 2.0], 10), np.zeros(30)])
    scores = made.score_many(rows)
    assert scores.alarm.tolist() == [False] * 10 + [True] * 10 + [False] * 10
    assert made.verdict(scores, 15).why == (("mode", 1.0),)


def test_a_level_between_two_usual_ones_is_odd_but_may_be_passed() -> None:
    made = Levels(("fill",))
    normal = np.where(np.arange(6000) // 1000 % 2, 330.0, 500.0) + DICE.normal(0, 1, 6000)
    made.learn_many(normal[:, None])
    change = np.linspace(500, 330, 10)
    quiet = np.concatenate([np.full(100, 500.0), change, np.full(100, 330.0)])
    assert not made.score_many(quiet[:, None]).alarm.any()
    made.restart()
    odd = np.concatenate([np.full(100, 500.0), np.full(100, 470.0)])
    scores = made.score_many(odd[:, None])
    assert not scores.alarm[:110].any() and scores.alarm[130:].all()
    low, high = made.nearest(0, 470.0)
    assert 490 < low < 500 < high < 510


def test_the_grid_takes_columns_grows_and_knows_which_reading_a_value_is_of() -> None:
    grid = Grid(("a",), 1.0, stale=10.0)
    grid.columns(np.array([0.2, 0.5]), np.array([0, 0]), np.array([1.0, 2.0]), np.array([11, 12]))
    grid.grow(["b"])
    came = grid.cells(np.array([1.5, 2.5]), np.array([1, 0]), np.array([7.0, 3.0]), np.array([13, 14]))
    rows, at, marks = grid.filled(came, np.array([0, 1]))
    assert at.tolist() == [1.0, 2.0]
    np.testing.assert_array_equal(rows, [[2.0, np.nan], [2.0, 7.0]])
    assert marks.tolist() == [[12, NO_MARK], [12, 13]]
    _, _, marks = grid.filled(grid.rest(), np.array([0, 1]))
    assert marks.tolist() == [[14, 13]]


def test_columns_filled_by_themselves_are_those_of_the_whole_grid_in_the_rows_in_which_they_came() -> None:
    dice = np.random.default_rng(5)
    at = np.sort(dice.uniform(0, 300, 600))
    column, value = dice.integers(0, 6, 600), dice.normal(0, 1, 600)
    whole, parts = (Grid("abcdef", 1.0, stale=2.0, wait=0.5) for _ in range(2))
    some = np.array([4, -1, 1])  # the second was never heard
    for k in range(0, 600, 50):
        piece = slice(k, k + 50)
        rows, times = whole.columns(at[piece], column[piece], value[piece])
        cells = parts.cells(at[piece], column[piece], value[piece])
        mine = cells[np.isin(cells.column, some)]
        found, when, _ = parts.filled(mine, some)
        came = np.isin(times, mine.row + 1.0)
        np.testing.assert_array_equal(when, times[came])
        np.testing.assert_array_equal(found[:, [0, 2]], rows[came][:, [4, 1]])
        assert np.isnan(found[:, 1]).all()


def test_the_grid_by_columns_is_the_grid_by_readings() -> None:
    dice = np.random.default_rng(3)
    at = np.sort(dice.uniform(0, 500, 5000)) + dice.normal(0, 1.0, 5000)
    column, value = dice.integers(0, 5, 5000), dice.normal(0, 1, 5000)
    whole = Grid("abcde", 1.0, stale=5.0, wait=8.0)
    rows, times = whole.columns(at, column, value)
    pieces = Grid("abcde", 1.0, stale=5.0, wait=8.0)
    parts = [pieces.columns(at[k : k + 37], column[k : k + 37], value[k : k + 37]) for k in range(0, 5000, 37)]
    np.testing.assert_array_equal(np.concatenate([p[1] for p in parts]), times)
    np.testing.assert_array_equal(np.concatenate([p[0] for p in parts]), rows)
    assert pieces.counts == whole.counts
