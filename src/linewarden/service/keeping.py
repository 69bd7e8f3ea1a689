"""The jobs that keep the lake: merge small files, drop what is old, and know how large it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from linewarden.reports.words import size
from linewarden.service.board import Board
from linewarden.service.compaction import compact, recover
from linewarden.service.retention import Retention, retain
from linewarden.service.schedule import Job

MEASURE_EVERY_S = 300.0
RETAIN_EVERY_S = 3600.0


@dataclass(frozen=True, slots=True)
class Keeping:
    """The lake of the service, and how it is kept."""

    lake: Path
    compact_every_s: float = 60.0
    retention: Retention = field(default_factory=Retention)


def lake_jobs(keeping: Keeping, board: Board) -> list[Job]:
    """What the schedule runs. The first turn of `compact` comes at once: it ends what a killed run had begun."""
    recovered: list[bool] = []

    def merge(should_end: Callable[[], bool]) -> str:
        said = []
        if not recovered:
            found = recover(keeping.lake)
            recovered.append(True)
            gone = found.replaced + found.halves + found.folders
            if gone:
                said.append(f"{gone} files and folders that an earlier run had replaced or left half-done are gone")
        done = compact(keeping.lake, should_end=should_end)
        if done.merged:
            said.append(f"{done.files} files became {done.merged} ({done.rows:,} rows)")
        board.ill("lake", "; ".join(done.problems))
        return "; ".join(said)

    def drop(_should_end: Callable[[], bool]) -> str:
        done = retain(keeping.lake, keeping.retention, datetime.now(UTC).date())
        board.ill("retention", "; ".join(done.problems))
        return f"{len(done.removed)} days of streams are gone ({size(done.bytes)})" if done.removed else ""

    def measure(_should_end: Callable[[], bool]) -> str:
        files = [f.stat() for f in keeping.lake.glob("stream=*/site=*/date=*/*.parquet")]
        free = shutil.disk_usage(keeping.lake).free
        board.fact("lake", bytes=sum(f.st_size for f in files), files=len(files), free_bytes=free)
        return ""

    return [
        Job("compact", keeping.compact_every_s, merge, first_s=0.0),
        Job("retain", RETAIN_EVERY_S, drop, first_s=10.0),
        Job("measure", MEASURE_EVERY_S, measure, first_s=1.0),
    ]
