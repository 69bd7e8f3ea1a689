"""All tags that somebody asks for as a file, from columns: there may be hundreds of thousands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.service.tag_dictionary.facts import Facts
from linewarden.service.units import shown
from linewarden.service.values.finding import Ask, Names, chosen, described, labels, named
from linewarden.service.values.known import Known
from linewarden.service.values.tag import TagKey

if TYPE_CHECKING:
    import polars as pl

AFTER = ("first_seen", "last_seen", "first_seen_ns", "last_seen_ns", "course")
"""Columns that come after what was said of a tag."""
FORMULA = r"^[=+\-@\t\r]"
"""What a spreadsheet would take for a formula is marked as text (OWASP, CSV injection)."""


def write_file(
    known: Known, ask: Ask, names: Names, format: str, out: Path, facts: Mapping[TagKey, Facts]
) -> None:  # fmt: skip
    """`format`: csv, arrow or parquet; `facts`: what was said of tags. Columns as a row of the API has them.

    Raises OSError.
    """
    import polars as pl

    series = named(known, names)
    rows = chosen(known, series, ask, described(known, facts))
    order = [pl.col("value").is_null(), pl.col("value"), pl.col("id")]
    numbers = rows.sort(order, descending=ask.down)["number"]
    frame = _with_facts(_frame(known, series, numbers), known.series.dtypes[2], facts)
    if format == "csv":
        values = pl.col("course").list.eval(pl.element().cast(pl.String).fill_null("null"))
        course = pl.format("[{}]", values.list.join(", "))
        texts = [pl.when(c.str.contains(FORMULA)).then("'" + c).otherwise(c).alias(n)
                 for n, c in ((n, pl.col(n)) for n, t in frame.schema.items() if t == pl.String)]  # fmt: skip
        frame.with_columns(*texts, course=course).write_csv(out)
    elif format == "parquet":
        frame.write_parquet(out)
    else:
        frame.write_ipc_stream(out)


def _frame(known: Known, series: pl.DataFrame, numbers: pl.Series) -> pl.DataFrame:
    import polars as pl

    tags = known.tags[numbers]
    of = series[tags["series"]]
    first, last = known.first_ts // known.width, known.last_ts // known.width
    empty = pl.Series([], dtype=pl.Float64)
    pieces = []
    for piece in range(first, last + 1) if known.courses else ():
        course = known.courses.get(piece, empty)
        missing = known.tags.height - len(course)
        pieces.append((course.extend_constant(None, missing) if missing else course).gather(numbers).alias(str(piece)))
    none = pl.lit(None, pl.List(pl.Float64)).alias("course")
    courses = pl.DataFrame(pieces).select(course=pl.concat_list(pl.all()))["course"] if pieces else none
    every = (pl.col("last_ts") - pl.col("first_ts")) / 1e9 / (pl.col("count") - 1)
    both = tags.hstack(of.select("source", "protocol", "unit", "area", "name", "device", "called", "zone"))
    return both.select(
        _hex(tags["id"]), labels(known).gather(numbers).alias("label"), "device", pl.col("called").alias("device_name"),
        pl.when(pl.col("zone") != "").then("zone").alias("zone"), pl.col("source").alias("address"), "protocol", "unit",
        "area", "name", pl.col("address").alias("place"), "count", "last", "low", "high",
        (pl.col("total") / pl.col("count")).alias("mean"), pl.when(pl.col("count") > 1).then(every).alias("every_s"),
        "moved", _when("first_ts").alias("first_seen"), _when("last_ts").alias("last_seen"),
        pl.col("first_ts").alias("first_seen_ns"), pl.col("last_ts").alias("last_seen_ns"),
        courses,
    )  # fmt: skip


def _with_facts(frame: pl.DataFrame, unit: Any, facts: Mapping[TagKey, Facts]) -> pl.DataFrame:
    """With what was said of each tag, as the API has it."""
    import polars as pl

    texts = ("ucum", "unit_text", "description", "datatype", "alias", "line", "asset")
    rows = [
        (*key[:2], key.unit, key.area, key.name, key.address, f.ucum, shown(f.ucum), f.description, f.datatype, f.alias,
         f.line, f.asset, f.low, f.high)
        for key, f in facts.items()
    ]  # fmt: skip
    on = ("address", "protocol", "unit", "area", "name", "place")
    types = dict(zip(on, (pl.String, pl.String, unit, pl.String, pl.String, pl.Int64), strict=True))
    schema = {**types, **dict.fromkeys(texts, pl.String), "range_low": pl.Float64, "range_high": pl.Float64}
    told = pl.DataFrame(rows, schema=schema, orient="row")
    both = frame.join(told, on=on, how="left", nulls_equal=True, maintain_order="left")
    columns = [c for c in frame.columns if c not in AFTER]
    said = ("ucum", "unit_text", "description", "datatype", "range_low", "range_high", "alias", "line", "asset")
    return both.select(*columns, *(pl.col(c).fill_null("") if c in texts else c for c in said), *AFTER)


def _hex(ids: pl.Series) -> pl.Series:
    import polars as pl

    return pl.Series("id", [f"{hashed:016x}" for hashed in ids], dtype=pl.String)


def _when(column: str) -> pl.Expr:
    """As the API writes times: RFC 3339 in UTC, with microseconds."""
    import polars as pl

    return pl.from_epoch(pl.col(column), time_unit="ns").dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ")
