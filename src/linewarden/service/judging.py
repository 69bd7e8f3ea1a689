"""A run of the detections with what they rest on: who is who, what is usual, and what people said beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from linewarden.baseline.baseline import STREAMS
from linewarden.baseline.expected import scene_of
from linewarden.baseline.facts import boil
from linewarden.baseline.needed import Needed
from linewarden.detections.detection import FRAMES
from linewarden.detections.run import Run, Told

if TYPE_CHECKING:
    import polars as pl

    from linewarden.baseline.baseline import Baseline
    from linewarden.baseline.expected import Expected
    from linewarden.detections.detection import Detection, Sample
    from linewarden.detections.knowledge import Knowledge
    from linewarden.sensor.points import Readings


READINGS = "reading"
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
        self.broken = self._run.broken
        """Detections that stumbled, and over what."""
        if knowledge is not None or expected is not None:
            self.know(knowledge or self._run.knowledge)

    @property
    def streams(self) -> tuple[str, ...]:
        """The streams that are of interest."""
        return tuple(sorted({*self._run.streams, *(STREAMS if self._learns else ())} - {"novelty"}))

    @property
    def wanted(self) -> dict[str, Any]:
        """What of the engine's records is wanted, by stream: tests of a `sensor.sieve.Sieve`.

        A baseline learns from most rows of its streams, so these come whole.
        """
        streams = [s for s in self.streams if not (self._learns and s in STREAMS)]
        return {stream: self._run.wanted(stream) for stream in streams}

    @property
    def sample(self) -> Sample | None:
        """If nobody looks at more of the readings than that, and than the first ones of each minute."""
        sampling = self._run.sampling(READINGS)
        return sampling.sample[READINGS] if sampling is not None else None

    def sampled(self, readings: Readings) -> Iterator[tuple[str, pl.DataFrame]]:
        """What `sieve` would give of what was kept since the last time."""
        import polars as pl

        rows, firsts = readings.take()
        if rows is not None:
            yield self._sampling().name, pl.DataFrame(rows)
        yield from self._firsts(firsts)

    def found(self, readings: Readings) -> Iterator[tuple[str, pl.DataFrame]]:
        """The same of all readings of a capture, after these were looked at within the engine."""
        import polars as pl

        by = self._sampling()
        rows, frames, firsts = readings.found(by.sample[READINGS].points(by.params))
        if rows is not None:
            yield by.name, pl.DataFrame(rows).with_columns(pl.Series(FRAMES, frames, dtype=pl.List(pl.Int64)))
        yield from self._firsts(firsts)

    def _sampling(self) -> Detection:
        sampling = self._run.sampling(READINGS)
        if sampling is None:
            raise LookupError("no detection looks at a sample of the readings")
        return sampling

    def _firsts(self, firsts: Any) -> Iterator[tuple[str, pl.DataFrame]]:
        import polars as pl

        if self._learns and firsts is not None:
            yield USUAL, boil(READINGS, pl.DataFrame(firsts))

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
        return self.heed(self.learn(stream, rows))

    def learn(self, stream: str, rows: pl.DataFrame) -> pl.DataFrame:
        """What is news to the baseline in what `sieve` gave for it; it asks nobody who is who."""
        return self._baseline.learn(stream, rows)

    def heed(self, news: pl.DataFrame) -> list[Told]:
        """What is found in news."""
        return self._explained(self._run.add("novelty", news))

    def needed(self, rows: Mapping[str, pl.DataFrame]) -> Needed | None:
        """What says which of all rows of a history (by stream, of who is `USUAL`) are to be judged; None: all."""
        usual = self._baseline
        return None if usual.entries or usual.frozen else Needed(rows, usual.params)

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
