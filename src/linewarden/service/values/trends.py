"""How tags ran over a time: at most so many points each, with the least and the most of what each point stands for."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from linewarden.service.lake import Session, quoted
from linewarden.service.values.book import STREAM, Book
from linewarden.service.values.kept import Shelf
from linewarden.service.values.tag import TagKey, TagState
from linewarden.service.values.trend import Trend

DAY_NS = 86_400_000_000_000


class Trends:
    """Over a lake: what came last from memory, all else from the files. Close it."""

    def __init__(self, lake: Path, shelf: Shelf | None = None, threads: int | None = None) -> None:
        self.book = Book(lake, shelf)
        self._threads = threads
        self._session: Session | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Forgets all; what was read is on the shelf."""
        self.book.close()
        if self._session is not None:
            self._session.close()

    def session(self) -> Session:
        """One for all questions of ours over the whole lake."""
        with self._lock:
            if self._session is None:
                self._session = Session(self.book.lake, self._threads)
            return self._session

    def of(self, tags: Sequence[TagState], start: int, end: int, points: int) -> list[Trend]:
        """From `start` to `end` (ns UTC, both in it). Raises StoreError or QueryError."""
        if not tags:
            return []
        width = max(1, -(-(end - start + 1) // points))
        found = {tag.number: Trend(tag) for tag in tags}
        for number, *row in self._rows(tags, start, end, width):
            trend = found[number]
            columns: tuple[list[Any], ...] = (trend.t, trend.mean, trend.low, trend.high, trend.n)
            for column, value in zip(columns, row, strict=True):
                column.append(value)
        return list(found.values())

    def _rows(self, tags: Sequence[TagState], start: int, end: int, width: int) -> Iterable[tuple[Any, ...]]:
        recent = self.book.recent.of([t.number for t in tags], start, end)
        if recent is not None:
            return _grouped(recent, start, width)
        with self.session().query(_sql(tags, start, end, width)) as answer:
            return list(answer.rows)


def _grouped(values: Any, start: int, width: int) -> Iterable[tuple[Any, ...]]:
    import polars as pl

    x, t = pl.col("x"), pl.col("t")
    rows = (
        values.lazy()
        .group_by("tag", ((t - start) // width).alias("part"))
        .agg(at=t.max(), mean=x.mean(), low=x.min(), high=x.max(), n=pl.len())
        .sort("tag", "part")
        .select("tag", "at", "mean", "low", "high", "n")
        .collect()
    )
    found: Iterable[tuple[Any, ...]] = rows.iter_rows()
    return found


def instant(ns: int) -> str:
    """A time in ns UTC as SQL has it."""
    return f"make_timestamp_ns({ns})::TIMESTAMPTZ_NS"


def _sql(tags: Sequence[TagState], start: int, end: int, width: int) -> str:
    """One look at the files for all tags. Each value's place in its reading is known, so that nothing is unnested."""
    each = " UNION ALL ".join(values_sql(tag.key, start, end, tag.number) for tag in tags)
    return (
        f"SELECT tag, max(t), avg(x), min(x), max(x), count(*) FROM ({each}) WHERE isfinite(x) "  # noqa: S608 - quoted
        f"GROUP BY tag, (t - {start}) // {width} ORDER BY tag, 2"
    )


def values_sql(key: TagKey, start: int, end: int, number: int = 0) -> str:
    """SQL for each value of a tag from `start` to `end` (ns UTC, both in it): `tag` (the number), `t` and `x`."""
    place = f"{key.address} - coalesce(start, 0) + 1"
    fits = " AND ".join(
        f"{name} {'IS NULL' if value is None else f'= {quoted(value) if isinstance(value, str) else value}'}"
        for name, value in (("source", key.source), ("protocol", key.protocol), ("unit", key.unit),
                            ("area", key.area), ("name", key.name))
    )  # fmt: skip
    # The day's folder and the times of row groups keep most files closed.
    when = (
        f"date BETWEEN DATE '1970-01-01' + {start // DAY_NS} AND DATE '1970-01-01' + {end // DAY_NS} "
        f"AND ts BETWEEN {instant(start)} AND {instant(end)}"
    )
    return (
        f'SELECT {number} AS tag, epoch_ns(ts) AS t, "values"[{place}] AS x FROM {STREAM} '  # noqa: S608 - quoted
        f'WHERE {fits} AND {when} AND {place} BETWEEN 1 AND len("values")'
    )
