import json
from dataclasses import replace

import numpy as np
import pytest
from tests.analytics.maintenance.made import COLUMNS, machines

from linewarden.analytics.maintenance.life import RemainingLife
from linewarden.analytics.maintenance.runs import Run


@pytest.fixture(scope="module")
def model() -> RemainingLife:
    return RemainingLife.learned(machines(40, 1, points=3), COLUMNS, ["speed"])


def ends(seed: int, points: int = 1) -> tuple[list[Run], np.ndarray]:
    """Whole histories cut at random, and what they had left."""
    whole = machines(40, seed, points=points)
    dice = np.random.default_rng(seed)
    cuts = [int(dice.integers(20, len(r.at))) for r in whole]
    return [r.until(c) for r, c in zip(whole, cuts, strict=True)], np.array(
        [r.left[c - 1] for r, c in zip(whole, cuts, strict=True)]
    )


def test_it_foresees_the_end_of_machines_it_never_saw(model: RemainingLife) -> None:
    assert len(model.points) == 3 and set(model.tags) == {"heat", "shake", "current"}
    seen, left = ends(2, points=3)
    truth = np.minimum(left, model.cap)
    found = model.estimates(seen)
    error = np.sqrt(np.mean((np.array([e.left for e in found]) - truth) ** 2))
    assert error < 0.35 * np.std(truth)
    assert error == pytest.approx(model.error, rel=0.5)
    inside = [e.low <= t <= e.high for e, t in zip(found, truth, strict=True)]
    assert np.mean(inside) >= 0.8
    assert all(e.or_more == (e.left > 0.95 * model.cap) for e in found)


def test_it_says_which_tags_shorten_the_life(model: RemainingLife) -> None:
    worn = machines(1, 3, points=3)[0]
    told = model.estimates([worn])[0]
    assert told.left < 0.1 * model.cap and told.high < 0.5 * model.cap
    assert {name for name, moved in told.why[:2]} <= {"heat", "shake", "current"} and told.why[0][1] < 0
    fresh = model.estimates([worn.until(25)])[0]
    assert fresh.or_more and np.isinf(fresh.high)


def test_the_course_is_what_would_have_been_told_then(model: RemainingLife) -> None:
    run = machines(1, 4, points=3)[0]
    left, low, high = model.course(run)
    assert left[49] == pytest.approx(model.estimates([run.until(50)])[0].left)
    assert (low <= left).all() and (left <= high).all()


def test_a_sensor_that_stops_is_survived(model: RemainingLife) -> None:
    seen, left = ends(5, points=3)
    for run in seen:
        run.rows[-15:, 2] = np.nan
        run.rows[::4, 1] = np.nan
    error = np.array([e.left for e in model.estimates(seen)]) - np.minimum(left, model.cap)
    assert np.sqrt(np.mean(error**2)) < 0.5 * model.error_of_mean


def test_the_same_data_give_the_same_model() -> None:
    first, again = (RemainingLife.learned(machines(12, 6), COLUMNS, seed=3) for _ in range(2))
    assert first.models == again.models and first.error == again.error


def test_too_little_to_learn_from_is_said() -> None:
    with pytest.raises(ValueError, match="needs 10 that failed"):
        RemainingLife.learned(machines(4, 1), COLUMNS)
    with pytest.raises(ValueError, match="are no columns"):
        RemainingLife.learned(machines(12, 1), COLUMNS, ["tide"])
    still = [replace(r, rows=np.ones_like(r.rows)) for r in machines(12, 1)]
    with pytest.raises(ValueError, match="no tag moves"):
        RemainingLife.learned(still, COLUMNS)
    with pytest.raises(ValueError, match="2 columns"):
        RemainingLife.learned(machines(12, 1), COLUMNS).features(Run("x", np.arange(3.0), np.ones((3, 2))))


def test_it_survives_json_and_refuses_what_does_not_fit(model: RemainingLife) -> None:
    kept = json.loads(json.dumps(model.as_dict()))
    seen, _ = ends(7, points=3)
    assert RemainingLife.from_dict(kept).estimates(seen[:5]) == model.estimates(seen[:5])
    changes: tuple[dict[str, object], ...] = (
        {"used": [99]},
        {"models": []},
        {"cap": float("nan")},
        {"columns": ["a"]},
        {"spans": [1, 2]},
    )
    for change in changes:
        with pytest.raises((ValueError, KeyError)):
            RemainingLife.from_dict({**kept, **change})


def test_the_share_in_its_intervals_is_told(model: RemainingLife) -> None:
    assert model.covered > 0.85  # half of 40 units vouch for no less than it, and cannot for much less than all


def test_the_chance_to_last_falls_with_time(model: RemainingLife) -> None:
    worn = machines(1, 3, points=3)[0].until(95)
    still = model.still(worn, np.linspace(0, model.cap, 20))
    assert still[0] > 0.9 and still[-2] < 0.2 and (np.diff(still) <= 0).all()
