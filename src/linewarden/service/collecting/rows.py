"""Samples to rows: what a block of the log has, and what the stream `reading` has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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


def frame_of(puts: Sequence[Put], tolerance: int) -> pl.DataFrame:
    """Samples as a block keeps them: columns of `Samples`, and `ts`, the time that counts. `tolerance` in ns.

    A machine's own time counts if it is within `tolerance` of the arrival; in what is told later than it was (history)
    any past since 1990 does. Else the time of arrival counts, and `off` has the difference in ns.
    """
    import polars as pl

    frame = pl.concat([_numbers(list(run)) if kind is Numbers else _listed(list(run)) for kind, run in _runs(puts)])
    off = pl.col("source_ts") - pl.col("came")
    believed = (off <= tolerance) & (
        pl.when("history").then(pl.col("source_ts") >= OLDEST).otherwise(off >= -tolerance)
    )
    return frame.with_columns(
        ts=pl.when(believed).then("source_ts").otherwise("came"), off=pl.when(~believed).then(off)
    ).drop("came", "history")


def _runs(puts: Sequence[Put]) -> Iterator[tuple[type, Iterator[Put]]]:
    """Puts that follow each other and are of one kind: each run becomes a frame."""
    return groupby(puts, lambda put: type(put.samples))


def _numbers(puts: Sequence[Put]) -> pl.DataFrame:
    """Columns that came as such."""
    import polars as pl

    came = pl.Series(np.repeat([p.arrived for p in puts], [len(p.samples) for p in puts]), dtype=pl.Int64)
    return pl.concat([p.samples.frame for p in puts if isinstance(p.samples, Numbers)]).select(
        "tag", "value", text=pl.lit(None, pl.String), quality=pl.lit(int(Quality.GOOD), pl.UInt8),
        status=pl.lit(None, pl.String), source_ts="source_ts", server_ts="server_ts", came=came,
        history=pl.lit(value=False),
    )  # fmt: skip


def _listed(puts: Sequence[Put]) -> pl.DataFrame:
    import polars as pl

    tag, value, text, quality, status = [], [], [], [], []
    source, server, came, history = [], [], [], []
    for put in puts:
        s = put.samples
        tag += s.tag
        value += s.value
        text += s.text
        quality += s.quality
        status += s.status
        source += s.source_ts
        server += s.server_ts
        came += [put.arrived] * len(s)
        history += [s.history] * len(s)
    return pl.DataFrame(
        {
            "tag": pl.Series(tag, dtype=pl.UInt32), "value": pl.Series(value, dtype=pl.Float64),
            "text": pl.Series(text, dtype=pl.String).str.slice(0, LONGEST_TEXT),
            "quality": pl.Series(quality, dtype=pl.UInt8),
            "status": pl.Series(status, dtype=pl.String), "source_ts": _times(source), "server_ts": _times(server),
            "came": pl.Series(came, dtype=pl.Int64), "history": pl.Series(history, dtype=pl.Boolean),
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
