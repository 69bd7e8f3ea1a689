import numpy as np
import pytest

from linewarden.analytics.maintenance.trends import level, mean_so_far, slope_and_level

DICE = np.random.default_rng(5)
ROWS = DICE.normal(size=(90, 3)).cumsum(axis=0)


def by_hand(rows: np.ndarray, span: float) -> tuple[float, float]:
    """Weighted least squares, with the prior as one more row in the sum of squares."""
    age = np.arange(len(rows))[::-1]
    weight = (1 - 2 / (span + 1)) ** age
    t = -age.astype(float)
    s0, s1, s2 = weight.sum(), (weight * t).sum(), (weight * t * t).sum() + 10.0
    y0, y1 = (weight * rows).sum(), (weight * t * rows).sum()
    slope = (s0 * y1 - s1 * y0) / (s0 * s2 - s1 * s1)
    return slope * span, (y0 - slope * s1) / s0


def test_slopes_are_those_of_weighted_least_squares() -> None:
    slope, end = slope_and_level(ROWS, 20.0)
    for row in (0, 1, 7, 89):
        assert (slope[row, 1], end[row, 1]) == pytest.approx(by_hand(ROWS[: row + 1, 1], 20.0))


def test_a_straight_line_is_followed() -> None:
    line = np.arange(400.0)[:, None] * 0.5
    slope, end = slope_and_level(line, 40.0)
    assert slope[-1, 0] == pytest.approx(20.0, rel=0.01)
    assert end[-1, 0] == pytest.approx(line[-1, 0], rel=0.01)


@pytest.mark.parametrize("of", [lambda r: level(r, 9), mean_so_far, lambda r: slope_and_level(r, 9)[0]])
def test_nothing_is_taken_from_the_future(of: object) -> None:
    whole = of(ROWS)  # type: ignore[operator]
    assert np.allclose(whole[:40], of(ROWS[:40]))  # type: ignore[operator]


def test_missing_values_have_no_weight() -> None:
    gaps = ROWS.copy()
    gaps[10:15, 0] = np.nan
    gaps[:, 2] = np.nan
    kept = np.delete(ROWS[:, 0], range(10, 15))
    assert mean_so_far(gaps)[-1, 0] == pytest.approx(kept.mean())
    assert np.isnan(level(gaps, 9)[:, 2]).all() and np.isnan(slope_and_level(gaps, 9)[1][:, 2]).all()
    assert np.isfinite(level(gaps, 9)[:, :2]).all()
