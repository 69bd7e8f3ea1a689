"""Which conversations were active when: a range of the lake's time, folded into at most `MOST` buckets by DuckDB.

A conversation's packets and bytes are spread evenly over the time that its record spans. Which buckets a pair of
addresses was active in is a bit mask, so that a pair is one row however long the range is.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from linewarden.errors import QueryError, StoreError
from linewarden.plant.vocabulary import CHANGING
from linewarden.service.lake import Session, quoted, streams_of

MOST = 120
"""Buckets: a mask of them fits DuckDB's HUGEINT (127 bits and a sign)."""
PAIRS = 30_000
"""Pairs of addresses that are given, those with the most packets first."""
LIMIT_S = 20.0
"""So long a question may take."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `begin` to before `end` (ns UTC), in `buckets` of `step` ns."""

    begin: int
    end: int
    buckets: int

    @property
    def step(self) -> int:
        """How long a bucket is."""
        return max(1, -(-(self.end - self.begin) // self.buckets))


@dataclass(frozen=True, slots=True)
class Volume:
    """What went on in one bucket. `changes`: requests that change something in a device."""

    packets: int = 0
    bytes: int = 0
    changes: int = 0


@dataclass(frozen=True, slots=True)
class Pair:
    """Two addresses that talked. Bit i of `active` (of `changed`): they did in bucket i (and something was changed)."""

    source: str
    target: str
    active: int
    changed: int


@dataclass(frozen=True, slots=True)
class Playback:
    """A range of time: volumes, one a bucket, and who talked. `left_out`: pairs beyond PAIRS."""

    span: Span
    volumes: tuple[Volume, ...]
    pairs: tuple[Pair, ...]
    left_out: int


def played(lake: Path, span: Span, addresses: Collection[str] | None = None) -> Playback:
    """What the lake tells of this range; of conversations between these addresses alone, if they are given.

    Raises QueryError if that takes too long, StoreError for a damaged lake.
    """
    there = streams_of(lake)
    with _patient(lake) as session:
        talks = _rows(session, _talks(span, addresses)) if "conn" in there else []
        changes = _rows(session, _changes(span, addresses)) if "command" in there else []
    return _together(span, talks, changes)


@contextmanager
def _patient(lake: Path) -> Iterator[Session]:
    """A session that ends after LIMIT_S."""
    late = threading.Event()
    with Session(lake) as session:

        def stop() -> None:
            late.set()
            session.interrupt()

        timer = threading.Timer(LIMIT_S, stop)
        timer.daemon = True
        timer.start()
        try:
            yield session
        except (QueryError, StoreError) as error:
            if late.is_set():
                raise QueryError(f"that took longer than {LIMIT_S:.0f} s; choose a shorter time") from error
            raise
        finally:
            timer.cancel()


Row = tuple[str | None, str | None, int, int, float, float]
"""Source and target, mask, bucket, packets, bytes; without source it tells of a bucket."""


def _rows(session: Session, sql: str) -> list[Row]:
    with session.query(sql) as answer:
        return list(answer.rows)


def _talks(span: Span, addresses: Collection[str] | None) -> str:
    """The volumes of each bucket, and the mask of each pair."""
    return _folded(
        "conn", span, addresses, "coalesce(orig_pkts, 0) + coalesce(resp_pkts, 0)",
        "coalesce(orig_ip_bytes, 0) + coalesce(resp_ip_bytes, 0)",
    )  # fmt: skip


def _changes(span: Span, addresses: Collection[str] | None) -> str:
    verbs = ", ".join(quoted(v) for v in sorted(CHANGING))
    return _folded("command", span, addresses, '"count"', "0", f"AND verb IN ({verbs})")


def _folded(stream: str, span: Span, addresses: Collection[str] | None, first: str, second: str, and_: str = "") -> str:
    if addresses is not None:
        listed = ", ".join(quoted(a) for a in sorted(addresses)) or "NULL"
        and_ += f' AND "id.orig_h" IN ({listed}) AND "id.resp_h" IN ({listed})'
    # Text from outside is only in `addresses` and is quoted; all else is numbers and ours.
    return f"""
WITH r AS (
  SELECT "id.orig_h" AS o, "id.resp_h" AS r, epoch_ns(ts) AS t0, greatest(epoch_ns(ts), epoch_ns("until")) AS t1,
    {first} AS n, {second} AS m
  FROM {stream} WHERE ts < {_instant(span.end)} AND "until" >= {_instant(span.begin)} {and_}),
s AS (
  SELECT o, r, n, m, greatest(t1 - t0, 1)::DOUBLE AS w, t1 = t0 AS moment,
    greatest(t0 - {span.begin}, 0) AS s, least(t1 - {span.begin}, {span.end - span.begin}) AS e FROM r),
b AS (
  SELECT *, s // {span.step} AS b0, least(e // {span.step}, {span.buckets - 1}) AS b1 FROM s),
p AS (
  SELECT *, CASE WHEN moment THEN 1.0 WHEN b0 = b1 THEN (e - s) / w ELSE ((b0 + 1) * {span.step} - s) / w END AS p0,
    CASE WHEN b0 = b1 THEN 0.0 ELSE (e - b1 * {span.step}) / w END AS p1, {span.step} / w AS pm FROM b),
c AS MATERIALIZED (
  SELECT o, r, b0, b1, sum(n * p0) AS n0, sum(n * p1) AS n1, sum(n * pm) AS nm,
    sum(m * p0) AS m0, sum(m * p1) AS m1, sum(m * pm) AS mm FROM p GROUP BY ALL),
t AS (
  SELECT b0, b1, sum(n0) AS n0, sum(n1) AS n1, sum(nm) AS nm, sum(m0) AS m0, sum(m1) AS m1, sum(mm) AS mm
  FROM c GROUP BY ALL),
v AS (
  SELECT b0 AS k, n0 AS n, m0 AS m FROM t
  UNION ALL SELECT b1, n1, m1 FROM t WHERE b1 > b0
  UNION ALL SELECT unnest(range(b0 + 1, b1)), nm, mm FROM t)
SELECT NULL AS o, NULL AS r, 0::HUGEINT AS mask, k, sum(n) AS n, sum(m) AS m FROM v GROUP BY k
UNION ALL
SELECT * FROM (
  SELECT o, r, bit_or((((1::HUGEINT << (b1 - b0 + 1)::INTEGER) - 1) << b0::INTEGER)) AS mask, 0 AS k,
    sum(n0 + n1 + greatest(b1 - b0 - 1, 0) * nm) AS n, 0.0 AS m FROM c GROUP BY o, r ORDER BY n DESC, o, r
  LIMIT {PAIRS + 1})
"""  # noqa: S608 - see above


def _instant(ns: int) -> str:
    return f"make_timestamp_ns({ns})::TIMESTAMPTZ_NS"


def _together(span: Span, talks: list[Row], changes: list[Row]) -> Playback:
    volumes = [Volume() for _ in range(span.buckets)]
    changed = {(o, r): mask for o, r, mask, *_ in changes if o is not None}
    by_bucket = {k: n for o, _, _, k, n, _ in changes if o is None}
    for o, _, _, k, packets, size in talks:
        if o is None:
            volumes[k] = Volume(round(packets), round(size))
    volumes = [Volume(v.packets, v.bytes, round(by_bucket.get(k, 0))) for k, v in enumerate(volumes)]
    pairs = [
        Pair(o, r, mask | changed.get((o, r), 0), changed.get((o, r), 0))
        for o, r, mask, *_ in talks if o is not None and r is not None
    ]  # fmt: skip
    return Playback(span, tuple(volumes), tuple(pairs[:PAIRS]), max(0, len(pairs) - PAIRS))
