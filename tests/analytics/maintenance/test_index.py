import numpy as np
import pytest
from tests.analytics.maintenance.made import COLUMNS, machines

from linewarden.analytics.maintenance.index import HealthIndex
from linewarden.analytics.maintenance.runs import Run


def test_from_new_to_failed_it_falls_from_one_to_zero_and_never_rises() -> None:
    health = HealthIndex.learned(machines(20, 1, points=3), COLUMNS, ["speed"])
    ends = []
    for run in machines(10, 2, points=3):
        told = health.of(run)
        assert (np.diff(told.index) <= 0).all() and told.index[20] > 0.85
        ends.append(told.index[-1])
        assert {name for name, _ in told.why()} == {"heat", "shake", "current"}
        assert sum(share for _, share in told.why()) == pytest.approx(1.0)
    assert np.mean(ends) < 0.3


def test_limits_alone_are_enough_and_the_first_tag_at_its_limit_counts() -> None:
    dice = np.random.default_rng(3)
    normal = dice.normal([20.0, 1.0], [0.5, 0.05], (200, 2))
    health = HealthIndex.limited(normal, ("heat", "shake"), {"heat": 80.0, "shake": 4.5})
    rows = np.column_stack([np.full(100, 20.0), np.linspace(1.0, 4.6, 100)])
    told = health.of(Run("m", np.arange(100.0), rows))
    assert told.index[5] > 0.95 and told.index[-1] < 0.15
    assert told.why()[0][0] == "shake"
    with pytest.raises(ValueError, match="not there: cold"):
        HealthIndex.limited(normal, ("heat", "shake"), {"cold": 1.0})
    with pytest.raises(ValueError, match="lies within what is normal"):
        HealthIndex.limited(normal, ("heat", "shake"), {"heat": 20.5})


def test_units_that_end_as_they_began_have_no_index() -> None:
    dice = np.random.default_rng(4)
    same = [Run(str(k), np.arange(60.0), dice.normal(size=(60, 2))) for k in range(10)]
    with pytest.raises(ValueError, match="no tag is another"):
        HealthIndex.learned(same, ("a", "b"))
