"""Single tags of a file or a lake as they are, value by value: what states and counters need."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from linewarden.errors import ConfigError
from linewarden.service.surveying.columns import found
from linewarden.service.surveying.opening import opened

if TYPE_CHECKING:
    import polars as pl

    from linewarden.analytics.contract import Series

MOST = 20_000_000


def is_lake(path: Path) -> bool:
    """Whether this is a folder that `read`, `watch` or `serve` wrote."""
    return path.is_dir()


def series_of(path: Path, tags: tuple[str, ...], time: str | None = None) -> dict[str, tuple[Series, list[str]]]:
    """Tag -> seconds since 1970, in order, and values as words (a number as `3`, `2.5`). Raises ConfigError."""
    if is_lake(path):
        from linewarden.service.surveying.lake import lake_series

        return lake_series(path, tags)
    frame = opened(path).frame
    schema = frame.collect_schema()
    columns = found(frame, time=time, without=(), only=())
    if columns.seconds is None:
        raise ConfigError(f"{path}: no column of time; name it with --time")
    out = {}
    for tag in tags:
        if columns.long:
            out[tag] = _long(frame, columns.seconds, columns.tag or "", columns.value or "", tag, path)
        elif tag not in schema:
            raise ConfigError(f"{path}: no column {tag!r}; there are {', '.join(list(schema)[:12])}")
        else:
            out[tag] = _told(frame.select(columns.seconds.alias("t"), _word(tag)), path, tag)
    return out


def numbers(words: list[str]) -> Series:
    """As numbers; NaN where a word is none."""
    return np.array([_number(w) for w in words], np.float64)


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return float("nan")


def _word(column: str) -> pl.Expr:
    import polars as pl

    return pl.col(column).alias("v")


def _long(
    frame: pl.LazyFrame, seconds: pl.Expr, name: str, value: str, tag: str, path: Path
) -> tuple[Series, list[str]]:
    import polars as pl

    rows = frame.select(seconds.alias("t"), pl.col(name).cast(pl.String).alias("n"), _word(value))
    return _told(rows.filter(pl.col("n") == tag).select("t", "v"), path, tag)


def _told(rows: pl.LazyFrame, path: Path, tag: str) -> tuple[Series, list[str]]:
    import polars as pl

    known = rows.filter(pl.col("t").is_not_null() & pl.col("v").is_not_null()).unique("t", keep="last").sort("t")
    table = known.head(MOST + 1).collect()
    if not table.height:
        raise ConfigError(f"{path}: {tag!r} has no value; the tags are listed by: linewarden analyse {path} --json")
    if table.height > MOST:
        raise ConfigError(f"{path}: {tag!r} has more than {MOST:,} values; cut the export")
    return table["t"].to_numpy().astype(np.float64), words_of(table["v"])


def words_of(values: pl.Series) -> list[str]:
    """Numbers without a fraction that says nothing."""
    if values.dtype.is_numeric() or str(values.dtype) == "Boolean":
        return [f"{float(v):.12g}" for v in values]
    return [str(v).strip() for v in values]
