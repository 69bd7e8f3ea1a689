"""What the bottling line does, without any network: tanks, motors, bottles, heat, wear and energy.

Pure: `step(plant, controls, dt, seed)` gives the next `Plant`. The same seed and the same controls at the same steps
give the same numbers. Values approach their targets exponentially, so that a long step stays stable.

The controllers' fast loops (level, speed, pressure) stand here too, since plant time may run a thousand times faster
than the network stacks; a controller's stack holds set-points, mode and program, and hands them over as `Controls`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from linewarden.exercises.noise import gauss, uniform

LONGEST_STEP = 1.0
"""Seconds of plant time in one step."""
TANK_FULL_MM = 1500.0
TANK_LITRES_PER_MM = 0.8
PUMP_LITRES_PER_HZ = 0.14
RPM_PER_BPM = 8.0
"""Conveyor speed in revolutions for one bottle a minute."""
AMBIENT = 21.0
MOTOR_LIMIT = 120.0
"""Winding temperature in degrees Celsius at which the drive's motor protection trips (insulation class B)."""
PRESSURE_LIMIT = 9.5
"""Bar at which the safety controller stops the compressor and the line."""
GOOD_FILL = 0.985
"""A bottle with less than this share of its nominal content is rejected."""
GOOD_PROGRAM = 1.0
LITRES_FIRST_FILL = 900.0 * TANK_LITRES_PER_MM


@dataclass(frozen=True)
class Controls:
    """What controllers and people ask for. `*_run`: 1.0 while that controller executes its program."""

    line_enable: float = 1.0
    speed_bpm: float = 180.0
    fill_ml: float = 500.0
    nominal_ml: float = 500.0
    tank_mm: float = 900.0
    torque_nm: float = 1.8
    capper_program: float = GOOD_PROGRAM
    pressure_bar: float = 7.0
    pasteur_c: float = 72.0
    order_bottles: float = 24_000.0
    order_number: float = 1.0
    filler_run: float = 1.0
    capper_run: float = 1.0
    labeller_run: float = 1.0
    packer_run: float = 1.0
    utilities_run: float = 1.0
    safety_armed: float = 1.0
    safety_reset: float = 0.0
    io_online: float = 1.0
    drive_online: float = 1.0
    wear_rate: float = 1.0


@dataclass(frozen=True)
class Plant:
    """The state of the line; units are in the names. Counts are floats, since a step may end in mid-bottle."""

    steps: int = 0
    seconds: float = 0.0
    tank_mm: float = 900.0
    pump_hz: float = 0.0
    conveyor_rpm: float = 0.0
    conveyor_c: float = AMBIENT
    conveyor_a: float = 0.0
    conveyor_wear: float = 0.05
    conveyor_vibration_mm_s: float = 0.0
    motor_tripped: float = 0.0
    fill_ml: float = 500.0
    bottles: float = 0.0
    underfilled: float = 0.0
    caps: float = 0.0
    cap_torque_nm: float = 1.8
    cap_rejects: float = 0.0
    labels: float = 0.0
    packs: float = 0.0
    pressure_bar: float = 6.8
    compressor_on: float = 0.0
    compressor_c: float = 35.0
    pasteur_c: float = 70.0
    heater_kw: float = 0.0
    power_kw: float = 0.0
    energy_kwh: float = 0.0
    safety_ok: float = 1.0
    order_number: float = 1.0
    order_done: float = 0.0

    @property
    def bpm(self) -> float:
        """Bottles a minute that the conveyor brings."""
        return self.conveyor_rpm / RPM_PER_BPM


def advance(plant: Plant, controls: Controls, seconds: float, seed: int) -> Plant:
    """`seconds` of plant time, in equal steps of at most `LONGEST_STEP`."""
    count = max(1, math.ceil(seconds / LONGEST_STEP))
    for _ in range(count):
        plant = step(plant, controls, seconds / count, seed)
    return plant


