"""A bearing of the practice plant that wears out within days is told at least a day before its motor trips."""

import numpy as np
import pytest

from linewarden.exercises.physics import Controls, Plant, step

pytest.importorskip("scipy")


def hours_of(wear_rate: float, hours: int) -> tuple[list[float], float]:
    """An hour's mean of the vibration in mm/s, until the motor trips; and when that was."""
    plant, told = Plant(), []
    for hour in range(hours):
        controls = Controls(speed_bpm=180.0, wear_rate=wear_rate, order_bottles=1e12)
        seen = []
        for _ in range(120):
            plant = step(plant, controls, 30.0, 1)
            seen.append(plant.conveyor_vibration_mm_s)
            if plant.motor_tripped:
                return told, hour + 1.0
        told.append(float(np.mean(seen)))
    return told, np.inf


def test_wear_is_foreseen_a_day_ahead_and_a_sound_bearing_is_not_warned_of() -> None:
    from linewarden.analytics.maintenance.foresight import LimitWatch
    from linewarden.analytics.maintenance.iso20816 import LIMITS

    watch = LimitWatch(limit=LIMITS[2, "rigid"][2], horizon=72.0)
    worn, tripped = hours_of(12.0, 400)
    warned = watch.first(np.arange(1.0, len(worn) + 1), np.array(worn))
    assert np.isfinite(tripped) and warned is not None
    assert tripped - warned.at >= 24.0
    sound, never = hours_of(1.0, 96)
    assert np.isinf(never) and watch.first(np.arange(1.0, 97.0), np.array(sound)) is None
