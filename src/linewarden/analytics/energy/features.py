"""What is known at the end of a slot of the next one: its calendar, the last slots, the same time on other days, and
the days that ran like today.

Row k holds what slot k is foretold from, and looks at slots before k only: cutting the series at k changes no row up
to k (a test holds it to that).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from linewarden.analytics.energy.habits import habits
from linewarden.analytics.energy.load import Clock, Floats, Meter, back

RECENT = 12
"""Slots just before."""
SPANS = (4, 8, 16, 32)
"""Slots of means; the day comes besides."""
DAYS = (1, 2, 3, 4, 5, 6, 7, 14)
ALIKE = 20
"""Days among which those that ran like today are looked for."""
SHAPES = ((8, 0.45), (3, 0.35))
"""Slots whose course is compared, and how far apart it may be, in standard deviations of the load."""
PATTERNS = ((8, 0.35, 40, 2), (3, 0.25, 40, 2), (16, 0.5, 60, 1), (5, 0.3, 60, 0))
"""The same of more days, and of so many slots earlier and later there: shifts begin late, too."""
LATE = 1.5
"""Slots by which a day that ran like today, but earlier or later, counts for less."""
OTHERS = 3
LAST_NAME = "load -1"


def features(meter: Meter, clock: Clock, spread: float) -> tuple[Floats, tuple[str, ...]]:
    """(n, features) and their names. spread: what counts as far, kWh: of the time that was learned."""
    found = dict(_all(meter, clock, spread))
    return np.column_stack(list(found.values())), tuple(found)


def _all(meter: Meter, clock: Clock, spread: float) -> Iterator[tuple[str, Floats]]:
    yield "time", np.asarray(clock.second(meter.at) / 3600.0)
    yield "weekday", clock.weekday(meter.at).astype(np.float64)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # a mean of nothing is NaN, as it should be
        yield from _recent(meter)
        yield from _days(meter)
        yield from _alike(meter, spread)
        for shape in PATTERNS:
            yield from _pattern(meter, spread, *shape)
        yield from habits(meter, clock, spread)
    for name, values in meter.others.items():
        for k in (*range(1, OTHERS + 1), meter.a_day):
            yield f"{name} -{k}", back(values, k)


def _recent(meter: Meter) -> Iterator[tuple[str, Floats]]:
    load = meter.kwh
    for k in range(1, RECENT + 1):
        yield f"load -{k}", back(load, k)
    yield "rise", back(load, 1) - back(load, 2)
    yield "rise before", back(load, 2) - back(load, 3)
    for span in (*SPANS, meter.a_day):
        seen = _before(load, span)
        yield f"mean {span}", np.nanmean(seen, axis=1)
        if span in (8, meter.a_day):
            yield f"most {span}", np.nanmax(seen, axis=1)
            yield f"least {span}", np.nanmin(seen, axis=1)
            yield f"spread {span}", np.nanstd(seen, axis=1)


def _before(load: Floats, span: int) -> Floats:
    """(n, span) the slots before each."""
    return sliding_window_view(np.concatenate([np.full(span, np.nan), load[:-1]]), span)


def _days(meter: Meter) -> Iterator[tuple[str, Floats]]:
    load, day = meter.kwh, meter.a_day
    for days in DAYS:
        lags = (-1, 0, 1) if days in (1, 7) else (0,)
        for lag in lags:
            yield f"day -{days} {lag:+d}", back(load, days * day + lag)
        yield f"rise day -{days}", back(load, days * day) - back(load, days * day + 1)


def _alike(meter: Meter, spread: float) -> Iterator[tuple[str, Floats]]:
    """What came next on the days that ran like today just before."""
    load, day = meter.kwh, meter.a_day
    then = np.stack([back(load, d * day) for d in range(1, ALIKE + 1)])
    rise = then - np.stack([back(load, d * day + 1) for d in range(1, ALIKE + 1)])
    yield "same time, mean", np.nanmean(then, axis=0)
    yield "same time, median", np.nanmedian(then, axis=0)
    yield "same time, most", np.nanmax(then, axis=0)
    yield "same time, rise", np.nanmedian(rise, axis=0)
    for slots, near in SHAPES:
        weight = np.stack([_likeness(load, d * day, slots, near * spread) for d in range(1, ALIKE + 1)])
        weight[~np.isfinite(rise)] = 0.0
        total = np.maximum(weight.sum(axis=0), 1e-12)
        yield f"alike {slots}", (weight * np.nan_to_num(then)).sum(axis=0) / total
        yield f"alike {slots}, rise", back(load, 1) + (weight * np.nan_to_num(rise)).sum(axis=0) / total
        yield f"alike {slots}, how much", total


def _pattern(
    meter: Meter, spread: float, slots: int, near: float, days: int, shifts: int
) -> Iterator[tuple[str, Floats]]:  # fmt: skip
    """What came next whenever it ran like now, on so many days at about this time."""
    load = meter.kwh
    last, rise = back(load, 1), np.diff(load, prepend=np.nan)
    total, level, change, square = (np.zeros(len(load)) for _ in range(4))
    for lag in (d * meter.a_day + s for d in range(1, days + 1) for s in range(-shifts, shifts + 1)):
        late = (lag + meter.a_day // 2) % meter.a_day - meter.a_day // 2
        weight = _likeness(load, lag, slots, near * spread) * np.exp(-0.5 * (late / LATE) ** 2)
        then, rose = back(load, lag), back(rise, lag)
        weight[~np.isfinite(rose)] = 0.0
        then, rose = np.nan_to_num(then), np.nan_to_num(rose)
        total += weight
        level += weight * then
        change += weight * rose
        square += weight * rose**2
    total = np.maximum(total, 1e-12)
    name = f"pattern {slots} of {days}"
    yield name, level / total
    yield f"{name}, rise", last + change / total
    yield f"{name}, spread", np.sqrt(np.maximum(square / total - (change / total) ** 2, 0.0))
    yield f"{name}, how much", total


def _likeness(load: Floats, lag: int, slots: int, near: float) -> Floats:
    """(n,) 1 where the last slots ran as they did that many slots ago, near 0 where quite otherwise."""
    off = (load - back(load, lag)) ** 2
    there = np.isfinite(off)
    sums, counts = (_last(v, slots) for v in (np.where(there, off, 0.0), there.astype(np.float64)))
    far = np.sqrt(np.maximum(sums, 0.0) / counts)
    return np.where(counts > 0, np.exp(-0.5 * (far / max(near, 1e-9)) ** 2) + 1e-6, 0.0)


def _last(values: Floats, slots: int) -> Floats:
    """(n,) sum of the slots before each."""
    total = np.concatenate([[0.0], np.cumsum(values)])
    place = np.arange(len(values))
    return np.asarray(total[place] - total[np.maximum(place - slots, 0)])
