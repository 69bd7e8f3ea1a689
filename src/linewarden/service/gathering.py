"""What a judge will look at, kept while records come; judged at the end, when it is known who is who.

Most rows of a plant only say again what was said before, and nobody looks at them. What is looked at (`Judge.sieve`)
is a small part, and is kept in the form in which the engine gave it: in memory, and from some size on in files beside.
So a lake need not be read again that was just written.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from linewarden.errors import StoreError
from linewarden.records.order import in_order
from linewarden.service.judging import USUAL
from linewarden.service.learning import can_be_apart
from linewarden.service.uncollected import uncollected

if TYPE_CHECKING:
    from linewarden.detections.run import Told
    from linewarden.service.judging import Judge

AT_ONCE = 131_072
"""Rows of a stream that are sieved together, about."""
SLICE_ROWS = 200_000
"""Rows of all streams that are judged together, about."""
MOST_BYTES = 128 << 20
"""What is kept in memory at most."""
APART = 50_000
"""From so many rows on that the baseline learns from it does so in a process of its own, which takes a while to start.
"""
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

    def add(self, stream: str, frame: pl.DataFrame) -> None:
        """One more batch."""
        if frame.height:
            waiting = self._waiting[stream]
            waiting.append(frame)
            if sum(f.height for f in waiting) >= AT_ONCE:
                self._sieve(stream)

    def told(self) -> list[Told]:
        """What is found, slice by slice of time: within one stream by stream. Nothing is kept afterwards."""
        try:
            while self._waiting:
                self._sieve(next(iter(self._waiting)))
            self._narrow()
            with uncollected():
                return [*self._slices(), *self._judge.news()]
        finally:
            self.close()

    def close(self) -> None:
        """Lets go of files, and of the process that learns."""
        self._held.close()

    def _slices(self) -> Iterator[Told]:
        for end in self._ends():
            # What learns apart gets its rows first: it works on them while the others are looked at here.
            for stream, who in sorted(self._kept, key=lambda k: (k[1] != USUAL or not self._judge.is_apart, *k)):
                if (rows := self._until(end, stream, who)) is not None:
                    yield from self._judge.judge(stream, who, rows)

    def _sieve(self, stream: str) -> None:
        """What is looked at of the rows that wait."""
        for who, rows in self._judge.sieve(stream, pl.concat(self._waiting.pop(stream))):
            if rows.height:
                second = rows.get_column("ts").to_physical() // SECOND
                self._busy.append(second.value_counts(name="rows"))
                self._kept[stream, who].append(self._part(rows))

    def _narrow(self) -> None:
        """Leaves out what is of no use to the baseline. What learns from much does so apart, from now on."""
        usual = [stream for (stream, who), parts in self._kept.items() if who == USUAL and parts]
        if FEW < self._rows_of(usual) <= MANY:
            self._leave_out({s: pl.concat([p.load() for p in self._kept[s, USUAL]]) for s in usual})
        if self._rows_of(usual) > APART and can_be_apart():
            self._held.enter_context(self._judge.apart())

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
