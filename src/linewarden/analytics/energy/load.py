"""What a meter said, as energy in equal slots of time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
DAY = 86_400
SLOT = 900.0
"""Seconds: demand is billed by the quarter of an hour in most of Europe."""
MOST_SLOTS = 10_000_000


@dataclass(frozen=True)
class Meter:
    """Energy slot by slot, without a gap in time; NaN where the meter said nothing.

    at: (n,) seconds since 1970 UTC, when each slot begins. kwh: (n,) energy in it, kWh. slot: its length, s.
    others: further quantities of the same meter in the same slots (reactive energy in kvarh, power factor, ...).
    """

    at: Floats
    kwh: Floats
    slot: float = SLOT
    others: Mapping[str, Floats] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, values in {"kwh": self.kwh, **self.others}.items():
            if values.shape != self.at.shape:
                raise ValueError(f"{name}: one value a slot, {values.shape} for {self.at.shape} slots")
        if len(self.at) > 1 and not np.allclose(np.diff(self.at), self.slot):
            raise ValueError("slots must follow each other without a gap; `metered` puts readings on a grid")

    def __len__(self) -> int:
        return len(self.at)

    @property
    def kw(self) -> Floats:
        """(n,) mean power in each slot, kW."""
        return np.asarray(self.kwh * (3600.0 / self.slot))

    @property
    def a_day(self) -> int:
        """Slots in a day."""
        return round(DAY / self.slot)

    def part(self, first: int, until: int) -> Meter:
        """The slots first..until-1."""
        cut = slice(first, until)
        return Meter(self.at[cut], self.kwh[cut], self.slot, {k: v[cut] for k, v in self.others.items()})


@dataclass(frozen=True)
class Clock:
    """The plant's own clock: what hour and weekday an instant is there, summer time included."""

    zone: str = "UTC"

    @property
    def tz(self) -> tzinfo:
        """Raises ZoneInfoNotFoundError."""
        return UTC if self.zone == "UTC" else ZoneInfo(self.zone)

    def offsets(self, at: Floats) -> Floats:
        """(n,) seconds to add to UTC; looked up once an hour of time, since zones change at full quarters of one."""
        hours, place = np.unique(np.floor(at / 900.0), return_inverse=True)
        tz = self.tz
        if tz is UTC:
            return np.zeros(len(at))
        known = [(datetime.fromtimestamp(h * 900.0, tz).utcoffset() or timedelta()).total_seconds() for h in hours]
        return np.asarray(known, np.float64)[place]

    def local(self, at: Floats) -> Floats:
        """(n,) seconds as the clock on the wall shows them."""
        return np.asarray(at + self.offsets(at))

    def second(self, at: Floats) -> Floats:
        """(n,) seconds since midnight on the wall."""
        return np.asarray(self.local(at) % DAY)

    def day(self, at: Floats) -> Places:
        """(n,) number of the day on the wall since 1970."""
        return np.floor(self.local(at) / DAY).astype(np.int64)

    def weekday(self, at: Floats) -> Places:
        """(n,) 0 Monday .. 6 Sunday (ISO 8601 counts from 1)."""
        return np.asarray((self.day(at) + 3) % 7)


def back(values: Floats, slots: int) -> Floats:
    """(n,) the value `slots` before, NaN at the beginning."""
    out = np.full(len(values), np.nan)
    if slots < len(values):
        out[slots:] = values[: len(values) - slots]
    return out


def metered(at: Floats, values: Floats, kind: str, slot: float = SLOT) -> tuple[Floats, Floats]:
    """Readings to slots: when each begins (s), and its energy (kWh).

    at: (n,) seconds, rising. values: power in kW (`kind` "power": holds from a reading to the next, at most for four
    of their usual distances), energy in kWh since the last reading ("energy": stamped with its end), or the state of a
    counter in kWh ("counter": falls are resets and count nothing). Raises ValueError.
    """
    there = np.isfinite(at) & np.isfinite(values)
    at, values = at[there], values[there]
    if len(at) < 2:
        raise ValueError("at least two readings of the meter are needed")
    steps = np.diff(at)
    if (steps <= 0).any():
        raise ValueError("readings must be in the order of time, each time once")
    usual = float(np.median(steps))
    known = steps <= 4.0 * usual
    if kind == "power":
        energy = values[:-1] * steps / 3600.0
    elif kind == "counter":
        energy = np.maximum(np.diff(values), 0.0)
        known = np.diff(values) >= 0
    elif kind == "energy":
        energy = values[1:]
    else:
        raise ValueError(f"kind {kind!r}: power, energy or counter")
    return _slots(at, np.where(known, energy, np.nan), slot)


def _slots(edges: Floats, energy: Floats, slot: float) -> tuple[Floats, Floats]:
    """Energy between edges, shared out over the slots that it lies in; a slot less than half covered is NaN."""
    first, last = np.floor(edges[0] / slot), np.ceil(edges[-1] / slot)
    count = int(last - first)
    if count > MOST_SLOTS:
        raise ValueError(f"{count:,} slots of {slot:g} s between the first and the last reading; are the times right?")
    bounds = (first + np.arange(count + 1)) * slot
    sure = np.isfinite(energy)
    total = np.concatenate([[0.0], np.cumsum(np.where(sure, energy, 0.0))])
    covered = np.concatenate([[0.0], np.cumsum(np.where(sure, np.diff(edges), 0.0))])
    share = np.diff(np.interp(bounds, edges, covered)) / slot
    kwh = np.diff(np.interp(bounds, edges, total))
    return bounds[:-1], np.where(share >= 0.5, kwh / np.maximum(share, 1e-9), np.nan)
