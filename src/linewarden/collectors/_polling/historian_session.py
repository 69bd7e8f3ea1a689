"""A historian's table: what is new since the last time, with what came late, each row once."""

from __future__ import annotations

import hashlib
from pathlib import Path
from threading import Event
from typing import Any

from linewarden.collectors._polling.remembered import Remembered
from linewarden.collectors._polling.sql_reading import SqlReader
from linewarden.collectors._polling.table_layout import Layout, Reader
from linewarden.collectors._polling.times import ns_of
from linewarden.collectors._polling.trouble import LostError, Troubles
from linewarden.collectors.contract import Sink
from linewarden.errors import StoreError

PAGE = 20_000
"""Rows of one SELECT."""
_MOST_PAGE = 2_000_000
_SUMMER_S = 3700
"""Where local times are kept, an hour comes twice: rows of it are looked for so far back."""


class HistorianSession:
    """See `loop.Session`. begin: ns UTC of the first row to take, or None. overlap, pause: s."""

    def __init__(
        self, reader: SqlReader, layout: Layout, state: Path | None, begin: int | None, overlap: float, pause: float,
        sink: Sink, peer: str, stop: Event,
    ) -> None:  # fmt: skip
        self._reader, self._layout, self._begin, self._pause = reader, layout, begin, pause
        self._overlap, self._sink, self._peer, self._stop = overlap, sink, peer, stop
        self._state = Remembered(state)
        self._newest: int | None = None
        self._keys: dict[str, int] = {}
        """Rows within the overlap that were taken: what is in them -> their time."""
        self._rows: Reader | None = None
        self._troubles = Troubles(sink.say)

    def open(self) -> None:
        """Connects. Raises LostError."""
        self._state.load()
        self._newest = self._state.data.get("newest", self._newest)
        self._keys = dict(self._state.data.get("keys", self._keys))
        self._reader.open()
        self._rows = Reader(self._layout, self._sink.tag, {})
        if lacking := self._rows.missing(self._reader.columns()):
            raise LostError(f"{self._peer}: {lacking}")

    def close(self) -> None:
        """Ends the connection."""
        self._reader.close()

    def numbers(self) -> list[int]:
        """None: what a historian has kept stays true."""
        return []

    def poll(self, group: str) -> None:
        """Takes all that is new. Raises LostError."""
        overlap = int(max(self._overlap, _SUMMER_S if self._reader.local else 0) * 1e9)
        since = self._begin if self._newest is None else self._newest - overlap
        limit = PAGE
        while not self._stop.is_set():
            rows = self._reader.rows(since, limit)
            times = [self._when(row) for row in rows]
            last = max((t for t in times if t is not None), default=None)
            self._take(rows, times, overlap)
            if len(rows) < limit or last is None:
                break
            if since is not None and last // 10**9 <= since // 10**9:  # so many rows of one second
                if limit >= _MOST_PAGE:
                    raise LostError(f"{self._peer}: more than {limit:,} rows of one second; ask for fewer tags")
                limit *= 2
            else:
                since, limit = last, PAGE
            self._stop.wait(self._pause)

    def _when(self, row: tuple[Any, ...]) -> int | None:
        of = self._layout
        try:
            return ns_of(row[self._reader.columns().index(of.time)], of.form, of.zone)
        except (ValueError, OverflowError):
            return None

    def _take(self, rows: list[tuple[Any, ...]], times: list[int | None], overlap: int) -> None:
        import polars as pl

        fresh: dict[str, tuple[int, tuple[Any, ...]]] = {}
        for row, when in zip(rows, times, strict=True):
            if when is None:
                text = f"a row has no usable time ({row[self._reader.columns().index(self._layout.time)]!r:.40})"
                self._troubles.begin("time", f"{self._peer}: {text} and is left out; check time_format")
                continue
            key = hashlib.blake2b(repr((when, row)).encode(), digest_size=10).hexdigest()
            if key not in self._keys:
                fresh[key] = when, row
        if not fresh:
            return
        columns = list(zip(*(row for _, row in fresh.values()), strict=True))
        names = zip(self._reader.columns(), columns, strict=True)
        frame = pl.DataFrame([pl.Series(name, list(cells), dtype=pl.Object) for name, cells in names])
        assert self._rows is not None
        keys = list(fresh.items())
        try:
            for samples, count in self._rows.samples(frame):
                if len(samples):
                    self._sink.put(samples).result()
                taken, keys = keys[:count], keys[count:]
                self._keys.update((key, when) for key, (when, _) in taken)
                self._newest = max([when for _, (when, _) in taken] + ([] if self._newest is None else [self._newest]))
        except StoreError as error:
            self._save()
            raise LostError(f"{self._peer}: not taken ({error}); it goes on where it was") from error
        self._forget(overlap)
        self._save()

    def _forget(self, overlap: int) -> None:
        if self._newest is not None:
            edge = self._newest - overlap - 10**9
            self._keys = {key: when for key, when in self._keys.items() if when >= edge}

    def _save(self) -> None:
        self._state.data = {"newest": self._newest, "keys": self._keys}
        self._state.save()
