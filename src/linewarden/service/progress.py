"""The progress bar on standard error."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from linewarden.reports.words import clean, size

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress, TaskID

    from linewarden.sensor.sensor import Progress

PATIENCE = 0.4
"""s before a bar appears: a short read shows none."""
PACE = 0.1
"""s between two pictures."""


class Bar:
    """Draws what steps say; rates are those of the last two seconds or so."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._drawn = 0.0
        self._bar: RichProgress | None = None
        self._task: TaskID | None = None
        self._mark = (self._began, 0, 0)
        self._rate = (0.0, 0.0)

    def step(self, progress: Progress) -> None:
        """Takes the news; draws at most every PACE seconds."""
        now = time.monotonic()
        if now - self._began < PATIENCE or now - self._drawn < PACE:
            return
        self._drawn = now
        self._measure(now, progress)
        bar, task = self._shown()
        packets, amount = self._rate
        rate = f"{progress.packets:,} packets  {packets / 1e3:,.0f} k packets/s  {size(int(amount))}/s"
        bar.update(
            task, description=clean(progress.capture, 30) or "finishing", completed=progress.read,
            total=progress.total or None, rate=rate,
        )  # fmt: skip
        bar.refresh()

    def close(self) -> None:
        """Removes the bar."""
        if self._bar is not None:
            self._bar.stop()

    def _measure(self, now: float, progress: Progress) -> None:
        at, packets, amount = self._mark
        if now - at >= 0.5:
            new = ((progress.packets - packets) / (now - at), (progress.bytes - amount) / (now - at))
            last = self._rate if self._rate[0] else new
            self._rate = ((last[0] + new[0]) / 2, (last[1] + new[1]) / 2)
            self._mark = (now, progress.packets, progress.bytes)
        elif not self._rate[0]:
            seconds = max(now - self._began, 1e-3)
            self._rate = (progress.packets / seconds, progress.bytes / seconds)

    def _shown(self) -> tuple[RichProgress, TaskID]:
        if self._bar is None or self._task is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

            self._bar = Progress(
                TextColumn("{task.description}", markup=False), BarColumn(20), TaskProgressColumn(),
                TextColumn("{task.fields[rate]}", markup=False), TimeRemainingColumn(),
                console=Console(file=sys.stderr), auto_refresh=False, transient=True,
            )  # fmt: skip
            self._task = self._bar.add_task("", total=None, rate="")
            self._bar.start()
        return self._bar, self._task
