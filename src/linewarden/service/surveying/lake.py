"""The readings of a lake as an export, so that all that reads files reads lakes, too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from linewarden.errors import ConfigError, StoreError
from linewarden.service.lake import Session, open_lake
from linewarden.service.surveying.columns import unit_of
from linewarden.service.surveying.export import MOST_CELLS, MOST_TAGS, Export, Facts

if TYPE_CHECKING:
    from linewarden.analytics.contract import Series

MOST_ROWS = 5000
_VALUES = """
SELECT source || ' ' || CASE WHEN name IS NOT NULL THEN name ELSE concat_ws(' ',
         CASE WHEN unit IS NULL OR unit IN (0, 1, 255) THEN NULL ELSE 'unit ' || unit END, area,
         CASE WHEN start IS NULL THEN i ELSE start + i END) END AS tag,
       t / 1e9 AS t, x
FROM (SELECT source, unit, area, name, start, coalesce(epoch_ns(source_ts), epoch_ns(ts)) AS t, unnest("values") AS x,
             unnest(range(len("values"))) AS i FROM reading WHERE len("values") > 0)
WHERE isfinite(x)
"""


def lake_export(path: Path, only: tuple[str, ...] = ()) -> Export:
    """Means of equal pieces of time. Raises StoreError where there is no lake or no reading in it."""
    if "reading" not in open_lake(path).streams:
        raise StoreError(f"{path}: no process values; they come with reads of Modbus, S7, OPC UA... on the wire")
    where = f" AND tag IN ({_quoted(only)})" if only else ""
    with Session(path) as session:
        told = _ask(
            session,
            f"SELECT tag, count(*), min(x), max(x), avg(x), coalesce(stddev(x), 0), approx_count_distinct(x), "  # noqa: S608
            f"min(t), max(t) FROM ({_VALUES}) WHERE true{where} GROUP BY tag ORDER BY tag LIMIT {MOST_TAGS}",
        )
        if not told:
            raise ConfigError(f"{path}: no such tag; `linewarden tags {path}` lists them")
        first, last = min(r[7] for r in told), max(r[8] for r in told)
        each = max(r[1] for r in told)
        usual = max((last - first) / max(each - 1, 1), 1e-3)
        piece = max((last - first) / min(MOST_ROWS, MOST_CELLS // len(told)), usual)
        rows = _ask(
            session,
            f"SELECT tag, CAST(floor((t - {first!r}) / {piece!r}) AS BIGINT) AS k, avg(x) FROM ({_VALUES}) "  # noqa: S608
            f"WHERE true{where} GROUP BY tag, k",
        )
    return _made(path, told, rows, first, piece, usual)


def lake_series(path: Path, tags: tuple[str, ...]) -> dict[str, tuple[Series, list[str]]]:
    """As `series_of`."""
    open_lake(path)
    out = {}
    with Session(path) as session:
        for tag in tags:
            rows = _ask(session, f"SELECT t, x FROM ({_VALUES}) WHERE tag = {_quoted((tag,))} ORDER BY t")  # noqa: S608
            if not rows:
                raise ConfigError(f"{path}: no tag {tag!r}; write it as DEVICE NAME, as linewarden trends {path} does")
            at = np.array([r[0] for r in rows], np.float64)
            keep = np.append(np.diff(at) > 0, True)
            out[tag] = at[keep], [f"{float(r[1]):.12g}" for r, k in zip(rows, keep, strict=True) if k]
    return out


def _ask(session: Session, sql: str) -> list[tuple[Any, ...]]:
    with session.query(sql) as answer:
        return list(answer.rows)


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join("'" + n.replace("'", "''") + "'" for n in names)


def _made(path: Path, told: list[Any], rows: list[Any], first: float, piece: float, usual: float) -> Export:
    from linewarden.service.surveying.export import held

    place = {r[0]: k for k, r in enumerate(told)}
    count = max(r[1] for r in rows) + 1
    values = np.full((count, len(told)), np.nan)
    for tag, k, mean in rows:
        values[k, place[tag]] = mean
    facts = tuple(Facts(r[0], unit_of(r[0]), r[1], 0, r[2], r[3], r[4], r[5], int(r[6]), 0, 0) for r in told)
    at = first + np.arange(count) * piece
    return Export(
        str(path),
        "the readings of a lake",
        sum(r[1] for r in told),
        at,
        held(values),
        facts,
        usual,
        piece if piece > usual else 0.0,
        False,
    )
