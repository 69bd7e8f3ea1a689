"""Rows as series, one for each point, pair or machine: far cheaper than a Python object for every row.

    for (who, whom), series in series_of(rows, ("id.orig_h", "id.resp_h"), ("ts", "value")):
        for index, ts, value in series: ...
            yield Finding(rows.row(index, named=True), ...)

`rows` must be in the order of time: `in_time(rows)`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import polars as pl


def in_time(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows by time; most batches are so already."""
    return rows if rows.get_column("ts").is_sorted() else rows.sort("ts", maintain_order=True)


def series_of(
    rows: pl.DataFrame, by: Sequence[str], columns: Sequence[str]
) -> Iterator[tuple[tuple[Any, ...], Iterator[tuple[Any, ...]]]]:
    """Each key, in order of its first row, with its rows: number of the row, then these columns."""
    grouped = (
        rows.select(*by, *(pl.col(c).alias(f"each {c}") for c in columns))
        .with_row_index("each row")
        .group_by(by, maintain_order=True)
        .agg(pl.all())
    )
    width = len(by)
    order = [*by, "each row", *(f"each {c}" for c in columns)]
    for group in grouped.select(order).iter_rows():
        yield group[:width], zip(*group[width:], strict=True)
