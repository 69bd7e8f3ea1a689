"""Histories of units from a Parquet or CSV file, as a historian exports them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import ConfigError

if TYPE_CHECKING:
    import polars as pl

    from linewarden.analytics.maintenance.runs import Run

MOST_BYTES = 4 * 1024**3
MISSING = "numpy, scipy, lightgbm and scikit-learn are missing: pip install 'linewarden[analytics]'"


@dataclass(frozen=True, slots=True)
class Histories:
    """runs: one a unit. columns: of their rows. hours: of one unit of time (1 where times are dates), None where times
    are counts. ends: the time of each unit's last row in words. sha256: of the file."""

    file: str
    runs: list[Run]
    columns: tuple[str, ...]
    hours: float | None
    sha256: str
    left_out: tuple[str, ...]


def need_analytics() -> None:
    """Raises ConfigError that says what to install."""
    try:
        import lightgbm
        import numpy
        import scipy  # noqa: F401 - whether they are there
    except ImportError as error:
        raise ConfigError(MISSING) from error
    del lightgbm, numpy


def read_histories(path: Path, unit: str, time: str, only: Sequence[str] = ()) -> Histories:
    """The numeric columns of a file by unit; where `unit` is "", the file is one unit. `only`: these columns, in this
    order (a model's). Raises ConfigError naming file and column."""
    import polars as pl

    from linewarden.analytics.maintenance.runs import runs_of

    table = _read(path)
    for column in filter(None, (unit, time, *only)):
        if column not in table.columns:
            raise ConfigError(f"{path}: no column {column}; there are: {', '.join(table.columns[:30])}")
    kept = list(only) or [c for c in table.columns if c not in (unit, time) and table[c].dtype.is_numeric()]
    wrong = [c for c in kept if not table[c].dtype.is_numeric()]
    if wrong or not kept:
        raise ConfigError(
            f"{path}: {', '.join(wrong)}: not numeric" if wrong else f"{path}: no numeric column to learn"
        )
    at, hours = _times(path, table[time])
    units = table[unit].cast(pl.String).fill_null("").to_list() if unit else [path.stem] * len(table)
    rows = table.select(pl.col(kept).cast(pl.Float64)).to_numpy()
    try:
        runs = runs_of(units, at.to_numpy(), rows)
    except ValueError as error:
        raise ConfigError(f"{path}: column {time}: {error}; leave such rows out") from error
    if not runs:
        raise ConfigError(f"{path}: has no rows")
    left_out = tuple(c for c in table.columns if c not in (unit, time, *kept)) if not only else ()
    return Histories(path.name, runs, tuple(kept), hours, _hash(path), left_out)


def _read(path: Path) -> pl.DataFrame:
    import polars as pl

    if not path.is_file():
        raise ConfigError(f"{path}: no such file; give a .parquet or .csv file")
    if path.stat().st_size > MOST_BYTES:
        raise ConfigError(f"{path}: larger than {MOST_BYTES // 1024**3} GiB; give a shorter time, or fewer columns")
    try:
        if path.suffix.lower() == ".csv":
            return pl.read_csv(path, infer_schema_length=10_000, try_parse_dates=True)
        return pl.read_parquet(path)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        first = str(error).splitlines()[0][:160] if str(error) else "not readable"
        raise ConfigError(f"{path}: neither Parquet nor CSV that can be read ({first})") from error


def _times(path: Path, column: pl.Series) -> tuple[pl.Series, float | None]:
    """Times as numbers, and the hours of one: dates become hours since 1970."""
    import polars as pl

    if column.dtype.is_temporal():
        if column.dtype == pl.Date:
            column = column.cast(pl.Datetime("us"))
        if not isinstance(column.dtype, pl.Datetime):
            raise ConfigError(f"{path}: column {column.name}: a time of day alone says not when; give dates")
        return column.dt.epoch("us").cast(pl.Float64) / 3.6e9, 1.0
    if not column.dtype.is_numeric():
        raise ConfigError(f"{path}: column {column.name}: neither numbers nor dates")
    return column.cast(pl.Float64), None


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
