"""The line behaves as a line would, without any network."""

import statistics
from dataclasses import replace

import pytest

from linewarden.exercises.noise import gauss, uniform
from linewarden.exercises.physics import MOTOR_LIMIT, PRESSURE_LIMIT, Controls, Plant, advance

RUNNING = Controls()


def run(controls: Controls = RUNNING, minutes: float = 10, plant: Plant | None = None, seed: int = 1) -> Plant:
    return advance(plant or Plant(), controls, minutes * 60, seed)


def test_same_seed_same_shift_other_seed_another() -> None:
    assert run() == run()
    assert run() != run(seed=2)


def test_noise_is_spread_as_it_says() -> None:
    drawn = [gauss(7, n, 3) for n in range(4000)]
    assert abs(statistics.fmean(drawn)) < 0.05
    assert abs(statistics.pstdev(drawn) - 1) < 0.05
    assert all(0 < uniform(7, n, 1) <= 1 for n in range(1000))


def test_an_hour_makes_about_as_many_bottles_as_the_speed_says() -> None:
    hour = run(minutes=60)
    assert hour.bottles == pytest.approx(180 * 60, rel=0.02)
    assert hour.packs == pytest.approx(hour.bottles / 6, rel=0.01)
    assert hour.underfilled == 0
    assert hour.tank_mm == pytest.approx(900, abs=40)
    assert 5 < hour.energy_kwh < 150


def test_motors_have_inertia() -> None:
    start = advance(Plant(), RUNNING, 1, 1)
    later = advance(start, RUNNING, 30, 1)
    assert 0 < start.conveyor_rpm < 0.4 * later.conveyor_rpm
    stopping = advance(later, replace(RUNNING, line_enable=0), 1, 1)
    assert 0 < stopping.conveyor_rpm < later.conveyor_rpm


def test_a_worn_bearing_shakes_heats_and_trips_the_motor() -> None:
    fresh = run(minutes=30)
    worn = run(replace(RUNNING, wear_rate=1900), minutes=45)
    assert worn.conveyor_vibration_mm_s > 3 * fresh.conveyor_vibration_mm_s
    assert worn.conveyor_c > fresh.conveyor_c + 10
    failed = run(replace(RUNNING, wear_rate=4000), minutes=120)
    assert failed.motor_tripped == 1
    assert failed.conveyor_rpm < 1
    assert fresh.conveyor_c < MOTOR_LIMIT - 30


@pytest.mark.parametrize(
    "station", ["filler_run", "capper_run", "labeller_run", "packer_run", "drive_online", "io_online"]
)
def test_one_station_that_stops_stops_the_line(station: str) -> None:
    before = run()
    after = run(replace(RUNNING, **{station: 0.0}), plant=before)
    assert after.bottles - before.bottles < 20
    assert after.conveyor_rpm < 1


def test_less_in_the_bottle_is_rejected() -> None:
    short = run(replace(RUNNING, fill_ml=470), minutes=5)
    assert short.underfilled > 0.9 * short.bottles
    assert short.order_done < 0.1 * short.bottles


def test_a_foreign_capper_program_ruins_caps() -> None:
    assert run(replace(RUNNING, capper_program=2)).cap_rejects > 20 * run().cap_rejects


def test_the_safety_function_stops_overpressure_unless_it_is_inhibited() -> None:
    greedy = replace(RUNNING, pressure_bar=12)
    stopped = run(greedy, minutes=20)
    assert stopped.safety_ok == 0
    assert stopped.pressure_bar < PRESSURE_LIMIT + 0.5
    assert run(replace(greedy, safety_armed=0), minutes=20).pressure_bar > PRESSURE_LIMIT + 1
    reset = run(replace(RUNNING, safety_reset=1), minutes=20, plant=replace(stopped, pressure_bar=7))
    assert reset.safety_ok == 1


def test_an_order_ends_and_the_next_begins() -> None:
    done = run(replace(RUNNING, order_bottles=600), minutes=10)
    assert 600 <= done.order_done < 640
    again = run(replace(RUNNING, order_bottles=600, order_number=2), minutes=10, plant=done)
    assert again.bottles > 1200


def test_long_steps_stay_stable() -> None:
    week = Plant()
    for _ in range(200):
        week = advance(week, RUNNING, 60, 3)
    assert 0 < week.pressure_bar < PRESSURE_LIMIT
    assert 60 < week.pasteur_c < 80
