"""Detections over what a sensor hears: the same functions as over history, batch by batch.

A notice is a record as any other: it goes into the lake of its sensor, a second or two after the record that proves it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from linewarden.service.detecting import notice_row

if TYPE_CHECKING:
    from linewarden.baseline.expected import Expected
    from linewarden.detections.detection import Detection
    from linewarden.detections.run import Told
    from linewarden.plant.model import Plant
    from linewarden.sensor.sensor import Sensor, Step
    from linewarden.service.baseline_keeper import BaselineKeeper
    from linewarden.service.watching import Hooks


class LiveDetecting:
    """Judges one sensor's records, in its thread.

    `on_notice` is told what is new, `on_broken` a mistake of ours or what is not kept. `keeper`: what is usual, from
    run to run; without one it is learned anew.
    """

    def __init__(
        self,
        detections: Sequence[Detection],
        on_notice: Callable[[Told], None],
        on_broken: Callable[[str], None],
        expected: Expected | None = None,
        keeper: BaselineKeeper | None = None,
    ) -> None:
        from linewarden.service.judging import Judge

        self._keeper = keeper
        self._judge = Judge(detections, baseline=keeper.baseline if keeper else None, expected=expected)
        self._on_notice = on_notice
        self._on_broken = on_broken
        self._said_broken: set[str] = set()

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that the detections look at."""
        return self._judge.streams

    def within(self, hooks: Hooks) -> Hooks:
        """These hooks, with the judge among them."""
        return replace(hooks, on_step=self.step, also_take=self.streams, on_plant=self.plant)

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
        if self._keeper is not None and (wrong := self._keeper.end() if step.totals else self._keeper.turn()):
            self._on_broken(wrong)
        if told:
            sensor.append("notice", [notice_row(t) for t in told])
        for one in told:
            if not one.notice.again:
                self._on_notice(one)
        for name in self._judge.broken.keys() - self._said_broken:
            self._said_broken.add(name)
            self._on_broken(f"the detection {name} is broken and left out ({self._judge.broken[name]}): report it")
