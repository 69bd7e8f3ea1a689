"""Field devices that speak Modbus/TCP: remote I/O, drives, the utilities' controller, the safety controller."""

from __future__ import annotations

from collections.abc import Sequence

from linewarden.exercises.context import Context
from linewarden.exercises.devices._modbus import Guard, Point, Registers
from linewarden.exercises.pace import together

CONVEYOR_SPEED, PUMP_DEMAND = 0, 0
SAFETY_KEY, SAFETY_INHIBIT, SAFETY_RESET = 0, 1, 2
KEY_RUN, KEY_PROGRAM = 0, 1

MEASURED = {
    "io": (
        Point(0, "plant.tank_mm"), Point(1, "plant.fill_ml", 10), Point(2, "plant.pasteur_c", 10),
        Point(3, "plant.safety_ok"),
    ),
    "conveyor": (
        Point(0, "plant.conveyor_rpm"), Point(1, "plant.conveyor_a", 100), Point(2, "plant.conveyor_c", 10),
        Point(3, "plant.conveyor_vibration_mm_s", 100), Point(4, "plant.motor_tripped"),
    ),
    "pump": (Point(0, "plant.pump_hz", 100), Point(1, "plant.tank_mm")),
    "utilities": (
        Point(0, "plant.pressure_bar", 100), Point(1, "plant.compressor_on"), Point(2, "plant.compressor_c", 10),
        Point(3, "plant.pasteur_c", 10), Point(4, "plant.heater_kw", 10), Point(5, "plant.power_kw", 10),
        Point(6, "plant.energy_kwh", 10, wide=True),
    ),
    "safety": (
        Point(0, "plant.safety_ok"), Point(1, "control.safety_armed"), Point(2, "plant.pressure_bar", 100),
        Point(3, "plant.conveyor_c", 10), Point(4, "plant.motor_tripped"),
    ),
}  # fmt: skip
ASKED: dict[str, tuple[Point, ...]] = {
    "io": (),
    "conveyor": (),
    "pump": (),
    "utilities": (
        Point(0, "control.pressure_bar", 100), Point(1, "control.pasteur_c", 10), Point(2, "control.utilities_run"),
    ),
    "safety": (Point(SAFETY_RESET, "control.safety_reset"),),
}  # fmt: skip


def key_switch(ctx: Context) -> int:
    """The safety controller's key: a switch on its front. Somebody who turns it leaves a file; no frame can."""
    return KEY_PROGRAM if (ctx.home() / "key-in-program").exists() else KEY_RUN


def safety_guard(ctx: Context) -> Guard:
    """With the key in RUN, the safety controller lets its trips be reset and nothing else be changed."""

    async def allow(address: int, values: Sequence[int]) -> bool:
        if address == SAFETY_RESET and len(values) == 1:
            return True
        if address != SAFETY_INHIBIT or key_switch(ctx) != KEY_PROGRAM:
            return False
        ctx.board.set("control.safety_armed", 0.0 if values[0] else 1.0)
        return True

    return allow


async def run(ctx: Context) -> None:
    """Serves the registers of the device's part."""
    part = ctx.device.part
    registers = Registers(ctx, MEASURED[part], ASKED[part], safety_guard(ctx) if part == "safety" else None)
    await registers.start()
    if part == "io":
        from linewarden.exercises.devices._firmware import serve_updates

        await together(registers.follow(), serve_updates(ctx, registers))
    elif part == "safety":
        await together(registers.follow(), _show_key(ctx, registers))
    await registers.follow()


async def _show_key(ctx: Context, registers: Registers) -> None:
    from linewarden.exercises.pace import aticks

    async for _ in aticks(0.5):
        await registers.put(SAFETY_KEY, [key_switch(ctx)])
