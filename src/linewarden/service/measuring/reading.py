"""Values of one tag over a time, from the files of a lake, and never too many of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from linewarden.errors import ConfigError, StoreError
from linewarden.service.lake import Session, open_lake
from linewarden.service.values.tag import TagKey
from linewarden.service.values.trends import values_sql

MOST = 1_000_000
"""Values that are taken one by one."""
PIECES = 200_000
"""Of a meter with more values than that, equal pieces of time are taken."""
SECOND = 1_000_000_000
PIECE_OF = {"power": ("min(t)", "avg(x)"), "energy": ("max(t)", "sum(x)"), "counter": ("max(t)", "arg_max(x, t)")}
"""SQL for when a piece is, and what it is."""


def session_of(lake: Path) -> Session:
    """Close it. Raises ConfigError where the lake has no reading."""
    try:
        there = "reading" in open_lake(lake).streams
    except StoreError as error:
        raise ConfigError(str(error)) from None
    if not there:
        raise ConfigError("there are no process values in this lake yet")
    return Session(lake, 1)


def states(session: Session, key: TagKey, start: int, end: int, what: str) -> list[tuple[int, float]]:
    """Each value, (ns UTC, value), by time, the last one of an instant. Raises ConfigError if there are too many."""
    sql = f"SELECT t, last(x) FROM ({values_sql(key, start, end)}) WHERE isfinite(x) GROUP BY t ORDER BY t"  # noqa: S608
    rows = rows_of(session, f"{sql} LIMIT {MOST + 1}")
    if len(rows) > MOST:
        raise ConfigError(f"{what}: more than {MOST:,} values in this time; choose a shorter one")
    if not rows:
        raise ConfigError(f"{what}: no value in this time; choose a longer one or another tag")
    return [(int(t), float(x)) for t, x in rows]


def metered_values(
    session: Session, key: TagKey, start: int, end: int, kind: str
) -> tuple[list[float], list[float], int]:
    """Seconds since 1970, values, and how long a piece is (s), 0 where each value was taken. A piece of power is its
    mean, one of energy its sum at its end, one of a counter its last state."""
    values = f"SELECT t, last(x) AS x FROM ({values_sql(key, start, end)}) WHERE isfinite(x) GROUP BY t"  # noqa: S608
    ((count, first, last),) = rows_of(session, f"SELECT count(*), min(t), max(t) FROM ({values})")  # noqa: S608
    if not count:
        raise ConfigError("the meter said nothing in this time; choose a longer one or another tag")
    if count <= PIECES:
        rows = rows_of(session, f"SELECT t, x FROM ({values}) ORDER BY t")  # noqa: S608
        return [t / SECOND for t, _ in rows], [float(x) for _, x in rows], 0
    piece = max(-(-(last - first) // (PIECES * SECOND)), 1)
    at, of = PIECE_OF[kind]
    rows = rows_of(
        session,
        f"SELECT {at}, {of} FROM ({values}) GROUP BY t // {piece * SECOND} ORDER BY 1",  # noqa: S608 - all ours
    )
    return [t / SECOND for t, _ in rows], [float(x) for _, x in rows], piece


def rises(session: Session, key: TagKey, start: int, end: int) -> bool:
    """Whether a tag is a counter: it hardly ever falls, and rises often."""
    values = f"SELECT t, last(x) AS x FROM ({values_sql(key, start, end)}) WHERE isfinite(x) GROUP BY t"  # noqa: S608
    steps = f"SELECT x - lag(x) OVER (ORDER BY t) AS d FROM ({values})"  # noqa: S608
    ((count, level, up),) = rows_of(
        session,
        f"SELECT count(d), avg((d >= 0)::INT), avg((d > 0)::INT) FROM ({steps}) WHERE d IS NOT NULL",  # noqa: S608
    )
    return bool(count > 10 and level > 0.99 and up > 0.05)


def rows_of(session: Session, sql: str) -> list[tuple[Any, ...]]:
    """All rows of an answer."""
    with session.query(sql) as answer:
        return list(answer.rows)
