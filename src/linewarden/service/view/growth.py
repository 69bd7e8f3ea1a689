"""Which files of a lake are new since the last look, though small ones are merged to large ones meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from linewarden.service import lake_files

GONE = 8
"""Once one of so many folders that were read went (it was too old), what is known is read again."""


class StartAnewError(Exception):
    """A merged file has rows that were read, and rows that were not; or much of what was read is no longer there."""


class Growth:
    """Remembers what was read of each stream. `forgets`: what went from the lake is to be forgotten, in time."""

    def __init__(self, lake: Path, *, forgets: bool = False) -> None:
        self.lake, self._forgets = lake, forgets
        self._read: set[Path] = set()
        self._until: dict[tuple[Path, str], int] = {}  # folder and prefix of numbered files: the last that was read

    def new(self, streams: Iterable[str]) -> list[tuple[str, Path]]:
        """Files that were not read yet, each with its stream; they count as read once `done` has them.

        Raises StartAnewError.
        """
        if self._forgets and self._much_went():
            raise StartAnewError
        return [(s, f) for s in streams for f in lake_files.files(self.lake / f"stream={s}") if self._is_new(f)]

    def _much_went(self) -> bool:
        folders = {f.parent for f in self._read} | {folder for folder, _ in self._until}
        return len(folders) > 1 and GONE * sum(not f.is_dir() for f in folders) >= len(folders)

    def _is_new(self, file: Path) -> bool:
        parts = lake_files.numbered(file.name)
        if parts is None:
            return file not in self._read
        until = self._until.get((file.parent, parts.prefix), -1)
        if parts.first <= until < parts.last:
            raise StartAnewError
        return parts.first > until

    def done(self, file: Path) -> None:
        """This file was read."""
        parts = lake_files.numbered(file.name)
        if parts is None:
            self._read.add(file)
        else:
            key = (file.parent, parts.prefix)
            self._until[key] = max(self._until.get(key, -1), parts.last)

    def told(self) -> dict[str, Any]:
        """As JSON can have it; paths are within the lake."""
        return {
            "files": [[str(f.relative_to(self.lake)), *_look(f)] for f in sorted(self._read)],
            "until": [[str(f.relative_to(self.lake)), prefix, n] for (f, prefix), n in sorted(self._until.items())],
        }

    @classmethod
    def of(cls, lake: Path, told: dict[str, Any]) -> Growth | None:
        """As it was told; None if a file is another than it was. Raises KeyError, TypeError, ValueError."""
        growth = cls(lake, forgets=True)
        for name, *look in told["files"]:
            now = _look(lake / name)
            if now and now != look:
                return None
            growth._read.add(lake / name)
        growth._until = {(lake / folder, prefix): int(n) for folder, prefix, n in told["until"]}
        return growth


def _look(file: Path) -> list[int]:
    """Size and time of a file; empty if it went."""
    try:
        found = file.stat()
    except OSError:
        return []
    return [found.st_size, found.st_mtime_ns]
