"""A run of the detections with what they rest on: who is who, what is usual, and what people said beforehand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from linewarden.baseline.baseline import STREAMS
from linewarden.baseline.expected import scene_of
from linewarden.baseline.facts import TELLING, boil
from linewarden.baseline.needed import Needed
from linewarden.detections.detection import FRAMES
from linewarden.detections.looks import Look
from linewarden.detections.run import Run, Told
from linewarden.detections.wanted import test_of
from linewarden.sensor.sieve import ALWAYS

if TYPE_CHECKING:
    import polars as pl

    from linewarden.baseline.baseline import Baseline
    from linewarden.baseline.expected import Expected
    from linewarden.detections.detection import Detection, Sample
    from linewarden.detections.knowledge import Knowledge
    from linewarden.sensor.points import Readings
    from linewarden.sensor.sieve import Held


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
        """What of the engine's records is wanted, by stream, of those that are not held: for a `sensor.sieve.Sieve`."""
        whole = {*self.held, *((READINGS,) if self._learns else ())}
        return {stream: self._run.wanted(stream) for stream in self.streams if stream not in whole}

    @property
    def held(self) -> list[str]:
        """The streams of which most rows only say again what was said: the engine holds them until no more come."""
        return [stream for stream in self.streams if stream in STREAMS and stream != READINGS]

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
        if self._learns and firsts is not None:
            yield USUAL, boil(READINGS, pl.DataFrame(firsts))

    def found(self, readings: Readings) -> Iterator[tuple[str, pl.DataFrame]]:
        """What is looked at of all readings of a capture, after it was found within the engine."""
        import polars as pl

        by = self._sampling()
        rows, frames = readings.found(by.sample[READINGS].points(by.params))
        if rows is not None:
            told = pl.Series(FRAMES, frames, dtype=pl.List(pl.Int64))
            yield by.name, pl.DataFrame(rows).with_columns(told)

    def _sampling(self) -> Detection:
        sampling = self._run.sampling(READINGS)
        if sampling is None:
            raise LookupError("no detection looks at a sample of the readings")
        return sampling

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

    def looks(self, stream: str) -> list[Look]:
        """What is looked at in a stream, in the words of the engine; what the baseline learns from is `USUAL`."""
        looks = self._run.looks(stream)
        if self._learns and stream in STREAMS:
            looks.append(Look(USUAL, USUAL, test_of(TELLING[stream]) if stream in TELLING else ALWAYS))
        return looks

    def thinned(self, stream: str, held: Held, looks: Sequence[Look]) -> Iterator[tuple[str, pl.DataFrame]]:
        """What `sieve` would give, as far as it decides something, of rows that the engine held; not what it gives for
        those who see by the first of their rows what is told of all (`late`), and for the baseline (`learned`)."""
        import polars as pl

        apart = {*_late(held, looks), *(number for number, look in enumerate(looks) if look.name == USUAL)}
        marks = {number: look.mark for number, look in enumerate(looks) if number not in apart}
        if (rows := held.marked(marks)) is not None:
            again = [mark for number, mark in marks.items() if not held.certain(number)]
            yield from self._run.marked(stream, pl.DataFrame(rows), again)

    def learned(
        self, held: Mapping[str, tuple[Held, int]], firsts: Any, *, all_here: bool
    ) -> Iterator[tuple[str, pl.DataFrame]]:
        """What the baseline learns from, by stream, of what was held (with the number of its look).

        `firsts`: the first readings of each minute, if there are any.
        """
        known = bool(self._baseline.entries) or self._baseline.frozen
        needed = Needed(self._baseline.params, whole=known or not all_here)
        for stream, (rows, look) in held.items():
            needed.take(stream, rows, look)
        if firsts is not None and self._learns:
            needed.readings(firsts)
        yield from needed.rows()

    def late(self, stream: str, held: Held, looks: Sequence[Look]) -> list[Told]:
        """What is found by those, once it is known who is who."""
        import polars as pl

        told: list[Told] = []
        for number in _late(held, looks):
            firsts, name = held.rows([number]), looks[number].name
            some = self._run.of_interest(stream, name, pl.DataFrame(firsts)) if firsts is not None else []
            if some and (rows := held.alike(number, some)) is not None:
                told += self.judge(stream, name, pl.DataFrame(rows))
        return told

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


def _late(held: Held, looks: Sequence[Look]) -> list[int]:
    return [number for number, look in enumerate(looks) if look.alike and held.thinned(number)]
