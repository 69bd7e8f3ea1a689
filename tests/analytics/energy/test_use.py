"""Profile, tariff and waste, on a plant whose figures are known."""

import numpy as np
import pytest

from linewarden.analytics.energy.load import Clock, Meter, metered
from linewarden.analytics.energy.profile import base_load, per_piece, profile
from linewarden.analytics.energy.tariff import Tariff, tariff_of
from linewarden.analytics.energy.waste import found
from linewarden.analytics.oee.shifts import shift_of

MONDAY = 1_700_438_400.0
CLOCK = Clock()
DAY_SHIFT = shift_of("day=mon-fri 06:00-18:00")


def plant(weeks: int = 8, drift: float = 0.0, idle: float = 0.0) -> Meter:
    """20 kW base, 100 kW in weekday shifts; kvarh is 0.8 of kWh."""
    at = MONDAY + np.arange(weeks * 7 * 96) * 900.0
    hour, weekday = CLOCK.second(at) / 3600, CLOCK.weekday(at)
    work = (weekday < 5) & (hour >= 6) & (hour < 18)
    kw = 20.0 + 80 * work + drift * np.arange(len(at)) / len(at) + idle * ((weekday < 5) & (hour >= 18) & (hour < 20))
    return Meter(at, kw / 4, 900.0, {"kvarh": 0.2 * kw})


def test_profile_tells_base_peaks_days_and_shifts() -> None:
    meter = plant()
    meter.kwh[96 * 9 + 40] = 40.0
    other = np.zeros(len(meter))
    other[96 * 9 + 40] = 15.0
    got = profile(meter, CLOCK, [DAY_SHIFT], {"press": other, "oven": np.full(len(meter), 5.0)})
    assert got.base == pytest.approx(20.0)
    assert got.peak.kw == pytest.approx(160.0)
    assert got.peak.at == meter.at[96 * 9 + 40]
    assert got.peak.by == (("press", 60.0),)
    assert len({CLOCK.day(np.array([p.at]))[0] for p in got.peaks}) == 10
    assert [g.name for g in got.days] == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    assert got.days[5].kw == pytest.approx(20.0)
    assert got.shifts[0].kw == pytest.approx(100.0, rel=0.02)
    assert got.course.shape == (7, 96)
    assert sum(g.share for g in got.days) == pytest.approx(1.0)


def test_energy_for_each_good_piece() -> None:
    meter = plant()
    good = np.round((meter.kw - 20) / 2)
    got = per_piece(meter, good)
    assert got.kwh == pytest.approx(meter.kwh.sum() / good.sum())
    assert got.fixed == pytest.approx(20.0)
    assert got.each == pytest.approx(0.5)
    assert got.explained > 0.99
    with pytest.raises(ValueError, match="no good piece"):
        per_piece(meter, np.zeros(len(meter)))


def test_a_bill_has_energy_demand_and_reactive() -> None:
    meter = plant(weeks=1)
    tariff = Tariff(energy=0.1, demand=10.0, reactive=0.02, reactive_free=0.5)
    bill = tariff.bill(meter, CLOCK)
    assert bill.energy == pytest.approx(meter.kwh.sum() * 0.1)
    assert bill.demand == pytest.approx(1000.0)
    assert bill.reactive == pytest.approx(0.3 * meter.kwh.sum() * 0.02)


def test_other_hours_have_other_prices_and_the_first_fits() -> None:
    tariff = tariff_of(
        {
            "energy": 0.1,
            "band": [{"hours": "mon-fri 06:00-18:00", "energy": 0.3}, {"hours": "mon-sun 22:00-06:00", "energy": 0.05}],
        }
    )
    hours = np.array([0.0, 7.0, 17.9, 20.0, 23.0]) * 3600 + MONDAY
    assert tariff.price(hours, CLOCK).tolist() == [0.05, 0.3, 0.3, 0.1, 0.05]


@pytest.mark.parametrize(
    ("table", "says"),
    [
        ({"energy": -1}, "tariff.energy"),
        ({"enrgy": 1}, "tariff.enrgy"),
        ({"demand": "9"}, "tariff.demand"),
        ({"currency": 3}, "tariff.currency"),
        ({"band": {"hours": "x"}}, "tariff.band"),
        ({"band": [{"hours": "6-7", "energy": 1}]}, "6-7"),
    ],
)
def test_a_wrong_tariff_is_named(table: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        tariff_of(table)


def test_waste_is_found_and_only_where_it_is() -> None:
    tariff = Tariff(reactive_free=0.9)
    assert found(plant(), CLOCK, tariff, [DAY_SHIFT]) == ()
    (idle,) = found(plant(idle=30.0), CLOCK, tariff, [DAY_SHIFT])
    assert idle.kind == "idle running"
    assert idle.kwh == pytest.approx(30 * 2 * 5 * 52.18, rel=0.01)
    assert idle.money == pytest.approx(idle.kwh * tariff.energy)
    leak = found(plant(drift=10.0), CLOCK, tariff)
    assert leak[0].kind in ("leak or wear", "weekend load")
    (drift,) = [w for w in leak if w.kind == "leak or wear"]
    assert drift.kwh == pytest.approx(5 * 8766, rel=0.1)
    assert [w.kind for w in found(plant(), CLOCK, Tariff(reactive_free=0.5))] == ["reactive power"]


def test_weekend_and_start() -> None:
    meter = plant()
    weekend = CLOCK.weekday(meter.at) >= 5
    meter.kwh[weekend & (CLOCK.second(meter.at) > 3600 * 6)] += 10.0
    first = (CLOCK.weekday(meter.at) < 5) & (CLOCK.second(meter.at) == 6 * 3600)
    meter.kwh[first] += 12.5
    kinds = {w.kind: w for w in found(meter, CLOCK, Tariff(demand=10.0))}
    assert {"weekend load", "start-up order"} <= set(kinds)
    assert kinds["start-up order"].money == pytest.approx(50 * 10 * 12)


@pytest.mark.parametrize("kind", ["power", "energy", "counter"])
def test_readings_become_slots(kind: str) -> None:
    at = MONDAY + np.arange(0, 7201, 60.0)
    values = {"power": np.full(121, 40.0), "energy": np.full(121, 40 / 60), "counter": 7.0 + np.arange(121) * 40 / 60}
    begins, kwh = metered(at, values[kind], kind)
    assert begins[0] == MONDAY and len(begins) == 8
    np.testing.assert_allclose(kwh, 10.0)


def test_a_gap_is_a_gap_and_a_reset_no_energy() -> None:
    at = MONDAY + np.concatenate([np.arange(0, 3600, 60.0), np.arange(7200, 10800, 60.0)])
    _, kwh = metered(at, np.full(len(at), 40.0), "power")
    assert np.isnan(kwh[5]) and kwh[0] == pytest.approx(10.0)
    _, kwh = metered(MONDAY + np.arange(0, 3601, 60.0), np.arange(61) % 30 * 1.0, "counter")
    assert (kwh < 20).all()
    with pytest.raises(ValueError, match="order of time"):
        metered(np.array([2.0, 1.0]), np.array([1.0, 1.0]), "power")


def test_base_load_of_a_plant_that_changes_the_hour() -> None:
    clock = Clock("Europe/Berlin")
    at = 1_774_000_000.0 // 900 * 900 + np.arange(14 * 96) * 900.0
    meter = Meter(at, np.full(len(at), 5.0))
    assert base_load(meter, clock) == pytest.approx(20.0)
    assert len(np.unique(clock.offsets(at))) == 2
