"""The forecast looks at the past only, beats the slot before, and its interval holds what it promises."""

import numpy as np
import pytest

from linewarden.analytics.energy.features import LAST_NAME, features
from linewarden.analytics.energy.forecast import LAST, LoadForecast, TooShortError
from linewarden.analytics.energy.load import Clock, Meter

HOURLY = 3600.0


def plant(days: int, seed: int = 3) -> Meter:
    """Shifts on weekdays with a break, base load else."""
    dice = np.random.default_rng(seed)
    at = 1_700_438_400.0 + np.arange(days * 24) * HOURLY  # a Monday
    hour, weekday = (at % 86400) / 3600, Clock().weekday(at)
    runs = (hour >= 6) & (hour < 22) & (hour != 12) & (weekday < 5)
    kwh = 10 + 80 * runs + dice.normal(0, 1 + 5 * runs)
    return Meter(at, kwh, HOURLY, {"kvarh": kwh / 3})


def test_features_look_at_the_past_only() -> None:
    meter = plant(30)
    whole, names = features(meter, Clock(), 30.0)
    for cut in (100, 431, 600):
        other = Meter(meter.at, meter.kwh.copy(), HOURLY, {"kvarh": meter.others["kvarh"].copy()})
        other.kwh[cut:] = 1e6
        other.others["kvarh"][cut:] = -1e6
        changed, _ = features(other, Clock(), 30.0)
        np.testing.assert_allclose(changed[: cut + 1], whole[: cut + 1])
    assert names[LAST] == LAST_NAME


def test_it_beats_the_slot_before_and_the_interval_holds() -> None:
    meter = plant(70)
    begin = 56 * 24
    told = LoadForecast(rounds=60).rolling(meter, begin)
    came = meter.kwh[begin:]
    slot_before = meter.kwh[begin - 1 : -1]
    assert np.sqrt(np.mean((told.kwh - came) ** 2)) < 0.4 * np.sqrt(np.mean((slot_before - came) ** 2))
    assert 0.8 <= np.mean((told.low <= came) & (came <= told.high)) <= 0.99
    assert (told.low <= told.kwh).all() and (told.kwh <= told.high).all()


def test_the_one_next_slot_is_what_rolling_says() -> None:
    meter = plant(40)
    model = LoadForecast(rounds=20, again=999)
    rolled = model.rolling(meter, 35 * 24)
    alone = LoadForecast(rounds=20)
    alone.learn(meter.part(0, 35 * 24))
    assert alone.after(meter.part(0, 35 * 24)).kwh[0] == pytest.approx(rolled.kwh[0])
    assert alone.after(meter.part(0, 35 * 24)).at[0] == rolled.at[0]


def test_gaps_are_no_obstacle() -> None:
    meter = plant(40)
    meter.kwh[500:530] = np.nan
    told = LoadForecast(rounds=20).rolling(meter, 35 * 24)
    assert np.isfinite(told.kwh).all()


def test_a_short_past_says_what_is_needed() -> None:
    with pytest.raises(TooShortError, match="21 are needed"):
        LoadForecast().learn(plant(5))
