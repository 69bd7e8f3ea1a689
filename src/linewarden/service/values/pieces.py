"""Records of the stream `reading` as single values: a row each, with its tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


def single_values(readings: pl.DataFrame) -> pl.DataFrame:
    """Columns of KEY, `t` (ns UTC) and `x`; what is no number is left out."""
    import polars as pl

    return (
        readings.lazy()
        .filter(pl.col("values").list.len() > 0)
        .select(
            "source", "protocol", "unit", "area", "name", pl.col("start").fill_null(0),
            pl.col("ts").dt.epoch("ns").alias("t"), pl.col("values").alias("x"),
            pl.int_ranges(0, pl.col("values").list.len(), dtype=pl.Int64).alias("place"),
        )
        .explode("x", "place")
        .filter(pl.col("x").is_finite())
        .select(
            "source", "protocol", "unit", "area", "name", (pl.col("start") + pl.col("place")).alias("address"), "t", "x"
        )
        .collect()
    )  # fmt: skip
