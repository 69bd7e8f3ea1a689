"""What a unit has left, by a model and the values of a lake: asked for in the process of a question (`desk.py`)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from linewarden.errors import ConfigError
from linewarden.service.lake import Session
from linewarden.service.measuring.named import key_of
from linewarden.service.measuring.reading import rows_of, session_of
from linewarden.service.values.tag import TagKey
from linewarden.service.values.trends import values_sql

if TYPE_CHECKING:
    from linewarden.analytics.maintenance.runs import Run
    from linewarden.service.maintenance.models import Kept

MOST_ROWS = 200_000
FEWEST_ROWS = 2


def life(question: dict[str, Any]) -> dict[str, Any]:
    """`unit`, `model`, `tags`, `since` and `until` (ns UTC), `row_s`, `hours`, `costs`, `propose`.

    Raises ConfigError."""
    from linewarden.service.maintenance.models import read

    kept = read(Path(question["model"]))
    hours = question["hours"] or kept.card.hours
    if hours is None:
        raise ConfigError(f"{question['model']}: it counts time; say `hours`, how many hours one of its times has")
    lacking = [c for c in kept.model.columns if c not in question["tags"]]
    if lacking:
        raise ConfigError(f"tags: the model needs {', '.join(lacking)}, too")
    run, last = _history(question, kept, hours)
    (found,) = kept.model.estimates([run])
    return {
        "at": last, "left": found.left * hours, "low": found.low * hours, "high": found.high * hours,
        "cap": kept.model.cap * hours, "or_more": found.or_more, "why": [(tag, m * hours) for tag, m in found.why],
        "model": kept.card.name, "version": kept.card.version,
        "proposal": _proposal(question, kept, run, hours) if question["costs"] and question["propose"] else None,
    }  # fmt: skip


def _history(question: dict[str, Any], kept: Kept, hours: float) -> tuple[Run, int]:
    """Rows of means from the beginning of its life, and when the last ends. A tag keeps its value until it says
    another: many are told only when they change."""
    from linewarden.analytics.maintenance.runs import Run

    start, end, width = question["since"], question["until"], round(question["row_s"] * 1e9)
    count = (end - start) // width
    if not FEWEST_ROWS <= count <= MOST_ROWS:
        raise ConfigError(f"{max(count, 0):,} rows of {question['row_s']:g} s since its history began; between "
                          f"{FEWEST_ROWS} and {MOST_ROWS:,} can be scored")  # fmt: skip
    rows = np.full((count, len(kept.model.columns)), np.nan)
    with session_of(Path(question["lake"])) as session:
        for column, name in enumerate(kept.model.columns):
            key = key_of(session, question["tags"][name], start, end)
            for place, mean in _means(session, key, start, start + count * width - 1, width):
                rows[place, column] = mean
    said = np.flatnonzero(np.isfinite(rows).any(axis=1))
    first, until = int(said[0]), int(said[-1]) + 1
    rows = _held(rows[first:until])
    at = (np.arange(first, until) + 1) * question["row_s"] / 3600.0 / hours
    return Run(question["unit"], at, rows), start + until * width


def _means(session: Session, key: TagKey, start: int, end: int, width: int) -> list[tuple[int, float]]:
    values = values_sql(key, start, end)
    sql = f"SELECT (t - {start}) // {width} AS k, avg(x) FROM ({values}) WHERE isfinite(x) GROUP BY k"  # noqa: S608
    found = [(int(k), float(x)) for k, x in rows_of(session, sql)]
    if not found:
        raise ConfigError(f"tags: {key.source}/{key.label} has no value since the unit's history began")
    return found


def _held(rows: np.ndarray) -> np.ndarray:
    """Gaps filled with what was said last."""
    place = np.where(np.isfinite(rows), np.arange(len(rows))[:, None], -1)
    last = np.maximum.accumulate(place, axis=0)
    return np.where(last >= 0, np.take_along_axis(rows, np.maximum(last, 0), axis=0), np.nan)


def _proposal(question: dict[str, Any], kept: Kept, run: Run, hours: float) -> dict[str, Any]:
    """When work is expected to cost least; windows are one a day."""
    from linewarden.analytics.maintenance.proposal import Costs
    from linewarden.service.maintenance.planning import daily, facts_of, plan, words_of

    try:
        costs = Costs(*question["costs"])
    except ValueError as error:
        raise ConfigError(f"costs: {error}") from error
    now = datetime.fromtimestamp(question["until"] / 1e9, UTC).replace(second=0, microsecond=0)
    length = timedelta(hours=max(costs.planned_hours, 1.0))
    spans = daily(now, timedelta(hours=min(kept.model.cap * hours, 24.0 * 366)), length)
    found = plan(kept, run, costs, spans, now, hours)
    return {"facts": facts_of(found, kept), "why": words_of(found, kept)}
