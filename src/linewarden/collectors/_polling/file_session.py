"""Files of a folder: each is taken once, when it is complete, and remembered by what is in it."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from linewarden.collectors._polling.remembered import Remembered
from linewarden.collectors._polling.table_layout import Layout, Reader
from linewarden.collectors._polling.table_parsing import Csv, Parsed, parsed
from linewarden.collectors._polling.trouble import LostError, Troubles, reason
from linewarden.collectors.contract import Sink
from linewarden.errors import StoreError

_CUT = 6
"""A last line without an end is taken once the file has been still for so many times `settle`."""
_MOST_FILES = 100_000
"""Contents and paths that are remembered; the oldest are forgotten first."""


@dataclass(frozen=True, slots=True)
class Place:
    """path: file or folder. patterns: names in a folder. settle: s that a file must be still. most: bytes of a file."""

    path: Path
    patterns: tuple[str, ...]
    settle: float
    most: int


class FileSession:
    """See `loop.Session`. follow: new files are waited for; else each is taken as it is."""

    def __init__(
        self, place: Place, csv: Csv, layout: Layout, state: Path | None, sink: Sink, stop: Event, follow: bool
    ) -> None:
        self._place, self._csv, self._layout, self._sink, self._follow = place, csv, layout, sink, follow
        self._stop = stop
        self._state = Remembered(state)
        self._troubles = Troubles(sink.say)
        self._seen: dict[str, tuple[int, int]] = {}
        """Size and time of files that were looked into in this run."""

    def open(self) -> None:
        """Reads what was taken. Raises LostError."""
        self._state.load()
        self._state.data.setdefault("contents", {})
        self._state.data.setdefault("paths", {})
        if not self._place.path.exists():
            raise LostError(f"{self._place.path}: is not there; check path, and that the share is mounted")

    def close(self) -> None:
        """Nothing is held open."""

    def numbers(self) -> list[int]:
        """None: what was in a file stays true."""
        return []

    def poll(self, group: str) -> None:
        """Takes what is new. Raises LostError."""
        for path in self._files():
            if self._stop.is_set():
                return
            try:
                status = path.stat()
                still = time.time() - status.st_mtime
                if self._follow and 0 <= still < self._place.settle:
                    continue
                mark = status.st_size, status.st_mtime_ns
                if self._seen.get(str(path)) == mark:
                    continue
                if self._take(path, status.st_size, still):
                    self._seen[str(path)] = mark
                    self._troubles.over(str(path))
            except OSError as error:
                self._trouble(path, f"cannot be read ({reason(error)}); check its rights")

    def _files(self) -> list[Path]:
        """Oldest first, as the machine wrote them."""
        place = self._place.path
        try:
            if not place.is_dir():
                place.stat()
                return [place]
            found = {path for pattern in self._place.patterns for path in place.glob(pattern) if path.is_file()}
            return sorted(found, key=lambda path: (path.stat().st_mtime_ns, path.name))
        except OSError as error:
            raise LostError(f"{place}: cannot be read ({reason(error)}); check path, rights and mount") from error

    def _trouble(self, path: Path, text: str) -> None:
        self._troubles.begin(str(path), f"{path.name}: {text}")

    def _take(self, path: Path, size: int, still: float) -> bool:
        """Takes a file, or the part of it that is new. False: it is to be looked at again though it does not change."""
        if size > self._place.most:
            text = f"has {size / 1e6:,.0f} MB, most_mb is {self._place.most / 1e6:,.0f}; raise it, or split the file"
            self._trouble(path, text)
            return True
        data = path.read_bytes()
        contents, paths = self._state.data["contents"], self._state.data["paths"]
        content = hashlib.sha256(data).hexdigest()
        if contents.get(content, {}).get("done"):
            return True
        try:
            table = parsed(path.name, data, self._csv)
        except ValueError as error:
            self._trouble(path, f"{error}. It is left out until it changes")
            return True
        if table.cut and self._follow and still < _CUT * self._place.settle:
            return False  # somebody may still be writing the last line
        before = paths.get(str(path))
        rows = contents.get(content, {}).get("rows", 0)  # a part of it was taken before a restart
        if not rows and before and _begins_with(data, before):
            rows = before["rows"]
        return self._put(path, table, content, len(data), rows)

    def _put(self, path: Path, table: Parsed, content: str, size: int, rows: int) -> bool:
        reader = Reader(self._layout, self._sink.tag, table.units)
        if lacking := reader.missing(table.frame.columns):
            self._trouble(path, f"{lacking}. It is left out until it changes")
            return True
        entry = self._state.data["contents"].setdefault(content, {"rows": rows, "done": False, "path": str(path)})
        values = 0
        try:
            for samples, count in reader.samples(table.frame.slice(rows)):
                if len(samples):
                    self._sink.put(samples).result()
                values += len(samples)
                entry["rows"] += count
                if self._stop.is_set() and entry["rows"] < table.frame.height:
                    self._state.save()
                    return False
        except StoreError as error:
            self._state.save()
            raise LostError(f"{path.name}: not taken whole ({error}); it goes on where it was") from error
        entry["done"] = True
        self._state.data["paths"][str(path)] = {"sha256": content, "size": size, "rows": table.frame.height}
        self._forget()
        self._state.save()
        self._sink.say(f"{path.name}: {values:,} values of {table.frame.height - rows:,} rows taken")
        if reader.told.times:
            text = f"{reader.told.times:,} rows have no usable time (the first: {reader.told.first}) and are left out"
            self._trouble(path, f"{text}; check time, time_format and zone")
        return True

    def _forget(self) -> None:
        for table in self._state.data.values():
            for key in list(table)[: max(0, len(table) - _MOST_FILES)]:
                del table[key]


def _begins_with(data: bytes, before: dict[str, Any]) -> bool:
    """Whether a file has only grown since it was taken."""
    size: int = before["size"]
    return len(data) > size and hashlib.sha256(data[:size]).hexdigest() == str(before["sha256"])
