import numpy as np
import pytest

from linewarden.analytics.maintenance.runs import runs_of


def test_histories_are_put_in_order_and_what_was_sent_twice_counts_once() -> None:
    units = ["b", "a", "b", "a", "b"]
    at = np.array([3.0, 1.0, 1.0, 2.0, 3.0])
    rows = np.array([[30.0], [10.0], [31.0], [11.0], [32.0]])
    b, a = runs_of(units, at, rows)
    assert (b.unit, b.at.tolist(), b.rows[:, 0].tolist()) == ("b", [1.0, 3.0], [31.0, 32.0])
    assert (a.unit, a.at.tolist(), a.rows[:, 0].tolist()) == ("a", [1.0, 2.0], [10.0, 11.0])
    assert b.left.tolist() == [2.0, 0.0]
    assert b.until(1).at.tolist() == [1.0]


def test_a_row_without_a_time_is_named() -> None:
    with pytest.raises(ValueError, match="row 2 has no time"):
        runs_of(["a", "a"], np.array([1.0, np.nan]), np.ones((2, 1)))
    with pytest.raises(ValueError, match="units"):
        runs_of(["a"], np.array([1.0, 2.0]), np.ones((2, 1)))


def test_no_rows_are_no_histories() -> None:
    assert runs_of([], np.empty(0), np.empty((0, 2))) == []
