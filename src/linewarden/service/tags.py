"""The process values that a lake knows: each tag with its range, its last value, and how it moved.

A tag is a place in a device: source, protocol, unit, area and address (a reading's first address and the position of
the value in it), or its name where the protocol has one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from linewarden.errors import StoreError
from linewarden.service.lake import Session, open_lake
from linewarden.service.tag_dictionary.facts import NOTHING, Facts
from linewarden.service.values.tag import TagKey

if TYPE_CHECKING:
    from collections.abc import Iterable

BUCKETS = 24
BARS = "▁▂▃▄▅▆▇█"

_SQL = """
WITH v AS (
    SELECT source, protocol, unit, area, name, start, epoch_ns(ts) AS t, unnest("values") AS x,
           unnest(range(len("values"))) AS i
    FROM reading WHERE len("values") > 0 {where}
), b AS (SELECT min(t) AS t0, greatest(max(t) - min(t), 1) AS span FROM v)
SELECT source, protocol, unit, area, name, CASE WHEN start IS NULL THEN i ELSE start + i END AS address,
       least({buckets} - 1, ((t - t0) * {buckets} // span)) AS bucket,
       count(*) AS n, min(x) AS low, max(x) AS high, sum(x) AS total,
       arg_max(x, t) AS last, min(t) AS first_t, max(t) AS last_t
FROM v, b WHERE isfinite(x) GROUP BY ALL ORDER BY bucket
"""


@dataclass(slots=True)
class Tag:
    """One value of a device. Times are ns UTC; values are as the wire says them (`raw`), without scale or unit."""

    source: str
    protocol: str
    unit: int | None
    area: str | None
    name: str | None
    address: int | None
    count: int = 0
    low: float = float("inf")
    high: float = float("-inf")
    total: float = 0.0
    last: float = 0.0
    first_ts: int = 0
    last_ts: int = 0
    course: list[float | None] = field(default_factory=lambda: [None] * BUCKETS)
    """The last value in each of BUCKETS equal pieces of the time that the lake covers; None where there is none."""
    moved: int = 0
    """Pieces in which it changed: what moves comes first."""
    facts: Facts = NOTHING
    """Unit, meaning and place, as far as somebody said them."""

    @property
    def key(self) -> TagKey:
        """What tells it from all others."""
        return TagKey(self.source, self.protocol, self.unit, self.area, self.name, self.address or 0)

    @property
    def mean(self) -> float:
        """Of all values."""
        return self.total / self.count if self.count else 0.0

    @property
    def label(self) -> str:
        """`holding_register 40`, or the name."""
        if self.name:
            return self.name
        return " ".join(str(p) for p in (self.area, self.address) if p is not None) or "value"

    @property
    def sparkline(self) -> str:
        """The course as bars; a flat line for what never moved."""
        span = self.high - self.low
        levels = (None if v is None else (v - self.low) / span if span else 0.4 for v in self.course)
        return "".join(" " if v is None else BARS[min(len(BARS) - 1, int(v * len(BARS)))] for v in levels)


def tags_of(lake: Path, device: str | None = None) -> list[Tag]:
    """All tags of a lake, what moves first; none if it has no readings. Raises StoreError if there is no lake."""
    with Session(lake) as session:
        return tags_in(session, device)


def tags_in(session: Session, device: str | None = None) -> list[Tag]:
    """The same of an open session."""
    where = f"AND source = '{device.replace(chr(39), chr(39) * 2)}'" if device else ""
    if "reading" not in open_lake(session.path).streams:
        return []
    with session.query(_SQL.format(where=where, buckets=BUCKETS)) as answer:
        return _gathered(answer.rows)


def _gathered(rows: Iterable[tuple[Any, ...]]) -> list[Tag]:
    found: dict[tuple[Any, ...], Tag] = {}
    for *key, bucket, n, low, high, total, last, first_t, last_t in rows:
        tag = found.get(tuple(key))
        if tag is None:
            source, protocol, unit, area, name, address = key
            tag = found[tuple(key)] = Tag(source, protocol, unit, area, name, address, first_ts=first_t)
        tag.moved += low < high or (tag.count > 0 and last != tag.last)
        tag.count += n
        tag.low, tag.high = min(tag.low, low), max(tag.high, high)
        tag.total += total
        tag.last, tag.last_ts = last, max(tag.last_ts, last_t)
        tag.course[int(bucket)] = last
    return sorted(found.values(), key=lambda t: (-t.moved, -t.count, t.source, t.protocol, t.label))


def known_tags(lake: Path, device: str | None = None) -> list[Tag]:
    """The same as the console knows them, whose course is as wide as the time that the lake covers asks for.

    Raises StoreError if there is no lake.
    """
    from linewarden.service.tag_dictionary.files import known_facts
    from linewarden.service.values.book import Book

    open_lake(lake)
    facts = known_facts(lake)
    book = Book(lake)
    book.look()
    found = [
        Tag(s.key.source, s.key.protocol, s.key.unit, s.key.area, s.key.name, s.key.address, s.count, s.low, s.high,
            s.total, s.last, s.first_ts, s.last_ts, list(s.course), s.moved, facts.get(s.key, NOTHING))
        for s in book.tags()
        if device is None or s.key.source == device
    ]  # fmt: skip
    return by_movement(found)


def by_movement(tags: Iterable[Tag]) -> list[Tag]:
    """What moves first."""
    return sorted(tags, key=lambda t: (-t.moved, -t.count, t.source, t.protocol, t.label, t.unit or 0, t.address or 0))


def need_readings(tags: list[Tag], lake: Path | str) -> None:
    """Raises StoreError where there is nothing to show, with what to do."""
    if not tags:
        raise StoreError(f"{lake}: no process values; they come with reads of Modbus, S7, OPC UA... on the wire")
