"""Which tags a lake has: read once, then only what is new. It costs memory by the tag, not by the value.

Values that came last are kept besides, so that those who follow live ask no file.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import LinewardenError, StoreError
from linewarden.service import lake_files
from linewarden.service.lake import pieces_of
from linewarden.service.values.pieces import single_values
from linewarden.service.values.recent import Recent
from linewarden.service.values.tag import KEY, TagKey
from linewarden.service.view.growth import Growth, StartAnewError

if TYPE_CHECKING:
    import polars as pl

STREAM = "reading"
LOOK_S = 0.5
"""Looks are at least so far apart, however many ask."""
WAIT_S = 1.5
"""So long somebody waits for a look that is at work; then they get what is known so far."""
ROWS = 16_384
"""Readings that are taken apart at a time: each may have hundreds of values."""
PARTS = 48
"""Most pieces of a course; at least half of them are used."""


@dataclass(slots=True)
class TagState:
    """What is known of a tag. Times are ns UTC; values are raw, as the wire has them."""

    key: TagKey
    id: str
    number: int
    """In `Recent`."""
    first_ts: int
    count: int = 0
    low: float = float("inf")
    high: float = float("-inf")
    total: float = 0.0
    """Of all values."""
    last: float = 0.0
    last_ts: int = 0
    course: dict[int, float] = field(default_factory=dict)
    """Piece of the time -> the last value in it."""
    moved: int = 0
    """How often it was seen to change from piece to piece, or within one."""

    @property
    def interval_s(self) -> float | None:
        """Mean time from one value to the next."""
        return (self.last_ts - self.first_ts) / 1e9 / (self.count - 1) if self.count > 1 else None


@dataclass
class _Known:
    """All that was read, and of which files."""

    growth: Growth
    tags: dict[TagKey, TagState] = field(default_factory=dict)
    by_id: dict[str, TagState] = field(default_factory=dict)
    recent: Recent = field(default_factory=Recent)
    width: int = 1 << 17
    """Of a piece of a course, ns; doubles as the lake gets longer."""
    first_ts: int = 1 << 62
    last_ts: int = 0


class Book:
    """The tags of a lake. `fresh` looks for what is new, in a thread of its own; several may ask at once."""

    def __init__(self, lake: Path) -> None:
        self.lake = lake
        from linewarden.service.tag_dictionary.files import Dictionary  # which names tags as this room does

        self.dictionary = Dictionary(lake)
        """What is known of tags besides their values."""
        self._known = _Known(Growth(lake))
        self._lock = threading.Lock()
        self._looking: threading.Event | None = None
        self._looked = 0.0
        self.wrong = ""
        self.orders: dict[tuple[int, str, bool], list[TagState]] = {}
        """The tags in orders that somebody asked for; forgotten with every new value."""
        self._sources: set[str] | None = None
        self.reading: float | None = 0.0
        """How much was read, the first time; None: all of it."""

    def fresh(self, wait_s: float = WAIT_S) -> Book:
        """Looks for new values, unless that was done just now; waits for it, but not for long."""
        with self._lock:
            if self._looking is None and time.monotonic() - self._looked >= LOOK_S:
                self._looking = threading.Event()
                threading.Thread(target=self._run, args=[self._looking], name="linewarden-tags", daemon=True).start()
            at_work = self._looking
        if at_work is not None:
            at_work.wait(wait_s)
        return self

    def tags(self) -> list[TagState]:
        """All, as known at the last look."""
        return list(self._known.tags.values())

    def sources(self) -> set[str]:
        """The addresses of devices that have tags."""
        if self._sources is None:
            self._sources = {key.source for key in list(self._known.tags)}
        return self._sources

    def tag(self, id: str) -> TagState | None:
        """The tag of this id, if there is one."""
        return self._known.by_id.get(id)

    @property
    def recent(self) -> Recent:
        """What came last."""
        return self._known.recent

    def course(self, tag: TagState) -> list[float | None]:
        """Its last value in each piece of the time that the lake covers; None where there is none."""
        known, at = self._known, dict(tag.course)
        if not at:
            return []
        first, last = known.first_ts // known.width, known.last_ts // known.width
        return [at.get(i) for i in range(first, last + 1)]

    def _run(self, done: threading.Event) -> None:
        try:
            self.look()
            self.wrong = ""
        except (LinewardenError, OSError) as error:
            self.wrong = str(error)
        finally:
            with self._lock:
                self._looking, self._looked = None, time.monotonic()
            done.set()

    def look(self) -> None:
        """Reads what is new, in this thread. Raises StoreError for a file that is damaged."""
        try:
            self._read_new(self._known)
        except StartAnewError:
            anew = _Known(Growth(self.lake))
            self._read_new(anew)
            self._known = anew
        self.reading = None

    def _read_new(self, known: _Known) -> None:
        with lake_files.reading(self.lake):
            new = known.growth.new([STREAM])
            for place, (_, file) in enumerate(new):
                with suppress(FileNotFoundError):  # it went meanwhile: too old, or merged
                    for piece in _pieces(file):
                        for part in piece.iter_slices(ROWS):
                            _add(known, single_values(part))
                    known.growth.done(file)
                if self.reading is not None:
                    self.reading = place / len(new)
            if new:
                self.orders, self._sources = {}, None


def _pieces(file: Path) -> Any:
    import polars as pl

    try:
        yield from pieces_of(file)
    except FileNotFoundError:
        raise
    except (pl.exceptions.PolarsError, OSError) as error:
        raise StoreError(f"{file}: cannot be read; `linewarden lake files` finds what is damaged") from error


def _add(known: _Known, values: pl.DataFrame) -> None:
    if not values.height:
        return
    times = values.get_column("t")
    known.first_ts, known.last_ts = min(known.first_ts, times.min()), max(known.last_ts, times.max())  # type: ignore[type-var,assignment]
    _widen(known)
    for row in _summed(values, known.width).iter_rows():
        _count(known, TagKey(*row[:6]), *row[6:])
    known.recent.add(values, {key: tag.number for key, tag in known.tags.items()})


def _widen(known: _Known) -> None:
    """Wider pieces, so that there are at most PARTS."""
    while known.last_ts // known.width - known.first_ts // known.width >= PARTS:
        known.width *= 2
        for tag in known.tags.values():
            tag.course = {i // 2: v for i, v in sorted(tag.course.items())}


def _summed(values: pl.DataFrame, width: int) -> pl.DataFrame:
    import polars as pl

    x, t = pl.col("x"), pl.col("t")
    return (
        values.lazy()
        .group_by(*KEY, (t // width).alias("piece"))
        .agg(
            n=pl.len(),
            low=x.min(),
            high=x.max(),
            total=x.sum(),
            last=x.get(t.arg_max()),
            first_t=t.min(),
            last_t=t.max(),
        )
        .sort("piece")
        .collect()
    )


def _count(
    known: _Known, key: TagKey, piece: int, n: int, low: float, high: float, total: float, last: float, first_t: int,
    last_t: int,
) -> None:  # fmt: skip
    tag = known.tags.get(key)
    if tag is None:
        tag = known.tags[key] = TagState(key, key.id, len(known.tags), first_t)
        known.by_id[tag.id] = tag
    tag.moved += low < high or (tag.count > 0 and last != tag.last)
    tag.count += n
    tag.low, tag.high = min(tag.low, low), max(tag.high, high)
    tag.total += total
    tag.first_ts = min(tag.first_ts, first_t)
    if last_t >= tag.last_ts:
        tag.last, tag.last_ts = last, last_t
    if piece not in tag.course or last_t >= tag.last_ts:
        tag.course[piece] = last
