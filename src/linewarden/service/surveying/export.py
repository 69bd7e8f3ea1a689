"""An export as rows on a line of time that fit into memory, whatever its size.

A file with few rows is taken as it is. Of a larger one each tag's mean over equal pieces of time is taken, and counts,
extremes and means of all its values beside them; polars reads it in pieces (its streaming engine).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from linewarden.errors import ConfigError
from linewarden.service.surveying.columns import Columns, found, unit_of
from linewarden.service.surveying.opening import opened

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from linewarden.analytics.contract import Rows, Series

MOST_ROWS = 40_000
MOST_CELLS = 6_000_000
MOST_TAGS = 600
HELD = 10
"""Pieces of time for which a tag of the long form keeps its value."""


@dataclass(frozen=True)
class Facts:
    """Of all values of a tag, not only of the rows that are analysed. at_low, at_high: values at the extremes."""

    name: str
    unit: str
    count: int
    missing: int
    low: float
    high: float
    mean: float
    spread: float
    distinct: int
    at_low: int
    at_high: int


@dataclass(frozen=True)
class Export:
    """at: (n,) seconds since 1970, or row numbers where `counted`. rows: (n, tags), NaN where nothing came.

    usual: seconds between rows of the file (the median). piece: seconds that a row here stands for, 0 where rows are
    those of the file. gaps: (begin, end) of times without any row.
    """

    source: str
    form: str
    total: int
    at: Series
    rows: Rows
    facts: tuple[Facts, ...]
    usual: float
    piece: float
    counted: bool
    gaps: tuple[tuple[float, float], ...] = ()
    repeated: int = 0
    backwards: int = 0
    undated: int = 0
    empty: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def tags(self) -> tuple[str, ...]:
        """Names, one a column."""
        return tuple(f.name for f in self.facts)


def load(
    path: Path, *, time: str | None = None, without: tuple[str, ...] = (), only: tuple[str, ...] = (),
    most: int = MOST_ROWS,
) -> Export:  # fmt: skip
    """Raises ConfigError, in one line, where it is no export."""
    import polars as pl

    if path.is_dir():
        from linewarden.service.surveying.lake import lake_export

        return lake_export(path, only)

    first = opened(path)
    try:
        columns = found(first.frame, time=time, without=without, only=only)
        times = _times(first.frame, columns)
        export = (
            _long(first.frame, columns, times, path, most)
            if columns.long
            else _wide(first.frame, columns, times, path, most)
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise ConfigError(f"{path}: cannot be read: {' '.join(str(error).split())[:160]}") from None
    except ConfigError as error:
        raise error if str(error).startswith(str(path)) else ConfigError(f"{path}: {error}") from None
    notes = (*first.notes, *export.notes)
    return Export(**{**export.__dict__, "notes": notes})


@dataclass(frozen=True)
class _Times:
    """seconds: the expression to use; usual: s; first, last: s; the rest as in Export."""

    seconds: pl.Expr
    total: int
    first: float
    last: float
    usual: float
    gaps: tuple[tuple[float, float], ...]
    repeated: int
    backwards: int
    undated: int
    notes: tuple[str, ...]


def _times(frame: pl.LazyFrame, columns: Columns) -> _Times:
    import polars as pl

    if columns.seconds is None:
        total = int(frame.select(pl.len()).collect().item())
        if not total:
            raise ConfigError("has no row")
        seconds = pl.int_range(pl.len(), dtype=pl.Int64).cast(pl.Float64)
        return _Times(seconds, total, 0.0, total - 1.0, 1.0, (), 0, 0, 0, ())
    at = frame.select(columns.seconds.alias("t")).collect()["t"].to_numpy().astype(np.float64)
    if not len(at):
        raise ConfigError("has no row")
    known = at[np.isfinite(at)]
    if len(known) < 2 or np.ptp(known) == 0:
        raise ConfigError(f"{columns.time!r}: fewer than two different times")
    seconds, notes, known = _midnight(columns.seconds, known)
    step = np.diff(known)
    even = np.unique(known)
    apart = np.diff(even)
    usual = float(np.median(apart))
    wide = np.flatnonzero(apart > 3.0 * usual)
    gaps = tuple((float(even[k]), float(even[k + 1])) for k in wide)
    repeated = 0 if columns.long else len(known) - len(even)
    backwards = int((step < 0).sum()) if not columns.long else 0
    return _Times(
        seconds, len(at), float(even[0]), float(even[-1]), usual, gaps, repeated, backwards, len(at) - len(known), notes
    )


def _midnight(seconds: pl.Expr, at: np.ndarray) -> tuple[pl.Expr, tuple[str, ...], np.ndarray]:
    """Some loggers stamp midnight with the day that ends: such rows are moved a day on."""
    import polars as pl

    back = np.append(False, np.diff(at) < 0)
    wrong = back & (at % 86_400 == 0)
    if not wrong.any() or wrong.sum() < 0.9 * back.sum():
        return seconds, (), at
    fixed = seconds + pl.when((seconds % 86_400 == 0) & (seconds < seconds.shift(1))).then(86_400.0).otherwise(0.0)
    note = f"{int(wrong.sum()):,} rows of midnight carried the day before; they were moved a day on"
    return fixed, (note,), at + 86_400.0 * wrong


def _numbers(columns: tuple[str, ...]) -> list[pl.Expr]:
    import polars as pl

    each = [pl.col(c).cast(pl.Float64, strict=False) for c in columns]
    return [pl.when(e.is_finite() & (e.abs() < 1e100)).then(e).alias(c) for e, c in zip(each, columns, strict=True)]


def _wide(frame: pl.LazyFrame, columns: Columns, times: _Times, path: Path, most: int) -> Export:
    import polars as pl

    tags = columns.tags[:MOST_TAGS]
    numbers = frame.select(times.seconds.alias("\0t"), *_numbers(tags))
    facts, empty = _facts(numbers, tags)
    tags = tuple(f.name for f in facts)
    if not tags:
        raise ConfigError("no column has a number in it")
    most = max(min(most, MOST_CELLS // len(tags)), 200)
    dated = numbers.select("\0t", *tags).filter(pl.col("\0t").is_not_null() & pl.col("\0t").is_finite())
    piece = 0.0 if times.total <= most else _piece(times, most)
    if piece:
        dated = dated.group_by((pl.col("\0t") / piece).floor().alias("\0t")).agg(pl.col(t).mean() for t in tags)
    else:
        dated = dated.unique("\0t", keep="last")
    table = dated.sort("\0t").collect(engine="streaming" if piece else "in-memory")
    at = table["\0t"].to_numpy() * (piece or 1.0)
    left = len(columns.tags) - MOST_TAGS
    notes = (
        *columns.notes,
        *times.notes,
        *([f"the first {MOST_TAGS} tags of {len(columns.tags)}"] if left > 0 else []),
    )
    return Export(
        str(path), "wide: a column a tag", times.total, at, table.select(tags).to_numpy().astype(np.float64), facts,
        times.usual, piece, columns.time is None, times.gaps, times.repeated, times.backwards, times.undated, empty,
        columns.texts, notes,
    )  # fmt: skip


def _long(frame: pl.LazyFrame, columns: Columns, times: _Times, path: Path, most: int) -> Export:
    import polars as pl

    assert columns.tag and columns.value
    rows = frame.select(
        times.seconds.alias("t"), pl.col(columns.tag).cast(pl.String).alias("tag"), *_numbers((columns.value,))
    ).filter(pl.col("t").is_not_null() & pl.col(columns.value).is_not_null() & pl.col("tag").is_not_null())
    if columns.tags:
        rows = rows.filter(pl.col("tag").is_in(columns.tags))
    facts = _long_facts(rows, columns.value)
    if not facts:
        raise ConfigError("no tag has a number in it")
    facts = facts[:MOST_TAGS]
    tags = [f.name for f in facts]
    each = max((f.count for f in facts), default=1)
    span = times.last - times.first
    usual = span / max(each - 1, 1)
    piece = max(span / max(min(most, MOST_CELLS // len(tags)), 200), usual)
    table = (
        rows.filter(pl.col("tag").is_in(tags))
        .group_by((pl.col("t") / piece).floor().cast(pl.Int64).alias("t"), "tag")
        .agg(pl.col(columns.value).mean())
        .collect(engine="streaming")
    )
    first = int(table["t"].min())  # type: ignore[arg-type]
    count = int(table["t"].max()) - first + 1  # type: ignore[arg-type]
    place = {tag: k for k, tag in enumerate(tags)}
    values = np.full((count, len(tags)), np.nan)
    values[table["t"].to_numpy() - first, [place[t] for t in table["tag"]]] = table[columns.value].to_numpy()
    at = np.asarray((first + np.arange(count)) * piece, np.float64)
    return Export(
        str(path), "long: a row a value", times.total, at, held(values), tuple(facts), usual, piece,
        columns.time is None,
        tuple(g for g in times.gaps if g[1] - g[0] > HELD * piece), undated=times.undated,
        notes=(*columns.notes, *times.notes),
    )  # fmt: skip


def _piece(times: _Times, most: int) -> float:
    """Seconds of a piece: whole rows of the file, so that each piece holds as many."""
    return max(int(np.ceil(times.total / most)), 1) * times.usual


def held(values: Rows) -> Rows:
    """Each gap of at most HELD rows keeps the value before it."""
    place = np.arange(len(values))[:, None]
    last = np.maximum.accumulate(np.where(np.isfinite(values), place, -HELD - 1), axis=0)
    held = np.take_along_axis(values, np.maximum(last, 0), axis=0)
    return np.where(place - last <= HELD, held, np.nan)


def _facts(numbers: pl.LazyFrame, tags: tuple[str, ...]) -> tuple[tuple[Facts, ...], tuple[str, ...]]:
    """Facts of tags that have a value, and the names of those that have none."""
    import polars as pl

    asked: dict[str, Callable[[pl.Expr], pl.Expr]] = {
        "count": lambda c: c.count(), "missing": lambda c: c.null_count(), "low": lambda c: c.min(),
        "high": lambda c: c.max(), "mean": lambda c: c.mean(), "spread": lambda c: c.std(),
        "distinct": lambda c: c.approx_n_unique(),
        "at_low": lambda c: (c == c.min()).sum(), "at_high": lambda c: (c == c.max()).sum(),
    }  # fmt: skip
    answers = numbers.select(f(pl.col(t)).alias(f"{t}\0{name}") for t in tags for name, f in asked.items())
    row = answers.collect(engine="streaming").row(0, named=True)
    each = [{name: row[f"{t}\0{name}"] for name in asked} for t in tags]
    facts = tuple(_fact(t, **e) for t, e in zip(tags, each, strict=True) if e["count"])
    return facts, tuple(t for t, e in zip(tags, each, strict=True) if not e["count"])


def _long_facts(rows: pl.LazyFrame, value: str) -> list[Facts]:
    import polars as pl

    v = pl.col(value)
    table = rows.group_by("tag").agg(
        v.count().alias("count"), v.null_count().alias("missing"), v.min().alias("low"), v.max().alias("high"),
        v.mean().alias("mean"), v.std().alias("spread"), v.approx_n_unique().alias("distinct"),
        (v == v.min()).sum().alias("at_low"), (v == v.max()).sum().alias("at_high"),
    ).sort("tag").collect(engine="streaming")  # fmt: skip
    return [_fact(r.pop("tag"), **r) for r in table.iter_rows(named=True)]


def _fact(name: str, **all_of_it: float) -> Facts:
    whole = {k: int(all_of_it[k] or 0) for k in ("count", "missing", "distinct", "at_low", "at_high")}
    parts = {k: float(all_of_it[k] or 0.0) for k in ("low", "high", "mean", "spread")}
    return Facts(name, unit_of(name), **whole, **parts)  # type: ignore[arg-type]