def step(plant: Plant, controls: Controls, dt: float, seed: int) -> Plant:
    """One step of `dt` seconds; each part sees what the parts before it did."""
    for part in (_safety, _conveyor, _tank, _filling, _capping, _packing, _air, _pasteuriser, _energy):
        plant = part(plant, controls, dt, seed)
    return replace(plant, steps=plant.steps + 1, seconds=plant.seconds + dt)


def line_may_run(plant: Plant, controls: Controls) -> bool:
    """Whether the conveyor is allowed to turn. The filler's controller leads the line; the others only hold it up."""
    stations = (controls.filler_run, controls.capper_run, controls.labeller_run, controls.packer_run)
    healthy = plant.safety_ok > 0 and plant.motor_tripped == 0 and controls.drive_online > 0 and controls.io_online > 0
    ordered = plant.order_number != controls.order_number or plant.order_done < controls.order_bottles
    return healthy and controls.line_enable > 0 and ordered and all(run > 0 for run in stations)


def _towards(value: float, target: float, seconds: float, dt: float) -> float:
    """First-order lag with the time constant `seconds`."""
    return target + (value - target) * math.exp(-dt / seconds)


def _safety(plant: Plant, controls: Controls, dt: float, seed: int) -> Plant:
    """The safety function: too much pressure, or a winding far too hot, stops the line until somebody resets it."""
    danger = plant.pressure_bar > PRESSURE_LIMIT or plant.conveyor_c > MOTOR_LIMIT + 20
    if danger and controls.safety_armed > 0:
        return replace(plant, safety_ok=0.0)
    if controls.safety_reset > 0 and not danger:
        return replace(plant, safety_ok=1.0, motor_tripped=0.0)
    return plant


def _conveyor(plant: Plant, controls: Controls, dt: float, seed: int) -> Plant:
    """Motor with inertia. A worn bearing brakes, heats and shakes; wear feeds on itself."""
    target = controls.speed_bpm * RPM_PER_BPM if line_may_run(plant, controls) else 0.0
    rpm = _towards(plant.conveyor_rpm, target, 4.0, dt)
    load = rpm / 1500.0
    wear = plant.conveyor_wear * math.exp(controls.wear_rate * load * dt / 2.0e6)
    friction = 1.0 + 0.9 * wear**2
    current = 0.0 if rpm < 1 else (3.2 + 4.2 * load**1.5) * friction
    heat = AMBIENT + 1.05 * current**2 * max(load, 0.05)
    winding = _towards(plant.conveyor_c, heat, 900.0, dt)
    shake = load * (0.8 + 14.0 * wear**2) * (1 + gauss(seed, plant.steps, 1, 0.04))
    tripped = 1.0 if winding > MOTOR_LIMIT else plant.motor_tripped
    return replace(
        plant, conveyor_rpm=rpm, conveyor_wear=min(wear, 3.0), conveyor_a=current, conveyor_c=winding,
        conveyor_vibration_mm_s=max(0.0, shake), motor_tripped=tripped,
    )  # fmt: skip


def _tank(plant: Plant, controls: Controls, dt: float, seed: int) -> Plant:
    """Product tank: the pump follows the level by a proportional controller; the filler draws from it."""
    error = controls.tank_mm - plant.tank_mm
    drive = controls.filler_run * controls.drive_online * controls.io_online
    wanted = min(50.0, max(0.0, 11.0 + 0.6 * error)) * drive
    hertz = _towards(plant.pump_hz, wanted, 3.0, dt)
    inflow = hertz * PUMP_LITRES_PER_HZ * dt
    outflow = plant.bpm / 60.0 * controls.fill_ml / 1000.0 * dt
    level = plant.tank_mm + (inflow - outflow) / TANK_LITRES_PER_MM
    return replace(plant, pump_hz=hertz, tank_mm=min(TANK_FULL_MM, max(0.0, level)))


