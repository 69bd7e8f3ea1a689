"""Jobs that come again: one thread, one job at a time, the one that is due longest first.

A job that fails is tried again at its next turn and its error is told, not raised; a job that takes longer than its
interval delays the others and itself, and is never run twice at once. Time is that of a clock which is never set.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

NICE = 10
"""Of the thread that runs jobs."""


@dataclass(frozen=True, slots=True)
class Job:
    """What to do, and how often. `run` gets a function that says whether to stop early, and gives what it did in words.

    `first_s`: s from the start of the schedule to the first turn; None: after one interval.
    """

    name: str
    every_s: float
    run: Callable[[Callable[[], bool]], str]
    first_s: float | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """One run of a job: `error` is empty if it went well."""

    job: str
    began: datetime
    seconds: float
    detail: str = ""
    error: str = ""


@dataclass(slots=True)
class _Due:
    job: Job
    at: float
    last: Turn | None = None
    failed: int = 0
    turns: int = 0


@dataclass(slots=True)
class Schedule:
    """Runs jobs until `stop`. `on_turn` is told each turn, in the schedule's thread."""

    jobs: Sequence[Job]
    on_turn: Callable[[Turn], None]
    _due: list[_Due] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _wake: threading.Condition = field(default_factory=threading.Condition)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins; the thread ends with `stop`."""
        now = time.monotonic()
        self._due = [_Due(j, now + (j.every_s if j.first_s is None else j.first_s)) for j in self.jobs]
        self._thread = threading.Thread(target=self._loop, name="linewarden-schedule", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 30.0) -> bool:
        """Asks the running job to stop early, and waits for it; False if it did not end in time."""
        self._stop.set()
        with self._wake:
            self._wake.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s)
            return not self._thread.is_alive()
        return True

    def soon(self, name: str) -> None:
        """Makes a job due now."""
        with self._wake:
            for due in self._due:
                if due.job.name == name:
                    due.at = 0.0
            self._wake.notify_all()

    def last_turns(self) -> dict[str, Turn]:
        """The last turn of each job that had one."""
        return {d.job.name: d.last for d in self._due if d.last is not None}

    def counts(self) -> dict[str, tuple[int, int]]:
        """Turns and failed turns of each job."""
        return {d.job.name: (d.turns, d.failed) for d in self._due}

    def _loop(self) -> None:
        give_way()
        while not self._stop.is_set():
            due = min(self._due, key=lambda d: d.at, default=None)
            with self._wake:
                wait = None if due is None else due.at - time.monotonic()
                if wait is None or wait > 0:
                    self._wake.wait(wait)
                    continue
            if due is not None:
                self._turn(due)

    def _turn(self, due: _Due) -> None:
        began, start = datetime.now(UTC), time.monotonic()
        detail = error = ""
        try:
            detail = due.job.run(self._stop.is_set)
        except Exception as caught:  # noqa: BLE001 - a job that fails must not end the others
            error = f"{type(caught).__name__}: {caught}"
        due.at = time.monotonic() + due.job.every_s
        due.turns += 1
        due.failed += bool(error)
        due.last = Turn(due.job.name, began, time.monotonic() - start, detail, error)
        self.on_turn(due.last)


def give_way() -> None:
    """From now on this thread gets the processor after those that listen and judge: merging the lake's files takes one
    for seconds. On Linux a nice value is a thread's own (setpriority(2), notes).
    """
    mine = threading.get_native_id()
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, mine, max(NICE, os.getpriority(os.PRIO_PROCESS, mine)))
