"""Values of collectors judged as they come, beside what sensors hear of the network in the same time.

A thread of its own takes samples once they are numbered (`Gathering.on_made`), so that neither judging holds up a
collector nor a slow disk the judging: where it cannot follow, samples are left out and counted. What it finds is told
once all samples that it has judged by then are on disk (`Gathering.on_kept`): a notice names what is there for good.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from linewarden.errors import LinewardenError
from linewarden.service.analysing.delays import Came, Delays
from linewarden.service.analysing.tags import Collected, Flat

if TYPE_CHECKING:
    from linewarden.collectors.contract import Tag
    from linewarden.detections.run import Told
    from linewarden.plant.model import Plant
    from linewarden.sensor.sensor import Sensor, Step
    from linewarden.service.analysing.live import LiveAnalysing
    from linewarden.service.collecting.log_writer import Made
    from linewarden.service.watching import Hooks

HOLD_S = 10.0
"""Notices wait so long at most for a disk: an attack is to be told also where it is full."""
LOOK_S = 1.0
"""Without samples it is looked so often whether something is to be told."""
MOST_WAITING = 500_000
"""Samples that may wait to be judged."""


class CollectedAnalysing:
    """`values`: what judges and keeps. `tag_of`: the tag of a number. `write`: brings notices into the lake.
    `on_notice`, `on_line`: who is told of them, and of what goes wrong."""

    def __init__(
        self, values: LiveAnalysing, tag_of: Callable[[int], Tag], write: Callable[[Sequence[Told]], None],
        on_notice: Callable[[Told], None], on_line: Callable[[str], None],
    ) -> None:  # fmt: skip
        self._values, self._tag_of, self._write = values, tag_of, write
        self._on_notice, self._on_line = on_notice, on_line
        self.delays = Delays()
        self.judged = self.left_out = 0
        self._changed = threading.Condition()
        self._waiting: deque[Made | pl.DataFrame] = deque()
        self._kept: dict[str, int] = {}
        self._taken: dict[str, int] = {}
        """By collector the number behind the last sample that is on disk, and that was judged."""
        self._held: deque[tuple[list[Told], dict[str, int], float]] = deque()
        """Notices, what must be on disk before they are told, and until when that is waited for."""
        self._samples = 0
        self._calls: deque[Callable[[], None]] = deque()
        self._stop = False
        self._thread = threading.Thread(target=self._run, name="linewarden-values", daemon=True)

    # --- what comes, from other threads ---

    def made(self, blocks: Sequence[Made]) -> None:
        """Samples that are on their way to disk."""
        with self._changed:
            for made in blocks:
                if self._samples + made.rows > MOST_WAITING:
                    self.left_out += made.rows
                    continue
                self._waiting.append(made)
                self._samples += made.rows
            self._changed.notify()

    def kept(self, blocks: Sequence[Made]) -> None:
        """They are on disk now."""
        with self._changed:
            for made in blocks:
                self._kept[made.collector] = made.after
                self.delays.synced(made.at)
            if self._held:
                self._changed.notify()

    def within(self, hooks: Hooks) -> Hooks:
        """These hooks of a sensor, so that what it hears of the network is known here, too."""
        step_before, plant_before = hooks.on_step, hooks.on_plant

        def on_step(sensor: Sensor, step: Step) -> None:
            if step_before is not None:
                step_before(sensor, step)
            self._commands(step)

        def on_plant(plant: Plant) -> None:
            from linewarden.detections.knowledge import knowledge_of

            if plant_before is not None:
                plant_before(plant)
            known = knowledge_of(plant)
            self._call(lambda: self._values.know(known))

        also = tuple(sorted({*hooks.also_take, "command"}))
        return replace(hooks, on_step=on_step, also_take=also, on_plant=on_plant)

    def heard(self, told: Told) -> None:
        """A notice of a detection."""
        self._call(lambda: self._values.heard(told))

    def _commands(self, step: Step) -> None:
        frames = [pl.DataFrame(b.arrow) for b in step.batches if b.stream == "command" and len(b.arrow)]
        with self._changed:
            if frames and self._samples <= MOST_WAITING:
                self._waiting.append(pl.concat(frames))

    def _call(self, what: Callable[[], None]) -> None:
        with self._changed:
            if self._samples <= MOST_WAITING:
                self._calls.append(what)

    # --- the thread ---

    def start(self) -> None:
        """Begins."""
        self._thread.start()

    def stop(self) -> None:
        """Judges what waits, tells what was begun, and keeps what was learned."""
        with self._changed:
            self._stop = True
            self._changed.notify()
        if self._thread.ident is not None:  # something before it may have failed to start
            self._thread.join(30)

    def as_dict(self) -> dict[str, Any]:
        """How it goes, for /status."""
        return {
            "judged": self.judged, "left_out": self.left_out, "late": self._values.analysis.late,
            "waiting": self._samples,
            "machines": len(self._values.analysis.machines), "delay": self.delays.as_dict(),
        }  # fmt: skip

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting and not self._stop:
                    self._changed.wait(LOOK_S)
                last = self._stop
            try:
                self._turn(is_last=last)
            except Exception as error:  # noqa: BLE001 - a mistake of ours must not end what else runs
                self._on_line(f"values of collectors are judged no more ({type(error).__name__}: {error}); report it")
                with self._changed:
                    self._samples = MOST_WAITING + 1  # nothing more is taken in
                return
            if last:
                return

    def _turn(self, *, is_last: bool) -> None:
        with self._changed:
            waiting, self._waiting = self._waiting, deque()
            calls, self._calls = self._calls, deque()
            self._samples = 0
        for call in calls:
            call()
        analysis = self._values.analysis
        # Of a turn first what was done, then what came of it.
        if done := [w for w in waiting if isinstance(w, pl.DataFrame)]:
            analysis.take("command", pl.concat(done))
        if came := [w for w in waiting if not isinstance(w, pl.DataFrame)]:
            self._judge(came)
        told = analysis.turn()
        if is_last:
            told += analysis.end()
        if told:
            self._held.append((told, dict(self._taken), time.monotonic() + HOLD_S))
        self._tell_held(is_last=is_last)
        self._values.turn(is_last=is_last)

    def _judge(self, came: Sequence[Made]) -> None:
        began, analysis, flats = time.time_ns(), self._values.analysis, list[Flat]()
        for made in came:
            flat = analysis.tags.collected(Collected(made.collector, made.first, made.frame), self._tag_of)
            flats.append(flat)
            self.delays.came(Came(made.arrived, made.at, began, *analysis.latest(flat)))
            self._taken[made.collector] = made.after
        analysis.values(Flat.joined(flats))
        self.judged += sum(made.rows for made in came)
        self.delays.judged(analysis.ends(), began)

    def _tell_held(self, *, is_last: bool) -> None:
        """What is to be told, as far as the samples are on disk that it speaks of; at the end all of it."""
        while self._held:
            told, needed, until = self._held[0]
            on_disk = all(self._kept.get(name, 0) >= number for name, number in needed.items())
            if not on_disk and not is_last and time.monotonic() < until:
                return
            self._held.popleft()
            self._keep(told)
            for one in told:
                self._on_notice(one)

    def _keep(self, told: Sequence[Told]) -> None:
        """Into the lake; one that is full or away does not end the judging, and who follows is told all the same."""
        try:
            self._write(told)
        except LinewardenError as error:
            self._on_line(f"{len(told)} notices of collectors' values are not in the lake: {error}")


def writer_of(lake: Path, site: str) -> Callable[[Sequence[Told]], None]:
    """Brings notices into a lake, a file each time: there are few of them."""

    def write(told: Sequence[Told]) -> None:
        from linewarden.sensor.sensor import Sensor as Writer
        from linewarden.service.detecting import notice_row

        writer = Writer(lake=lake, site=site, prefix=f"collected-{time.time_ns()}")
        try:
            writer.append("notice", [notice_row(t) for t in told])
            writer.finish()
        except BaseException:
            writer.abort()
            raise

    return write
