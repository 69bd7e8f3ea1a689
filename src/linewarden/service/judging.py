"""A run of the detections with what they rest on: who is who, what is usual, and what people said beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from linewarden.baseline.baseline import STREAMS
from linewarden.baseline.expected import scene_of
from linewarden.baseline.facts import boil
from linewarden.baseline.needed import Needed
from linewarden.detections.run import Run, Told

if TYPE_CHECKING:
    import polars as pl

    from linewarden.baseline.baseline import Baseline
    from linewarden.baseline.expected import Expected
    from linewarden.detections.detection import Detection
    from linewarden.detections.knowledge import Knowledge
    from linewarden.service.learning import Apart


USUAL = "~"
"""Whose rows they are that the baseline learns from. By name it comes after all detections."""


class Judge:
    """Takes batches of records, live or of a lake; gives notices. Without a baseline it learns one of its own.

    `sieve` and `judge` are the two halves of `add`: the first can be done before it is known who is who.
    """

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
        self._apart: Apart | None = None
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
        return [told for who, rows in self.sieve(stream, frame) for told in self.judge(stream, who, rows)]

    def sieve(self, stream: str, frame: pl.DataFrame) -> Iterator[tuple[str, pl.DataFrame]]:
        """What is looked at of a batch, by who looks; the order in which to `judge` it is that of the names."""
        yield from self._run.sieve(stream, frame)
        if self._learns and stream in STREAMS and frame.height:
            yield USUAL, boil(stream, frame)

    def judge(self, stream: str, who: str, rows: pl.DataFrame) -> list[Told]:
        """What is found in what `sieve` gave, or in several of these put together in the order of time."""
        if who != USUAL:
            return self._explained(self._run.judge(stream, who, rows))
        if self._apart is not None:
            self._apart.learn(stream, rows)
            return []
        return self._explained(self._run.add("novelty", self._baseline.learn(stream, rows)))

    def needed(self, rows: Mapping[str, pl.DataFrame]) -> Needed | None:
        """What says which of all rows of a history (by stream, of who is `USUAL`) are to be judged; None: all."""
        usual = self._baseline
        return None if usual.entries or usual.frozen else Needed(rows, usual.params)

    @contextmanager
    def apart(self) -> Iterator[None]:
        """Within the block the baseline learns in a process of its own; what is found in its news is told by `news`.

        That process has the baseline then: this judge is of no use after the block.
        """
        from linewarden.service.learning import Apart

        with Apart(self._baseline) as self._apart:
            yield

    @property
    def is_apart(self) -> bool:
        """Whether the baseline learns in a process of its own now."""
        return self._apart is not None

    def news(self) -> list[Told]:
        """What is found in all that was news to a baseline that learns `apart`; nothing else."""
        if self._apart is None:
            return []
        return self._explained([t for frame in self._apart.news() for t in self._run.add("novelty", frame)])

    def end(self) -> list[Told]:
        """What came again since it was told."""
        return self._explained(self._run.end())

    def _explained(self, told: list[Told]) -> list[Told]:
        """Expected, if somebody announced it or said that it is normal."""
        return told if self._expected is None else [self._judged(t, self._expected) for t in told]

    def _judged(self, told: Told, expected: Expected) -> Told:
        known = self._run.knowledge
        scene = scene_of(
            told.ts, told.orig_h, told.resp_h, lambda a: tuple({known.asset(a), known.names.get(a, a)}), known.zone
        )
        return replace(told, notice=expected.judge(told.notice, scene))
