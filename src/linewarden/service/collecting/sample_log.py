"""The log that samples wait in: segments that are only appended to, synced before anybody is told that they are there.

One thread appends, another reads what is synced and drops what it has no more use for. A kill leaves at most the end of
the last segment half-written, and nobody was told of that: it is cut off at the next start.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from linewarden.errors import StoreError
from linewarden.service.collecting.blocks import Block, blocks_in, written
from linewarden.service.collecting.durable import put, sync_folder, write_all

SEGMENT_BYTES = 16 << 20
KEPT_SEGMENTS = 2
"""Segments that are kept behind the one in use, though the lake has them: by them it is known what is told again after
a kill (`Had`). Full they hold some seconds at 100,000 samples a second, and hours at what most plants have."""
SUFFIX = ".samples"


class Place(NamedTuple):
    """A place in the log: the number of a segment, and bytes from its beginning."""

    segment: int
    offset: int


class SampleLog:
    """The segments of a folder. Only one process may have it; raises StoreError if another has, or it cannot be had."""

    def __init__(self, folder: Path, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.folder, self._segment_bytes = folder, segment_bytes
        self._done = Place(0, 0)
        self.problems: list[str] = []
        """What was found damaged, a line each."""
        self._file = -1
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._alone = _lock(folder / ".lock")
            self._begin()
        except OSError as error:
            raise StoreError(f"{folder}: {_why(error)}") from error

    def _begin(self) -> None:
        name = self.folder / "id"
        if not name.exists():
            put(name, secrets.token_hex(4).encode())
        self.id = name.read_text().strip()
        """Tells this log from any other; made once."""
        there = self.segments()
        last = there[-1] if there else 1
        self.sizes = {n: self._path(n).stat().st_size for n in there}
        good = self._cut(last) if there else 0
        self.end = Place(last, good)
        """Up to here all is on disk."""

    def _cut(self, number: int) -> int:
        """Takes a half-written end off the last segment; gives its size then."""
        path = self._path(number)
        data = path.read_bytes()
        good = max((f.end for f in blocks_in(data)), default=0)
        if good < len(data):
            os.truncate(path, good)
        self.sizes[number] = good
        return good

    @property
    def begin(self) -> Place:
        """Where what is still there begins."""
        there = self.segments()
        return Place(there[0], 0) if there else self.end

    @property
    def bytes(self) -> int:
        """What is still to be read takes; on disk it is up to KEPT_SEGMENTS and one more."""
        done = self._done
        sizes = list(self.sizes.items())  # in one go: another thread may add one meanwhile
        return sum(size - (done.offset if n == done.segment else 0) for n, size in sizes if n >= done.segment)

    def segments(self) -> list[int]:
        """Their numbers, in order."""
        names = os.listdir(self.folder)
        return sorted(int(n.removesuffix(SUFFIX)) for n in names if n.endswith(SUFFIX) and n[0].isdigit())

    def append(self, blocks: Sequence[Block]) -> None:
        """Adds blocks, all of them on disk when it returns. Raises OSError, and then none of them counts."""
        data = b"".join(written(b) for b in blocks)
        number, good = self.end
        if self._file >= 0 and good >= self._segment_bytes:
            os.close(self._file)
            self._file, number, good = -1, number + 1, 0
        if self._file < 0:
            self._file = self._opened(number)
        try:
            os.ftruncate(self._file, good)  # half a block may be there since there was no room for all of it
            write_all(self._file, data)
            os.fdatasync(self._file)
        except OSError:
            # Whether what failed to be synced is on disk nobody knows (fsync(2)); the next try begins from the file.
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, good)
            with contextlib.suppress(OSError):
                os.close(self._file)
            self._file = -1
            raise
        self.sizes[number] = good + len(data)
        self.end = Place(number, good + len(data))

    def _opened(self, number: int) -> int:
        new = not self._path(number).exists()
        file = os.open(self._path(number), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        if new:
            try:
                sync_folder(self.folder)
            except OSError:
                os.close(file)
                raise
        return file

    def read(self, start: Place, until: Place | None = None) -> Iterator[tuple[Block | None, Place]]:
        """The blocks from `start` on, up to `until` or what is synced now, each with the place behind it.

        None for a damaged one, which is also told in `problems`. Raises OSError.
        """
        until = until or self.end
        for number in self.segments():
            if not start.segment <= number <= until.segment:
                continue
            path, begin = self._path(number), start.offset if number == start.segment else 0
            with path.open("rb") as file:
                file.seek(begin)
                data = file.read((until.offset if number == until.segment else self.sizes[number]) - begin)
            end = 0
            for found in blocks_in(data):
                if found.block is None:
                    self._problem(_damaged(path, begin + found.start, begin + found.end))
                yield found.block, Place(number, begin + found.end)
                end = found.end
            if end < len(data):  # acknowledged once, damaged since
                self._problem(_damaged(path, begin + end, begin + len(data)))
                yield None, Place(number, begin + len(data))

    def _problem(self, text: str) -> None:
        """A part that is read again is told once."""
        if text not in self.problems:
            self.problems.append(text)

    def drop_before(self, place: Place) -> None:
        """What is before this place is not forwarded any more: its segments go, but for the last. Raises OSError."""
        self._done = place
        for number in self.segments():
            if number < place.segment - KEPT_SEGMENTS:
                self._path(number).unlink(missing_ok=True)
                self.sizes.pop(number, None)

    def close(self) -> None:
        """Lets go of the files; what waits in them stays."""
        for file in (self._file, self._alone):
            if file >= 0:
                os.close(file)
        self._file = self._alone = -1

    def _path(self, number: int) -> Path:
        return self.folder / f"{number:08}{SUFFIX}"


def _damaged(path: Path, start: int, end: int) -> str:
    return f"{path}: bytes {start} to {end} are damaged; the samples that were in them are lost: check the disk"


def _lock(path: Path) -> int:
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        raise StoreError(
            f"{path.parent}: another `serve` or `collect` is at work with these collectors; end it first"
        ) from None
    return file


def _why(error: OSError) -> str:
    return f"cannot be written ({error.strerror or error}); check the data folder's owner and space"
