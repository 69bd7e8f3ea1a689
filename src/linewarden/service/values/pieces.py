"""Records of the stream `reading` as single values: a row each, with its tag."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

SERIES = ("source", "protocol", "unit", "area", "name")
"""What the values of a reading have in common."""


def single_values(readings: pl.DataFrame) -> pl.DataFrame:
    """Columns of KEY, `t` (ns UTC) and `x`; what is no number is left out."""
    import polars as pl

    return _exploded(readings.lazy().with_columns(pl.col("ts").dt.epoch("ns").alias("t")), SERIES).collect()


def numbered(readings: pl.DataFrame, series: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """All series, the new ones behind those that are there; and single values by time: the row of their `series`,
    `address`, `t` and `x`.

    Texts are looked at once a reading, which may have hundreds of values.
    """
    import polars as pl

    readings = readings.filter(pl.col("values").list.len() > 0)
    new = readings.select(SERIES).unique(maintain_order=True).join(series, on=SERIES, how="anti", nulls_equal=True)
    series = (
        pl.concat([series, new.select(pl.col(n).cast(t) for n, t in series.schema.items())]) if new.height else series
    )
    rows = series.lazy().with_row_index("series")
    timed = readings.lazy().with_columns(pl.col("ts").dt.epoch("ns").alias("t"))
    if not readings["ts"].is_sorted():
        timed = timed.sort("t", maintain_order=True)
    joined = timed.join(rows, on=SERIES, how="left", nulls_equal=True, maintain_order="left")
    return series, _exploded(joined, ("series",)).collect()


def _exploded(readings: pl.LazyFrame, keep: tuple[str, ...]) -> pl.LazyFrame:
    import polars as pl

    return (
        readings.filter(pl.col("values").list.len() > 0)
        .select(
            *keep, pl.col("start").fill_null(0), "t", pl.col("values").alias("x"),
            pl.int_ranges(0, pl.col("values").list.len(), dtype=pl.Int64).alias("place"),
        )
        .explode("x", "place")
        .filter(pl.col("x").is_finite())
        .select(*keep, (pl.col("start") + pl.col("place")).alias("address"), "t", "x")
    )  # fmt: skip
