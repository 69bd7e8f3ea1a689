"""Files that may be packed: gzip and zstd, told by their first bytes and unpacked by the engine."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from linewarden import _engine

__all__ = ["open_unpacked"]

AT_ONCE = 1 << 17


class _Unpacked(io.RawIOBase):
    """What the engine unpacks, as a file that can be read once, from its beginning."""

    def __init__(self, path: Path) -> None:
        self._file = _engine.Unpacked(str(path))

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, room: Any, /) -> int:
        """Fills the room as far as there is something; OSError where the packed data is damaged."""
        view = memoryview(room).cast("B")
        data = self._file.read(len(view))
        view[: len(data)] = data
        return len(data)


def open_unpacked(path: Path) -> io.BufferedReader:
    """The file's bytes, unpacked if it is gzip or zstd. Raises OSError, also while reading, if it is damaged."""
    return io.BufferedReader(_Unpacked(path), AT_ONCE)
