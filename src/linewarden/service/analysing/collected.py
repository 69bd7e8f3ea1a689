"""Values of collectors judged as they come, beside what sensors hear of the network in the same time.

A thread of its own takes what was brought to disk (`Gathering.on_kept`), so that a notice names samples that are there
for good, and so that judging never holds up a collector: where it cannot follow, samples are left out and counted.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import LinewardenError
from linewarden.service.analysing.delays import Delays

if TYPE_CHECKING:
    import polars as pl

    from linewarden.collectors.contract import Tag
    from linewarden.detections.run import Told
    from linewarden.plant.model import Plant
    from linewarden.sensor.sensor import Sensor, Step
    from linewarden.service.analysing.live import LiveAnalysing
    from linewarden.service.watching import Hooks

EVERY_S = 0.02
"""How long samples are gathered before they are judged together."""
MOST_WAITING = 500_000
"""Samples that may wait to be judged."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """Rows of a stream; for samples of a collector the number of the first, and when it came (ns UTC)."""

    stream: str
    rows: pl.DataFrame
    collector: str = ""
    first: int = 0
    arrived: int = 0


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
        self._waiting: deque[_Waiting] = deque()
        self._samples = 0
        self._calls: deque[Callable[[], None]] = deque()
        self._stop = False
        self._thread = threading.Thread(target=self._run, name="linewarden-values", daemon=True)

    # --- what comes, from other threads ---

    def samples(self, collector: str, first: int, arrived: int, samples: pl.DataFrame) -> None:
        """Samples that are on disk now."""
        with self._changed:
            if self._samples + samples.height > MOST_WAITING:
                self.left_out += samples.height
                return
            self._waiting.append(_Waiting("reading", samples, collector, first, arrived))
            self._samples += samples.height
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
        import polars as pl

        frames = [pl.DataFrame(b.arrow) for b in step.batches if b.stream == "command" and len(b.arrow)]
        with self._changed:
            if frames and self._samples <= MOST_WAITING:
                self._waiting.append(_Waiting("command", pl.concat(frames)))

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
            "judged": self.judged, "left_out": self.left_out, "waiting": self._samples,
            "machines": len(self._values.analysis.machines), "delay": self.delays.as_dict(),
        }  # fmt: skip

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting and not self._stop:
                    self._changed.wait(1.0)
                last = self._stop
            if not last:
                time.sleep(EVERY_S)
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
        for stream in ("command", "reading"):  # of a turn first what was done, then what came of it
            mine = [w for w in waiting if w.stream == stream]
            if mine:
                analysis.take(stream, self._rows(stream, mine))
        self.judged += sum(w.rows.height for w in waiting if w.collector)
        self.delays.judged(max((m.until for m in analysis.machines.values()), default=0.0))
        told = analysis.turn()
        if is_last:
            told += analysis.end()
        if told:
            self._keep(told)
        for one in told:
            self._on_notice(one)
        self._values.turn(is_last=is_last)

    def _keep(self, told: Sequence[Told]) -> None:
        """Into the lake; one that is full or away does not end the judging, and who follows is told all the same."""
        try:
            self._write(told)
        except LinewardenError as error:
            self._on_line(f"{len(told)} notices of collectors' values are not in the lake: {error}")

    def _rows(self, stream: str, waiting: Sequence[_Waiting]) -> pl.DataFrame:
        import polars as pl

        from linewarden.service.collecting.rows import readings

        if stream == "command":
            return pl.concat([w.rows for w in waiting])
        for w in waiting:
            self.delays.came(float(w.rows.get_column("ts").max()) / 1e9, w.arrived)  # type: ignore[arg-type]
        return readings([(w.collector, w.first, w.rows) for w in waiting], self._tag_of)


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
