"""Detections over what a sensor hears: the same functions as over history, once a second.

A notice is a record as any other: it goes into the lake of its sensor, a second or two after the record that proves it.
What was judged in which order, and who was who, goes there too (`journal.py`), so that a run over the lake can follow.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from linewarden.service.detecting import notice_row
from linewarden.service.journal import Journal, by_day

if TYPE_CHECKING:
    import polars as pl

    from linewarden.detections.detection import Detection
    from linewarden.detections.knowledge import Knowledge
    from linewarden.detections.run import Told
    from linewarden.plant.model import Plant
    from linewarden.sensor.sensor import Sensor, Step
    from linewarden.service.baseline_keeper import BaselineKeeper
    from linewarden.service.expected_keeper import ExpectedKeeper
    from linewarden.service.watching import Hooks

MOST_HELD = 50_000
"""Rows that wait for the second to be over at most. They wait so that the journal has a row a stream and second."""


class LiveDetecting:
    """Judges one sensor's records, in its thread.

    `on_notice` is told what is new, `on_line` what else there is to say: a mistake of ours, a file that was read again
    or cannot be written. `usual` is kept from run to run; without it what is usual is learned anew. `on_known`: who is
    who, as often as that is looked at.
    """

    def __init__(
        self,
        detections: Sequence[Detection],
        on_notice: Callable[[Told], None],
        on_line: Callable[[str], None],
        expected: ExpectedKeeper | None = None,
        usual: BaselineKeeper | None = None,
        on_known: Callable[[Knowledge], None] | None = None,
    ) -> None:
        from linewarden.service.judging import Judge

        self._said, self._usual = expected, usual
        self._judge = Judge(
            detections, baseline=usual.baseline if usual else None, expected=expected.expected if expected else None
        )
        self._wanted = frozenset(self._judge.streams)
        self._held: dict[str, list[pl.DataFrame]] = {}
        self._rows = 0
        self._journal: Journal | None = None
        self._on_notice, self._on_known = on_notice, on_known
        self._on_line = on_line
        self._said_broken: set[str] = set()

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that the detections look at."""
        return self._judge.streams

    def within(self, hooks: Hooks) -> Hooks:
        """These hooks, with the judge among them."""
        return replace(hooks, on_step=self.step, also_take=self.streams, on_plant=self.plant)

    def _keep(self, *, is_last: bool) -> None:
        """Takes over what people wrote meanwhile, and writes down what is usual."""
        if self._said is not None and (line := self._said.turn()):
            self._judge.expect(self._said.expected)
            self._on_line(line)
        if self._usual is not None:
            before = self._usual.times
            if line := self._usual.end() if is_last else self._usual.turn():
                self._on_line(line)
            if self._journal is not None and self._usual.times > before:
                self._journal.closed()

    def plant(self, plant: Plant) -> None:
        """Who is who, from now on."""
        from linewarden.detections.knowledge import knowledge_of

        knowledge = knowledge_of(plant)
        self._judge.know(knowledge)
        if self._journal is not None:
            self._journal.know(knowledge)
        if self._on_known is not None:
            self._on_known(knowledge)

    def step(self, sensor: Sensor, step: Step) -> None:
        """Takes what became known, and judges it when the second is over; what is found the sensor writes down."""
        import polars as pl

        if self._journal is None:
            self._journal = Journal(sensor.name, len(self._usual.baseline.entries) if self._usual else 0)
        for batch in step.batches:
            if batch.stream in self._wanted and len(batch.arrow):
                self._held.setdefault(batch.stream, []).append(pl.DataFrame(batch.arrow))
                self._rows += len(batch.arrow)
        if step.live is None and step.totals is None and self._rows < MOST_HELD:
            return
        told = self._judged(self._journal)
        if step.totals is not None:
            told += self._judge.end()
        self._keep(is_last=step.totals is not None)
        self._journal.write(sensor)
        self._tell(sensor, told)

    def _judged(self, journal: Journal) -> list[Told]:
        """Judges what waits, stream by stream, and notes in the journal what it is."""
        import polars as pl

        held, self._held, self._rows = self._held, {}, 0
        told: list[Told] = []
        for stream, frames in held.items():
            for frame in by_day(pl.concat(frames)):
                journal.batch(stream, frame)
                told += self._judge.add(stream, frame)
        return told

    def _tell(self, sensor: Sensor, told: Sequence[Told]) -> None:
        if told:
            sensor.append("notice", [notice_row(t) for t in told])
        for one in told:
            if not one.notice.again:
                self._on_notice(one)
        for name in self._judge.broken.keys() - self._said_broken:
            self._said_broken.add(name)
            self._on_line(f"the detection {name} is broken and left out ({self._judge.broken[name]}): report it")
