"""A lake judged again as it was judged live: the same batches in the same order, with what was known then.

A live judge writes down what it looks at (`journal.py`). Rows of a stream and a day are in the lake in the order in
which they were heard, also after compaction, so that a number of rows names a batch; the first row of each is compared.
Rows that no journal names (heard while nobody judged, or in the last second before a kill) are judged where they are
found.
"""

from __future__ import annotations

import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from linewarden.records import Judged, Known
from linewarden.service import lake_files
from linewarden.service.journal import BEGIN, CLOSED, DAY_NS

if TYPE_CHECKING:
    import polars as pl

    from linewarden.baseline.baseline import Baseline
    from linewarden.detections.known_since import About
    from linewarden.detections.run import Told
    from linewarden.service.judging import Judge
    from linewarden.service.lake import Lake

CHUNK = 131_072
"""Rows that are read at a time: a row group of a merged file."""
LOOK = 4 * CHUNK
"""So far ahead a batch is looked for that is not where it should be: rows before it were judged by nobody."""


class Place(NamedTuple):
    """A live sensor's own files in a lake: a site, and what the names of the files begin with."""

    site: str
    prefix: str


class Batch(NamedTuple):
    """A row of the journal."""

    run: int
    serial: int
    stream: str
    rows: int
    first: tuple[int, str, int]
    """Time, capture and frame of its first row."""


def places(lake: Lake) -> list[Place]:
    """The live sensors whose judging can be followed."""
    return sorted({_place(f) for f in lake.files(Judged.STREAM)}) if Judged.STREAM in lake.streams else []


def is_of(file: Path, there: Sequence[Place]) -> bool:
    """Whether a file of the lake is of one of these sensors."""
    return _place(file) in there


def _place(file: Path) -> Place:
    parts = lake_files.numbered(file.name)
    return Place(file.parent.parent.name, parts.prefix if parts else file.name)


