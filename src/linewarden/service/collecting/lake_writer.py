"""Rows to files of the lake: a batch has a number, and writing it again changes nothing."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.records import Reading
from linewarden.service import lake_files
from linewarden.service.collecting.durable import put

if TYPE_CHECKING:
    import polars as pl

PREFIX = "live-of-collectors"
"""What the files begin with: compaction merges what begins with `live-`. No sensor has this one, as no two words are
put together by `-` in those of `live_prefix`."""


class LakeWriter:
    """Writes `reading` of one site. `whose`: tells its files from those of another writer of the same lake."""

    def __init__(self, lake: Path, site: str, whose: str) -> None:
        self.lake, self._prefix = lake, f"{PREFIX}-{whose}"
        self._stream = lake / f"stream={Reading.STREAM}" / f"site={site}"

    def write(self, number: int, rows: pl.DataFrame) -> int:
        """Writes a batch: a file a day (UTC), where it is not there yet. Gives how many. Raises OSError."""
        return sum(self._write(number, day, part) for day, part in _by_day(rows))

    def _write(self, number: int, day: str, rows: pl.DataFrame) -> bool:
        folder = self._stream / f"date={day}"
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{self._prefix}-{number:05}{lake_files.SUFFIX}"
        if self._is_there(folder, name, number):
            return False
        out = io.BytesIO()
        rows.write_parquet(out, compression="zstd", statistics=True)
        # As the engine's: compaction leaves alone what follows a file that is being written.
        put(folder / name, out.getvalue(), folder / f".{name}.tmp")
        return True

    def last_number(self) -> int:
        """The last that any of its files has; 0 if there is none."""
        return max((parts.last for parts in self._files() if parts.prefix == self._prefix), default=0)

    def others_wrote(self) -> bool:
        """Whether there are files of collectors at all, of whomever."""
        return any(parts.prefix.startswith(PREFIX) for parts in self._files())

    def _files(self) -> Iterator[lake_files.Numbered]:
        for folder in self._stream.glob("date=*"):
            yield from (p for p in map(lake_files.numbered, lake_files.listed(folder)) if p is not None)

    def _is_there(self, folder: Path, name: str, number: int) -> bool:
        """Whether the batch is in the folder, as its own file or in a merged one."""
        names = lake_files.listed(folder)
        merged = (p for p in map(lake_files.numbered, names) if p is not None and p.merged)
        return name in names or any(p.prefix == self._prefix and p.first <= number <= p.last for p in merged)


def _by_day(rows: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
    import polars as pl

    days = rows.get_column("ts").dt.date()
    if days.min() == days.max():
        yield str(days[0]), rows
        return
    for day in days.unique().sort():
        yield str(day), rows.filter(pl.Series(days == day))
