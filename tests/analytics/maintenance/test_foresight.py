import numpy as np
import pytest

from linewarden.analytics.maintenance.foresight import LimitWatch

DICE = np.random.default_rng(12)
AT = np.arange(1.0, 401.0)
WATCH = LimitWatch(limit=4.5, horizon=72.0)


def test_wear_above_a_floor_is_foreseen_in_time() -> None:
    value = 0.8 + 0.03 * np.exp(AT / 80.0) + DICE.normal(0, 0.01, 400)
    meets = 80 * np.log(3.7 / 0.03)
    told = WATCH.first(AT, value)
    assert told is not None
    assert meets - told.at == pytest.approx(72.0, abs=30.0)
    assert told.reach.left == pytest.approx(meets - told.at, rel=0.3)


def test_noise_alone_is_no_warning() -> None:
    for _ in range(3):
        assert WATCH.first(AT[:170], DICE.normal(0.8, 0.1, 170)) is None


def test_a_limit_that_is_passed_is_told_soon() -> None:
    value = np.where(AT > 100, 6.0, 0.8) + DICE.normal(0, 0.05, 400)
    told = WATCH.first(AT, value)
    assert told is not None and 100 < told.at <= 130


def test_downwards() -> None:
    told = LimitWatch(limit=1.0, horizon=50.0, below=True).first(AT, 10.0 - 0.04 * AT + DICE.normal(0, 0.05, 400))
    assert told is not None and told.at == pytest.approx(175.0, abs=10.0)


def test_too_few_values_say_nothing() -> None:
    assert WATCH.reach(AT[:10], AT[:10]) is None
