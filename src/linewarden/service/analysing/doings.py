"""What was done on the network: writes, stops and the like that are unusual, and notices of detections.

Who writes what, and between which values, is learned as it comes. What was never seen before is unusual; what changes
with nearly every write (a heartbeat, a demand that follows) is not judged by its value.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import polars as pl

from linewarden.detections.memory import Bounded

if TYPE_CHECKING:
    from linewarden.detections.run import Told

VERBS = (
    "write", "program_download", "set_mode", "start", "stop", "restart", "firmware_update", "force", "configure",
    "inhibit",
)  # fmt: skip
"""Verbs that change something."""
COLUMNS = (
    "ts", "uid", "sensor", "capture", "frame", "id.orig_h", "id.resp_h", "protocol", "verb", "function", "target",
    "value", "count", "answered", "errors",
)  # fmt: skip
"""What is read of the stream `command`."""
RIPE_NS = 600_000_000_000
"""For so long the network must have been heard before something new is unusual."""
RUNNING = 0.5
"""Share of writes with another value than the one before, from which on a value says nothing."""
MOST, MOST_DEEDS, MOST_NOTICES = 20_000, 2_000, 2_000


@dataclass(frozen=True, slots=True)
class Deed:
    """Something unusual that was asked of a device. new: what about it was never seen: writer, verb, target or value;
    `work`, where an operator's station wrote, whose work that is."""

    ts: int
    who: str
    whom: str
    protocol: str
    verb: str
    target: str
    value: str
    new: str
    uid: str
    sensor: str
    capture: str
    frame: int

    @property
    def is_stranger(self) -> bool:
        """Whether this station never changed anything at this device."""
        return self.new == "writer"


@dataclass(frozen=True, slots=True)
class Word:
    """A notice that somebody else told."""

    ts: int
    note: str
    severity: str
    tactic: str
    orig: str
    resp: str
    msg: str
    expected: bool


@dataclass(slots=True)
class _Usual:
    """How one station writes one target. low, high: numbers it wrote; texts: what is no number."""

    first: int = 0
    count: int = 0
    moved: int = 0
    last: str = ""
    low: float = float("inf")
    high: float = float("-inf")
    texts: set[str] = field(default_factory=set)

    def knows(self, value: str) -> bool:
        """Whether the value says nothing new."""
        if self.count >= 8 and self.moved > RUNNING * self.count:
            return True
        number = _number(value)
        return value in self.texts if number is None else self.low <= number <= self.high

    def take(self, value: str, count: int, moved: int) -> None:
        """What was written now."""
        self.count += count
        self.moved += moved + (self.last != value and self.count > count)
        self.last = value
        number = _number(value)
        if number is not None:
            self.low, self.high = min(self.low, number), max(self.high, number)
        elif len(self.texts) < 64:
            self.texts.add(value)


