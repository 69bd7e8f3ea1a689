"""The contract: every detector in analytics/detectors/ is found by itself and held to it."""

import pickle
from functools import cache

import numpy as np
import pytest

from linewarden.analytics.catalogue import detectors
from linewarden.analytics.contract import Detector, NothingLearnedError, Scores

TAGS = ("level", "inflow", "outflow", "pump", "still")
DETECTORS = sorted(detectors())


def plant(rows: int, seed: int = 1) -> np.ndarray:
    """A tank: outflow by a pump that is switched by the level, an inflow that shakes, and a tag that never moves."""
    dice = np.random.default_rng(seed)
    level, pump, out = 5.0, 0.0, []
    for row in range(rows):
        pump = 1.0 if level > 6 else 0.0 if level < 4 else pump
        inflow = 1.0 + 0.1 * np.sin(row / 40) + dice.normal(0, 0.2)
        outflow = 2.0 * pump + dice.normal(0, 0.02)
        level += 0.1 * (inflow - outflow)
        out.append((level + dice.normal(0, 0.02), inflow, outflow, pump, 7.0))
    return np.array(out)


NORMAL = plant(1200)


@cache
def learned(name: str) -> bytes:
    """A detector that learned the normal time, pickled with its model: some take seconds to make it."""
    made = detectors()[name](TAGS)
    made.learn_many(NORMAL)
    made.score_many(NORMAL[:1])
    made.restart()
    return pickle.dumps(made)


@pytest.fixture(params=DETECTORS)
def detector(request: pytest.FixtureRequest) -> Detector:
    made = pickle.loads(learned(request.param))
    assert isinstance(made, Detector)
    return made


