"""Every row of an export judged, at its full resolution: verdicts in a file beside it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import ConfigError
from linewarden.service.scoring import Scored, score_file
from linewarden.service.surveying.columns import found
from linewarden.service.surveying.opening import opened

if TYPE_CHECKING:
    from linewarden.analytics.contract import Detector
    from linewarden.service.surveying.analysis import Analysis

MOST_LEARNED = 50_000
"""Rows of the normal time that are learned: the latest."""


def check_form(file: Path, *, time: str | None, without: tuple[str, ...], only: tuple[str, ...]) -> str:
    """The column of time. Raises ConfigError, unless it is a Parquet file with a column a tag, and one of time."""
    try:
        with file.open("rb") as start:
            is_parquet = start.read(4) == b"PAR1"
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror or error}; give a Parquet file for --scores") from None
    if not is_parquet:
        raise ConfigError(f"--scores: {file} is no Parquet file; only those are judged row by row")
    columns = found(opened(file).frame, time=time, without=without, only=only)
    if columns.long or columns.time is None:
        raise ConfigError(f"--scores: {file} needs a column a tag, and one of time (--time)")
    return columns.time


def write_verdicts(file: Path, time: str, analysis: Analysis, out: Path) -> Scored:
    """Learns from the same time as the analysis, and judges every row. Raises ConfigError or StoreError."""
    import polars as pl

    tags = tuple(analysis.export.tags[k] for k in analysis.tags)
    if not tags or analysis.found is None:
        raise ConfigError(f"--scores: {file}: {analysis.why_not or 'nothing to judge'}")
    frame = opened(file).frame
    seconds = found(frame, time=time, without=(), only=()).seconds
    assert seconds is not None
    begin, end = analysis.export.at[analysis.normal][[0, -1]]
    normal = frame.filter(seconds.is_between(float(begin), float(end))).select(pl.col(*tags).cast(pl.Float64))
    detector = _detector(tags)
    detector.learn_many(normal.tail(MOST_LEARNED).collect().to_numpy())
    return score_file(file, time, detector, out)


def _detector(tags: tuple[str, ...]) -> Detector:
    """The fastest one that fits the number of tags: each row of large exports is judged."""
    from linewarden.analytics.detectors.ewma import Ewma
    from linewarden.analytics.detectors.lagged_pca import LaggedPca
    from linewarden.analytics.detectors.multivariate_ewma import MultivariateEwma

    if len(tags) == 1:
        return Ewma(tags)
    return MultivariateEwma(tags) if len(tags) == 2 else LaggedPca(tags)
