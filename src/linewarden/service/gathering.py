"""What a judge will look at, kept while records come; judged at the end, when it is known who is who.

Most rows of a plant only say again what was said before, and nobody looks at them. What is looked at (`Judge.sieve`)
is a small part, and is kept in the form in which the engine gave it: in memory, and from some size on in files beside.
So a lake need not be read again that was just written.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Protocol

import polars as pl

from linewarden.errors import StoreError
from linewarden.records.order import in_order
from linewarden.service.judging import READINGS, USUAL
from linewarden.service.uncollected import uncollected

if TYPE_CHECKING:
    from linewarden.detections.run import Told
    from linewarden.service.judging import Judge

AT_ONCE = 131_072
"""Rows of a stream that are sieved together, about."""
SLICE_ROWS = 300_000
"""Rows of all streams that are judged together, about."""
MOST_BYTES = 256 << 20
"""What is kept in memory at most."""
SECOND = 1_000_000_000


class More(Protocol):
    """What else there is once no more comes, kept by somebody else, who puts it here by `Gathering.keep`."""

    def talks(self) -> None:
        """Who speaks to whom."""

    def readings(self) -> None:
        """Values, after that, and beside `learned`."""

    def learned(self) -> None:
        """Of what the baseline learns, after the talks."""

    def late(self) -> list[Told]:
        """What is found only when it is known who is who."""


@dataclass(frozen=True, slots=True)
class _Work:
    """What goes on beside."""

    talks: Future[None]
    readings: Future[None]
    learned: Future[list[pl.DataFrame]]


class Gathering:
    """Takes batches in any order, then tells what is found in them. Raises StoreError if there is no room for them.

    Who does not ask what is found must `close` it.
    """

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._waiting: dict[str, list[pl.DataFrame]] = defaultdict(list)
        self._kept: dict[tuple[str, str], list[_Part]] = defaultdict(list)
        self._busy: list[pl.DataFrame] = []
        self._bytes = self._files = 0
        self._held = ExitStack()
        self._folder: Path | None = None
        self._ahead = ThreadPoolExecutor(2, "linewarden-ahead")
        self._keeping = Lock()
        self._work: _Work | None = None
        self._more: More | None = None
        self._closed = False

    def add(self, stream: str, frame: pl.DataFrame) -> None:
        """One more batch."""
        if frame.height:
            waiting = self._waiting[stream]
            waiting.append(frame)
            if sum(f.height for f in waiting) >= AT_ONCE:
                self._sieve(stream)

    def end(self, more: More | None = None) -> None:
        """No more comes, but what `more` still has: what can be done without knowing who is who begins, beside."""
        self._more = more
        self._begun()

    def _begun(self) -> _Work:
        if self._work is None:
            # Values are left to the engine, so they are looked at while Python is busy with the rest, and not sooner.
            talks = self._ahead.submit(self._talks)
            learned = self._ahead.submit(self._learn, talks)
            self._work = _Work(talks, self._ahead.submit(self._readings, talks), learned)
        return self._work

    def told(self) -> list[Told]:
        """What is found, slice by slice of time: within one stream by stream; then in what was news to the baseline.

        Nothing is kept afterwards.
        """
        try:
            work = self._begun()
            with uncollected():
                work.talks.result()
                found = self._judged(lambda stream, who: who != USUAL and stream != READINGS)
                work.readings.result()
                found += self._judged(lambda stream, who: who != USUAL)
                late = self._more.late() if self._more is not None else []
                return [*found, *late, *(t for news in work.learned.result() for t in self._judge.heed(news))]
        finally:
            self.close()

    def close(self) -> None:
        """Lets go of files, and of the threads."""
        self._closed = True
        self._ahead.shutdown(cancel_futures=True)
        self._held.close()

    def _talks(self) -> None:
        if self._more is not None:
            self._more.talks()
        while self._waiting:
            self._sieve(next(iter(self._waiting)))

    def _readings(self, talks: Future[None]) -> None:
        talks.result()
        if self._more is not None:
            self._more.readings()

    def _learn(self, talks: Future[None]) -> list[pl.DataFrame]:
        """What is news to the baseline, in order."""
        talks.result()
        if self._more is not None:
            self._more.learned()
        slices = self._slices(lambda _, who: who == USUAL)
        return [self._judge.learn(stream, rows) for stream, _, rows in slices if not self._closed]

    def _judged(self, chosen: Callable[[str, str], bool]) -> list[Told]:
        return [t for stream, who, rows in self._slices(chosen) for t in self._judge.judge(stream, who, rows)]

    def _slices(self, chosen: Callable[[str, str], bool]) -> Iterator[tuple[str, str, pl.DataFrame]]:
        """Rows slice by slice, of some streams and of some who look at them."""
        whose = sorted(key for key in list(self._kept) if chosen(*key))
        for end in self._ends():
            for stream, who in whose:
                if (rows := self._until(end, stream, who)) is not None:
                    yield stream, who, rows

    def _sieve(self, stream: str) -> None:
        """What is looked at of the rows that wait."""
        for who, rows in self._judge.sieve(stream, pl.concat(self._waiting.pop(stream))):
            self.keep(stream, who, rows)

    def keep(self, stream: str, who: str, rows: pl.DataFrame) -> None:
        """More of what `Judge.sieve` gives."""
        if rows.height:
            second = rows.get_column("ts").to_physical() // SECOND
            busy = second.value_counts(name="rows")
            with self._keeping:
                self._busy.append(busy)
                self._kept[stream, who].append(self._part(rows))

    def _part(self, rows: pl.DataFrame) -> _Part:
        begin, size = _begin(rows), int(rows.estimated_size())
        if self._bytes + size <= MOST_BYTES:
            self._bytes += size
            return _Part(begin, rows.height, rows, size)
        try:
            if self._folder is None:
                kept = tempfile.TemporaryDirectory(prefix="linewarden-", ignore_cleanup_errors=True)
                self._folder = Path(self._held.enter_context(kept))
            self._files += 1
            place = self._folder / f"{self._files}.arrow"
            rows.write_ipc(place)
        except OSError as error:
            raise StoreError(f"{tempfile.gettempdir()}: no room for what is to be judged ({error})") from error
        return _Part(begin, rows.height, place)

    def _ends(self) -> list[int | None]:
        """Times at which to cut, such that each slice has about SLICE_ROWS rows; the last has no end."""
        if not self._busy:
            return []
        busy = pl.concat(list(self._busy)).group_by("ts").agg(pl.col("rows").sum()).sort("ts")
        number = pl.col("rows").cum_sum() // SLICE_ROWS
        first = busy.filter(number != number.shift()).get_column("ts")
        return [*(first * SECOND).to_list(), None]

    def _until(self, end: int | None, stream: str, who: str) -> pl.DataFrame | None:
        """The rows before this time that are still there, in order; the others stay."""
        parts, rows, later = self._kept[stream, who], [], []
        for part in parts:
            if end is not None and part.begin >= end:
                later.append(part)
                continue
            found = part.load()
            past = found.get_column("ts").to_physical() < end if end is not None else None
            rows.append(found if past is None else found.filter(past))
            if past is not None and not past.all():
                left = found.filter(~past)
                later.append(_Part(end or 0, left.height, left))
        self._kept[stream, who] = later
        # Diagonal: each part has only the marks of those who found something in it.
        return in_order(pl.concat(rows, how="diagonal")) if rows else None


def _begin(rows: pl.DataFrame) -> int:
    return int(rows.get_column("ts").to_physical().min())  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class _Part:
    """Rows from this time on, or the file in which they are. size: bytes in memory."""

    begin: int
    height: int
    rows: pl.DataFrame | Path
    size: int = 0

    def load(self) -> pl.DataFrame:
        """The rows."""
        return self.rows if isinstance(self.rows, pl.DataFrame) else pl.read_ipc(self.rows)
