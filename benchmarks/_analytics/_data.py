"""Tables of a set: every file of its kind in a folder, whatever else lies there and in whatever order columns stand.

Data that are kept apart often bring only what is judged. What is learned from is then lent by the shared data.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
from _speed.rule import default_data

Floats = npt.NDArray[np.float64]


class NothingThereError(ValueError):
    """No file of the set has what is needed to measure it."""


def read(file: Path) -> pl.DataFrame:
    """A file, its column names without blanks around them (BATADAL's own files have some)."""
    table = pl.read_parquet(file)
    return table.rename({c: c.strip() for c in table.columns})


def tables(folder: Path, pattern: str, must: Sequence[str], once: Sequence[str], other: str = "") -> pl.DataFrame:
    """Rows of all files of the pattern that have the columns `must`, the union of their columns. What an earlier file
    told, by the columns `once`, is not taken again from a later one. `other`: a file of another kind.
    Raises NothingThereError."""
    parts: list[pl.DataFrame] = []
    for file in sorted(folder.glob(pattern)):
        if file.name == other:
            continue
        part = read(file)
        if not set(must) <= set(part.columns):
            print(f"{file.name} left out: it lacks {', '.join(sorted(set(must) - set(part.columns)))}")
            continue
        keys = [k for k in once if k in part.columns]
        for before in parts:
            known = [k for k in keys if k in before.columns]
            same = before.select(pl.col(k).cast(part.schema[k], strict=False) for k in known).unique()
            part = part.join(same, on=known, how="anti", nulls_equal=True, maintain_order="left") if known else part
        parts.append(part)
    if not any(len(part) for part in parts):
        raise NothingThereError(f"no rows with {', '.join(must)} in {pattern}")
    return pl.concat(parts, how="diagonal_relaxed")


def lent(folder: Path, name: str) -> Path:
    """The file in the folder, or that of the shared data where the folder has none."""
    return folder / name if (folder / name).exists() else default_data() / "process" / name


def tags_of(table: pl.DataFrame, labels: Sequence[str]) -> list[str]:
    """Columns that hold numbers, at least one, and are no labels."""
    return [
        c
        for c in table.columns
        if c not in labels and not table.schema[c].is_temporal() and np.isfinite(numbers(table, [c])).any()
    ]


def numbers(table: pl.DataFrame, columns: Sequence[str]) -> Floats:
    """(n, columns), NaN where there is none; a column that the table lacks is all NaN."""
    there = [
        pl.col(c).cast(pl.Float64, strict=False) if c in table.columns else pl.lit(None, pl.Float64).alias(c)
        for c in columns
    ]
    return np.array(table.with_columns(there).select(columns).to_numpy(), np.float64)


def stamps(series: pl.Series) -> pl.Series:
    """As times, also where they were kept as text."""
    if series.dtype == pl.String:
        return series.str.to_datetime(strict=False, time_unit="us")
    return series.cast(pl.Datetime("us"))
