"""What detectors are made of: limits, holding, tails, worth of rows, regimes."""

import numpy as np
import pytest
from scipy.signal import lfilter
from scipy.stats import expon, norm

from linewarden.analytics.detectors.ewma import Ewma
from linewarden.analytics.detectors.lagged_pca import LaggedPca
from linewarden.analytics.holding import Hold, Refractory
from linewarden.analytics.normal import filled, independent_rows
from linewarden.analytics.regimes import Regimes
from linewarden.analytics.tails import Tail
from linewarden.analytics.thresholds import conformal_limit, cross_fitted, pot_limit

DICE = np.random.default_rng(3)


def test_conformal_limit_keeps_its_promise() -> None:
    over = [DICE.random() > conformal_limit(DICE.random(99), 0.1) for _ in range(4000)]
    assert np.mean(over) == pytest.approx(0.1, abs=0.02)


def test_peaks_over_threshold_sees_beyond_what_was_seen() -> None:
    limits = [pot_limit(DICE.exponential(size=2000), 1e-5) for _ in range(40)]
    assert np.median(limits) == pytest.approx(expon.isf(1e-5), rel=0.25)
    assert np.median([pot_limit(np.abs(DICE.normal(size=2000)), 1e-5) for _ in range(40)]) == pytest.approx(
        norm.isf(0.5e-5), rel=0.2
    )


def test_limits_of_a_constant() -> None:
    assert pot_limit(np.ones(500), 0.001) == 1.0


def test_cross_fitting_never_scores_what_was_learned() -> None:
    rows = np.arange(100.0)[:, None]
    shared = cross_fitted(rows, 5, lambda learn, score: np.isin(score, learn).sum(axis=1))
    assert shared.shape == (100,) and not shared.any()


def test_an_alarm_is_held_until_it_was_quiet() -> None:
    hot = np.array([0, 1, 0, 0, 1, 0, 0, 0, 0], bool)
    assert Hold(2).over(hot).astype(int).tolist() == [0, 1, 1, 1, 1, 1, 1, 0, 0]
    held = Hold(2)
    parts = [held.over(hot[k : k + 1]) for k in range(9)]
    assert np.concatenate(parts).tolist() == Hold(2).over(hot).tolist()
    assert Hold(0).over(hot).tolist() == hot.tolist()


def test_refractory_tells_only_what_is_clearly_worse() -> None:
    gate = Refractory(3, arms=2.0, more=1.0)
    assert [gate.passes(v) for v in (1, 3, 3.5, 5, 1, 1, 1, 3)] == [1, 3, 0, 5, 0, 0, 0, 3]


def test_a_tail_is_a_rank_and_forgets_the_oldest() -> None:
    tail = Tail(keep=100)
    for value in range(100):
        tail.add(float(value % 10))
    assert tail.add(-1.0) == pytest.approx(0.0, abs=0.01)
    assert tail.add(50.0) > 3.5
    for _ in range(100):
        tail.add(60.0)
    assert tail.add(50.0) == pytest.approx(0.0, abs=0.02)


def test_correlated_rows_are_worth_less() -> None:
    white = DICE.normal(size=(4000, 200))
    slow = lfilter([0.1], [1, -0.9], white, axis=0)
    assert np.median(independent_rows(white)) == pytest.approx(4000, rel=0.3)
    assert np.median(independent_rows(slow)) == pytest.approx(4000 / 19, rel=0.4)  # (1 + 0.9) / (1 - 0.9)


def test_a_gap_holds_the_value_before_it() -> None:
    rows, last = filled(np.array([[np.nan, 1], [2, np.nan], [np.nan, np.nan]]), np.array([9.0, 9.0]))
    assert rows.tolist() == [[9, 1], [2, 1], [2, 1]]
    assert last.tolist() == [2, 1]


def test_a_tag_that_wandered_must_go_farther_than_one_that_shook() -> None:
    n = 600
    wanders = np.cumsum(DICE.normal(size=n))
    rows = np.column_stack([(wanders - wanders.mean()) / wanders.std(), DICE.normal(size=n)])
    made = Ewma(("wanders", "shakes"))
    made.learn_many(rows)
    shifted = np.tile(rows.mean(axis=0) + 1.5, (60, 1))
    scores = made.score_many(shifted)
    assert scores.alarm[-1]
    assert made.verdict(scores, 59).why[0][0] == "shakes"
    assert dict(made.verdict(scores, 59).why).get("wanders", 0.0) < 0.2


def test_regimes_are_modes_that_were_seen_often() -> None:
    mode = np.repeat([0.0, 1.0, 2.0], [300, 300, 5])
    rows = np.column_stack([DICE.normal(size=605), mode])
    regimes = Regimes(rows, least=50)
    assert len(regimes) == 3
    assert regimes.of(np.array([[0, 0], [0, 1], [0, 2], [0, 7.0]])).tolist() == [1, 2, 0, 0]


def test_what_is_normal_in_one_regime_is_odd_in_another() -> None:
    n = 3000
    mode = (np.arange(n) // 100 % 2).astype(float)
    speed = np.where(mode == 1, 50.0, 5.0) + DICE.normal(0, 0.5, n)
    made = LaggedPca(("mode", "speed"), lags=0)
    made.learn_many(np.column_stack([mode, speed]))
    rows = np.tile([[1.0, 50.0]], (60, 1))
    assert not made.score_many(rows).alarm.any()
    rows[30:, 1] = 5.0
    scores = made.score_many(rows)
    assert scores.alarm[40:].all()
    assert made.verdict(scores, 50).why[0][0] == "speed"
