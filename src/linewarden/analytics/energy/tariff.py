"""What energy costs, as the site's contract says: a person configures it.

[tariff]
currency = "EUR"
energy = 0.18                 # a kWh
demand = 9.5                  # a kW of the month's highest quarter of an hour, a month
reactive = 0.012              # a kvarh above what is free
reactive_free = 0.5           # kvarh free for each kWh: 0.5 is a power factor of 0.894

[[tariff.band]]               # other prices at other times; the first that fits counts
hours = "mon-fri 06:00-22:00"
energy = 0.21
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from linewarden.analytics.energy.load import Clock, Floats, Meter
from linewarden.analytics.oee.shifts import Shift, shift_of

MONTHS_A_YEAR = 12
HOURS_A_YEAR = 8766.0
_PRICES = ("energy", "demand", "reactive", "reactive_free")


@dataclass(frozen=True)
class Band:
    """Hours with a price of their own; money a kWh."""

    hours: Shift
    energy: float


@dataclass(frozen=True)
class Bill:
    """Money, of a span of time."""

    energy: float
    demand: float
    reactive: float

    @property
    def total(self) -> float:
        """Of all three."""
        return self.energy + self.demand + self.reactive


@dataclass(frozen=True)
class Tariff:
    """Prices: energy a kWh; demand a kW and month; reactive a kvarh beyond `reactive_free` kvarh for each kWh.

    stated: False where nobody configured it: prices are examples then, and whoever shows money says so.
    """

    currency: str = "EUR"
    energy: float = 0.18
    demand: float = 9.0
    reactive: float = 0.012
    reactive_free: float = 0.5
    bands: tuple[Band, ...] = ()
    stated: bool = False

    def price(self, at: Floats, clock: Clock) -> Floats:
        """(n,) money a kWh at each instant (s)."""
        out = np.full(len(at), self.energy)
        day, second = clock.weekday(at), clock.second(at)
        for band in reversed(self.bands):
            out[_within(band.hours, day, second)] = band.energy
        return out

    def bill(self, meter: Meter, clock: Clock) -> Bill:
        """What the span costs; slots without a value cost nothing. A month that was begun has its whole demand."""
        kwh = np.nan_to_num(meter.kwh)
        energy = float((kwh * self.price(meter.at, clock)).sum())
        month = months(meter, clock)
        peaks = [np.nanmax(meter.kw[month == m], initial=0.0) for m in np.unique(month)]
        kvarh = np.nan_to_num(meter.others["kvarh"]) if "kvarh" in meter.others else np.zeros(len(meter))
        over = [
            max(float(kvarh[month == m].sum() - self.reactive_free * kwh[month == m].sum()), 0.0)
            for m in np.unique(month)
        ]
        return Bill(energy, float(sum(peaks)) * self.demand, sum(over) * self.reactive)


def months(meter: Meter, clock: Clock) -> np.ndarray:
    """(n,) the month of each slot on the wall, as numpy counts them."""
    return clock.local(meter.at).astype("datetime64[s]").astype("datetime64[M]")


def tariff_of(table: Mapping[str, Any]) -> Tariff:
    """From a table of TOML. Raises ValueError that names the setting."""
    unknown = set(table) - {"currency", "band", *_PRICES}
    if unknown:
        raise ValueError(f"tariff.{min(unknown)}: not known; there are currency, {', '.join(_PRICES)} and band")
    prices = {name: _number(table[name], f"tariff.{name}") for name in _PRICES if name in table}
    currency = table.get("currency", "EUR")
    if not isinstance(currency, str) or not currency.strip() or len(currency) > 8:
        raise ValueError("tariff.currency: a short word, as EUR")
    bands = table.get("band", [])
    if not isinstance(bands, list):
        raise ValueError("tariff.band: write it as [[tariff.band]]")
    return Tariff(currency, **prices, bands=tuple(map(_band, bands)), stated=True)


def _band(table: Any) -> Band:
    if not isinstance(table, Mapping) or set(table) != {"hours", "energy"}:
        raise ValueError("tariff.band: needs hours and energy, and nothing else")
    return Band(shift_of(str(table["hours"])), _number(table["energy"], "tariff.band.energy"))


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value) or value < 0:
        raise ValueError(f"{name}: {value!r} is no price; write a number of at least 0")
    return float(value)


def within(hours: Shift, meter: Meter, clock: Clock) -> np.ndarray:
    """(n,) whether each slot begins in these hours."""
    return _within(hours, clock.weekday(meter.at), clock.second(meter.at))


def _within(hours: Shift, weekday: np.ndarray, second: Floats) -> np.ndarray:
    begin = hours.begin.hour * 3600 + hours.begin.minute * 60
    end = hours.end.hour * 3600 + hours.end.minute * 60
    today = np.isin(weekday, list(hours.days))
    if end > begin:
        return np.asarray(today & (second >= begin) & (second < end))
    yesterday = np.isin((weekday - 1) % 7, list(hours.days))
    return np.asarray((today & (second >= begin)) | (yesterday & (second < end)))
