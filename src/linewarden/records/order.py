"""The order of records: by time; of equal times by capture and packet. Imports nothing heavy at the top."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def in_order(rows: pl.DataFrame) -> pl.DataFrame:
    """The rows in order, the same however they came. Lists are dear to sort, and most batches are in order already."""
    one_capture = rows.get_column("capture").n_unique() <= 1
    if one_capture and rows.get_column("ts").is_sorted():
        return rows
    keys = ("ts", "frame") if one_capture else ("ts", "capture", "frame")
    return rows.sort(keys, maintain_order=True)
