"""Samples to rows: what a block of the log has, and what the stream `reading` has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from linewarden.collectors.contract import Numbers, Quality, Samples, Tag

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

S = 1_000_000_000
LONGEST_TEXT = 65_536
"""Characters of a value that is a text."""
OLDEST = 631_152_000 * S
"""1990-01-01: a machine's clock that shows less was never set."""
_I64 = range(-(1 << 63), 1 << 63)


@dataclass(frozen=True, slots=True)
class Put:
    """What a collector put, and when (ns UTC)."""

    samples: Samples | Numbers
    arrived: int


def frame_of(puts: Sequence[Put], tolerance: int) -> tuple[pl.DataFrame, dict[int, int]]:
    """Samples as a block keeps them: columns of `Samples`, and `ts`, the time that counts. `tolerance` in ns.

    A machine's own time counts if it is within `tolerance` of the arrival; in what is told later than it was (history)
    any past since 1990 does. Else the time of arrival counts: tags of which that was so, and the difference in ns.

    Forty times a second: so what polars would start its own planner for is done by columns of numpy.
    """
    import polars as pl

    runs = [(kind, list(run)) for kind, run in groupby(puts, lambda put: type(put.samples))]
    frame = pl.concat([_numbers(run) if kind is Numbers else _listed(run) for kind, run in runs])
    sizes = [len(put.samples) for put in puts]
    came = np.repeat(np.array([put.arrived for put in puts], np.int64), sizes)
    history = np.repeat([put.samples.history for put in puts], sizes)
    source = frame.get_column("source_ts")
    told = source.is_not_null().to_numpy()
    said = (source.fill_null(0) if source.null_count() else source).to_numpy()
    off = said - came
    believed = told & (off <= tolerance) & np.where(history, said >= OLDEST, off >= -tolerance)
    wrong = np.flatnonzero(told & ~believed)
    tags = frame.get_column("tag").to_numpy()[wrong].tolist()
    ts = pl.Series("ts", np.where(believed, said, came))
    return frame.hstack([ts]), dict(zip(tags, off[wrong].tolist(), strict=True))


def _numbers(puts: Sequence[Put]) -> pl.DataFrame:
    """Columns that came as such."""
    import polars as pl

    frame = pl.concat([put.samples.frame for put in puts if isinstance(put.samples, Numbers)])
    none = pl.Series([None], dtype=pl.String).new_from_index(0, frame.height)
    good = pl.Series([int(Quality.GOOD)], dtype=pl.UInt8).new_from_index(0, frame.height)
    tag, value, source, server = frame.get_columns()
    return pl.DataFrame([tag, value, none.alias("text"), good.alias("quality"), none.alias("status"), source, server])


def _listed(puts: Sequence[Put]) -> pl.DataFrame:
    import polars as pl

    tag, value, text, quality, status, source, server = [], [], [], [], [], [], []
    for put in puts:
        s = put.samples
        tag += s.tag
        value += s.value
        text += s.text
        quality += s.quality
        status += s.status
        source += s.source_ts
        server += s.server_ts
    texts = pl.Series(text, dtype=pl.String)
    return pl.DataFrame(
        {
            "tag": pl.Series(tag, dtype=pl.UInt32), "value": pl.Series(value, dtype=pl.Float64),
            "text": texts if texts.null_count() == len(texts) else texts.str.slice(0, LONGEST_TEXT),
            "quality": pl.Series(quality, dtype=pl.UInt8), "status": pl.Series(status, dtype=pl.String),
            "source_ts": _times(source), "server_ts": _times(server),
        }
    )  # fmt: skip


def _times(values: list[int | None]) -> pl.Series:
    import polars as pl

    try:
        return pl.Series(values, dtype=pl.Int64)
    except (OverflowError, TypeError, pl.exceptions.PolarsError):  # a time that does not fit says nothing
        return pl.Series([v if isinstance(v, int) and v in _I64 else None for v in values], dtype=pl.Int64)


def readings(frames: Sequence[tuple[str, int, pl.DataFrame]], tag_of: Callable[[int], Tag]) -> pl.DataFrame:
    """Rows of the stream `reading`, one a sample, of (collector, number of the first, samples of a block)."""
    import polars as pl

    parts = [
        frame.with_columns(
            collector=pl.lit(name), frame=pl.int_range(first, first + frame.height, dtype=pl.UInt64, eager=True)
        )
        for name, first, frame in frames
    ]
    samples = pl.concat(parts)
    named = samples.join(_tags(samples.get_column("tag").unique().to_list(), tag_of), on="tag", maintain_order="left")
    words = pl.Series([q.name.lower() for q in Quality], dtype=pl.String)
    word = pl.col("quality").cast(pl.UInt32).clip(0, 2).replace_strict(range(3), words, return_dtype=pl.String)
    number = pl.col("value").is_finite() & pl.col("text").is_null()
    when = pl.Datetime("ns", "UTC")
    return named.select(
        pl.col("ts").cast(when),
        uid=pl.lit(""), sensor=pl.col("collector"), capture=pl.concat_str(pl.lit("collector:"), "collector"),
        frame=pl.col("frame"), source="source", protocol="protocol", unit="unit", area="area", start="start",
        name="name",
        values=pl.when(number).then(pl.concat_list("value")).otherwise(pl.lit([], dtype=pl.List(pl.Float64))),
        text="text",
        quality=pl.when(pl.col("status").is_null()).then(word).otherwise(pl.concat_str(word, pl.lit(": "), "status")),
        source_ts=pl.col("source_ts").cast(when), server_ts=pl.col("server_ts").cast(when),
    )  # fmt: skip


def _tags(numbers: Sequence[int], tag_of: Callable[[int], Tag]) -> pl.DataFrame:
    import polars as pl

    rows = [(n, t.source, t.protocol, t.unit, t.area, t.start, t.name) for n in numbers for t in [tag_of(n)]]
    schema = {"tag": pl.UInt32, "source": pl.String, "protocol": pl.String, "unit": pl.Int64, "area": pl.String,
              "start": pl.Int64, "name": pl.String}  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")
