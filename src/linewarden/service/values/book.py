"""Which tags a lake has: read once, then only what is new, and kept on disk to go on from there.

It costs memory by the tag, not by the value. Values that came last are kept besides, so that those who follow live ask
no file. Pages and API do not hold a book: theirs is in a process of its own (`worker`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import LinewardenError, StoreError
from linewarden.service import lake_files
from linewarden.service.lake import pieces_of
from linewarden.service.values.kept import Shelf
from linewarden.service.values.known import Known, grown
from linewarden.service.values.recent import Recent
from linewarden.service.values.tag import TagState
from linewarden.service.view.growth import Growth, StartAnewError

if TYPE_CHECKING:
    import polars as pl

STREAM = "reading"
LOOK_S = 0.5
"""Looks are at least so far apart, however many ask."""
SHARE = 3
"""And so many times as long as the last one took."""
WAIT_S = 1.5
"""So long somebody waits for a look that is at work; then they get what is known so far."""
VALUES = 250_000
"""That are taken apart at a time, about: a reading may have hundreds."""
KEEP_EVERY_S = 120.0
"""What was read is written down so often, and when all of it was read for the first time."""


@dataclass
class _Reading:
    """All that was read, and of which files."""

    growth: Growth
    known: Known = field(default_factory=Known)
    recent: Recent = field(default_factory=Recent)


class Book:
    """The tags of a lake. `look` reads what is new; `fresh` has it done by a thread; several may ask at once.

    `shelf`: where what was read is kept; None: in memory only.
    """

    def __init__(self, lake: Path, shelf: Shelf | None = None) -> None:
        self.lake, self._shelf = lake, shelf
        self._all = _Reading(Growth(lake, forgets=True))
        self._lock, self._one = threading.Lock(), threading.Lock()
        self._looking: threading.Event | None = None
        self._rest_until = 0.0
        self._kept_at, self._kept = time.monotonic(), self._all.known
        self.wrong = ""
        self.reading: float | None = 0.0
        """How much was read, the first time; None: all of it."""
        if shelf is not None and (kept := shelf.load(lake)) is not None:
            self._all = _Reading(kept[0], kept[1], Recent(kept[1].last_ts + 1))
            self._kept = kept[1]

    def fresh(self, wait_s: float = WAIT_S) -> Book:
        """Looks for new values, unless that was done just now; waits for it, but not for long."""
        with self._lock:
            if self._looking is None and time.monotonic() >= self._rest_until:
                self._looking = threading.Event()
                threading.Thread(target=self._run, args=[self._looking], name="linewarden-tags", daemon=True).start()
            at_work = self._looking
        if at_work is not None:
            at_work.wait(wait_s)
        return self

    @property
    def known(self) -> Known:
        """As it was at the last look."""
        return self._all.known

    @property
    def recent(self) -> Recent:
        """What came last."""
        return self._all.recent

    def tags(self) -> list[TagState]:
        """All, as known at the last look: an object each, so not for pages."""
        import polars as pl

        known = self.known
        return known.states(pl.int_range(known.tags.height, dtype=pl.UInt32, eager=True))

    def sources(self) -> set[str]:
        """The addresses of devices that have tags."""
        return set(self.known.series["source"].unique())

    def tag(self, id: str) -> TagState | None:
        """The tag of this id, if there is one."""
        import polars as pl

        known = self.known
        number = known.number(id)
        return None if number is None else known.states(pl.Series([number], dtype=pl.UInt32))[0]

    def _run(self, done: threading.Event) -> None:
        began = time.monotonic()
        try:
            self.look()
            self.wrong = ""
        except (LinewardenError, OSError) as error:
            self.wrong = str(error)
        except Exception as error:  # noqa: BLE001 - the next look may succeed
            self.wrong = f"unexpected {type(error).__name__}: {error}"
        finally:
            with self._lock:
                took = time.monotonic() - began
                self._looking, self._rest_until = None, began + took + max(LOOK_S - took, SHARE * min(took, 10.0))
            done.set()

    def look(self) -> None:
        """Reads what is new, in this thread. Raises StoreError for a file that is damaged."""
        with self._one:
            try:
                self._read_new(self._all)
            except StartAnewError:
                anew = _Reading(Growth(self.lake, forgets=True))
                self._read_new(anew)
                self._all = anew
            first, self.reading = self.reading is not None, None
            self._keep(soon=first)

    def close(self) -> None:
        """Writes down what was read since the last time."""
        with self._one:
            self._keep(soon=True)

    def _read_new(self, all_: _Reading) -> None:
        with lake_files.reading(self.lake):
            new = all_.growth.new([STREAM])
            for place, (_, file) in enumerate(new):
                with suppress(FileNotFoundError):  # it went meanwhile: too old, or merged
                    for part in _parts(file):
                        all_.known, values = grown(all_.known, part)
                        all_.recent.add(values)
                    all_.growth.done(file)
                if self.reading is not None:
                    self.reading = place / len(new)
                    self._keep()

    def _keep(self, *, soon: bool = False) -> None:
        if self._shelf is None or self._kept is self._all.known:
            return
        if soon or time.monotonic() - self._kept_at >= KEEP_EVERY_S:
            self._shelf.keep(self._all.growth, self._all.known)
            self._kept_at, self._kept = time.monotonic(), self._all.known


def _parts(file: Path) -> Iterator[pl.DataFrame]:
    """The readings of a file, some VALUES at a time."""
    import polars as pl

    try:
        for piece in pieces_of(file):
            values = int(piece["values"].list.len().sum() or 0)
            yield from piece.iter_slices(max(1, min(piece.height, piece.height * VALUES // max(values, 1))))
    except FileNotFoundError:
        raise
    except (pl.exceptions.PolarsError, OSError) as error:
        raise StoreError(f"{file}: cannot be read; `linewarden lake files` finds what is damaged") from error
