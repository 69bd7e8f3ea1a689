import numpy as np
import pytest

from linewarden.analytics.maintenance.limits import time_to_limit

DICE = np.random.default_rng(9)
AT = np.arange(200.0)


def test_a_line_meets_its_limit() -> None:
    told = time_to_limit(AT, 10.0 + 0.05 * AT + DICE.normal(0, 0.3, 200), 25.0)
    assert (told.trend, told.reached) == ("line", False)
    assert told.left == pytest.approx(300 - 199, rel=0.1)
    assert told.low < told.left < told.high and told.a_time == pytest.approx(0.05, rel=0.1)


def test_growth_is_told_from_a_line() -> None:
    value = 0.5 * np.exp(AT / 60.0) * np.exp(DICE.normal(0, 0.05, 200))
    told = time_to_limit(AT, value, 50.0)
    assert told.trend == "growth"
    assert told.left == pytest.approx(60 * np.log(100) - 199, rel=0.1)


def test_downwards_and_with_gaps() -> None:
    value = 100.0 - 0.2 * AT + DICE.normal(0, 0.5, 200)
    value[::3] = np.nan
    value[50] = 1e4  # a reading that is none moves a robust line little
    told = time_to_limit(AT, value, 40.0, below=True)
    assert told.left == pytest.approx(300 - 199, rel=0.1) and told.a_time == pytest.approx(-0.2, rel=0.1)


def test_no_trend_never_gets_there_and_a_limit_passed_is_said() -> None:
    flat = DICE.normal(5.0, 0.1, 200)
    assert time_to_limit(AT, flat - 0.01 * AT, 20.0).left == np.inf
    passed = time_to_limit(AT, 5.0 + 0.1 * AT, 10.0)
    assert passed.reached and passed.left == 0.0


def test_intervals_hold_for_noise_that_hangs_together() -> None:
    inside = 0
    for _ in range(50):
        noise = np.zeros(200)
        for k in range(1, 200):
            noise[k] = 0.5 * noise[k - 1] + DICE.normal(0, 0.3)
        told = time_to_limit(AT, 10.0 + 0.05 * AT + noise, 25.0, 0.9)
        inside += told.low <= 101.0 <= told.high
    assert inside >= 39


def test_too_few_values_are_refused() -> None:
    with pytest.raises(ValueError, match="needs 12"):
        time_to_limit(AT[:5], AT[:5], 9.0)
    with pytest.raises(ValueError, match="must rise"):
        time_to_limit(AT[::-1], AT, 9.0)
