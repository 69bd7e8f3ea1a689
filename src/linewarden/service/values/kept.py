"""What was read of a lake's values, on disk: to go on from there after a start, rather than to read all again.

A folder holds one moment: two Parquet files of columns, and what was read of the lake. It appears by its name as a
whole; what is damaged, of another version or of another lake is not believed, and read again.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import Any

from linewarden.service.values.known import Known
from linewarden.service.view.growth import Growth

VERSION = 1
MARK = ".values-mark"
"""A file in the lake: a lake that was removed and written anew has another."""
PIECE = "piece "


class Shelf:
    """In a folder of ours. One process at a time has it; for others nothing is there, and nothing is kept."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._lock = (folder / ".lock").open("ab")
        self._ours = True
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._ours = False

    def __enter__(self) -> Shelf:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """For the next one."""
        self._lock.close()

    def load(self, lake: Path) -> tuple[Growth, Known] | None:
        """What was kept of this lake; None if nothing of use is there."""
        import polars as pl

        for folder in self._moments() if self._ours else []:
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError, pl.exceptions.PolarsError):
                told = json.loads((folder / "told.json").read_text())
                if told["version"] == VERSION and told["mark"] == _mark(lake):
                    growth = Growth.of(lake, told["growth"])
                    return None if growth is None else (growth, _known(folder, told))
        return None

    def keep(self, growth: Growth, known: Known) -> None:
        """Writes a moment down. Without a mark in the lake (it may not be written to) there is none. Raises OSError."""
        mark = _mark(growth.lake, make=True)
        if not self._ours or mark is None:
            return
        new = self._folder / f".new-{os.getpid()}"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        courses = {f"{PIECE}{p}": s.extend_constant(None, known.tags.height - len(s)) for p, s in known.courses.items()}
        known.tags.with_columns(**courses).write_parquet(new / "tags.parquet", compression_level=1)
        known.series.write_parquet(new / "series.parquet")
        told = {"version": VERSION, "mark": mark, "growth": growth.told(), "width": known.width,
                "first_ts": known.first_ts, "last_ts": known.last_ts}  # fmt: skip
        (new / "told.json").write_text(json.dumps(told))
        before = self._moments()
        number = int(before[0].name.removeprefix("moment-")) + 1 if before else 1
        new.rename(self._folder / f"moment-{number:08}")
        for old in before:
            shutil.rmtree(old, ignore_errors=True)

    def _moments(self) -> list[Path]:
        """The newest first."""
        found = (f for f in self._folder.glob("moment-*") if f.name.removeprefix("moment-").isdecimal())
        return sorted(found, key=lambda f: f.name, reverse=True)


def _known(folder: Path, told: dict[str, Any]) -> Known:
    import polars as pl

    kept = pl.read_parquet(folder / "tags.parquet", memory_map=False)
    pieces = [c for c in kept.columns if c.startswith(PIECE)]
    courses = {int(c.removeprefix(PIECE)): kept[c].alias("course") for c in pieces}
    series = pl.read_parquet(folder / "series.parquet", memory_map=False)
    empty = Known()
    tags = kept.drop(pieces)
    if tags.schema != empty.tags.schema or series.schema != empty.series.schema:
        raise ValueError("columns of another version")
    return Known(series, tags, courses, int(told["width"]), int(told["first_ts"]), int(told["last_ts"]))


def _mark(lake: Path, *, make: bool = False) -> str | None:
    """The lake's own word; None if it has none, and may not be given one."""
    with contextlib.suppress(OSError):
        if make and not (lake / MARK).exists():
            with (lake / MARK).open("x") as file:
                file.write(secrets.token_hex(16))
        return (lake / MARK).read_text()
    return None