def same(a: Scores, b: Scores) -> None:
    np.testing.assert_allclose(a.score, b.score, rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(a.alarm, b.alarm)
    np.testing.assert_allclose(a.confidence, b.confidence, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(a.contributions, b.contributions, rtol=1e-5, atol=1e-7)


def odd_rows() -> np.ndarray:
    """The tank again, with the inflow's sensor stuck far too high for a third of the time."""
    rows = plant(300, seed=2)
    rows[100:200, 1] += 4.0
    return rows


def test_all_are_found() -> None:
    assert {"ewma", "change_points", "lagged_pca", "virtual_sensors", "multivariate_ewma", "drift"} <= set(DETECTORS)


def test_one_by_one_is_many_at_once(detector: Detector) -> None:
    rows = odd_rows()
    many = detector.score_many(rows)
    detector.restart()
    one = [detector.score_one(row) for row in rows]
    np.testing.assert_allclose([v.score for v in one], many.score, rtol=1e-6, atol=1e-9)
    assert [v.alarm for v in one] == many.alarm.tolist()
    assert [dict(v.why) for v in one][150] == pytest.approx(dict(detector.verdict(many, 150).why), rel=1e-5)


def test_learning_one_by_one_is_learning_many(detector: Detector) -> None:
    other = type(detector)(TAGS)
    for row in NORMAL:
        other.learn_one(row)
    same(other.score_many(odd_rows()), detector.score_many(odd_rows()))


def test_how_rows_are_cut_changes_nothing(detector: Detector) -> None:
    rows = odd_rows()
    whole = detector.score_many(rows)
    detector.restart()
    parts = [detector.score_many(rows[a:b]) for a, b in ((0, 0), (0, 1), (1, 90), (90, 91), (91, 300))]
    same(Scores(*(np.concatenate([getattr(p, f) for p in parts]) for f in Scores.__dataclass_fields__)), whole)


def test_what_is_odd_is_told_and_why(detector: Detector) -> None:
    scores = detector.score_many(odd_rows())
    assert scores.alarm[100:200].any() and scores.alarm[100:200].mean() > scores.alarm[20:100].mean()
    assert scores.score[100:200].max() > 1.1 * scores.score[20:100].max()
    worst = 100 + int(np.argmax(scores.score[100:200]))
    assert "inflow" in [tag for tag, _ in detector.verdict(scores, worst).why[:3]]


def test_normal_rows_are_quiet(detector: Detector) -> None:
    assert detector.score_many(plant(1500, seed=3)).alarm.mean() < 0.1


def test_scores_are_in_their_ranges(detector: Detector) -> None:
    scores = detector.score_many(odd_rows())
    assert (scores.score >= 0).all() and np.isfinite(scores.score).all()
    assert ((scores.confidence > 0) & (scores.confidence <= 1)).all()
    total = scores.contributions.sum(axis=1)
    assert (np.isclose(total, 1) | (total == 0)).all() and (scores.contributions >= 0).all()


def test_pickled_in_the_middle_it_goes_on(detector: Detector) -> None:
    rows = odd_rows()
    detector.score_many(rows[:150])
    other = pickle.loads(pickle.dumps(detector))
    same(other.score_many(rows[150:]), detector.score_many(rows[150:]))


def test_missing_values_are_survived_and_make_less_sure(detector: Detector) -> None:
    rows = plant(300, seed=4)
    whole = detector.score_many(rows)
    detector.restart()
    holes = rows.copy()
    holes[np.random.default_rng(0).random(holes.shape) < 0.3] = np.nan
    holes[50:60] = np.nan
    scores = detector.score_many(holes)
    assert np.isfinite(scores.score).all()
    assert scores.confidence[70:].mean() < whole.confidence[70:].mean()
    assert (scores.confidence[50:60] == 0).all()


def test_learns_from_rows_with_holes(detector: Detector) -> None:
    other = type(detector)(TAGS)
    holes = NORMAL.copy()
    holes[np.random.default_rng(0).random(holes.shape) < 0.2] = np.nan
    other.learn_many(holes)
    scores = other.score_many(odd_rows())
    assert scores.score[100:200].max() > 1.2 * scores.score[30:100].max()


def test_late_and_duplicated_rows_change_nothing(detector: Detector) -> None:
    rows, at = odd_rows(), np.arange(300.0)
    whole = detector.score_many(rows, at)
    detector.restart()
    order = np.sort(np.concatenate([np.arange(300), np.arange(0, 300, 7)]), kind="stable")
    late = np.insert(order, 200, [3, 5, 9])  # of long ago
    scores = detector.score_many(rows[late], at[late])
    first = np.concatenate([[True], np.maximum.accumulate(late)[:-1] < late[1:]])
    same(scores[np.flatnonzero(first)], whole)
    same(scores[np.flatnonzero(~first)], scores[np.flatnonzero(~first) - 1])


def test_values_that_never_moved_are_survived(detector: Detector) -> None:
    other = type(detector)(TAGS)
    other.learn_many(np.full((300, 5), 7.0))
    scores = other.score_many(np.full((50, 5), 7.0))
    assert np.isfinite(scores.score).all() and not scores.alarm.any()


def test_no_number_ends_it(detector: Detector) -> None:
    rows = odd_rows()
    rows[10, 0], rows[20, 1], rows[30, 2] = np.inf, -np.inf, 1e300
    scores = detector.score_many(rows)
    assert np.isfinite(scores.score).all() and np.isfinite(scores.contributions).all()


def test_any_part_of_the_tags_will_do(detector: Detector) -> None:
    other = type(detector)(TAGS[1:2])
    other.learn_many(NORMAL[:, 1:2])
    assert np.isfinite(other.score_many(odd_rows()[:, 1:2]).score).all()


def test_learning_goes_on(detector: Detector) -> None:
    """What was odd is not, once a person said that it is normal."""
    strange = plant(4800, seed=5)
    strange[np.arange(4800) // 200 % 2 == 1, 1] += 4.0
    before = detector.score_many(strange[:400]).score.max()
    detector.learn_many(strange)
    assert detector.score_many(strange[:400]).score.max() < before * 0.9


def test_what_is_kept_is_bounded(detector: Detector) -> None:
    other = type(detector)(TAGS, keep=500)
    for _ in range(5):
        other.learn_many(NORMAL)
    assert len(other._normal.rows()) == 500
    other.score_many(odd_rows())
    assert len(pickle.dumps(other)) < 3_000_000


def test_misuse_is_told(detector: Detector) -> None:
    made = type(detector)
    with pytest.raises(NothingLearnedError):
        made(TAGS).score_one([1.0] * 5)
    with pytest.raises(ValueError, match="tags"):
        made(("a", "a"))
    with pytest.raises(ValueError, match="rows"):
        detector.score_many(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="time"):
        detector.score_many(np.zeros((3, 5)), np.zeros(2))
