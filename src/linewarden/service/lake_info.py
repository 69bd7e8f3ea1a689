"""What a lake holds, from names and footers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from linewarden.service import lake_files
from linewarden.service.lake import Lake, literal


@dataclass(slots=True)
class StreamInfo:
    """A stream of a lake: its files that count, their rows and bytes, and its days."""

    stream: str
    files: int = 0
    rows: int = 0
    bytes: int = 0
    first_day: str = ""
    last_day: str = ""
    damaged: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For a program."""
        return asdict(self)


def info_of(lake: Lake) -> list[StreamInfo]:
    """One a stream, the one with most bytes first."""
    with lake_files.reading(lake.path):
        found = [_stream(name, lake.files(name)) for name in lake.streams]
    return sorted(found, key=lambda s: (-s.bytes, s.stream))


def _stream(name: str, files: list[Path]) -> StreamInfo:
    info = StreamInfo(name)
    info.rows = _rows(files, info.damaged)
    for file in files:
        try:
            info.bytes += file.stat().st_size
        except FileNotFoundError:
            continue
        info.files += 1
        day = file.parent.name.removeprefix("date=")
        info.first_day = min(info.first_day or day, day)
        info.last_day = max(info.last_day, day)
    return info


def _rows(files: list[Path], damaged: list[str]) -> int:
    """Rows as the footers say; all at once, or one by one where one of them cannot be read."""
    import duckdb

    sql = "SELECT sum(num_rows)::BIGINT FROM parquet_file_metadata(?)"
    with duckdb.connect(":memory:") as database:
        try:
            return _number(database.execute(sql, [[literal(str(f)) for f in files]]).fetchone()) if files else 0
        except duckdb.Error:
            total = 0
            for file in files:
                try:
                    total += _number(database.execute(sql, [literal(str(file))]).fetchone())
                except duckdb.Error:
                    if file.exists():
                        damaged.append(str(file))
            return total


def _number(row: tuple[Any, ...] | None) -> int:
    return int(row[0] or 0) if row else 0
