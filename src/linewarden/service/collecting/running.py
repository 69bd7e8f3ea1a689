"""A collector as it runs: a thread of its own, its face to the sink, and what is known of its peers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from linewarden.collectors.contract import Kind, Numbers, Quality, Samples, Tag
from linewarden.errors import LinewardenError
from linewarden.service.collecting.saying import Sayings
from linewarden.service.collecting.sink import Gathering
from linewarden.service.collecting.status import CollectorStatus

FIRST_WAIT_S, MOST_WAIT_S = 1.0, 60.0
"""Between a failure and the next begin: doubled each time."""
WELL_S = 60.0
"""A run that lasted so long was well: the waits begin anew."""
MOST_PEERS = 10_000
SAME_S = 60.0
"""The same line again within this time is not said."""
HOUR_S = 3600.0


@dataclass(frozen=True, slots=True)
class Source:
    """A [[collector]] table: what to run with which settings (an instance of `kind.settings`)."""

    kind: Kind
    name: str
    settings: Any


class Running:
    """One collector. It is the `Sink` that the collector's function gets. `on_line(collector, text)`."""

    def __init__(self, source: Source, gathering: Gathering, on_line: Callable[[str, str], None]) -> None:
        self.source = source
        self._gathering, self._on_line = gathering, on_line
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._peers: dict[str, str] = {}
        self._said = Sayings()
        self._state, self._error = "starting", ""
        self._samples = self._bad = self._refused = self._restarts = self._last = 0
        self._thread = threading.Thread(target=self._run, name=f"linewarden-{source.name}", daemon=True)

    # --- the sink of the collector ---

    def tag(self, tag: Tag) -> int:
        """As `Sink`."""
        return self._gathering.tags.number(tag)

    def put(self, samples: Samples | Numbers) -> Future[None]:
        """As `Sink`."""
        rows = len(samples)
        bad = samples.quality.count(Quality.BAD) if isinstance(samples, Samples) else 0
        done = self._gathering.put(self.source.name, samples)
        with self._lock:
            self._samples += rows
            self._bad += bad
            self._last = time.time_ns() if rows else self._last
        done.add_done_callback(lambda d: self._not_kept(rows) if d.exception() is not None else None)
        return done

    def _not_kept(self, rows: int) -> None:
        with self._lock:
            self._refused += rows

    def up(self, peer: str) -> None:
        """As `Sink`."""
        with self._lock:
            was = self._peers.get(peer)
            if was is None and len(self._peers) >= MOST_PEERS:
                return
            self._peers[peer] = ""
        if was:
            self._on_line(self.source.name, f"{peer} answers again")

    def down(self, peer: str, why: str) -> None:
        """As `Sink`."""
        why = why or "does not answer"
        with self._lock:
            was = self._peers.get(peer)
            if was is None and len(self._peers) >= MOST_PEERS:
                return
            self._peers[peer] = why
        if was != why:
            self.say(f"{peer}: {why}")

    def say(self, text: str) -> None:
        """As `Sink`; the same line is said once a minute at most."""
        self._say(text, SAME_S)

    def _say(self, text: str, again_s: float, key: str = "") -> None:
        if self._said.is_new(key or text, again_s):
            self._on_line(self.source.name, text)

    def clock_off(self, source: str, ns: int) -> None:
        """A device's time was not believed: said once an hour."""
        where = "ahead of" if ns > 0 else "behind"
        text = (
            f"{source}: its time is {abs(ns) / 1e9:,.0f} s {where} ours; the time of arrival counts (ts), what "
            "it said is kept (source_ts): set its clock, or [collecting] clock_tolerance_s"
        )
        self._say(text, HOUR_S, f"clock of {source}")

    # --- the thread ---

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def ask_to_stop(self) -> None:
        """It ends soon."""
        self._stop.set()

    def join(self, timeout_s: float) -> bool:
        """Waits for the end; False if it did not end in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def status(self) -> CollectorStatus:
        """How it is now."""
        with self._lock:
            return CollectorStatus(
                self.source.kind.name, self._state, self._samples, self._bad, self._refused, self._restarts, self._last,
                self._error, dict(self._peers),
            )  # fmt: skip

    def _run(self) -> None:
        wait = FIRST_WAIT_S
        while not self._stop.is_set():
            self._state, began = "running", time.monotonic()
            try:
                self.source.kind.run(self.source.settings, self, self._stop)
            except Exception as error:  # noqa: BLE001 - whatever it is, the others go on and this one begins again
                self._error = str(error) if isinstance(error, LinewardenError) else f"{type(error).__name__}: {error}"
            else:
                self._error = ""
                if not self._stop.is_set():
                    self._state = "ended"
                    self._on_line(self.source.name, "has ended: all was read")
                    return
            if time.monotonic() - began > WELL_S:
                wait = FIRST_WAIT_S
            if self._error and not self._stop.is_set():
                self._restarts += 1
                self._state = "waiting"
                self.say(f"failed, and begins again in {wait:g} s: {self._error}")
                self._stop.wait(wait)
                wait = min(2 * wait, MOST_WAIT_S)
        self._state = "stopped"