def _filling(plant: Plant, controls: Controls, dt: float, seed: int) -> Plant:
    """Bottles, each a little more or less than asked for; an empty tank fills nothing."""
    if plant.order_number != controls.order_number:
        plant = replace(plant, order_number=controls.order_number, order_done=0.0)
    made = plant.bpm / 60.0 * dt * (1.0 if controls.filler_run > 0 else 0.0)
    head = min(1.0, plant.tank_mm / 200.0)
    content = controls.fill_ml * head * (1 + gauss(seed, plant.steps, 2, 0.003))
    short = content < GOOD_FILL * controls.nominal_ml
    return replace(
        plant, fill_ml=content, bottles=plant.bottles + made, underfilled=plant.underfilled + (made if short else 0.0),
        order_done=plant.order_done + (0.0 if short else made),
    )  # fmt: skip


def _capping(plant: Plant, controls: Controls, dt: float, seed: int) -> Plant:
    """Caps with a torque; another program than the released one turns them askew (its constants are wrong)."""
    made = plant.bpm / 60.0 * dt * (1.0 if controls.capper_run > 0 else 0.0)
    wrong = 1.0 if controls.capper_program == GOOD_PROGRAM else 0.6
    torque = controls.torque_nm * wrong * (1 + gauss(seed, plant.steps, 3, 0.015))
    share = 0.002 if torque > 1.5 else 0.35
    lost = made * share * 2 * uniform(seed, plant.steps, 40)
    return replace(plant, caps=plant.caps + made, cap_torque_nm=torque, cap_rejects=plant.cap_rejects + lost)


def _packing(plant: Plant, controls: Controls, dt: float, seed: int) -> Plant:
    """Labels, then six bottles a pack."""
    made = plant.bpm / 60.0 * dt
    return replace(
        plant, labels=plant.labels + made * controls.labeller_run, packs=plant.packs + made / 6 * controls.packer_run
    )


def _air(plant: Plant, controls: Controls, dt: float, seed: int) -> Plant:
    """Compressed air: two-point control around the set-point, use by the running line, leaks always."""
    on = plant.compressor_on
    if plant.pressure_bar < controls.pressure_bar - 0.3:
        on = 1.0
    elif plant.pressure_bar > controls.pressure_bar + 0.3:
        on = 0.0
    on *= controls.utilities_run * (plant.safety_ok or 0.0)
    drawn = 0.012 * plant.bpm / 180.0 + 0.002
    pressure = plant.pressure_bar + (0.03 * on - drawn * min(1.0, plant.pressure_bar)) * dt
    pressure += gauss(seed, plant.steps, 4, 0.004)
    heat = _towards(plant.compressor_c, 82.0 if on else AMBIENT + 8, 240.0, dt)
    return replace(plant, compressor_on=on, pressure_bar=max(0.0, pressure), compressor_c=heat)


def _pasteuriser(plant: Plant, controls: Controls, dt: float, seed: int) -> Plant:
    """Heater with a proportional band; the product that passes carries heat away."""
    error = controls.pasteur_c - plant.pasteur_c
    kilowatts = min(60.0, max(0.0, 14.0 + 10.0 * error)) * controls.utilities_run
    target = AMBIENT + kilowatts * 2.6 - plant.bpm / 180.0 * 4.0
    warm = _towards(plant.pasteur_c, target, 420.0, dt) + gauss(seed, plant.steps, 5, 0.01)
    return replace(plant, heater_kw=_towards(plant.heater_kw, kilowatts, 5.0, dt), pasteur_c=warm)


def _energy(plant: Plant, controls: Controls, dt: float, seed: int) -> Plant:
    """Electric power of the area, and its integral."""
    motors = plant.conveyor_a * 0.63 + plant.pump_hz / 50.0 * 5.5 + plant.compressor_on * 30.0
    total = 6.0 + motors + plant.heater_kw + 2.4 * plant.bpm / 180.0
    return replace(plant, power_kw=total, energy_kwh=plant.energy_kwh + total * dt / 3600.0)
