"""How many readings a second are scored in memory: 50 channels, principal components with contributions, on two cores.

Ours, River and PyOD score the same rows in the same run; those two only where they are installed. Two threads each
score half of the rows with a detector of their own, as two machines of a plant would be.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
from _speed.rule import Goal

from _analytics._set import SEED, Set, Table
from linewarden.analytics.detectors.lagged_pca import LaggedPca

CHANNELS, HIDDEN = 50, 6
ROWS = 200_000
CORES = 2
ROUNDS = 20
GOAL = 100e6
Floats = npt.NDArray[np.float64]


def plant(rows: int) -> Floats:
    """Channels that move together by a few hidden ones, with noise."""
    dice = np.random.default_rng(SEED)
    return dice.normal(size=(rows, HIDDEN)) @ dice.normal(size=(HIDDEN, CHANNELS)) + dice.normal(
        0, 0.3, (rows, CHANNELS)
    )


def per_second(score: Callable[[Floats], object], rows: Floats) -> tuple[float, float]:
    """Readings a second by the clock, in the round that was disturbed least; and a second of one core's CPU time."""
    took, used = [], []
    for _ in range(ROUNDS):
        began, before = time.perf_counter(), time.process_time()
        score(rows)
        took.append(time.perf_counter() - began)
        used.append(time.process_time() - before)
    return rows.size / min(took), rows.size / min(used)


def ours(normal: Floats, lags: int) -> Callable[[Floats], object]:
    """Scores with contributions by as many threads as cores."""
    detector = LaggedPca([f"channel {k}" for k in range(CHANNELS)], lags=lags)
    detector.learn_many(normal)
    detector.score_many(normal[:10])
    own = [copy.deepcopy(detector) for _ in range(CORES)]
    pool = ThreadPoolExecutor(CORES)
    return lambda rows: list(pool.map(lambda d, part: d.score_many(part), own, np.array_split(rows, CORES)))


def pyod(normal: Floats) -> Callable[[Floats], object]:
    """PyOD's PCA: a score a row, no contributions."""
    from pyod.models.pca import PCA

    model = PCA(n_components=HIDDEN)
    model.fit(normal)
    return lambda rows: model.decision_function(rows)


def river(normal: Floats) -> Callable[[Floats], object]:
    """River's half-space trees, its quickest detector of rows, one row at a time as its interface has it."""
    from river.anomaly import HalfSpaceTrees

    model = HalfSpaceTrees(n_trees=10, height=6, seed=SEED, limits=dict.fromkeys(range(CHANNELS), (-15, 15)))
    for row in normal[:1000].tolist():
        model.learn_one(dict(enumerate(row)))
    return lambda rows: [model.score_one(dict(enumerate(row))) for row in rows.tolist()]


def measure(folder: Path) -> Table:
    """Needs no data: the rows are made."""
    rows = plant(ROWS)
    normal = rows[:5000]
    best = per_second(ours(normal, 0), rows)
    table = [
        ["ours (LaggedPca, lags 0), contributions", *told(best)],
        ["ours (LaggedPca, lags 2, the default), contributions", *told(per_second(ours(normal, 2), rows))],
    ]
    for name, label, made, part in (
        ("pyod", "PyOD PCA, no contributions", pyod, ROWS),
        ("river", "River HalfSpaceTrees, no contributions", river, 400),
    ):
        there = find_spec(name) is not None
        figures = told(per_second(made(normal), rows[:part])) if there else ["not installed", ""]
        table.append([label, *figures])
    goal = Goal(f"rate {best[0] / 1e6:.0f} million readings/s (goal 100)", best[0] >= GOAL)
    columns = ("detector", "million readings/s", "a second of one core")
    return Table(f"Rate in memory, {CHANNELS} channels, {CORES} threads", columns, table, [goal])


def told(rates: tuple[float, float]) -> list[str]:
    """In millions."""
    return [f"{rate / 1e6:.3g}" for rate in rates]


SET = Set("rate", (), measure)
