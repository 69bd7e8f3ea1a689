"""What a meter of the lake says: figures, a usual week, waste in money, and what comes next."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from linewarden.analytics.energy.load import SLOT, Clock, Meter, metered
from linewarden.analytics.energy.profile import profile
from linewarden.analytics.energy.tariff import Tariff, tariff_of
from linewarden.analytics.energy.waste import found
from linewarden.analytics.oee.shifts import Shift, shift_of, zone_of
from linewarden.errors import ConfigError
from linewarden.service.measuring.beside import parts_of, pieces_of
from linewarden.service.measuring.reading import metered_values, rises, session_of
from linewarden.service.surveying.energy import EnergyPart
from linewarden.service.values.tag import TagKey

if TYPE_CHECKING:
    from linewarden.analytics.energy.profile import Profile

LEAST_SLOTS = 8
DRAWN = 720
"""Pieces of the course."""
LEARNED_DAYS = 60
"""Of a forecast: it is asked for on a page, and somebody waits."""


def energy(question: dict[str, Any]) -> dict[str, Any]:
    """`key`, `kind` ("" where the unit says it), `scale`, `start` and `end` (ns UTC), `zone`, `shifts`, `tariff`,
    `forecast`. Raises ConfigError."""
    from linewarden.service.energy_command import energy_as_dict

    clock, shifts = _clock(question["zone"]), _shifts(question["shifts"])
    tariff = tariff_of(question["tariff"]) if question["tariff"] else Tariff()
    key, start, end = TagKey._make(question["key"]), question["start"], question["end"]
    with session_of(Path(question["lake"])) as session:
        kind = question["kind"] or "power"
        if kind == "energy" and not question["stated"] and rises(session, key, start, end):
            kind = "counter"
        at, values, piece = metered_values(session, key, start, end, kind)
        meter = _meter(at, values, kind, float(question["scale"]))
        pieces, no_pieces = pieces_of(session, question.get("good"), meter, start, end)
        parts = parts_of(session, question.get("parts", ()), meter, start, end)
    shown: Profile = profile(meter, clock, shifts)
    part = EnergyPart(
        question["tag"], kind, meter, clock, shown, tariff.bill(meter, clock), found(meter, clock, tariff, shifts),
        tariff,
    )  # fmt: skip
    ahead, why = _ahead(meter, clock) if question["forecast"] else (None, "")
    return {
        **energy_as_dict(part, pieces, ahead), "no_pieces": no_pieces, "parts": parts, "zone": clock.zone,
        "begin": float(meter.at[0]),
        "until": float(meter.at[-1] + meter.slot), "values": len(values), "piece_s": piece, "no_forecast": why,
        "hours": _hours(shown.course), "course": _course(meter), "local": _local(part),
    }  # fmt: skip


def _clock(zone: str) -> Clock:
    try:
        zone_of(zone)
    except ValueError as error:
        raise ConfigError(f"zone: {error}") from None
    return Clock(zone)


def _shifts(texts: list[str]) -> tuple[Shift, ...]:
    try:
        return tuple(map(shift_of, texts))
    except ValueError as error:
        raise ConfigError(f"shift: {error}") from None


def _meter(at: list[float], values: list[float], kind: str, scale: float) -> Meter:
    """Slots of 15 minutes, or of as many whole ones as lie between readings."""
    steps = np.diff(at)
    usual = float(np.median(steps)) if len(steps) else 0.0
    slot = SLOT if usual <= SLOT else float(np.ceil(usual / SLOT) * SLOT)
    try:
        begins, kwh = metered(np.array(at), np.array(values) * scale, kind, slot)
    except ValueError as error:
        raise ConfigError(f"the meter: {error}") from None
    known = int(np.isfinite(kwh).sum())
    if known < LEAST_SLOTS:
        raise ConfigError(
            f"the meter: {known} slots of {slot / 60:g} min with values in this time, {LEAST_SLOTS} are needed; choose "
            "a longer time"
        )
    return Meter(begins, kwh, slot)


def _ahead(meter: Meter, clock: Clock) -> tuple[Any, str]:
    """A forecast of the next slot, or why there is none."""
    try:
        import lightgbm  # noqa: F401
    except ImportError:
        return None, "needs lightgbm: pip install 'linewarden[analytics]'"
    from linewarden.analytics.energy.forecast import LoadForecast, TooShortError

    past = meter.part(max(0, len(meter) - LEARNED_DAYS * meter.a_day), len(meter))
    model = LoadForecast(clock)
    try:
        model.learn(past)
        return model.after(past), ""
    except TooShortError as error:
        return None, str(error)


def _hours(course: np.ndarray) -> list[list[float]]:
    """(7, 24) mean kW by weekday and hour, NaN where no slot was; fewer columns where slots are longer than hours."""
    slots = course.shape[1]
    columns = min(24, slots)
    edges = [h * slots // columns for h in range(columns + 1)]
    return [[_mean(row[a:b]) for a, b in itertools.pairwise(edges)] for row in course]


def _course(meter: Meter) -> dict[str, list[float]]:
    """Mean power of at most DRAWN equal pieces: when each begins, s, and kW."""
    step = max(1, -(-len(meter) // DRAWN))
    first = range(0, len(meter), step)
    return {"t": [float(meter.at[k]) for k in first], "kw": [_mean(meter.kw[k : k + step]) for k in first]}


def _local(part: EnergyPart) -> list[str]:
    """When each peak was, on the plant's clock."""
    from linewarden.service.surveying.telling_energy import local

    return [local(part, p.at) for p in part.profile.peaks]


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
