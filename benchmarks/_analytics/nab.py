"""Numenta Anomaly Benchmark: series of one value each; the scorer's standard profile, written from its definition.

NAB's rule picks one threshold for all files by the best total score, which uses the labels: that is how its published
figures come about, and ours too. Detectors are causal; the first 15 % of a file (at most 750 rows) is a probation
that does not count. Source: Lavin and Ahmad 2015, and NAB's scoring with A_TP = 1, A_FP = 0.11, A_FN = 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from _speed.rule import Goal

from _analytics._data import lent, numbers, stamps, tables
from _analytics._set import SEED, Set, Table
from linewarden.analytics.detectors.novelty import Novelty

FALSE, MISSED = 0.11, 1.0
WINDOWS = "nab_windows.parquet"
MACHINE = "realKnownCause/machine_temperature_system_failure.csv"
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class File:
    """One series: values, and its windows as first and last row."""

    values: Floats
    windows: list[tuple[int, int]]

    @property
    def probation(self) -> int:
        return int(0.15 * min(len(self.values), 5000))


def sigmoid(place: Floats) -> Floats:
    """NAB's weight of a place relative to a window's end (-1 its start, 0 its end)."""
    return 2.0 / (1.0 + np.exp(5.0 * place)) - 1.0


def files(folder: Path) -> dict[str, File]:
    windows = pl.read_parquet(lent(folder, WINDOWS))
    series = tables(folder, "nab_*.parquet", ("file", "timestamp", "value"), ("file",), other=WINDOWS)
    return {
        str(name): _file(part, windows.filter(file=name))
        for (name,), part in series.group_by("file", maintain_order=True)
    }


def _file(part: pl.DataFrame, windows: pl.DataFrame) -> File:
    """Rows in the order of the file, as the scorer takes them; its windows in the order of time."""
    at = stamps(part["timestamp"]).to_numpy()
    bounds = zip(stamps(windows["start"]).to_numpy(), stamps(windows["end"]).to_numpy(), strict=True)
    rows = [np.flatnonzero((at >= start) & (at <= end)) for start, end in bounds]
    return File(numbers(part, ["value"])[:, 0], sorted((int(r[0]), int(r[-1])) for r in rows if len(r)))


def worth(file: File) -> tuple[npt.NDArray[np.int64], Floats]:
    """Of an alarm at each row: its window (-1: none), and its weight, 0..1 within and -1..0 outside."""
    n = len(file.values)
    window, weight = np.full(n, -1), np.full(n, -1.0)
    for k, (first, last) in enumerate(file.windows):
        length = last - first + 1
        place = np.arange(first, last + 1)
        window[place] = k
        weight[place] = sigmoid(-(last - place + 1) / length) / sigmoid(np.array(-1.0))
        after = np.arange(last + 1, file.windows[k + 1][0] if k + 1 < len(file.windows) else n)
        far = (after - last) / max(length - 1, 1)
        weight[after] = np.where(far > 3, -1.0, sigmoid(np.minimum(far, 3.0)))
    return window, weight


def raw_by_threshold(file: File, scores: Floats) -> tuple[Floats, Floats]:
    """Thresholds from high to low, and the file's raw score where all rows at or above alarm."""
    window, weight = worth(file)
    rows = np.arange(file.probation, len(scores))
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    best = np.zeros(len(file.windows))
    found = np.zeros(len(file.windows), bool)
    total, totals = -MISSED * len(file.windows), []
    for row in rows:
        k = window[row]
        if k < 0:
            total += FALSE * weight[row]
        elif not found[k] or weight[row] > best[k]:
            total += weight[row] - best[k] + (0.0 if found[k] else MISSED)
            found[k], best[k] = True, weight[row]
        totals.append(total)
    edges = np.flatnonzero(np.diff(scores[rows], append=-np.inf))
    return (
        np.concatenate([[np.inf], scores[rows][edges]]),
        np.concatenate([[-MISSED * len(file.windows)], np.array(totals)[edges]]),
    )


def scored(series: dict[str, File], scores: dict[str, Floats]) -> tuple[float, dict[str, float]]:
    """The normalised score over all files, 0..100, and each file's raw score, at the threshold that is best for all."""
    curves = {name: raw_by_threshold(file, scores[name]) for name, file in series.items()}
    thresholds = np.unique(np.concatenate([c[0] for c in curves.values()]))[::-1]
    at = {name: c[1][np.searchsorted(-c[0], -thresholds, side="right") - 1] for name, c in curves.items()}
    total = np.sum(list(at.values()), axis=0)
    best = int(np.argmax(total))
    windows = sum(len(f.windows) for f in series.values())
    least = -MISSED * windows
    return 100 * (total[best] - least) / max(windows - least, 1.0), {name: float(a[best]) for name, a in at.items()}


def ours(file: File) -> Floats:
    """Learns the probation, or as little as it needs where that is shorter, and from then on what it scores."""
    detector = Novelty(("value",))
    rows = file.values[:, None]
    learned = max(file.probation, detector.needs_rows)
    if learned >= len(rows):
        return np.zeros(len(rows))
    detector.learn_many(rows[:learned])
    return np.concatenate([np.zeros(learned), detector.score_many(rows[learned:]).score])


def measure(folder: Path) -> Table:
    """All files that are there, one threshold for all."""
    series = files(folder)
    random = np.random.default_rng(SEED)
    results = {
        "always alarm": scored(series, {n: np.ones(len(f.values)) for n, f in series.items()}),
        "random alarm": scored(series, {n: random.random(len(f.values)) for n, f in series.items()}),
        "ours (Novelty)": scored(series, {n: ours(f) for n, f in series.items()}),
    }
    rows = [[name, f"{total:.1f}", *(f"{raw[n]:.2f}" for n in series)] for name, (total, raw) in results.items()]
    names = [n.split("/")[-1].removesuffix(".csv") for n in series]
    for label, total, raw in (("ARTime, published", "74.9", "2.56"), ("HTM, published", "70.5", "1.36")):
        rows.insert(-1, [f"{label} (58 files)", total, *(raw if n == MACHINE else "" for n in series)])
    whole, each = results["ours (Novelty)"]
    goals = []
    if MACHINE in each:
        goals.append(Goal(f"NAB raw {each[MACHINE]:.2f} on machine_temperature (goal 2.5)", each[MACHINE] >= 2.5))
    also = [f"NAB over these {len(series)} files {whole:.1f}"]
    if len(series) > 50:
        goals.append(Goal(f"NAB {whole:.1f} over {len(series)} files (goal 75)", whole >= 75))
    note = "One threshold for all files, picked by the best total score as NAB's rule has it: it looks at the labels."
    return Table("NAB, standard profile", ("detector", "score", *names), rows, goals, [note], also)


SET = Set("nab", ("nab_*.parquet",), measure)
