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

from linewarden.analytics.energy.load import Clock, Floats, Meter

RECENT = 12
"""Slots just before."""
SPANS = (4, 8, 16, 32)
"""Slots of means; the day comes besides."""
DAYS = (1, 2, 3, 4, 5, 6, 7, 14)
ALIKE = 20
"""Days among which those that ran like today are looked for."""
SHAPES = ((8, 0.45), (3, 0.35))
"""Slots whose course is compared, and how far apart it may be, in standard deviations of the load."""
OTHERS = 3
LAST_NAME = "load -1"


def back(values: Floats, slots: int) -> Floats:
    """(n,) the value `slots` before, NaN at the beginning."""
    out = np.full(len(values), np.nan)
    if slots < len(values):
        out[slots:] = values[: len(values) - slots]
    return out


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


def _likeness(load: Floats, days: int, slots: int, near: float) -> Floats:
    """(n,) 1 where the last slots ran as they did that many slots ago, near 0 where quite otherwise."""
    off = np.stack([back(load, k) - back(load, days + k) for k in range(1, slots + 1)])
    far = np.sqrt(np.nanmean(off**2, axis=0))
    return np.where(np.isfinite(far), np.exp(-0.5 * (far / max(near, 1e-9)) ** 2) + 1e-6, 0.0)
