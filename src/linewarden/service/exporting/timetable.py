"""When a digest is due: once an hour, or once a day at a time of the local clock. The last one is kept in a file."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path


def next_due(last: datetime, every: str, at: time) -> datetime:
    """The first full hour, or the first `at` of the local clock, after `last`."""
    local = last.astimezone()
    if every == "hourly":
        return local.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    # Through naive times: the local clock says when, also on days with 23 or 25 hours.
    today = datetime.combine(local.date(), at)
    naive = local.replace(tzinfo=None)
    return (today if today > naive else today + timedelta(days=1)).astimezone()


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Timetable:
    """Says how long to wait. One that was due while nobody ran is due at once."""

    file: Path
    every: str
    at: time
    now: Callable[[], datetime] = _now
    _last: datetime | None = field(default=None, init=False)

    def wait_s(self) -> float:
        """How many s until it is due; 0: now."""
        if self._last is None:
            self._last = self._kept() or self.now()
            self._keep()
        return max(0.0, (next_due(self._last, self.every, self.at) - self.now()).total_seconds())

    def passed(self) -> None:
        """It was sent, or there was nothing to send."""
        self._last = self.now()
        self._keep()

    def _kept(self) -> datetime | None:
        with contextlib.suppress(OSError, ValueError):
            kept = datetime.fromisoformat(self.file.read_text().strip())
            return kept if kept.tzinfo and kept <= self.now() else None
        return None

    def _keep(self) -> None:
        with contextlib.suppress(OSError):
            if self._last is not None:
                new = self.file.with_name(f".{self.file.name}.new")
                new.write_text(self._last.isoformat())
                new.replace(self.file)
