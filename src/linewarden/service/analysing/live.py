"""Process values judged as a sensor hears them: the same functions as over history.

What is found goes into the lake of its sensor, as the notices of detections do. What was learned is kept in a folder,
and known again at the next start; what people say of it meanwhile (`linewarden analytics`) is taken over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from linewarden.errors import LinewardenError
from linewarden.service.analysing import kept
from linewarden.service.analysing.analysis import STREAMS, Analysis
from linewarden.service.analysing.model import DETECTORS
from linewarden.service.detecting import notice_row

if TYPE_CHECKING:
    from linewarden.detections.knowledge import Knowledge
    from linewarden.detections.run import Told
    from linewarden.sensor.sensor import Sensor, Step
    from linewarden.service.analysing.model import Model
    from linewarden.service.analysing.settings import Analytics
    from linewarden.service.expected_keeper import ExpectedKeeper
    from linewarden.service.watching import Hooks

FIRST_S, EVERY_S, LOOK_S = 120.0, 900.0, 10.0
"""When what was learned is written first, and then how often; how often it is looked at for edits."""


LATE = (
    "linewarden.analytics.detectors.lagged_pca", "linewarden.analytics.detectors.physics", "linewarden.analytics.hints",
    "linewarden.analytics.settings", "linewarden.detections.knowledge",
)  # fmt: skip
"""What making a model imports: before the rights are given up, while our own files can still be read."""


class LiveAnalysing:
    """Judges one sensor's readings, in its thread; models are made in one beside it.

    `folder`: where what was learned is kept; None: it is learned anew at each start. `on_notice` is told what is new,
    `on_line` what else there is to say. Raises StoreError if what is kept is damaged.
    """

    def __init__(
        self,
        said: Analytics,
        folder: Path | None,
        on_notice: Callable[[Told], None],
        on_line: Callable[[str], None],
        expected: ExpectedKeeper | None = None,
    ) -> None:
        for name in (*LATE, *(f"{DETECTORS}.{d}" for d in _named(said))):
            import_module(name)
        self._fitter = ThreadPoolExecutor(1, thread_name_prefix="linewarden-fit")
        self._said_expected = expected
        self.analysis = Analysis(said, expected.expected if expected else None, self._beside)
        self._folder, self._on_notice, self._on_line = folder, on_notice, on_line
        self._stamps: dict[Path, tuple[int, int]] = {}
        if folder is not None:
            kept.load_all(folder, self.analysis)
            self._stamp()
        now = time.monotonic()
        self._write_at, self._look_at = now + FIRST_S, now + LOOK_S

    def _beside(self, make: Callable[[], Model]) -> Callable[[], Model | None]:
        """Makes a model in the thread beside; gives what asks for it. One that cannot be made is said."""
        made: Future[Model] = self._fitter.submit(make)

        def ask() -> Model | None:
            if not made.done():
                return None
            return made.result()

        return ask

    # --- hooks ---

    def within(self, hooks: Hooks) -> Hooks:
        """These hooks, with the analytics behind what was there."""
        before, plant = hooks.on_step, hooks.on_plant

        def step(sensor: Sensor, said: Step) -> None:
            if before is not None:
                before(sensor, said)
            self.step(sensor, said)

        def known(found: object) -> None:
            if plant is not None:
                plant(found)  # type: ignore[arg-type]
            self._know(found)

        also = tuple(sorted({*hooks.also_take, *STREAMS}))
        return replace(hooks, on_step=step, also_take=also, on_plant=known)

    def _know(self, plant: object) -> None:
        from linewarden.detections.knowledge import knowledge_of

        self.analysis.know(knowledge_of(plant))  # type: ignore[arg-type]

    def know(self, known: Knowledge) -> None:
        """Who is who, from now on."""
        self.analysis.know(known)

    def heard(self, told: Told) -> None:
        """A notice of a detection."""
        self.analysis.notice(told)

    def step(self, sensor: Sensor, step: Step) -> None:
        """Takes what became known, and judges it; what is found the sensor writes down."""
        import polars as pl

        for stream in STREAMS:  # of a step first what was done, then what came of it
            frames = [pl.DataFrame(b.arrow) for b in step.batches if b.stream == stream and len(b.arrow)]
            if frames:
                self.analysis.take(stream, pl.concat(frames) if len(frames) > 1 else frames[0])
        last = step.totals is not None
        told = self.analysis.turn()
        if last:
            told += self.analysis.end()
        self._tell(sensor, told)
        self.turn(is_last=last)

    def _tell(self, sensor: Sensor, told: Sequence[Told]) -> None:
        if told:
            sensor.append("notice", [notice_row(t) for t in told])
        for one in told:
            self._on_notice(one)

    # --- keeping ---

    def turn(self, *, is_last: bool = False) -> None:
        """Takes over what people wrote meanwhile, and writes what was learned, where it is time."""
        if self._said_expected is not None:
            self.analysis.expected = self._said_expected.expected
        now = time.monotonic()
        if self._folder is None or (now < min(self._look_at, self._write_at) and not is_last):
            return
        self._look_at = now + LOOK_S
        try:
            self._take_edits(self._folder)
            if now >= self._write_at or is_last:
                self._write_at = now + EVERY_S
                kept.save_all(self._folder, self.analysis)
                self._stamp()
        except LinewardenError as error:
            self._on_line(f"what machines learned is not kept: {error}")
        if is_last:
            self._fitter.shutdown(wait=False, cancel_futures=True)

    def _take_edits(self, folder: Path) -> None:
        for path in kept.machine_files(folder):
            if self._stamps.get(path) == _stamp(path):
                continue
            facts = kept.facts_of(path)
            machine = self.analysis.machines.get(facts.machine)
            if machine is not None and facts.edit > machine.edit:
                kept.load_into(path, machine)
                self._on_line(f"{facts.machine}: what was said of what it learned is taken over")
            self._stamps[path] = _stamp(path)

    def _stamp(self) -> None:
        if self._folder is not None:
            self._stamps = {path: _stamp(path) for path in kept.machine_files(self._folder)}


def _named(said: Analytics) -> set[str]:
    """Detectors that somebody asked for by the names of their files."""
    asked = {d for wanted in (said.wanted, *(g.wanted for g in said.machines)) for d in wanted.detectors}
    return asked - {"settings", "together"}


def _stamp(path: Path) -> tuple[int, int]:
    try:
        about = path.stat()
    except OSError:
        return 0, 0
    return about.st_mtime_ns, about.st_size
