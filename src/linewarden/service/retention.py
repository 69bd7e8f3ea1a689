"""Days of a lake that are too old, or too many: which go, and how.

A day of a stream goes as a whole: its folder is renamed to a hidden name, so that it vanishes at once, then deleted.
"""

from __future__ import annotations

import math
import os
import shutil
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from linewarden.errors import ConfigError, StoreError
from linewarden.service import lake_files
from linewarden.service.compaction import BUSY
from linewarden.service.lake_files import HIDDEN, alone_at_work

DEFAULT = "default"
QUIET_S = 60.0
"""A folder in which something changed so recently may be being written to; it goes the next time."""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long records are kept. `days` by stream, with "default" for all others; without either, for ever.

    `max_bytes`: what the whole lake may have; past it the oldest days go.
    """

    days: Mapping[str, float] = field(default_factory=dict)
    max_bytes: int | None = None

    def check(self) -> None:
        """Raises ConfigError for what makes no sense."""
        for stream, days in self.days.items():
            if not 0 <= days <= 365_250 or math.isnan(days):
                raise ConfigError(f"days of {stream}: {days:g}; use 0 (only today) to 365250")
        if self.max_bytes is not None and self.max_bytes < 1:
            raise ConfigError(f"max_bytes: {self.max_bytes}; use at least 1")


@dataclass(frozen=True, slots=True)
class Day:
    """A `date=` folder of one stream and site."""

    path: Path
    stream: str
    date: date
    bytes: int


@dataclass(slots=True)
class Retained:
    """What went (or would go), oldest first, and what is left."""

    removed: list[Day] = field(default_factory=list)
    bytes_left: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """Bytes that were freed."""
        return sum(day.bytes for day in self.removed)


def plan(days: Iterable[Day], retention: Retention, today: date) -> list[Day]:
    """The days to remove, in order: those that are too old, then the oldest until the lake is small enough.

    Of one date the stream with the most bytes on it goes first. Today, and what is dated later, never goes.
    """
    past = sorted((d for d in days if d.date < today), key=lambda d: (d.date, d.stream, str(d.path)))
    removed = [d for d in past if _is_too_old(d, retention, today)]
    if retention.max_bytes is None:
        return removed
    gone = {d.path for d in removed}
    left = sum(d.bytes for d in days) - sum(d.bytes for d in removed)
    weight: dict[tuple[date, str], int] = defaultdict(int)
    for day in past:
        weight[day.date, day.stream] += day.bytes
    for day in sorted(past, key=lambda d: (d.date, -weight[d.date, d.stream], d.stream, -d.bytes, str(d.path))):
        if left <= retention.max_bytes:
            break
        if day.path not in gone and day.bytes:
            removed.append(day)
            left -= day.bytes
    return removed


def _is_too_old(day: Day, retention: Retention, today: date) -> bool:
    kept = retention.days.get(day.stream, retention.days.get(DEFAULT))
    return kept is not None and (today - day.date) > timedelta(days=kept)


def days_of(lake: Path) -> list[Day]:
    """All days of a lake with their bytes on disk, half-written and replaced files too."""
    found = []
    for stream in lake_files.streams(lake):
        for folder in lake_files.folders(stream):
            try:
                when = date.fromisoformat(folder.name.removeprefix("date="))
            except ValueError:
                continue  # a folder that is no day of ours is nobody's to remove
            found.append(Day(folder, stream.name.removeprefix("stream="), when, _bytes(folder)))
    return found


def retain(lake: Path, retention: Retention, today: date, *, dry_run: bool = False) -> Retained:
    """Removes the days that are too old or too many; `today` in UTC. `dry_run`: only says which.

    Raises ConfigError for a setting that makes no sense, StoreError if another is at work on the lake.
    """
    retention.check()
    try:
        if dry_run:
            days = days_of(lake)
            return _told(days, plan(days, retention, today))
        with alone_at_work(lake) as alone:
            if not alone:
                raise StoreError(f"{lake}: {BUSY}")
            days = days_of(lake)
            return _remove(days, plan(days, retention, today))
    except OSError as error:
        text = f"{lake}: cannot be written ({error.strerror or error}); check the permission, or run as its owner"
        raise StoreError(text) from error


def _told(days: list[Day], removed: list[Day]) -> Retained:
    return Retained(removed, sum(d.bytes for d in days) - sum(d.bytes for d in removed))


def _remove(days: list[Day], unwanted: list[Day]) -> Retained:
    removed, problems = [], []
    for day in unwanted:
        try:
            if time.time() - day.path.stat().st_mtime < QUIET_S:
                problems.append(f"{day.path}: was written to this minute; it goes the next time")
                continue
            hidden = day.path.with_name(f"{HIDDEN}{day.path.name}-{time.time_ns():x}")
            os.rename(day.path, hidden)
        except FileNotFoundError:
            continue
        except OSError as error:
            problems.append(f"{day.path}: cannot be removed ({error.strerror or error}); check the permission")
            continue
        shutil.rmtree(hidden, ignore_errors=True)  # what is left goes when the lake is recovered
        removed.append(day)
    told = _told(days, removed)
    told.problems += problems
    return told


def _bytes(folder: Path) -> int:
    total = 0
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    total += entry.stat().st_size
                except FileNotFoundError:
                    continue
    except FileNotFoundError:
        return 0
    return total
