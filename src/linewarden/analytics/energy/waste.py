"""Energy that made nothing, and what it costs a year. Each rule says how it counts, so that a person can check it.

Amounts are what was seen, carried on to a year; how much of it can be saved is the site's to judge. Amounts of
different rules may overlap (a leak is part of the base load of a weekend): they are not to be added.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import kendalltau, theilslopes

from linewarden.analytics.energy.load import Clock, Floats, Meter
from linewarden.analytics.energy.profile import base_by_day, base_load
from linewarden.analytics.energy.tariff import HOURS_A_YEAR, MONTHS_A_YEAR, Tariff, months, within
from linewarden.analytics.oee.shifts import Shift

IDLE = 1.3
"""Above so many times the base load, something runs."""
START_HOURS = 1.0
LEAST_DAYS = 28
"""Of a drift: less is weather."""
SURE = 0.01
"""A drift that is as likely by chance is none."""


@dataclass(frozen=True)
class Waste:
    """kind: a word. what: one sentence with its figures. how: how it was counted. kwh and money: a year."""

    kind: str
    what: str
    how: str
    kwh: float
    money: float


def found(
    meter: Meter, clock: Clock, tariff: Tariff, shifts: Sequence[Shift] = (), good: Floats | None = None
) -> tuple[Waste, ...]:
    """All rules, the most money first. good: (n,) pieces in each slot; without them shifts say when work is planned."""
    rules = [_idle(meter, clock, tariff, shifts, good), _weekend(meter, clock, tariff), _start(meter, clock, tariff),
             _leak(meter, clock, tariff), _reactive(meter, clock, tariff)]  # fmt: skip
    return tuple(sorted((w for rule in rules for w in rule if w.money > 0), key=lambda w: -w.money))


def a_year(meter: Meter) -> float:
    """What a sum over the slots with a value is to be multiplied with for a year."""
    hours = int(np.isfinite(meter.kwh).sum()) * meter.slot / 3600.0
    return HOURS_A_YEAR / max(hours, 1e-9)


def _idle(meter: Meter, clock: Clock, tariff: Tariff, shifts: Sequence[Shift], good: Floats | None) -> Iterator[Waste]:
    if good is not None:
        off, why = _without_pieces(meter, good), "no piece was made within an hour of it"
    elif shifts:
        off = ~np.any([within(s, meter, clock) for s in shifts], axis=0)
        why = "no shift was planned"
    else:
        return
    base = base_load(meter, clock)
    over = np.where(off & (meter.kw > IDLE * base), np.nan_to_num(meter.kwh - base * meter.slot / 3600.0), 0.0)
    hours = float((over > 0).sum()) * meter.slot / 3600.0
    kwh, money = _sums(meter, clock, tariff, over)
    if kwh > 0:
        yield Waste(
            "idle running", f"{hours:,.0f} h in which {why}, yet more than the base load of {base:,.4g} kW was taken.",
            f"Slots above {IDLE:g} times the base load while {why}; counted is what is above the base load.",
            kwh, money,
        )  # fmt: skip


def _without_pieces(meter: Meter, good: Floats) -> np.ndarray:
    """Slots with no piece in them, in the hour before or in the hour after."""
    reach = round(3600.0 / meter.slot)
    near = np.convolve(np.nan_to_num(good) > 0, np.ones(2 * reach + 1), mode="same") > 0
    return np.asarray(~near & np.isfinite(good))


def _weekend(meter: Meter, clock: Clock, tariff: Tariff) -> Iterator[Waste]:
    weekend = (clock.weekday(meter.at) >= 5) & np.isfinite(meter.kwh)
    _, base = base_by_day(meter, clock)
    if weekend.sum() < 8 * meter.a_day or len(base) < 14:
        return
    least = float(np.quantile(base, 0.1))
    over = np.where(weekend, np.maximum(np.nan_to_num(meter.kwh) - least * meter.slot / 3600.0, 0.0), 0.0)
    kwh, money = _sums(meter, clock, tariff, over)
    mean = float(meter.kw[weekend].mean())
    if mean > 1.1 * least:
        yield Waste(
            "weekend load",
            f"Saturdays and Sundays take {mean:,.4g} kW on average; the quietest tenth of days shows that {least:,.4g} "
            "kW is enough to stand by.",
            "Energy of weekends above that standby. Work that is planned for weekends is no waste: take it off.",
            kwh, money,
        )  # fmt: skip


def _start(meter: Meter, clock: Clock, tariff: Tariff) -> Iterator[Waste]:
    """Demand of months whose peak is in the first hour after a start, above the highest of all other slots."""
    base = base_load(meter, clock)
    peak = float(np.nanmax(meter.kw))
    if not peak > 2 * base:
        return
    busy = np.nan_to_num(meter.kw) > base + 0.2 * (peak - base)
    quiet = round(2 * 3600.0 / meter.slot)
    since = np.arange(len(meter)) - np.maximum.accumulate(np.where(busy, np.arange(len(meter)), -quiet))
    starts = busy[1:] & (since[:-1] >= quiet)
    starting = (
        np.convolve(np.append(False, starts), np.ones(max(round(START_HOURS * 3600 / meter.slot), 1)))[: len(meter)] > 0
    )
    month = months(meter, clock)
    saved = []
    for m in np.unique(month):
        mine = (month == m) & np.isfinite(meter.kw)
        if (mine & starting).any() and (mine & ~starting).any():
            saved.append(max(float(meter.kw[mine & starting].max() - meter.kw[mine & ~starting].max()), 0.0))
    if saved and max(saved) > 0.02 * peak:
        per_year = sum(saved) / len(saved) * MONTHS_A_YEAR
        yield Waste(
            "start-up order",
            f"In {sum(s > 0 for s in saved)} of {len(saved)} months the peak falls in the first hour after a start, up "
            f"to {max(saved):,.4g} kW above all else: machines that start one after the other would lower it.",
            "Per month, the peak of first hours after at least 2 h of quiet, above the peak of all other slots; times "
            "the price of demand.",
            0.0, per_year * tariff.demand,
        )  # fmt: skip


def _leak(meter: Meter, clock: Clock, tariff: Tariff) -> Iterator[Waste]:
    days, base = base_by_day(meter, clock)
    if len(days) < LEAST_DAYS:
        return
    chance = float(kendalltau(days, base).pvalue)
    slope = float(theilslopes(base, days)[0])
    grown = slope * float(days[-1] - days[0])
    if chance > SURE or grown < 0.05 * float(np.median(base)):
        return
    now = grown / 2  # on average over the time seen
    kwh = now * HOURS_A_YEAR
    price = float(tariff.price(meter.at, clock).mean())
    yield Waste(
        "leak or wear",
        f"The base load rises by {slope * 30:,.3g} kW in 30 days, {grown:,.3g} kW since the beginning: compressed air "
        "that leaks, a pump or a fan that never stops, wear.",
        f"Slope through the quietest slots of {len(days)} days (Theil and Sen; by chance in {chance:.2g} of cases, "
        "Kendall). Counted is half of the rise for a year, as it was on average.",
        kwh, kwh * price,
    )  # fmt: skip


def _reactive(meter: Meter, clock: Clock, tariff: Tariff) -> Iterator[Waste]:
    if "kvarh" not in meter.others:
        return
    kvarh = np.nan_to_num(meter.others["kvarh"])
    bill = tariff.bill(meter, clock).reactive * a_year(meter)
    if bill <= 0:
        return
    over = np.maximum(kvarh - tariff.reactive_free * np.nan_to_num(meter.kwh), 0.0) * 3600.0 / meter.slot
    tan = float(kvarh.sum() / max(float(np.nansum(meter.kwh)), 1e-9))
    yield Waste(
        "reactive power",
        f"The power factor is {1 / np.sqrt(1 + tan**2):.2f} over all; compensation of {np.quantile(over, 0.95):,.3g} "
        "kvar would cover 95 % of the slots.",
        f"Reactive energy of each month above {tariff.reactive_free:g} kvarh a kWh, at the tariff's price.",
        0.0, bill,
    )  # fmt: skip


def _sums(meter: Meter, clock: Clock, tariff: Tariff, kwh: Floats) -> tuple[float, float]:
    """Energy (kWh) and money of a year."""
    price = tariff.price(meter.at, clock)
    factor = a_year(meter)
    return float(kwh.sum()) * factor, float((kwh * price).sum()) * factor
