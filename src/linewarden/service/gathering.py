"""What a judge will look at, kept while records come; judged at the end, when it is known who is who.

Most rows of a plant only say again what was said before, and nobody looks at them. What is looked at (`Judge.sieve`)
is a small part, and is kept in the form in which the engine gave it: in memory, and from some size on in files beside.
So a lake need not be read again that was just written.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from linewarden.errors import StoreError
from linewarden.records.order import in_order
from linewarden.service.judging import USUAL
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
FEW, MANY = 5_000, 2_000_000
"""Rows that are sooner learned than looked through; and those beyond which they are not taken into memory at once
(some 150 bytes each)."""
SECOND = 1_000_000_000


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
        self._ahead = ThreadPoolExecutor(1, "linewarden-ahead")
        self._work: tuple[Future[None], Future[list[pl.DataFrame]]] | None = None
        self._closed = False

    def add(self, stream: str, frame: pl.DataFrame) -> None:
        """One more batch."""
        if frame.height:
            waiting = self._waiting[stream]
            waiting.append(frame)
            if sum(f.height for f in waiting) >= AT_ONCE:
                self._sieve(stream)

    def end(self) -> None:
        """No more comes: what can be done without knowing who is who begins, in a thread of its own."""
        self._begun()

    def _begun(self) -> tuple[Future[None], Future[list[pl.DataFrame]]]:
        if self._work is None:
            self._work = self._ahead.submit(self._sieve_rest), self._ahead.submit(self._learn)
        return self._work

    def told(self) -> list[Told]:
        """What is found, slice by slice of time: within one stream by stream; then in what was news to the baseline.

        Nothing is kept afterwards.
        """
        try:
            sieved, learned = self._begun()
            sieved.result()
            with uncollected():
                found = [t for stream, who, rows in self._slices(False) for t in self._judge.judge(stream, who, rows)]
                return [*found, *(t for news in learned.result() for t in self._judge.heed(news))]
        finally:
            self.close()

    def close(self) -> None:
        """Lets go of files, and of the thread."""
        self._closed = True
        self._ahead.shutdown(cancel_futures=True)
        self._held.close()

    def _sieve_rest(self) -> None:
        while self._waiting:
            self._sieve(next(iter(self._waiting)))

    def _learn(self) -> list[pl.DataFrame]:
        """What is news to the baseline, in order."""
        self._narrow()
        return [self._judge.learn(stream, rows) for stream, _, rows in self._slices(True) if not self._closed]

    def _slices(self, usual: bool) -> Iterator[tuple[str, str, pl.DataFrame]]:
        """Rows slice by slice: those of which the baseline learns, or the others."""
        whose = sorted(key for key in self._kept if (key[1] == USUAL) is usual)
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
            self._busy.append(second.value_counts(name="rows"))
            self._kept[stream, who].append(self._part(rows))

    def _narrow(self) -> None:
        """Leaves out what is of no use to the baseline."""
        usual = [stream for (stream, who), parts in self._kept.items() if who == USUAL and parts]
        if FEW < self._rows_of(usual) <= MANY:
            self._leave_out({s: pl.concat([p.load() for p in self._kept[s, USUAL]]) for s in usual})

    def _leave_out(self, usual: dict[str, pl.DataFrame]) -> None:
        if (needed := self._judge.needed(usual)) is None:
            return
        for stream, rows in usual.items():
            self._bytes -= sum(p.size for p in self._kept[stream, USUAL])
            left = needed.of(stream, rows)
            self._kept[stream, USUAL] = [self._part(left)] if left.height else []

    def _rows_of(self, usual: Iterable[str]) -> int:
        return sum(part.height for stream in usual for part in self._kept[stream, USUAL])

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
        busy = pl.concat(self._busy).group_by("ts").agg(pl.col("rows").sum()).sort("ts")
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
