"""A run of the detections with what they rest on: who is who, what is usual, and what people said beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from linewarden.baseline.baseline import STREAMS
from linewarden.baseline.expected import scene_of
from linewarden.detections.run import Run, Told

if TYPE_CHECKING:
    import polars as pl

    from linewarden.baseline.baseline import Baseline
    from linewarden.baseline.expected import Expected
    from linewarden.detections.detection import Detection
    from linewarden.detections.knowledge import Knowledge


class Judge:
    """Takes batches of records, live or of a lake; gives notices. Without a baseline it learns one of its own."""

    def __init__(
        self,
        detections: Sequence[Detection],
        knowledge: Knowledge | None = None,
        baseline: Baseline | None = None,
        expected: Expected | None = None,
    ) -> None:
        from linewarden.baseline.baseline import Baseline

        self._run = Run(detections)
        self._learns = "novelty" in self._run.streams
        self._baseline = baseline or Baseline()
        self._expected = expected
        self.broken = self._run.broken
        """Detections that stumbled, and over what."""
        if knowledge is not None or expected is not None:
            self.know(knowledge or self._run.knowledge)

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that are of interest."""
        return tuple(sorted({*self._run.streams, *(STREAMS if self._learns else ())} - {"novelty"}))

    def know(self, knowledge: Knowledge) -> None:
        """Who is who, from now on; which programs are right is what people said."""
        said = self._expected.approved if self._expected is not None else ()
        self._run.knowledge = replace(knowledge, approved=tuple((a.asset, a.name, a.sha256) for a in said))

    def expect(self, expected: Expected) -> None:
        """What people say, from now on."""
        self._expected = expected
        self.know(self._run.knowledge)

    def add(self, stream: str, frame: pl.DataFrame) -> list[Told]:
        """What is found in a batch."""
        told = self._run.add(stream, frame)
        if self._learns and stream in STREAMS:
            told += self._run.add("novelty", self._baseline.learn(stream, frame))
        return [self._explained(t) for t in told]

    def end(self) -> list[Told]:
        """What came again since it was told."""
        return [self._explained(t) for t in self._run.end()]

    def _explained(self, told: Told) -> Told:
        """Expected, if somebody announced it or said that it is normal."""
        if self._expected is None:
            return told
        known = self._run.knowledge
        scene = scene_of(
            told.ts, told.orig_h, told.resp_h, lambda a: tuple({known.asset(a), known.names.get(a, a)}), known.zone
        )
        return replace(told, notice=self._expected.judge(told.notice, scene))
