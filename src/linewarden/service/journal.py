"""What a live judge looks at and what it knows, written down beside the records: a run over the lake can follow.

Two streams of the lake: `judged` names the batches in their order, `known` says who was who from which batch on.
`following.py` reads them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from linewarden.records import Judged, Known

if TYPE_CHECKING:
    import polars as pl

    from linewarden.detections.knowledge import Knowledge
    from linewarden.sensor.sensor import Sensor

BEGIN, CLOSED = "begin", "closed"
DAY_NS = 86_400 * 10**9


class Journal:
    """The journal of one run of a judge. `usual`: entries of what it knew to be usual when it began."""

    def __init__(self, sensor: str, usual: int) -> None:
        from linewarden.detections.knowledge import Knowledge

        self._sensor, self._run, self._serial = sensor, time.time_ns(), 0
        self._judged: list[tuple[Any, ...]] = []
        self._known: list[tuple[Any, ...]] = []
        self._knowledge, self._day = Knowledge(), 0
        self._mark(BEGIN, usual)

    def batch(self, stream: str, frame: pl.DataFrame) -> None:
        """This is judged now; all of it is of one day."""
        first = frame.select("ts", "uid", "capture", "frame").row(0)
        ts = int(frame.get_column("ts").to_physical()[0])
        self._add((ts, str(first[1]), self._sensor, str(first[2]), first[3]), stream, frame.height)

    def closed(self) -> None:
        """What is usual was written into its file."""
        self._mark(CLOSED, 0)

    def know(self, knowledge: Knowledge, now: int | None = None) -> None:
        """From the next batch on this is known: what changed is noted, and once a day all, as retention drops days."""
        from linewarden.detections.knowledge import Knowledge
        from linewarden.detections.known_since import told_apart

        now = time.time_ns() if now is None else now
        rows = {row.address: row for row in told_apart(self._knowledge, knowledge, self._run, self._serial)}
        if now // DAY_NS != self._day:
            rows |= {row.address: row for row in told_apart(Knowledge(), knowledge, self._run, self._serial)}
        self._known += [(now, "", self._sensor, "", 0, *astuple(row)) for row in rows.values()]
        self._knowledge, self._day = knowledge, now // DAY_NS

    def write(self, sensor: Sensor) -> None:
        """Hands over what was noted since the last time; it is in the lake a second or two later."""
        if self._judged:
            sensor.append(Judged.STREAM, self._judged)
        if self._known:
            sensor.append(Known.STREAM, self._known)
        self._judged, self._known = [], []

    def _mark(self, what: str, rows: int) -> None:
        self._add((time.time_ns(), "", self._sensor, "", 0), what, rows)

    def _add(self, envelope: tuple[Any, ...], stream: str, rows: int) -> None:
        self._judged.append((*envelope, *astuple(Judged(self._run, self._serial, stream, rows))))
        self._serial += 1


def by_day(frame: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """A batch as the lake keeps it: the rows of each UTC day by themselves, each in the order in which they came."""
    import polars as pl

    days = frame.get_column("ts").to_physical() // DAY_NS
    if days.min() == days.max():
        yield frame
        return
    for day in days.unique().sort():
        yield frame.filter(pl.Series(days == day))
