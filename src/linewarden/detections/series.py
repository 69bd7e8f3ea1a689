"""Rows as series, one for each point, pair or machine: far cheaper than a Python object for every row.

    for (who, whom), series in series_of(rows, ("id.orig_h", "id.resp_h"), ("ts", "value")):
        for index, ts, value in series: ...
            yield Finding(rows.row(index, named=True), ...)

`rows` must be in the order of time: `in_time(rows)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import polars as pl


def in_time(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows by time; most batches are so already."""
    return rows if rows.get_column("ts").is_sorted() else rows.sort("ts", maintain_order=True)


def brief(rows: pl.DataFrame, columns: Sequence[str]) -> Iterator[tuple[Any, ...]]:
    """Each row's number, then a few of its columns: whole rows as objects of Python cost several times as much."""
    return zip(range(rows.height), *(rows.get_column(c).to_list() for c in columns), strict=True)


def only(rows: pl.DataFrame, columns: Sequence[str], wanted: Callable[..., bool]) -> pl.DataFrame:
    """The rows that are wanted, in their order; rows that are alike in these columns are asked once."""
    alike = rows.select(columns).unique(maintain_order=True)
    kept = alike.filter(pl.Series([wanted(*row) for row in alike.iter_rows()], dtype=pl.Boolean))
    return rows.join(kept, on=columns, how="semi", maintain_order="left", nulls_equal=True)


def series_of(
    rows: pl.DataFrame, by: Sequence[str], columns: Sequence[str]
) -> Iterator[tuple[tuple[Any, ...], Iterator[tuple[Any, ...]]]]:
    """Each key, in order of its first row, with its rows: number of the row, then these columns."""
    for key, cells in columns_of(rows, by, columns):
        yield key, zip(*cells, strict=True)


def columns_of(
    rows: pl.DataFrame, by: Sequence[str], columns: Sequence[str]
) -> Iterator[tuple[tuple[Any, ...], list[list[Any]]]]:
    """The same, column by column."""
    groups = rows.select(by).with_row_index("each row").group_by(by, maintain_order=True).agg("each row")
    numbers = groups.get_column("each row")
    # All at once into Python, and cut there: that is far cheaper than a list a column and key.
    order = numbers.explode()
    cells = [order.to_list(), *(rows.get_column(c).gather(order).to_list() for c in columns)]
    ends = numbers.list.len().cum_sum().to_list()
    for key, (first, end) in zip(groups.select(by).iter_rows(), pairwise([0, *ends]), strict=True):
        yield key, [column[first:end] for column in cells]