class Doings:
    """Bounded: of what is usual the least used is forgotten first, of what happened the oldest."""

    def __init__(self) -> None:
        self._usual: Bounded[tuple[str, str, str, str], _Usual] = Bounded(_Usual, MOST)
        self._writers: Bounded[tuple[str, str], dict[str, int]] = Bounded(dict, MOST)
        self.began: int | None = None
        self.deeds: deque[Deed] = deque(maxlen=MOST_DEEDS)
        self.words: deque[Word] = deque(maxlen=MOST_NOTICES)
        self.last_write: dict[str, int] = {}
        """When anybody last changed something at this device, usual or not."""

    # --- taking ---

    def heard(self, ts: int) -> None:
        """The network was heard at this time."""
        self.began = ts if self.began is None else self.began

    def commands(self, rows: pl.DataFrame) -> list[Deed]:
        """Records of `command`, by time; what was unusual in them."""
        new: list[Deed] = []
        for row in _boiled(rows):
            self.heard(row["ts"])
            if (deed := self._judge(row)) is not None:
                new.append(deed)
        self.deeds.extend(new)
        return new

    def notice(self, told: Told) -> None:
        """What a detection found."""
        n = told.notice
        if not n.again:
            self.words.append(
                Word(told.ts, n.note, n.severity, n.tactic, told.orig_h, told.resp_h, n.msg, n.expected is not None)
            )

    def _judge(self, row: dict[str, Any]) -> Deed | None:
        who, whom, verb, target = row["id.orig_h"], row["id.resp_h"], row["verb"], row["target"] or ""
        value = row["value"] or ""
        ripe = self.began is not None and row["ts"] - self.began >= RIPE_NS
        writers = self._writers.at((who, whom))
        usual = self._usual.get((who, whom, verb, target))
        new = ""
        if not writers:
            new = "writer"
        elif verb not in writers:
            new = "verb"
        elif usual is None:
            new = "target"
        elif not usual.knows(value):
            new = "value"
        writers[verb] = writers.get(verb, 0) + row["n"]
        self._usual.at((who, whom, verb, target)).take(value, row["n"], row["moved"])
        self.last_write[whom] = row["until"]
        if not new or not ripe:
            return None
        return Deed(row["ts"], who, whom, row["protocol"], verb, target, value, new, row["uid"], row["sensor"],
                    row["capture"], row["frame"])  # fmt: skip

    # --- asking ---

    def deeds_between(self, begin: int, end: int) -> Iterator[Deed]:
        """Unusual deeds from `begin` to `end`, ns UTC, the latest first."""
        return (d for d in reversed(self.deeds) if begin <= d.ts <= end)

    def words_between(self, begin: int, end: int) -> Iterator[Word]:
        """Notices from `begin` to `end`, ns UTC, the latest first."""
        return (w for w in reversed(self.words) if begin <= w.ts <= end)

    def masters_of(self, whom: str) -> set[str]:
        """Stations that change something at this device as a rule."""
        return {who for who, other in self._writers if other == whom and self._often(who, whom)}

    def _often(self, who: str, whom: str) -> bool:
        return sum((self._writers.get((who, whom)) or {}).values()) >= 8

    # --- keeping ---

    def snapshot(self) -> dict[str, Any]:
        """What is usual, as plain values."""
        rows = []
        for key in self._usual:
            usual = self._usual.get(key)
            if usual is not None:
                number = usual.low <= usual.high
                rows.append([*key, usual.count, usual.moved, usual.last, usual.low if number else None,
                             usual.high if number else None, sorted(usual.texts)])  # fmt: skip
        return {"began": self.began, "usual": rows}

    def restore(self, said: dict[str, Any]) -> None:
        """The inverse. Raises KeyError, TypeError or ValueError for what is no snapshot."""
        began = said["began"]
        self.began = int(began) if began is not None else None
        for who, whom, verb, target, count, moved, last, low, high, texts in said["usual"]:
            usual = self._usual.at((str(who), str(whom), str(verb), str(target)))
            usual.count, usual.moved, usual.last = int(count), int(moved), str(last)
            if low is not None:
                usual.low, usual.high = float(low), float(high)
            usual.texts = {str(t) for t in texts}
            writers = self._writers.at((str(who), str(whom)))
            writers[str(verb)] = writers.get(str(verb), 0) + usual.count


def _boiled(rows: pl.DataFrame) -> list[dict[str, Any]]:
    """What changed something and was not refused: who, whom, verb, target and value, each once a batch and in the
    order of their first; `n`: how often, `moved`: how often with another value than before."""
    texts = ("id.orig_h", "id.resp_h", "protocol", "verb", "target", "value", "uid", "sensor", "capture")
    who = ("id.orig_h", "id.resp_h", "verb", "target")
    asked = (
        rows.lazy()
        .filter(pl.col("verb").cast(pl.String).is_in(VERBS) & (pl.col("errors") < pl.col("answered").clip(1)))
        .with_columns(pl.col(*texts).cast(pl.String), pl.col("ts").to_physical())
        .sort("ts", maintain_order=True)
        .with_columns((pl.col("value") != pl.col("value").shift()).over(who).fill_null(value=False).alias("moved"))
        .group_by(*who, "value", maintain_order=True)
        .agg(
            pl.col("ts", "protocol", "uid", "sensor", "capture", "frame").first(),
            pl.col("ts").last().alias("until"), pl.col("count").sum().alias("n"), pl.col("moved").sum(),
        )
        .sort("ts", maintain_order=True)
        .collect()
    )  # fmt: skip
    return asked.rows(named=True)


def _number(value: str) -> float | None:
    try:
        found = float(value)
    except ValueError:
        return None
    return found if abs(found) < 1e15 else None
