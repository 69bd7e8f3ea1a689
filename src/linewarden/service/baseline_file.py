"""A baseline in a file, and learned from captures or lakes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.baseline.baseline import STREAMS, Baseline
from linewarden.baseline.facts import COLUMNS
from linewarden.errors import ConfigError, StoreError
from linewarden.sensor.sensor import Sensor
from linewarden.service.files import Reserved
from linewarden.service.lake import Lake, is_lake, open_lake
from linewarden.wire.captures import Capture, find_captures

if TYPE_CHECKING:
    import polars as pl

STEP_NS = 600_000_000_000
"""A lake is learned in steps of so much of its time, so that its streams come together as they did on the wire."""


@dataclass(frozen=True, slots=True)
class Learned:
    """What learning brought: rows that were read, things that looked new meanwhile, and captures that were not read."""

    rows: int
    news: int
    problems: tuple[str, ...]


def load(path: Path) -> Baseline:
    """The baseline in this file. Raises StoreError if it cannot be read or is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise StoreError(f"{path}: no such file; make it with `linewarden baseline learn`") from error
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"{path}: cannot be read ({error})") from error
    except ValueError as error:
        raise StoreError(f"{path}: not JSON ({error}); learn it again") from error
    try:
        return Baseline.from_snapshot(data)
    except ConfigError as error:
        raise StoreError(f"{path}: {error}; learn it again") from error


def save(file: Reserved, baseline: Baseline) -> None:
    """Writes the file whole or not at all. The same baseline makes the same bytes; each entry has a line."""
    data = baseline.snapshot()
    entries = ",\n".join(_line(row) for row in data.pop("entries"))
    head = _line(data)[:-1]
    file.write(f'{head},"entries":[\n{entries}\n]}}\n' if entries else f'{head},"entries":[]}}\n')


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def learn(baseline: Baseline, sources: Sequence[str]) -> Learned:
    """Learns from captures (files, folders, globs) and lakes, in the order given.

    Raises CaptureError or StoreError if a source cannot be read at all.
    """
    rows, news = 0, 0
    problems: list[str] = []
    for source in sources:
        path = Path(source)
        batches = _of_lake(open_lake(path)) if is_lake(path) else _of_captures(find_captures([source]), problems)
        for stream, frame in batches:
            rows += frame.height
            news += baseline.learn(stream, frame).height
    return Learned(rows, news, tuple(problems))


def _of_captures(captures: Sequence[Capture], problems: list[str]) -> Iterator[tuple[str, pl.DataFrame]]:
    import polars as pl

    sensor = Sensor()
    try:
        for step in sensor.read(captures, STREAMS):
            problems += [text for _, text, _ in step.problems]
            for batch in step.batches:
                if len(batch.arrow):
                    yield batch.stream, pl.DataFrame(batch.arrow.select(list(COLUMNS[batch.stream])))
        sensor.finish()
    except BaseException:
        sensor.abort()
        raise


def _of_lake(lake: Lake) -> Iterator[tuple[str, pl.DataFrame]]:
    """The rows of a lake in order of time: day by day, and step by step all streams."""
    import polars as pl

    days: dict[str, dict[str, list[Path]]] = {}
    for stream in STREAMS:
        for file in lake.files(stream) if stream in lake.streams else ():
            days.setdefault(file.parent.name, {}).setdefault(stream, []).append(file)
    try:
        for day in sorted(days):
            yield from _of_day({s: _scan(files, COLUMNS[s]) for s, files in days[day].items()})
    except (pl.exceptions.PolarsError, OSError) as error:
        text = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise StoreError(f"{lake.path}: a file of it cannot be read ({text}); delete it and read again") from error


def _scan(files: list[Path], columns: Sequence[str]) -> pl.LazyFrame:
    import polars as pl

    return pl.scan_parquet(files, hive_partitioning=False, glob=False).select(columns)


def _of_day(scans: dict[str, pl.LazyFrame]) -> Iterator[tuple[str, pl.DataFrame]]:
    import polars as pl

    ns = pl.col("ts").to_physical()
    ends = [s.select(ns.min().alias("a"), ns.max().alias("b")).collect().row(0) for s in scans.values()]
    known = [pair for pair in ends if pair[0] is not None]
    if not known:
        return
    begin, end = min(a for a, _ in known), max(b for _, b in known)
    for at in range(begin // STEP_NS * STEP_NS, end + 1, STEP_NS):
        inside = (pl.col("ts") >= _time(at)) & (pl.col("ts") < _time(at + STEP_NS))
        for stream, scan in scans.items():
            if (frame := scan.filter(inside).collect()).height:
                yield stream, frame


def _time(ns: int) -> pl.Expr:
    import polars as pl

    return pl.lit(ns).cast(pl.Datetime("ns", "UTC"))
