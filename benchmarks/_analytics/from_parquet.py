"""From a Parquet file of values to a Parquet file of verdicts with reasons: how many readings a second.

The same rows go through PyOD's PCA, read and written with Polars, where it is installed. The first pass of each is told
beside the median of all.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import polars as pl
from _speed.rule import FOLDER, Goal

from _analytics._set import Set, Table
from _analytics.rate import CHANNELS, HIDDEN, Floats, plant
from linewarden.analytics.detectors.lagged_pca import LaggedPca
from linewarden.service.scoring import score_file

ROWS = 2_000_000
ROUNDS = 5
GOAL = 20e6
TAGS = [f"channel {k}" for k in range(CHANNELS)]


def made(folder: Path) -> tuple[Path, Floats]:
    """A file of ROWS rows of a second each, and rows of it to learn from."""
    file = folder / "values.parquet"
    piece = plant(ROWS // 10)
    start = pl.datetime(2026, 1, 1, time_unit="ns", time_zone="UTC")
    values = pl.concat([pl.DataFrame(piece, schema=TAGS)] * 10)
    values.select((start + pl.duration(seconds=pl.int_range(pl.len()))).alias("time"), pl.all()).write_parquet(file)
    return file, piece[:5000]


def timed(run: Callable[[], object]) -> tuple[float, float]:
    """Readings a second: of the first pass, and the median of all."""
    took = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        run()
        took.append(time.perf_counter() - began)
    return ROWS * CHANNELS / took[0], ROWS * CHANNELS / statistics.median(took)


def ours(file: Path, normal: Floats, lags: int) -> Callable[[], object]:
    """As `linewarden analyse --scores` does it."""
    detector = LaggedPca(TAGS, lags=lags)
    detector.learn_many(normal)
    detector.score_many(normal[:10])
    return lambda: score_file(file, "time", detector, file.with_name("verdicts.parquet"))


def pyod(file: Path, normal: Floats) -> Callable[[], object]:
    """PyOD's PCA between Polars' reader and writer: a score a row, no reasons."""
    from pyod.models.pca import PCA

    model = PCA(n_components=HIDDEN)
    model.fit(normal)

    def run() -> None:
        rows = pl.read_parquet(file)
        scores = model.decision_function(rows.select(TAGS).to_numpy())
        rows.select("time", score=pl.Series(scores)).write_parquet(file.with_name("peer.parquet"))

    return run


def measure(_folder: Path) -> Table:
    """Needs no data: the rows are made."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=FOLDER) as name:
        file, normal = made(Path(name))
        best = timed(ours(file, normal, 0))
        rows = [
            ["ours (LaggedPca, lags 0), reasons", *told(best)],
            ["ours (LaggedPca, lags 2, the default), reasons", *told(timed(ours(file, normal, 2)))],
            ["PyOD PCA with Polars, no reasons", *(told(timed(pyod(file, normal))) if find_spec("pyod") else ("", ""))],
        ]
        size = file.stat().st_size / 1e6
    heading = f"Parquet to Parquet, {ROWS * CHANNELS / 1e6:.0f} million readings of {CHANNELS} channels, {size:,.0f} MB"
    goal = Goal(f"from Parquet {best[1] / 1e6:.0f} million readings/s (goal 20)", best[1] >= GOAL)
    return Table(heading, ("detector", "million readings/s, first pass", "median"), rows, [goal])


def told(rates: tuple[float, float]) -> list[str]:
    """In millions."""
    return [f"{rate / 1e6:.3g}" for rate in rates]


SET = Set("parquet", (), measure)
