"""What a load consists of: base load, peaks and who made them, weekdays and shifts, energy for each piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from linewarden.analytics.energy.load import Clock, Floats, Meter
from linewarden.analytics.energy.tariff import within
from linewarden.analytics.oee.shifts import DAYS, Shift

BASE_SHARE = 0.05
"""Base load of a day: what its quietest slots take, the quantile of this share."""


@dataclass(frozen=True)
class Peak:
    """A slot of high demand. at: s. kw: mean of the slot. by: sub-meter and kW above what it usually takes at that time
    of day, the largest first."""

    at: float
    kw: float
    by: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class Group:
    """Slots that belong together: a weekday or a shift. kw: their mean; base and peak: kW; share: of all energy."""

    name: str
    kwh: float
    kw: float
    base: float
    peak: float
    share: float


@dataclass(frozen=True)
class PerPiece:
    """kwh: a good piece, all energy shared out. fixed: kW that is taken however many are made; each: kWh that one more
    takes; explained: share of the variance between hours that this line explains (R2)."""

    kwh: float
    good: float
    fixed: float
    each: float
    explained: float


@dataclass(frozen=True)
class Profile:
    """Of a meter: energy kWh, powers kW. days and shifts: groups; course: (7, slots of a day) mean kW by weekday."""

    kwh: float
    mean: float
    base: float
    peak: Peak
    load_factor: float
    missing: float
    peaks: tuple[Peak, ...]
    days: tuple[Group, ...]
    shifts: tuple[Group, ...]
    course: Floats


def profile(
    meter: Meter, clock: Clock, shifts: Sequence[Shift] = (), parts: Mapping[str, Floats] | None = None, peaks: int = 10
) -> Profile:
    """parts: (n,) kWh of sub-meters in the same slots. Raises ValueError where the meter said nothing at all."""
    there = np.isfinite(meter.kwh)
    if not there.any():
        raise ValueError("no energy in any slot")
    top = highest(meter, clock, parts or {}, peaks)
    weekday = clock.weekday(meter.at)
    mean = float(np.nanmean(meter.kw))
    return Profile(
        float(np.nansum(meter.kwh)), mean, base_load(meter, clock), top[0], mean / top[0].kw if top[0].kw > 0 else 1.0,
        float(1 - there.mean()), top,
        tuple(_group(meter, name, weekday == k) for k, name in enumerate(DAYS) if (there & (weekday == k)).any()),
        tuple(
            _group(meter, s.name, m) for s in shifts if (there & (m := within(s, meter, clock))).any()
        ),
        course(meter, clock),
    )  # fmt: skip


def base_by_day(meter: Meter, clock: Clock) -> tuple[np.ndarray, Floats]:
    """Numbers of days (since 1970, on the wall) with at least half of their slots, and the base load of each, kW."""
    day = clock.day(meter.at)
    days, found = [], []
    for number, first in zip(*np.unique(day, return_index=True), strict=True):
        kw = meter.kw[first : first + int((day == number).sum())]
        kw = kw[np.isfinite(kw)]
        if len(kw) >= meter.a_day / 2:
            days.append(number)
            found.append(np.quantile(kw, BASE_SHARE))
    return np.array(days), np.array(found, np.float64)


def base_load(meter: Meter, clock: Clock) -> float:
    """The median over days of what their quietest slots take, kW."""
    _, found = base_by_day(meter, clock)
    return float(np.median(found)) if len(found) else float(np.nanquantile(meter.kw, BASE_SHARE))


def highest(meter: Meter, clock: Clock, parts: Mapping[str, Floats], count: int) -> tuple[Peak, ...]:
    """The slots of highest demand, one a day at most, the highest first."""
    order = np.argsort(-np.nan_to_num(meter.kwh, nan=-np.inf), kind="stable")
    day, seen = clock.day(meter.at), set()
    found: list[Peak] = []
    for k in order.tolist():
        if len(found) == count or not np.isfinite(meter.kwh[k]):
            break
        if day[k] not in seen:
            seen.add(day[k])
            found.append(Peak(float(meter.at[k]), float(meter.kw[k]), _by(meter, clock, parts, k)))
    return tuple(found)


def _by(meter: Meter, clock: Clock, parts: Mapping[str, Floats], k: int) -> tuple[tuple[str, float], ...]:
    if not parts:
        return ()
    second = clock.second(meter.at)
    same = second == second[k]
    hour = 3600.0 / meter.slot
    above = {name: float((kwh[k] - np.nanmedian(kwh[same])) * hour) for name, kwh in parts.items()}
    return tuple(sorted(((n, v) for n, v in above.items() if v > 0), key=lambda p: -p[1]))


def course(meter: Meter, clock: Clock) -> Floats:
    """(7, slots of a day) mean kW by weekday and time; NaN where no slot was."""
    slot = np.floor(clock.second(meter.at) / meter.slot).astype(np.int64)
    place = clock.weekday(meter.at) * meter.a_day + np.minimum(slot, meter.a_day - 1)
    there = np.isfinite(meter.kwh)
    count = np.bincount(place[there], minlength=7 * meter.a_day)
    total = np.bincount(place[there], meter.kw[there], 7 * meter.a_day)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan).reshape(7, -1)


def per_piece(meter: Meter, good: Floats) -> PerPiece:
    """good: (n,) good pieces in each slot. Hours are compared, since a piece may end in the slot after.

    Raises ValueError where none was made.
    """
    there = np.isfinite(meter.kwh) & np.isfinite(good)
    total = float(good[there].sum())
    if total <= 0:
        raise ValueError("no good piece in this time")
    each = max(round(3600.0 / meter.slot), 1)
    hours = len(meter) // each
    kwh = np.where(there, meter.kwh, np.nan)[: hours * each].reshape(hours, each).sum(axis=1)
    made = np.where(there, good, np.nan)[: hours * each].reshape(hours, each).sum(axis=1)
    whole = np.isfinite(kwh) & np.isfinite(made)
    slope, fixed, explained = _line(made[whole], kwh[whole])
    span = each * meter.slot / 3600.0
    return PerPiece(float(meter.kwh[there].sum()) / total, total, fixed / span, slope, explained)


def _line(x: Floats, y: Floats) -> tuple[float, float, float]:
    if len(x) < 3 or np.ptp(x) == 0:
        return 0.0, float(y.mean()) if len(y) else 0.0, 0.0
    slope, begins = np.polyfit(x, y, 1)
    off = ((y - slope * x - begins) ** 2).sum()
    return float(slope), float(begins), float(1.0 - off / max(((y - y.mean()) ** 2).sum(), 1e-12))


def _group(meter: Meter, name: str, mine: np.ndarray) -> Group:
    kw = meter.kw[mine & np.isfinite(meter.kwh)]
    kwh = float(np.nansum(meter.kwh[mine]))
    share = kwh / max(float(np.nansum(meter.kwh)), 1e-12)
    return Group(name, kwh, float(kw.mean()), float(np.quantile(kw, BASE_SHARE)), float(kw.max()), share)
