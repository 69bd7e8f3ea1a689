"""Detections over what a sensor hears: the same functions as over history, batch by batch.

A notice is a record as any other: it goes into the lake of its sensor, a second or two after the record that proves it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from linewarden.service.detecting import notice_row

if TYPE_CHECKING:
    from linewarden.detections.detection import Detection
    from linewarden.detections.run import Told
    from linewarden.plant.model import Plant
    from linewarden.sensor.sensor import Sensor, Step
    from linewarden.service.baseline_keeper import BaselineKeeper
    from linewarden.service.expected_keeper import ExpectedKeeper
    from linewarden.service.watching import Hooks


class LiveDetecting:
    """Judges one sensor's records, in its thread.

    `on_notice` is told what is new, `on_line` what else there is to say: a mistake of ours, a file that was read again
    or cannot be written. `usual` is kept from run to run; without it what is usual is learned anew.
    """

    def __init__(
        self,
        detections: Sequence[Detection],
        on_notice: Callable[[Told], None],
        on_line: Callable[[str], None],
        expected: ExpectedKeeper | None = None,
        usual: BaselineKeeper | None = None,
    ) -> None:
        from linewarden.service.judging import Judge

        self._said, self._usual = expected, usual
        self._judge = Judge(
            detections, baseline=usual.baseline if usual else None, expected=expected.expected if expected else None
        )
        self._on_notice = on_notice
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
        if self._usual is not None and (line := self._usual.end() if is_last else self._usual.turn()):
            self._on_line(line)

    def plant(self, plant: Plant) -> None:
        """Who is who, from now on."""
        from linewarden.detections.knowledge import knowledge_of

        self._judge.know(knowledge_of(plant))

    def step(self, sensor: Sensor, step: Step) -> None:
        """Judges what became known; what is found is written down by the sensor."""
        import polars as pl

        wanted = set(self._judge.streams)
        told: list[Told] = []
        for batch in step.batches:
            if batch.stream in wanted and len(batch.arrow):
                told += self._judge.add(batch.stream, pl.DataFrame(batch.arrow))
        if step.totals is not None:
            told += self._judge.end()
        self._keep(is_last=step.totals is not None)
        if told:
            sensor.append("notice", [notice_row(t) for t in told])
        for one in told:
            if not one.notice.again:
                self._on_notice(one)
        for name in self._judge.broken.keys() - self._said_broken:
            self._said_broken.add(name)
            self._on_line(f"the detection {name} is broken and left out ({self._judge.broken[name]}): report it")
