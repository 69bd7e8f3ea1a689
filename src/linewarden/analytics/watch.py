"""Detectors together over the readings of a machine, and the facts of a notice for what is odd.

    watch = Watch({"level": Ewma(tags), "together": MultivariateEwma(tags)}, seconds=1.0)
    watch.learn(readings)                 # of a time when all was well
    for odd in watch.judge(readings): ... # begins, and ends, with tag, score, confidence and reasons

Pure: time is what the readings say. The service feeds it with `reading` records and makes notices of what it tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from linewarden.analytics.align import Counts, Grid, Reading
from linewarden.analytics.contract import Detector, Rows, Scores, Series, Verdict


@dataclass(frozen=True)
class Odd:
    """What is odd. detector: which said it. tag: its first reason. since: seconds, when it began; until: when it
    ended, None while it lasts. score: the highest so far, 1 is the limit. why: tags and their shares at the highest
    score, in order."""

    detector: str
    tag: str
    since: float
    until: float | None
    score: float
    confidence: float
    why: tuple[tuple[str, float], ...]


class Watch:
    """detectors: by name, all of the same tags. seconds: of a row. stale: seconds for which a silent tag keeps its
    value. again: seconds after an end in which the same detector tells the same tag again only if its score is twice
    as high. limits: by detector, the score above which an alarm begins, where that is more than 1.
    """

    def __init__(
        self,
        detectors: Mapping[str, Detector],
        *,
        seconds: float,
        stale: float = 60.0,
        again: float = 600.0,
        limits: Mapping[str, float] | None = None,
    ) -> None:
        if not detectors or len({d.tags for d in detectors.values()}) != 1:
            raise ValueError("detectors of one and the same set of tags are needed")
        self.detectors = dict(detectors)
        self.again = again
        self.limits = dict(limits or {})
        self.scores: dict[str, Scores] = {}
        """Of the rows that were judged last, by detector."""
        self._grid = Grid(next(iter(self.detectors.values())).tags, seconds, stale=stale, wait=seconds)
        self._lasting: dict[str, Odd] = {}
        self._ended: dict[tuple[str, str], Odd] = {}

    @property
    def counts(self) -> Counts:
        """Late, repeated and unknown readings."""
        return self._grid.counts

    def learn(self, readings: Iterable[Reading]) -> int:
        """From readings of a time when all was well; the number of rows they made."""
        rows, at = self._grid.rows(readings)
        for detector in self.detectors.values():
            detector.learn_many(rows, at)
        return len(rows)

    def judge(self, readings: Iterable[Reading]) -> Iterator[Odd]:
        """What begins to be odd, and what ends, in these readings."""
        yield from self.judge_rows(*self._grid.rows(readings))

    def judge_rows(self, rows: Rows, at: Series) -> Iterator[Odd]:
        """The same of rows that stand on a grid already, (n, tags), and the time at the end of each."""
        if not len(rows):
            return
        for name, detector in self.detectors.items():
            scores = self.scores[name] = detector.score_many(rows, at)
            if name in self._lasting or scores.alarm.any():
                yield from self._told(name, detector, scores, at.tolist())

    def lasting(self) -> tuple[Odd, ...]:
        """What is odd now."""
        return tuple(self._lasting.values())

    def _told(self, name: str, detector: Detector, scores: Scores, at: list[float]) -> Iterator[Odd]:
        limit = self.limits.get(name, 1.0)
        for row, when in enumerate(at):
            now = self._lasting.get(name)
            if not scores.alarm[row]:
                if now:
                    yield self._end(name, now, when)
                continue
            if scores.score[row] <= (now.score if now else limit if limit > 1.0 else 0.0):
                continue
            verdict = detector.verdict(scores, row)
            begun = Odd(name, _first(verdict), when, None, verdict.score, verdict.confidence, verdict.why)
            self._lasting[name] = replace(begun, since=now.since) if now else begun
            if not now and self._is_news(begun):
                yield begun

    def _end(self, name: str, lasting: Odd, when: float) -> Odd:
        del self._lasting[name]
        ended = replace(lasting, until=when)
        self._ended[name, ended.tag] = ended
        return ended

    def _is_news(self, odd: Odd) -> bool:
        before = self._ended.get((odd.detector, odd.tag))
        if before is None or before.until is None or odd.since - before.until > self.again:
            return True
        return odd.score > 2 * before.score


def _first(verdict: Verdict) -> str:
    return verdict.why[0][0] if verdict.why else ""
