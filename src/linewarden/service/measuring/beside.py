"""What is counted beside a meter: its good pieces, and how its energy is shared out over sub-meters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from linewarden.analytics.energy.load import Floats, Meter, metered
from linewarden.analytics.energy.profile import per_piece
from linewarden.errors import ConfigError
from linewarden.service.lake import Session
from linewarden.service.measuring.named import key_of
from linewarden.service.measuring.reading import metered_values, rises

if TYPE_CHECKING:
    from linewarden.analytics.energy.profile import PerPiece

REST = ""
"""Name of what no sub-meter counts."""


def pieces_of(
    session: Session, tag: str | None, meter: Meter, start: int, end: int
) -> tuple[PerPiece | None, str]:  # fmt: skip
    """Energy by good pieces, or why it cannot be told; neither where nobody named their tag."""
    if not tag:
        return None, ""
    try:
        key = key_of(session, tag, start, end)
        kind = "counter" if rises(session, key, start, end) else "energy"
        at, values, _ = metered_values(session, key, start, end, kind)
        made = np.array(values)
        grown = np.maximum(np.diff(made, prepend=made[0]), 0.0) if kind == "counter" else made
        place = np.floor((np.array(at) - meter.at[0]) / meter.slot).astype(np.int64)
        inside = (place >= 0) & (place < len(meter))
        good = np.asarray(np.bincount(place[inside], grown[inside], len(meter)), np.float64)
        return per_piece(meter, good), ""
    except (ConfigError, ValueError) as error:
        return None, str(error)


def parts_of(
    session: Session, said: Iterable[Mapping[str, Any]], meter: Meter, start: int, end: int
) -> list[dict[str, Any]]:  # fmt: skip
    """Each sub-meter's energy and share of the time in which both are known, and what none of them counts."""
    known = np.isfinite(meter.kwh)
    found: list[dict[str, Any]] = []
    courses: list[Floats] = []
    for one in said:
        try:
            course = _course(session, one, meter, start, end)
        except (ConfigError, ValueError) as error:
            found.append({"name": one["name"], "kwh": None, "share": None, "wrong": str(error)})
            continue
        courses.append(course)
        found.append(_share(str(one["name"]), course, meter.kwh, known & np.isfinite(course)))
    if courses:
        total = np.sum(courses, axis=0)
        found.append(_share(REST, meter.kwh - total, meter.kwh, known & np.isfinite(total)))
    return found


def _share(name: str, kwh: Floats, of: Floats, there: np.ndarray) -> dict[str, Any]:
    part, whole = float(kwh[there].sum()), float(of[there].sum())
    return {"name": name, "kwh": part, "share": part / whole if whole > 0 else None, "wrong": ""}


def _course(session: Session, one: Mapping[str, Any], meter: Meter, start: int, end: int) -> Floats:
    """(n,) kWh in the slots of the meter."""
    key = key_of(session, one["tag"], start, end)
    at, values, _ = metered_values(session, key, start, end, one["kind"])
    begins, kwh = metered(np.array(at), np.array(values) * one["scale"], one["kind"], meter.slot)
    place = np.round((begins - meter.at[0]) / meter.slot).astype(np.int64)
    inside = (place >= 0) & (place < len(meter))
    course = np.full(len(meter), np.nan)
    course[place[inside]] = kwh[inside]
    return course