@dataclass(slots=True)
class Following:
    """Judges what one live sensor heard. `judge_for`: a judge that knows this to be usual, and nobody yet."""

    lake: Lake
    place: Place
    judge_for: Callable[[Baseline], Judge]
    baseline: Baseline
    lacking: int = 0
    """Entries that the first judge knew to be usual when it began."""
    broken: dict[str, str] = field(default_factory=dict)
    """Detections that stumbled, and over what."""
    _wanted: frozenset[str] = frozenset()
    _rows: dict[tuple[str, int], _Rows] = field(default_factory=dict)

    def judge(self) -> Iterator[Told]:
        """What is found, in the order in which it was."""
        judge: Judge | None = None
        for run, batches in itertools.groupby(self._journal(), key=lambda b: b.run):
            if judge is not None:
                yield from judge.end()
            first = next(batches)
            judge = self._begun(first, is_first=judge is None)
            since = _Since(self._known(run))
            for batch in itertools.chain([first], batches):
                if (about := since.until(batch.serial)) is not None:
                    from linewarden.detections.known_since import knowledge_from

                    judge.know(knowledge_from(about.items()))
                yield from self._judged(judge, batch)
        if judge is not None:
            yield from self._left(judge)
            yield from judge.end()
            self.broken = dict(judge.broken)

    def _begun(self, first: Batch, *, is_first: bool) -> Judge:
        """The judge of a run. One that knew nothing to be usual when it began has learned anew."""
        from linewarden.baseline.baseline import Baseline

        if first.stream == BEGIN:
            if is_first:
                self.lacking = first.rows
            elif first.rows == 0:
                self.baseline = Baseline()
        judge = self.judge_for(self.baseline)
        self._wanted = frozenset(judge.streams)
        return judge

    def _judged(self, judge: Judge, batch: Batch) -> Iterator[Told]:
        if batch.stream == CLOSED:
            self.baseline.close()
        elif batch.stream in self._wanted:
            for frame in self._of(batch.stream, batch.first[0] // DAY_NS).take(batch):
                yield from judge.add(batch.stream, frame)

    def _left(self, judge: Judge) -> Iterator[Told]:
        """Rows behind the last that a journal names, and streams that no journal names."""
        for stream in judge.streams:
            for day in sorted(self._days(stream)):
                for frame in self._of(stream, day).rest():
                    yield from judge.add(stream, frame)

    def _of(self, stream: str, day: int) -> _Rows:
        key = (stream, day)
        if key not in self._rows:
            self._rows[key] = _Rows(self._days(stream).get(day, []))
        return self._rows[key]

    def _days(self, stream: str) -> dict[int, list[Path]]:
        """The sensor's files of a stream by day (number since 1970), in the order in which they were written."""
        found: dict[int, list[Path]] = defaultdict(list)
        if stream in self.lake.streams:
            for file in self.lake.files(stream):
                if _place(file) == self.place:
                    found[_day(file)].append(file)
        return found

    def _journal(self) -> Iterator[Batch]:
        """All rows of the journal in their order. A late row is in the folder of its own day: folders are merged."""
        days = self._days(Judged.STREAM)
        return heapq.merge(*(_batches(files) for _, files in sorted(days.items())), key=lambda b: (b.run, b.serial))

    def _known(self, run: int) -> Iterator[tuple[int, str, About]]:
        """Serial, address and what was said of it, of a run."""
        import polars as pl

        from linewarden.detections.known_since import About

        for _, files in sorted(self._days(Known.STREAM).items()):
            for file in files:
                frame = pl.read_parquet(file, hive_partitioning=False).filter(pl.col("run").to_physical() == run)
                # A lake of an earlier version lacks some.
                told = [f if f in frame.columns else pl.lit(None).alias(f) for f in About._fields]
                for row in frame.select("serial", "address", *told).iter_rows():
                    yield row[0], row[1], About(*row[2:])


class _Since:
    """What was known, going forward."""

    def __init__(self, said: Iterator[tuple[int, str, About]]) -> None:
        self._said, self._next = said, next(said, None)
        self._about: dict[str, About] = {}

    def until(self, serial: int) -> dict[str, About] | None:
        """What is known at this batch; None if it is the same as before."""
        changed = False
        while self._next is not None and self._next[0] <= serial:
            self._about[self._next[1]] = self._next[2]
            self._next, changed = next(self._said, None), True
        return self._about if changed else None


class _Rows:
    """The rows of a stream and a day, taken from the front."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._chunks = _chunks(files)
        self._there: pl.DataFrame | None = next(self._chunks, None)

    def take(self, batch: Batch) -> Iterator[pl.DataFrame]:
        """The rows of a batch, and before them those that nobody judged. Nothing, if they were lost to a full disk."""
        place = self._find(batch.first)
        if place is None:
            return
        if place:
            yield self._cut(place)
        yield self._cut(batch.rows)

    def rest(self) -> Iterator[pl.DataFrame]:
        """All that is left."""
        while self._there is not None:
            yield self._there
            self._there = next(self._chunks, None)

    def _find(self, first: tuple[int, str, int]) -> int | None:
        import polars as pl

        ts, capture, frame = first
        while self._there is not None:
            head = self._there.head(1)  # as a rule it is the next one
            for rows in (head, self._there):
                fits = (rows.get_column("ts").to_physical() == ts) & (rows.get_column("frame") == frame)
                fits &= rows.get_column("capture").cast(pl.String) == capture
                if fits.any():
                    return int(fits.arg_max() or 0)
            if self._there.height > LOOK or not self._grow():
                return None
        return None

    def _cut(self, rows: int) -> pl.DataFrame:
        """The first so many, as far as there are."""
        import polars as pl

        while self._there is not None and self._there.height < rows and self._grow():
            pass
        there = self._there if self._there is not None else pl.DataFrame()
        taken, left = there.head(rows), there.slice(rows)
        self._there = left if left.height else next(self._chunks, None)
        return taken

    def _grow(self) -> bool:
        import polars as pl

        more = next(self._chunks, None)
        if more is None:
            return False
        self._there = more if self._there is None else pl.concat([self._there, more])
        return True


def _chunks(files: Sequence[Path]) -> Iterator[pl.DataFrame]:
    import polars as pl

    for file in files:
        scan = pl.scan_parquet(file, hive_partitioning=False, glob=False)
        for start in itertools.count(0, CHUNK):
            frame = scan.slice(start, CHUNK).collect()
            if frame.height:
                yield frame
            if frame.height < CHUNK:
                break


def _batches(files: Sequence[Path]) -> Iterator[Batch]:
    import polars as pl

    for frame in _chunks(files):
        plain = frame.select(
            pl.col("run").to_physical(), "serial", pl.col("stream").cast(pl.String), "rows",
            pl.col("ts").to_physical(), pl.col("capture").cast(pl.String), "frame",
        )  # fmt: skip
        for run, serial, stream, rows, ts, capture, number in plain.iter_rows():
            yield Batch(run, serial, stream, rows, (ts, capture, number))


def _day(file: Path) -> int:
    from datetime import date

    return date.fromisoformat(file.parent.name.removeprefix("date=")).toordinal() - date(1970, 1, 1).toordinal()
