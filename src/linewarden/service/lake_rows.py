"""Rows of a lake's file with the columns that this version of the common streams has."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import polars as pl

from linewarden.errors import StoreError
from linewarden.records import COMMON, Column, stream_of

_TYPES: dict[str, Any] = {
    "ts": pl.Datetime("ns", "UTC"), "bool": pl.Boolean, "u8": pl.UInt8, "u16": pl.UInt16, "u32": pl.UInt32,
    "u64": pl.UInt64, "i64": pl.Int64, "f64": pl.Float64, "list[f64]": pl.List(pl.Float64),
}  # fmt: skip
_TEXTS = pl.String, pl.Categorical, pl.Enum


def as_written(file: Path, stream: str, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows; a column that an earlier version did not have is empty.

    Raises StoreError, with the file and the column, where one is of another type, or must not be empty. A protocol's
    own streams come as they are.
    """
    missing = []
    for column in _columns().get(stream, ()):
        kind = rows.schema.get(column.name)
        if kind is None and column.nullable:
            missing.append(pl.lit(None).cast(_TYPES.get(column.type, pl.String)).alias(column.name))
        elif kind is None:
            raise _wrong(file, f"has no column {column.name}")
        elif not _fits(kind, column.type):
            raise _wrong(file, f"its column {column.name} holds {kind}, not {_TYPES.get(column.type, pl.String)}")
    return rows.with_columns(missing) if missing else rows


@cache
def _columns() -> dict[str, tuple[Column, ...]]:
    return {stream.name: stream.columns for stream in map(stream_of, COMMON)}


def _fits(kind: pl.DataType, wanted: str) -> bool:
    return kind == _TYPES[wanted] if wanted in _TYPES else isinstance(kind, _TEXTS)


def _wrong(file: Path, what: str) -> StoreError:
    return StoreError(f"{file}: {what}, so Linewarden did not write it; delete it and read the capture again")
