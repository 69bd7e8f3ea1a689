"""C-MAPSS: turbofans run until they fail; how many cycles has each test engine left after its last row?

FD001 and FD003 fly at one operating point, FD002 and FD004 at six; which are found by the program from the three
settings. The model is chosen on training engines only (docs/maintenance.md); the remaining life of the test engines is
read here, to judge.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from _speed.rule import Goal

from _analytics._data import lent, numbers, read, tags_of
from _analytics._set import Set, Table
from linewarden.analytics.maintenance.life import RemainingLife
from linewarden.analytics.maintenance.runs import Run, runs_of

Floats = npt.NDArray[np.float64]
CAP = 125.0
LABELS = ("unit", "cycle", "rul", "RUL")
SETTINGS = ("op1", "op2", "op3")
GOALS = {"FD001": 10.0, "FD003": 9.0}
PUBLISHED = {
    "FD001": (("MTSTAN, published", "10.97"), ("LightGBM, baseline of issue 6", "11.01")),
    "FD003": (("MTSTAN, published", "10.90"), ("LightGBM, baseline of issue 6", "9.74")),
}
COVERAGE = 0.9


def rows_of(folder: Path, kind: str, name: str) -> pl.DataFrame:
    """One file."""
    return read(lent(folder, f"cmapss_{kind}_{name}.parquet"))


def runs(table: pl.DataFrame, columns: Sequence[str]) -> list[Run]:
    """The engines of a file, NaN where it lacks a column."""
    return runs_of(table["unit"].to_numpy(), numbers(table, ["cycle"])[:, 0], numbers(table, columns))


def true_left(folder: Path, name: str) -> dict[str, float]:
    """By unit, after its last row; NASA's own file has no units, its lines are units 1, 2, ..."""
    table = rows_of(folder, "RUL", name)
    table = table.rename({c: c.lower() for c in table.columns})
    units = table["unit"].to_list() if "unit" in table.columns else range(1, len(table) + 1)
    return {str(u): float(r) for u, r in zip(units, table["rul"], strict=True)}


def told(estimate: Floats, truth: Floats) -> list[str]:
    """Capped RMSE, RMSE against the true life, and S (Saxena et al. 2008, PHM: late is worse than early) of both."""
    capped, raw = estimate - np.minimum(truth, CAP), estimate - truth
    rmse = [float(np.sqrt(np.mean(d * d))) for d in (capped, raw)]
    return [f"{rmse[0]:.2f}", f"{rmse[1]:.2f}", f"{s_score(capped):,.0f}", f"{s_score(raw):,.0f}"]


def s_score(d: Floats) -> float:
    return float(np.sum(np.where(d < 0, np.exp(-d / 13.0), np.exp(d / 10.0)) - 1.0))


def one(folder: Path, name: str) -> tuple[list[list[str]], Goal | str, str]:
    """Rows of one file, its figure with a goal or without, and a note."""
    train, judged = (rows_of(folder, kind, name) for kind in ("train", "test"))
    seen = tags_of(judged, LABELS)
    columns = [c for c in tags_of(train, LABELS) if c in seen]  # a sensor that is not there says nothing of its engines
    learn = runs(train, columns)
    model = RemainingLife.learned(learn, columns, [s for s in SETTINGS if s in columns], cap=CAP)
    by_unit = true_left(folder, name)
    test = [run for run in runs(judged, columns) if run.unit in by_unit]
    found = model.estimates(test, COVERAGE)
    truth = np.array([by_unit[e.unit] for e in found])
    left = np.array([e.left for e in found])
    inside = np.mean([e.low <= min(t, CAP) <= e.high for e, t in zip(found, truth, strict=True)])
    width = np.mean([min(e.high, CAP) - e.low for e in found])
    mean = float(np.mean([min(v, CAP) for r in learn for v in r.left]))
    rows = [
        [name, "mean of the training rows, capped", *told(np.full(len(truth), mean), truth), "", ""],
        [name, "the cap, always", *told(np.full(len(truth), CAP), truth), "", ""],
        *[[name, who, figure, "", "", "", "", ""] for who, figure in PUBLISHED.get(name, ())],
        [name, "ours (RemainingLife)", *told(left, truth), f"{inside:.0%}", f"{width:.0f}"],
    ]
    error = math.sqrt(float(np.mean((left - np.minimum(truth, CAP)) ** 2)))
    goal = GOALS.get(name)
    figure = f"C-MAPSS {name} RMSE {error:.2f}"
    verdict = Goal(f"{figure} (goal {goal})", error <= goal) if goal else f"{figure} (no goal)"
    note = (
        f"{name}: {len(learn)} engines to learn from, {len(model.points)} operating point(s) found; training engines "
        f"that a model had not seen: RMSE {model.error:.2f} (mean predictor {model.error_of_mean:.2f})."
    )
    return rows, verdict, note if goal else f"{note} No goal is set: measured as it comes."


def measure(folder: Path) -> Table:
    """Every file that is there, by itself."""
    names = sorted(f.stem.removeprefix("cmapss_test_") for f in folder.glob("cmapss_test_*.parquet"))
    lacks = {n: [k for k in ("train", "RUL") if not lent(folder, f"cmapss_{k}_{n}.parquet").exists()] for n in names}
    parts = [one(folder, name) for name in names if not lacks[name]]
    return Table(
        f"C-MAPSS, last cycle of each test engine, true life capped at {CAP:g}",
        ("file", "estimate", "RMSE", "RMSE, raw life", "S", "S, raw life", f"in {COVERAGE:.0%} interval", "width"),
        [row for rows, _, _ in parts for row in rows],
        [goal for _, goal, _ in parts if isinstance(goal, Goal)],
        [note for _, _, note in parts],
        [figure for _, figure, _ in parts if isinstance(figure, str)]
        + [f"C-MAPSS {name} not measured (no {', '.join(kinds)})" for name, kinds in lacks.items() if kinds],
    )


SET = Set("cmapss", ("cmapss_test_*.parquet",), measure)
