"""Which files of a lake are new since the last look, though small ones are merged to large ones meanwhile."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from linewarden.service import lake_files


class StartAnewError(Exception):
    """A merged file has rows that were read, and rows that were not: all must be read again."""


class Growth:
    """Remembers what was read of each stream."""

    def __init__(self, lake: Path) -> None:
        self._lake = lake
        self._read: set[Path] = set()
        self._until: dict[tuple[Path, str], int] = {}  # folder and prefix of numbered files: the last that was read

    def new(self, streams: Iterable[str]) -> list[tuple[str, Path]]:
        """Files that were not read yet, each with its stream; they count as read once `done` has them.

        Raises StartAnewError.
        """
        return [(s, f) for s in streams for f in lake_files.files(self._lake / f"stream={s}") if self._is_new(f)]

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
