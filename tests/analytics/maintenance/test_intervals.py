import numpy as np
import pytest

from linewarden.analytics.maintenance.intervals import Errors

DICE = np.random.default_rng(8)


def units(count: int, rows: int = 20) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Estimates whose error is a unit's own for the most part, and larger the longer is left."""
    unit = np.repeat(np.arange(count), rows)
    estimate = DICE.uniform(1, 100, count * rows)
    own = DICE.standard_t(5, count)[unit] + DICE.normal(0, 0.3, count * rows)
    return estimate, np.maximum(estimate + own * (1 + estimate / 10), 0.0), unit


def test_the_promised_share_of_new_units_lies_inside() -> None:
    inside = []
    for _ in range(60):
        errors = Errors.learned(*units(60))
        estimate, truth, _ = units(30, rows=1)
        low, high = errors.interval(estimate, 0.9)
        inside.append(np.mean((low <= truth) & (truth <= high)))
    assert np.mean(inside) == pytest.approx(0.9, abs=0.04)


def test_near_the_end_the_interval_is_narrow() -> None:
    low, high = Errors.learned(*units(80)).interval(np.array([3.0, 90.0]), 0.9)
    assert (high - low)[0] < 0.5 * (high - low)[1]
    assert (low >= 0).all()


def test_few_units_promise_nothing_they_cannot_keep() -> None:
    low, high = Errors.learned(*units(12)).interval(np.array([50.0]), 0.95)
    assert np.isinf(high[0]) and low[0] == 0.0
    with pytest.raises(ValueError, match="between 0 and 1"):
        Errors.learned(*units(12)).interval(np.array([50.0]), 1.0)


def test_it_survives_json() -> None:
    errors = Errors.learned(*units(40))
    again = Errors.from_dict(errors.as_dict())
    asked = np.array([5.0, 60.0])
    assert np.allclose(again.interval(asked, 0.8), errors.interval(asked, 0.8))
    with pytest.raises(ValueError, match="no numbers"):
        Errors.from_dict({**errors.as_dict(), "size": [1.0]})
