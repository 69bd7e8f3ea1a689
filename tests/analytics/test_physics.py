"""Physics: what cannot be is told, whatever each value looks like by itself."""

import numpy as np

from linewarden.analytics.detectors.physics import Physics

TAGS = ("level", "inflow", "outflow")
HINTS = ("d(level)/dt = inflow - outflow", "0 <= level <= 20")


def tank(rows: int, seed: int, leak: float = 0.0, leaks_from: int = 10**9) -> np.ndarray:
    """Level in m of a tank of 40 m2; flows in m3 a minute, so that scale and unit must be learned."""
    dice = np.random.default_rng(seed)
    level, out = 10.0, []
    for row in range(rows):
        inflow = 3 + np.sin(row / 50) + dice.normal(0, 0.1)
        outflow = 3 + 0.5 * (level - 10) + dice.normal(0, 0.1)
        lost = leak if row >= leaks_from else 0.0
        out.append((level + dice.normal(0, 0.0005), inflow, outflow))
        level += (inflow - outflow - lost) / 60 / 40 * 10
    return np.array(out)


def physics(*hints: str) -> Physics:
    made = Physics(TAGS, hints=hints, row_seconds=10.0)
    made.learn_many(tank(4000, 1))
    return made


def test_a_leak_is_told_by_the_balance_alone() -> None:
    leaking = tank(1500, 2, leak=0.8, leaks_from=800)
    assert not physics().score_many(leaking).alarm[800:].any(), "no single value is odd"
    scores = physics(*HINTS).score_many(leaking)
    assert scores.alarm[830:].mean() > 0.9
    assert scores.alarm[:800].mean() < 0.02


def test_a_balance_names_its_tags() -> None:
    made = physics(*HINTS)
    scores = made.score_many(tank(1000, 2, leak=2.0, leaks_from=500))
    assert {tag for tag, _ in made.verdict(scores, 900).why} == set(TAGS)


def test_bounds_are_told_at_once() -> None:
    made = physics(*HINTS)
    rows = tank(50, 3)
    rows[40:, 0] = 21.0
    verdict = made.verdict(made.score_many(rows), 45)
    assert verdict.alarm
    assert verdict.why[0][0] == "level"


def test_a_rate_that_a_person_states_in_minutes() -> None:
    made = physics("|d(outflow)/dt| <= 1 /min")
    rows = tank(50, 3)
    rows[:, 2] = 3.0
    rows[20:, 2] += 0.16 * np.arange(30)  # 0.96 a minute
    assert not made.score_many(rows).alarm.any()
    rows[40:, 2] += 0.1 * np.arange(10)
    assert made.score_many(rows).alarm[-9:].all()


def test_after_silence_a_value_is_not_a_jump() -> None:
    made = physics()
    rows = np.tile([[10.0, 3.0, 3.0]], (200, 1))
    rows[100:, 1] = 6.0
    assert made.score_many(rows).alarm[100], "in one row it is"
    made.restart()
    rows[50:150, 1] = np.nan
    assert not made.score_many(rows).alarm.any()
