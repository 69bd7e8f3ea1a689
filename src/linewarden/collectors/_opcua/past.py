"""What was missed, from the server's history (HistoryRead of raw values: Part 4, 5.11.3; Part 11, 6.5.3)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from linewarden.collectors._opcua.decode import Value
from linewarden.collectors._opcua.link import Link
from linewarden.collectors._opcua.values import Point, Values
from linewarden.collectors.contract import Samples, Sink

TOGETHER = 60 * 10**9  # ns: gaps that begin so near each other are read in one request
PAGE = 2000  # values of a node in one answer
EMPTY_MOST = 1000  # answers without a value, each of which promises more: such a server is not asked for ever


@dataclass(slots=True)
class Gap:
    """What may be missing of a point: after `since` (had: `since_value`) and before `until` (had: `until_value`)."""

    point: Point
    since: int
    since_value: Any
    until: int
    until_value: Any

    def holds(self, value: Value) -> bool:
        """Whether a value lies in the gap, and is neither of those at its ends."""
        stamp = value.source_ts or value.server_ts
        if stamp is None or not self.since <= stamp <= self.until:
            return False
        if stamp == self.since:
            return not _same(value.value, self.since_value)
        return stamp != self.until or not _same(value.value, self.until_value)


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) or (one != one and other != other)


def when(ns: int) -> str:
    """A time for people: UTC, to the millisecond."""
    return f"{datetime.fromtimestamp(ns / 1e9, UTC):%Y-%m-%d %H:%M:%S.%f}"[:-3] + " UTC"


def _span(gaps: list[Gap]) -> str:
    return f"{when(min(g.since for g in gaps))} to {when(max(g.until for g in gaps))}"


def _groups(gaps: list[Gap], most: int) -> Iterator[list[Gap]]:
    group: list[Gap] = []
    for gap in sorted(gaps, key=lambda g: g.since):
        if group and (len(group) >= most or gap.since - group[0].since > TOGETHER):
            yield group
            group = []
        group.append(gap)
    if group:
        yield group


class Past:
    """Fills gaps, and says what could not be filled. filled, repeated: values that came so, and that were had."""

    def __init__(self, source: str, sink: Sink, values: Values, put: Callable[[Samples], Any]) -> None:
        self._source, self._sink, self._values, self._put = source, sink, values, put
        self.filled = self.repeated = 0

    async def fill(self, link: Link, gaps: list[Gap], why: str, most: int) -> None:
        """Reads what the server has. A gap whose reading breaks off keeps what is still open of it."""
        before = self.filled
        open_, lost = [g for g in gaps if g.point.history], [g for g in gaps if not g.point.history]
        span = _span(gaps)
        waiting = list(_groups(open_, most))
        while waiting:
            none, cut = await self._group(link, waiting.pop(0))
            lost += none
            if cut:
                waiting.append(cut)
        read = len(open_) - sum(g.point.history is False for g in open_)
        if read:
            self._sink.say(f"{self._source}: {why}: {self.filled - before} values of {read} tags from history, {span}")
        if lost:
            names = ", ".join(g.point.name for g in lost[:3]) + (" ..." if len(lost) > 3 else "")
            self._sink.say(
                f"{self._source}: {why}: gap {_span(lost)}; values of {len(lost)} tags may be missing ({names}), "
                "and the server keeps no history of them"
            )

    async def _group(self, link: Link, group: list[Gap]) -> tuple[list[Gap], list[Gap]]:
        """Gaps that begin at about the same time; gives those of which the server keeps nothing, and those that are to
        be read on."""
        lost: list[Gap] = []
        start = _naive(min(g.since for g in group))
        end = _naive(max(g.until for g in group)) + timedelta(microseconds=1)
        waiting: list[tuple[Gap, bytes | None]] = [(g, None) for g in group]
        cut: list[Gap] = []
        empty = 0
        while waiting:
            results = await link.history([(g.point.node, more) for g, more in waiting], start, end, PAGE)
            following: list[tuple[Gap, bytes | None]] = []
            samples = Samples(history=True)
            for (gap, _), result in zip(waiting, results, strict=True):
                if result.status >> 30 >= 2:
                    gap.point.history = False
                    lost.append(gap)
                    continue
                came = self._take(samples, gap, result.values)
                empty = 0 if came else empty + 1
                if result.more and empty < EMPTY_MOST:
                    following.append((gap, result.more))
                elif came and len(result.values) >= PAGE:
                    cut.append(gap)  # a full page and no continuation point: some servers cut there, and say nothing
            if len(samples):
                await self._put(samples)
            waiting = following
            await asyncio.sleep(0)
        return lost, cut

    def _take(self, samples: Samples, gap: Gap, values: list[Value]) -> int:
        """Adds what is in the gap, and moves its begin; gives how many that were."""
        before = self.filled
        for value in values:
            if not gap.holds(value):
                self.repeated += 1
                continue
            self._values.add(samples, gap.point, value)
            self.filled += 1
            gap.since, gap.since_value = value.source_ts or value.server_ts or gap.since, value.value
        return self.filled - before


def _naive(ns: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(microseconds=ns // 1000)  # noqa: DTZ001 - asyncua takes naive UTC
