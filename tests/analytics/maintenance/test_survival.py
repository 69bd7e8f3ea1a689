import numpy as np
import pytest
from scipy.stats import weibull_min

from linewarden.analytics.maintenance.survival import Lifetimes, kaplan_meier

DICE = np.random.default_rng(6)


def fleet(count: int, seen: float) -> tuple[np.ndarray, np.ndarray]:
    """Weibull lives (shape 3, scale 1000 h), looked at until a random age of at most `seen`."""
    lives = weibull_min.rvs(3.0, scale=1000.0, size=count, random_state=DICE)
    until = DICE.uniform(0.2 * seen, seen, count)
    return np.minimum(lives, until), lives <= until


def test_units_that_did_not_fail_count_for_what_they_are() -> None:
    ages, failed = fleet(400, 1200.0)
    assert failed.mean() < 0.5
    told = Lifetimes.learned(ages, failed)
    at = np.array([400.0, 800.0, 1200.0])
    assert told.surviving(at) == pytest.approx(weibull_min.sf(at, 3.0, scale=1000.0), abs=0.06)
    knees, share = kaplan_meier(ages, failed)
    assert share == pytest.approx(told.surviving(knees), abs=0.12)


def test_a_few_failures_give_an_interval_that_holds() -> None:
    inside = []
    for _ in range(60):
        ages, failed = fleet(10, 1500.0)
        if not failed.any():
            continue
        _, low, high = Lifetimes.learned(ages, failed).left(0.0, 0.8)
        inside.append(weibull_min.cdf(high, 3, scale=1000) - weibull_min.cdf(low, 3, scale=1000))
    assert np.mean(inside) > 0.75


def test_the_older_the_less_is_left() -> None:
    told = Lifetimes.learned(*fleet(200, 1500.0))
    left = [told.left(age)[0] for age in (0.0, 400.0, 900.0)]
    assert left[0] > left[1] > left[2] > 0
    assert told.still(900.0, np.array([0.0, 100.0, 1000.0]))[[0]] == pytest.approx(1.0)


def test_without_a_failure_nothing_is_claimed() -> None:
    with pytest.raises(ValueError, match="no unit failed"):
        Lifetimes.learned(np.array([5.0, 6.0]), np.array([False, False]))
    with pytest.raises(ValueError, match="positive"):
        Lifetimes.learned(np.array([0.0]), np.array([True]))
