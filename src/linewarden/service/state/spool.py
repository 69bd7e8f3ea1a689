"""Events on their way to the database: in a file first, so that neither a kill nor a lost connection loses one.

The file has one event a line (JSON), is only appended to, and is synced before `add` returns. What was delivered stays
in it until all was, or most of it: a kill in between delivers it again, which its id makes harmless.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import threading
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from linewarden.errors import StoreError
from linewarden.service.state.rows import Event

MOST_WAITING = 10_000
BATCH = 200


class Taker(Protocol):
    """Who takes events: the state."""

    def add_events(self, events: Sequence[Event]) -> None:
        """Keeps them, each once. Raises StoreError if it cannot now."""


class Spool:
    """A bounded queue of events on disk. `add` may be called from every thread, also while `deliver` waits.

    Raises StoreError if its file cannot be had, or another process has it.
    """

    def __init__(self, path: Path, most: int = MOST_WAITING) -> None:
        self.path, self.most = path, most
        self.refused = 0
        """Events that there was no room for, and that nobody was told of yet."""
        self._lock, self._delivering = threading.Lock(), threading.Lock()
        self._waiting: deque[Event] = deque()
        self._unwritten = 0  # of the waiting ones, how many at the end are in memory only
        self._before = 0  # lines in the file that were delivered
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._alone = _lock(path.with_name(f".{path.name}.lock"))
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
            self._good = self._load()
        except OSError as error:
            text = f"{path}: cannot be written ({error.strerror or error}); check the data folder's owner and space"
            raise StoreError(text) from error

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, event: Event) -> bool:
        """Takes an event. True: it is on disk, and will arrive. False: it is in memory only, as the disk is full, or
        it was refused, as too many wait; how many, the next that is delivered says.
        """
        with self._lock:
            if len(self._waiting) >= self.most:
                self.refused += 1
                return False
            self._waiting.append(event)
            self._unwritten += 1
            return self._write()

    def deliver(self, taker: Taker) -> int:
        """Hands all that waits over, in order; gives how many. Nobody who adds waits for the database.

        Raises StoreError if something is not taken; it and all behind it wait on.
        """
        delivered = 0
        with self._delivering:
            try:
                while batch := self._next():
                    taker.add_events(batch)
                    self._done(len(batch))
                    delivered += len(batch)
            finally:
                with self._lock:
                    self._shrink()
        return delivered

    def close(self) -> None:
        """Lets go of the file; what waits in it stays."""
        with self._lock:
            for file in (self._file, self._alone):
                if file >= 0:
                    os.close(file)
            self._file = self._alone = -1  # who still adds must not write into a file that gets the number next

    def _next(self) -> list[Event]:
        with self._lock:
            if self.refused and len(self._waiting) < self.most:
                text = f"{self.refused} events were lost: too many waited for the database"
                self._waiting.append(Event.now("warning", "state", text))
                self._unwritten += 1
                self.refused = 0
            self._write()
            return [self._waiting[at] for at in range(min(BATCH, len(self._waiting)))]

    def _done(self, count: int) -> None:
        with self._lock:
            written = len(self._waiting) - self._unwritten
            for _ in range(count):
                self._waiting.popleft()
            self._before += min(count, written)
            self._unwritten -= max(0, count - written)

    def _write(self) -> bool:
        """Brings what is in memory only to disk; False, and as if nothing was done, if there is no room."""
        if not self._unwritten:
            return True
        first = len(self._waiting) - self._unwritten
        data = b"".join(_line(self._waiting[at]) for at in range(first, len(self._waiting)))
        try:
            os.ftruncate(self._file, self._good)  # half a line may be there since there was no room for all of it
            _write_all(self._file, data)
            os.fdatasync(self._file)
        except OSError:
            return False
        self._good += len(data)
        self._unwritten = 0
        return True

    def _shrink(self) -> None:
        """Takes what was delivered out of the file. If that cannot be now, it is delivered again: no harm."""
        with contextlib.suppress(OSError):
            written = len(self._waiting) - self._unwritten
            if not written and self._good:
                os.ftruncate(self._file, 0)
                self._good = self._before = 0
                os.fdatasync(self._file)
            elif self._before > max(written, BATCH):
                self._rewrite([self._waiting[at] for at in range(written)])

    def _rewrite(self, events: Sequence[Event]) -> None:
        """A new file takes the place of the old one, in one step."""
        data, new = b"".join(map(_line, events)), self.path.with_name(f".{self.path.name}.new")
        file = os.open(new, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC, 0o640)
        try:
            _write_all(file, data)
            os.fsync(file)
            os.rename(new, self.path)
        except OSError:
            os.close(file)
            raise
        os.close(self._file)
        self._file, self._good, self._before = file, len(data), 0
        _sync_folder(self.path.parent)

    def _load(self) -> int:
        """What an earlier run left. A last line without its end was never acknowledged; a damaged one is said."""
        data = self.path.read_bytes()
        good = data.rfind(b"\n") + 1
        if good < len(data):
            os.ftruncate(self._file, good)
        damaged = 0
        for line in data[:good].splitlines():
            event = _event(line)
            if event is None:
                damaged += 1
            else:
                self._waiting.append(event)
        _sync_folder(self.path.parent)
        if damaged:
            text = f"{self.path}: {damaged} lines are damaged; what they said is lost"
            self._waiting.append(Event.now("warning", "state", text))
            self._unwritten = 1
        return good


def _lock(path: Path) -> int:
    """A lock of this process until it ends."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(file)
        folder = path.parent
        raise StoreError(
            f"{folder}: another `linewarden serve` uses this data folder; stop it, or name another"
        ) from error
    return file


def _line(event: Event) -> bytes:
    said = {"id": event.id, "ts": event.ts.isoformat(), "severity": event.severity, "source": event.source}
    return json.dumps({**said, "text": event.text}).encode() + b"\n"


def _event(line: bytes) -> Event | None:
    try:
        said = json.loads(line)
        ts = datetime.fromisoformat(said["ts"])
        return Event(ts.astimezone(UTC), said["severity"], said["source"], said["text"], said["id"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _sync_folder(folder: Path) -> None:
    """So that the name of a new file is on disk, too."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
