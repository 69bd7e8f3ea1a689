"""Machines that wear out, made up: three sensors that drift ever faster until the limit, and one that says nothing."""

from __future__ import annotations

import numpy as np

from linewarden.analytics.maintenance.runs import Run

COLUMNS = ("speed", "heat", "shake", "current", "idle")
POINTS = np.array([600.0, 900.0, 1500.0])
"""Speeds at which they are run."""


def machines(count: int, seed: int, *, points: int = 1, cut: bool = False, usual: float = 120.0) -> list[Run]:
    """Histories until failure; with `cut`, ended at a random moment before it, and `left` is lost."""
    dice = np.random.default_rng(seed)
    found = []
    for number in range(count):
        life = int(dice.normal(usual, usual / 6))
        wear = np.exp(-(life - np.arange(life, dtype=float)) / (usual / 4))
        point = dice.integers(0, points, life)
        gains = dice.normal([5.0, -3.0, 4.0], 0.3)
        rows = wear[:, None] * gains + dice.normal(0, 0.25, (life, 3))
        shift = (POINTS[point] - 600.0)[:, None] * [0.1, 0.05, -0.08]
        speed = POINTS[point] + dice.normal(0, 0.5, life)
        whole = np.column_stack([speed, rows + shift, np.full(life, 7.25)])
        run = Run(f"m{number}", np.arange(1.0, life + 1), whole)
        found.append(run.until(int(dice.integers(20, life - 3))) if cut else run)
    return found
