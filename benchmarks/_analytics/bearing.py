"""The practice plant's conveyor: is the wear of its bearing foreseen a day before motor protection stops the line?

The plant's own physics, without its network, in plant time: two shifts with changes of speed, the line stands at night.
What is judged is what its vibration gateway tells (speed and vibration once in twenty seconds, made to an hour's mean
at the usual speed), against the limit between zones C and D of ISO 20816-3. Nothing is learned from failures.
Beside it a week without noticeable wear, in which nothing may be said, and the rule of a fixed threshold at zone C.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from _speed.rule import Goal

from _analytics._set import Set, Table
from linewarden.analytics.maintenance.foresight import LimitWatch
from linewarden.analytics.maintenance.iso20816 import LIMITS
from linewarden.exercises.physics import Controls, Plant, step

Floats = npt.NDArray[np.float64]
STEP_S, HOUR_S = 20.0, 3600
SPEEDS = (180.0, 180.0, 150.0, 180.0, 200.0, 180.0, 180.0, 165.0)
"""Bottles a minute, hour by hour in turn; from 22 to 6 the line stands."""
ZONE_C, ZONE_D = LIMITS[2, "rigid"][1:]
HORIZON_H, GOAL_H, WEEK_H = 72.0, 24.0, 168
RUNS = ((4.0, 1), (6.0, 2), (8.0, 3), (10.0, 4))
"""(times as fast as usual, seed): so that a bearing lasts one to three weeks instead of months."""


@dataclass(frozen=True)
class Lived:
    """at: (n,) hours; vibration: (n,) mm/s, an hour's mean at the usual speed, NaN where it did not run so. tripped:
    hours, infinite where it did not."""

    at: Floats
    vibration: Floats
    tripped: float


def lived(wear_rate: float, seed: int, hours: int) -> Lived:
    """The plant for so many hours, or until the motor trips."""
    plant, told, tripped = Plant(), [], np.inf
    for hour in range(hours):
        night = hour % 24 < 6 or hour % 24 >= 22
        speed = SPEEDS[hour % len(SPEEDS)]
        controls = Controls(
            line_enable=0.0 if night else 1.0, speed_bpm=speed, wear_rate=wear_rate, order_bottles=1e12
        )  # fmt: skip
        seen = []
        for _ in range(int(HOUR_S / STEP_S)):
            plant = step(plant, controls, STEP_S, seed)
            if abs(plant.bpm - 180.0) < 2.0:
                seen.append(plant.conveyor_vibration_mm_s)
            if plant.motor_tripped:
                break
        told.append(float(np.mean(seen)) if len(seen) > 30 else np.nan)
        if plant.motor_tripped:
            tripped = plant.seconds / HOUR_S
            break
        plant = replace(plant, safety_ok=1.0)
    return Lived(np.arange(1.0, len(told) + 1), np.array(told), tripped)


def rows_of(name: str, run: Lived, watch: LimitWatch) -> tuple[list[str], float]:
    """A row of the table, and how many hours ahead it was told."""
    some = np.isfinite(run.vibration)
    warned = watch.first(run.at[some], run.vibration[some])
    if not np.isfinite(run.tripped):
        return [name, "-", f"{run.at[-1]:.0f} h without", f"at {warned.at:.0f} h" if warned else "none", ""], np.nan
    if warned is None:
        return [name, "trend", f"{run.tripped:.0f} h", "none", ""], 0.0
    ahead, r = run.tripped - warned.at, warned.reach
    said = f"zone D in {r.left:.0f} h ({r.low:.0f} to {r.high:.0f})"
    return [name, "trend", f"{run.tripped:.0f} h", f"{ahead:.0f} h ahead", said], ahead


def measure(_folder: Path) -> Table:
    """Runs until failure, and a week without."""
    watch = LimitWatch(ZONE_D, HORIZON_H)
    rows, leads = [], []
    for rate, seed in RUNS:
        run = lived(rate, seed, 24 * 120)
        name = f"wear {rate:g} times as fast, seed {seed}"
        row, ahead = rows_of(name, run, watch)
        over = run.at[np.nan_to_num(run.vibration) > ZONE_C]
        fixed = f"{run.tripped - over[0]:.0f} h ahead" if len(over) else "none"
        rows += [row, [name, "fixed threshold at zone C", f"{run.tripped:.0f} h", fixed, ""]]
        leads.append(ahead)
    well, _ = rows_of("usual wear", lived(1.0, 9, WEEK_H), watch)
    return Table(
        "Practice plant, bearing of the conveyor (plant time)",
        ("run", "by", "motor trips after", "warning", "which said"),
        [*rows, well],
        [
            Goal(f"bearing wear foreseen {min(leads):.0f} h ahead at least (goal {GOAL_H:.0f})", min(leads) >= GOAL_H),
            Goal(f"no warning in the usual week: {well[3]}", well[3] == "none"),
        ],
    )


SET = Set("bearing", (), measure)
