"""What waits for one receiver: files that outlive a kill, a mark up to where it took them, and a bound.

A notice is a line of JSON, appended before the sensor goes on, and synced by the thread that sends, so that no sensor
waits for a disk. A new file is begun at a size, and one goes once all in it was taken. The mark is moved after the
receiver has taken something: a kill in between sends that again, with the same id.

When the bound is reached, what is new is refused and counted, as the beginning of an incident must not be pushed out by
its noise; the last quarter is for what is high and critical. The next that is sent then says how many are missing.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from linewarden.cases.model import Event
from linewarden.errors import StoreError

FILE_BYTES = 1 << 20
MOST_UNWRITTEN = 2000
"""Notices that wait in memory while the disk is full."""
URGENT = frozenset({"high", "critical"})
GAP = "export_gap"


class Outbox:
    """The queue of one receiver. `add` may be called from every thread, the rest by the one that sends.

    Raises StoreError if its folder cannot be had.
    """

    def __init__(self, folder: Path, most_bytes: int, file_bytes: int = FILE_BYTES) -> None:
        self.folder, self.most_bytes, self._file_bytes = folder, most_bytes, file_bytes
        self.lost = 0
        """Notices that there was no room for, since the start."""
        self._lock = threading.Lock()
        self._unwritten: deque[bytes] = deque()
        self._missing = 0  # of the lost ones, how many the receiver was not told of yet
        self._unsynced: list[int] = []  # files that are full; the thread that sends syncs and closes them
        self._read: list[tuple[int, int] | bytes] = []  # what each ended at that `peek` gave, or its line
        self._mark = (1, 0)  # file and place up to where all was taken
        self._file, self._number = -1, 0  # the one that is written to
        self._good = self._bytes = self._waiting = 0
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._begin()
        except OSError as error:
            text = f"{folder}: cannot be written ({error.strerror or error}); check the data folder's owner and space"
            raise StoreError(text) from error

    def __len__(self) -> int:
        return self._waiting

    def add(self, event: Event) -> bool:
        """Takes a notice. False: there is no room for it."""
        line = _line(event)
        with self._lock:
            room = self.most_bytes if event.severity in URGENT else self.most_bytes * 3 // 4
            if self._bytes + len(line) > room or len(self._unwritten) >= MOST_UNWRITTEN:
                self.lost += 1
                self._missing += 1
                return False
            if self._missing:
                self._put(_gap(event, self._missing))
                self._missing = 0
            self._put(line)
            self._write()
            return True

    def peek(self, most: int) -> list[Event]:
        """The first that wait, at most so many; they wait on. All of them are on disk, unless it is full."""
        with self._lock:
            self._write()
            full, current, last = self._unsynced, self._file, self._number
            self._unsynced = []
        _sync(current, full)
        found: list[Event] = []
        self._read = []
        number, place = self._mark
        while number <= last and len(found) < most:
            self._peek_file(number, place, most, found)
            number, place = number + 1, 0
        if len(found) < most and number > last:
            self._peek_unwritten(most, found)
        return found

    def _peek_file(self, number: int, place: int, most: int, found: list[Event]) -> None:
        for line in self._lines(number, place):
            if len(found) == most:
                return
            place += len(line)
            event = _event(line)
            if event is not None:
                found.append(event)
                self._read.append((number, place))
            elif self._read:  # damaged, as a power cut may leave one: it goes with the one before
                self._read[-1] = (number, place)
            else:
                self._mark = (number, place)

    def _peek_unwritten(self, most: int, found: list[Event]) -> None:
        with self._lock:
            lines = [self._unwritten[at] for at in range(min(most - len(found), len(self._unwritten)))]
        for line in lines:
            if event := _event(line):
                found.append(event)
                self._read.append(line)

    def done(self, count: int) -> None:
        """The first so many of those that `peek` gave were taken."""
        taken = self._read[:count]
        places = [at for at in taken if isinstance(at, tuple)]
        with self._lock:
            for line in (at for at in taken if isinstance(at, bytes)):
                # If it came to disk meanwhile it is sent once more.
                if self._unwritten and self._unwritten[0] is line:
                    self._unwritten.popleft()
                    self._bytes -= len(line)
                    self._waiting -= 1
            self._waiting -= len(places)
            if places:
                self._mark = places[-1]
            if self._mark == (self._number, self._good) and self._good >= self._file_bytes:
                with contextlib.suppress(OSError):
                    self._next_file()
                    self._mark = (self._number, 0)
        if places:
            self._save_mark()
            gone = sum(self._drop(file) for file in self._files() if file < self._mark[0])
            with self._lock:
                self._bytes -= gone

    def close(self) -> None:
        """Lets go of the file; what waits in it stays."""
        with self._lock:
            self._write()
            files = [*self._unsynced, self._file]
            self._unsynced = []
            self._file = -1
        _sync(-1, [file for file in files if file >= 0])

    def _put(self, line: bytes) -> None:
        self._unwritten.append(line)
        self._bytes += len(line)
        self._waiting += 1

    def _write(self) -> None:
        """Brings what is in memory only to disk, if there is room."""
        while self._unwritten and self._file >= 0:
            line = self._unwritten[0]
            try:
                if self._good >= self._file_bytes:
                    self._next_file()
                os.ftruncate(self._file, self._good)  # half a line may be there since there was no room for all of it
                written = os.write(self._file, line)
            except OSError:
                return
            if written < len(line):
                return
            self._unwritten.popleft()
            self._good += written

    def _next_file(self) -> None:
        file = self._opened(self._number + 1)
        self._unsynced.append(self._file)
        self._file, self._good = file, 0
        self._number += 1

    def _opened(self, number: int) -> int:
        return os.open(self._path(number), os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)

    def _begin(self) -> None:
        """What an earlier run left. A last line without its end was never whole: the next is written in its place."""
        there = self._files()
        self._mark = self._saved_mark(there)
        for file in [n for n in there if n < self._mark[0]]:
            self._drop(file)
        self._number = max([*there, self._mark[0]])
        self._file = self._opened(self._number)
        data = self._path(self._number).read_bytes()
        self._good = data.rfind(b"\n") + 1
        left = [n for n in there if n >= self._mark[0]]
        self._bytes = sum(self._path(n).stat().st_size for n in left)
        self._waiting = sum(
            1 for n in left for line in self._lines(n, self._mark[1] if n == self._mark[0] else 0) if _event(line)
        )

    def _files(self) -> list[int]:
        return sorted(int(p.stem) for p in self.folder.glob("*.jsonl") if p.stem.isdigit())

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:08d}.jsonl"

    def _drop(self, number: int) -> int:
        with contextlib.suppress(OSError):
            size = self._path(number).stat().st_size
            self._path(number).unlink()
            return size
        return 0

    def _lines(self, number: int, place: int) -> Sequence[bytes]:
        try:
            with self._path(number).open("rb") as file:
                file.seek(place)
                data = file.read()
        except OSError:
            return []
        return [line + b"\n" for line in data.split(b"\n")[:-1]]

    def _saved_mark(self, there: Sequence[int]) -> tuple[int, int]:
        """Without one, or with a damaged one, all that is there is sent (again)."""
        first = (there[0] if there else 1, 0)
        try:
            said = json.loads((self.folder / "taken.json").read_text())
            number, place = int(said["file"]), int(said["place"])
        except (OSError, ValueError, KeyError, TypeError):
            return first
        size = self._path(number).stat().st_size if number in there else 0
        return (number, place) if 0 <= place <= size and number >= first[0] else first

    def _save_mark(self) -> None:
        new = self.folder / ".taken.json.new"
        with contextlib.suppress(OSError):  # a full disk: what was taken is sent again after a restart
            new.write_text(json.dumps({"file": self._mark[0], "place": self._mark[1]}))
            new.replace(self.folder / "taken.json")


def _sync(current: int, full: Sequence[int]) -> None:
    """Brings to disk what was written; full files are closed. A disk that fails is said where it is written to."""
    for file in (*full, *([current] if current >= 0 else [])):
        with contextlib.suppress(OSError):
            os.fdatasync(file)
    for file in full:
        with contextlib.suppress(OSError):
            os.close(file)


def _gap(before: Event, missing: int) -> bytes:
    """What a receiver is told in the place of what it will not get."""
    told = Event(
        f"gap-{before.notice_id}", before.ts, before.ts, GAP, "Notices were not sent",
        f"{missing} notices found no room while this receiver was away; they are in the lake only.", "high", "", (),
        1.0, "", "", "", "", "", 0, sensor=before.sensor, count=missing,
        runbook=("Ask the lake for the time before: linewarden notices LAKE.",),
    )  # fmt: skip
    return _line(told)


_TUPLES = {"techniques", "frames", "runbook"}
_NAMES = tuple(f.name for f in fields(Event))


def _line(event: Event) -> bytes:
    """Field by field: `asdict` would copy each, ten times as long in a sensor's thread."""
    return json.dumps({name: getattr(event, name) for name in _NAMES}, separators=(",", ":")).encode() + b"\n"


def _event(line: bytes) -> Event | None:
    try:
        said: dict[str, Any] = {k: v for k, v in json.loads(line).items() if k in _NAMES}
        lists: dict[str, Any] = {k: tuple(said[k]) for k in _TUPLES & said.keys()}
        return Event(**(said | lists))
    except (ValueError, TypeError, AttributeError):
        return None
