"""What a plant usually does, slot by slot of its day and week, and where it is in what it does now.

As all features (`features.py`), row k looks at slots before k only.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from linewarden.analytics.energy.load import Clock, Floats, Meter, Places, back

WEEK_WEIGHT, DAY_WEIGHT = 0.3, 0.1
"""Of the newest in what is usual of a slot of the week, and of a slot of a day of work or of rest."""
WEEK = 7


def habits(meter: Meter, clock: Clock, spread: float) -> Iterator[tuple[str, Floats]]:
    """Names and values, (n,). spread: above it the plant is at work, kWh."""
    load, weekday = meter.kwh, clock.weekday(meter.at)
    works = load > spread
    yield "slots at work", _lasting(works)
    yield "slots at rest", _lasting(~works)
    today = _since_midnight(load, clock.day(meter.at))
    yield "today", today
    before = np.stack([back(today, d * meter.a_day) for d in range(1, WEEK + 1)])
    yield "today, against the week", today - np.nanmean(before, axis=0)
    rise = np.diff(load, prepend=np.nan)
    kind = np.where(weekday < 5, 0, 1)
    yield "usual in the week", _usual(load, weekday, meter.a_day, WEEK_WEIGHT)
    yield "usual in the day", _usual(load, kind, meter.a_day, DAY_WEIGHT)
    yield "usual rise", _usual(rise, kind, meter.a_day, DAY_WEIGHT)
    yield "usual change", _usual(np.abs(rise), kind, meter.a_day, DAY_WEIGHT)


def _lasting(flag: np.ndarray) -> Floats:
    """(n,) for how many slots it was so without a break, until the one before."""
    place = np.arange(1, len(flag) + 1)
    broken = np.maximum.accumulate(np.where(flag, 0, place))
    return np.concatenate([[0.0], (place - broken)[:-1]])


def _since_midnight(load: Floats, day: Places) -> Floats:
    """(n,) energy since midnight until the slot before."""
    total = np.concatenate([[0.0], np.nancumsum(load)])[:-1]
    first = np.searchsorted(day, day)
    return np.asarray(total - total[first])


def _usual(values: Floats, kind: Places, a_day: int, weight: float) -> Floats:
    """(n,) smoothed mean of what came at the same slot of earlier days of the same kind (small numbers)."""
    known = np.full((int(kind.max(initial=0)) + 1, a_day), np.nan)
    out = np.full(len(values), np.nan)
    for first in range(0, len(values), a_day):
        came, of = values[first : first + a_day], kind[first : first + a_day]
        slots = np.arange(len(came))
        then = known[of, slots]
        out[first : first + a_day] = then
        new = np.where(np.isfinite(then), then + weight * (came - then), came)
        known[of, slots] = np.where(np.isfinite(came), new, then)
    return out
