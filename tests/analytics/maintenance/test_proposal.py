import numpy as np
import pytest

from linewarden.analytics.maintenance.proposal import Costs, Window, proposal

COSTS = Costs(failure=20_000, planned=2_000, failure_hours=10, planned_hours=2, an_hour=1_000)


def still(ahead: np.ndarray) -> np.ndarray:
    """Fails between 50 and 150 hours from now."""
    return np.clip((150.0 - ahead) / 100.0, 0.0, 1.0)


def test_the_last_window_before_it_may_fail_is_best() -> None:
    told = proposal(still, COSTS, [Window(24), Window(48), Window(96)], usual_life=2_000)
    assert told.best.window.ahead == 48
    assert [c.fails for c in told.choices] == pytest.approx([0.0, 0.0, 0.0, 0.46], abs=0.01)
    assert told.best.cost < told.choices[0].cost < told.choices[-1].cost < told.waiting == 30_000
    assert told.saved == pytest.approx(told.choices[0].cost - told.best.cost)


def test_a_line_that_stands_anyway_is_worth_some_risk() -> None:
    told = proposal(still, COSTS, [Window(48), Window(54, standing=True)], usual_life=2_000)
    assert told.best.window == Window(54, standing=True)


def test_a_machine_that_will_last_is_left_alone() -> None:
    told = proposal(lambda ahead: np.ones_like(ahead), COSTS, [Window(10), Window(100)], usual_life=2_000)
    assert told.best.window.ahead == 100


def test_costs_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        Costs(failure=-1, planned=1)
    with pytest.raises(ValueError, match="ahead"):
        proposal(still, COSTS, [Window(-3)], usual_life=100)
