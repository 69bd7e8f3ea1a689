"""Steel plant energy: the next quarter of an hour, from the past alone, split by time.

The meter's other quantities (reactive energy, power factor) are used of past slots only. Rows are taken in the order
of the file: its stamps are of a slot's end, and midnight carries the day before. The last quarter of the year is kept
apart; where it is there, it is the last split.
"""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import polars as pl
from _speed.rule import Goal

from _analytics._data import lent, numbers, stamps, tables
from _analytics._set import Set, Table
from linewarden.analytics.energy.forecast import LoadForecast
from linewarden.analytics.energy.load import Meter

PATTERN, FIRST = "steel_energy*.parquet", "steel_energy_first75.parquet"
KEPT = 26_304
"""Rows of the file that is here: 274 days; the rest of the year is kept apart."""
SLOT = 900.0
BEGINS = 1_514_764_800.0
"""2018-01-01 00:00, the first slot; wall clock of Korea, which has no summer time."""
METER = {
    "lagging kvarh": "Lagging_Current_Reactive_Power_kVarh",
    "leading kvarh": "Leading_Current_Reactive_Power_kVarh",
    "lagging power factor": "Lagging_Current_Power_Factor",
    "leading power factor": "Leading_Current_Power_Factor",
}
MONTHS = (4, 5, 6, 7, 8, 9, 10)
"""Whose first days cut the splits; the default was chosen on those of April to July."""
GOAL, BASE, PERSISTENCE = 8.5, 9.28, 12.84


def meter(folder: Path) -> Meter:
    """All slots of the year up to the last that is there, NaN where one is missing. What came before the folder's
    first row is of the shared data; quantities that no file has are left out."""
    table = tables(folder, PATTERN, ("date", "Usage_kWh"), ())
    table = table.with_columns(slots(table["date"]))
    if not (table["slot"] == 0).any():
        before = tables(lent(folder, FIRST).parent, PATTERN, ("date", "Usage_kWh"), ())
        table = pl.concat([table, before.with_columns(slots(before["date"]))], how="diagonal_relaxed")
    table = table.filter(pl.col("slot") >= 0).unique("slot", keep="first", maintain_order=True)
    count = int(numbers(table, ["slot"]).max()) + 1
    at = np.asarray(BEGINS + np.arange(count) * SLOT, np.float64)
    told = {name: np.full(count, np.nan) for name in ("Usage_kWh", *METER.values())}
    for name, values in told.items():
        values[table["slot"].to_numpy()] = numbers(table, [name])[:, 0]
    there = {k: told[c] for k, c in METER.items() if np.isfinite(told[c]).any()}
    return Meter(at, told["Usage_kWh"], SLOT, there)


def slots(date: pl.Series) -> pl.Series:
    """Which slot of the year a stamp ends; midnight carries the day before."""
    at = stamps(date)
    quarter = (at.dt.hour().cast(pl.Int64) * 60 + at.dt.minute()) // 15
    day = at.dt.date().cast(pl.Int64) - int(BEGINS // 86_400)
    return (day * 96 + (quarter - 1) % 96).alias("slot")


def cuts(count: int) -> list[int]:
    """First slots of the splits and the end; the last quarter of a whole year is one split."""
    days = np.datetime64("2018-01-01") + np.arange(366)
    first = [int(np.flatnonzero(days == np.datetime64(f"2018-{m:02d}-01"))[0]) * 96 for m in MONTHS]
    return [c for c in first if c < min(count, KEPT - 96)] + ([KEPT, count] if count > KEPT else [count])


def rmse(a: np.ndarray, b: np.ndarray) -> float:
    """Over the slots in which the meter said something."""
    return float(np.sqrt(np.nanmean((a - b) ** 2)))


def measure(folder: Path) -> Table:
    """Each month foretold by models of what was before it, made anew every 14 days."""
    series = meter(folder)
    edges = cuts(len(series))
    told: dict[str, list[np.ndarray]] = {"low": [], "high": [], "kwh": []}
    forecast = LoadForecast()
    for first, until in itertools.pairwise(edges):
        part = forecast.rolling(series.part(0, until), first)
        for name, values in told.items():
            values.append(getattr(part, name))
    kwh, low, high = (np.concatenate(told[k]) for k in ("kwh", "low", "high"))
    return table(series, edges, kwh, low, high)


def table(series: Meter, edges: list[int], kwh: np.ndarray, low: np.ndarray, high: np.ndarray) -> Table:
    """One row a split: ours beside what the slot before, the day before and the week before say."""
    begin, load, rows = edges[0], series.kwh, []
    names = [str(np.datetime64(int(series.at[e]), "s"))[:10] for e in edges[:-1]]
    spans = [*zip(names, edges, edges[1:], strict=False), ("all of these", edges[0], edges[-1])]
    if edges[-1] <= KEPT:
        spans.append(("August and September", edges[4], edges[-1]))
    for name, first, until in spans:
        mine, came = slice(first - begin, until - begin), load[first:until]
        before = [rmse(load[first - lag : until - lag], came) for lag in (1, 96, 672)]
        ours = rmse(kwh[mine], came)
        known = np.isfinite(came)
        held = float(np.mean(((came >= low[mine]) & (came <= high[mine]))[known]))
        wide = float(np.mean(high[mine] - low[mine]))
        rows.append([name, *(f"{b:.2f}" for b in before), f"{ours:.2f}", f"{ours / before[0]:.3f}", f"{held:.1%}",
                     f"{wide:.1f}"])  # fmt: skip
    apart = edges[-1] > KEPT
    judged = rmse(kwh[edges[-2] - begin :], load[edges[-2] :]) if apart else float(rows[-1][4])
    where = "the last quarter of the year" if apart else "August and September"
    goal = Goal(f"steel RMSE {judged:.2f} kWh over {where} (goal {GOAL})", judged <= GOAL)
    note = (
        "RMSE in kWh a quarter of an hour. Published with the issue, over the last quarter of the year: persistence "
        f"{PERSISTENCE}, LightGBM {BASE}; the goal is {GOAL / PERSISTENCE:.3f} of persistence there. Intervals are "
        "made for 90 %; `width` is their mean. A split is foretold by models of what was before it."
    )
    columns = (
        "split from",
        "slot before",
        "day before",
        "week before",
        "ours",
        "of slot before",
        "in interval",
        "width",
    )
    return Table("Steel plant energy, 15 minutes ahead", columns, rows, [goal], [note])


SET = Set("steel", (PATTERN,), measure)
