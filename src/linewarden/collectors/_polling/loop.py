"""Asks one machine until it is told to stop: in time, again after a loss, and with one line for one trouble."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from threading import Event
from typing import Protocol

from linewarden.collectors._polling.schedule import Backoff, Schedule
from linewarden.collectors._polling.trouble import LostError, Troubles
from linewarden.collectors.contract import Quality, Samples, Sink

NO_ANSWER = "no_answer"
"""`status` of the values of a machine that no longer answers."""

MANY = 10.0
"""Late rounds from which on it is told; four in time make one good."""


class Session(Protocol):
    """One machine. It puts its samples into the sink itself."""

    def open(self) -> None:
        """Connects. Raises LostError."""

    def poll(self, group: str) -> None:
        """Reads the tags of a group. Raises LostError where the connection is of no more use."""

    def close(self) -> None:
        """Ends the connection, in whatever state it is."""

    def numbers(self) -> list[int]:
        """Tags whose last value is no longer true once the machine does not answer."""


class Poller:
    """See the module. peer: the machine in messages. retry: (first, longest) wait in s before a new try."""

    def __init__(
        self, session: Session, intervals: Mapping[str, float], sink: Sink, peer: str, retry: tuple[float, float]
    ) -> None:
        self._session, self._sink, self._peer, self._intervals = session, sink, peer, intervals
        self._schedule = Schedule(intervals, peer, time.monotonic())
        self._backoff = Backoff(*retry)
        self._troubles = Troubles(sink.say)
        self._down: str | None = None
        self._missed = 0
        self._late: dict[str, float] = {}
        self._last: tuple[float, int] | None = None
        """When the last poll ended: on the clock of seconds, and in ns UTC."""

    def run(self, stop: Event) -> None:
        """Until `stop` is set."""
        try:
            while not stop.is_set():
                try:
                    self._session.open()
                    self._serve(stop)
                except LostError as lost:
                    self._session.close()  # before the wait: it may be the machine's only connection
                    self._went_down(str(lost))
                    stop.wait(self._backoff.next())
        finally:
            self._session.close()

    def _serve(self, stop: Event) -> None:
        if self._down is not None:
            self._missed += self._schedule.pass_by(time.monotonic())
            self._schedule.soon(time.monotonic())
        while not stop.wait(self._schedule.wait(time.monotonic())):
            due = self._schedule.due(time.monotonic())
            while due and not stop.is_set():
                group, missed = due[0]
                try:
                    self._session.poll(group)
                except LostError:
                    self._missed += len(due)
                    raise
                self._came_up()
                self._last = time.monotonic(), time.time_ns()
                self._overrun(group, missed)
                del due[0]

    def _overrun(self, group: str, missed: int) -> None:
        """One late round is nothing; many are told."""
        late = self._late.get(group, 0.0)
        self._late[group] = late = min(2 * MANY, late + 1.0) if missed else max(0.0, late - 0.25)
        if late >= MANY:
            self._troubles.begin(
                ("late", group),
                f"{self._peer}: a round of reads takes longer than the interval of {self._intervals[group]:g} s, "
                "and polls are left out; give a longer interval, or fewer tags",
            )
        elif not late:
            self._troubles.over(("late", group))

    def _came_up(self) -> None:
        self._backoff.reset()
        if self._down is None and self._last is not None:
            return
        self._sink.up(self._peer)
        if self._last is not None:
            now = time.monotonic()
            since = datetime.fromtimestamp(self._last[1] / 1e9, UTC).isoformat(" ", "seconds").removesuffix("+00:00")
            gap = f"no values for {now - self._last[0]:.1f} s since {since} UTC ({self._missed} polls missed)"
            self._sink.say(f"{self._peer}: {gap}")
        self._down, self._missed = None, 0

    def _went_down(self, why: str) -> None:
        self._missed += self._schedule.pass_by(time.monotonic())
        why = why.removeprefix(f"{self._peer}: ")  # the sink says whose trouble it is
        if why == self._down:
            return
        first, self._down = self._down is None, why
        self._sink.down(self._peer, why)
        if first and self._last is not None:
            self._mark()

    def _mark(self) -> None:
        """What was last known is no longer: one bad value a tag, and no more until the machine is back."""
        samples = Samples()
        for number in self._session.numbers():
            samples.add(number, None, source_ts=None, server_ts=None, quality=Quality.BAD, status=NO_ANSWER)
        if len(samples):
            self._sink.put(samples)


def by_interval(own: list[float | None], default: float) -> dict[str, tuple[float, list[int]]]:
    """Groups: tags (by their place) with the same interval in s are asked together."""
    found: dict[str, tuple[float, list[int]]] = {}
    for at, interval in enumerate(own):
        seconds = default if interval is None else interval
        found.setdefault(f"{seconds:g} s", (seconds, []))[1].append(at)
    return found
