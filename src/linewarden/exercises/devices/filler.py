"""PLC-1, the filler's controller (Modbus/TCP): leads the line, drives conveyor and pump, watches its panel."""

from __future__ import annotations

from linewarden.exercises.context import Context
from linewarden.exercises.devices._modbus import MODBUS_PORT, UNIT, Point, Registers
from linewarden.exercises.pace import aticks, keep, say, together

FILL_ML, SPEED, LEVEL, ENABLE, NOMINAL_ML, HEARTBEAT, ORDER_NUMBER = 0, 1, 2, 3, 4, 5, 6
WATCH_S = 0.5
PANEL_LOST_TURNS = 28
"""Looks without a new heartbeat of the panel after which the controller stops the line (14 s). Looks are counted, not
seconds, so that a computer that stalls for a while does not stop a line that is well."""
MEASURED = (
    Point(0, "plant.tank_mm"), Point(1, "plant.conveyor_rpm"), Point(2, "plant.fill_ml", 10),
    Point(3, "plant.bottles", wide=True), Point(5, "plant.underfilled", wide=True), Point(7, "plant.pump_hz", 10),
    Point(8, "plant.safety_ok"), Point(9, "plant.order_done", wide=True),
)  # fmt: skip
ASKED = (
    Point(FILL_ML, "control.fill_ml"), Point(SPEED, "control.speed_bpm"), Point(LEVEL, "control.tank_mm"),
    Point(ENABLE, "control.line_enable"), Point(NOMINAL_ML, "control.nominal_ml"),
    Point(ORDER_NUMBER, "control.order_number"),
)  # fmt: skip


async def _drive(ctx: Context, name: str, signal: str, address: int) -> None:
    """Reads a drive and gives it its speed, several times a second."""
    from pymodbus.client import AsyncModbusTcpClient

    async with AsyncModbusTcpClient(ctx.address(name), port=ctx.port(MODBUS_PORT), retries=0, timeout=1) as motor:
        async for _ in aticks(0.5):
            answer = await motor.read_input_registers(0, count=5, device_id=UNIT)
            if answer.isError():
                raise ConnectionError(str(answer))
            await motor.write_register(address, round(ctx.board.get(signal)), device_id=UNIT)


async def _conveyor(ctx: Context) -> None:
    """A conveyor that does not answer does not turn."""
    try:
        ctx.board.set("control.drive_online", 1)
        await _drive(ctx, "drive-conveyor", "control.speed_bpm", 0)
    finally:
        ctx.board.set("control.drive_online", 0)


async def _inputs(ctx: Context) -> None:
    """Without its remote I/O the controller sees no level and stops the filler."""
    from pymodbus.client import AsyncModbusTcpClient

    try:
        place, port = ctx.address("io-filler"), ctx.port(MODBUS_PORT)
        async with AsyncModbusTcpClient(place, port=port, retries=0, timeout=1) as io:
            async for _ in aticks(0.4):
                if (await io.read_input_registers(0, count=4, device_id=UNIT)).isError():
                    raise ConnectionError("the remote I/O refuses")
                ctx.board.set("control.io_online", 1)
    finally:
        ctx.board.set("control.io_online", 0)


async def _panel(ctx: Context, registers: Registers) -> None:
    """Stops the line when the panel, once seen, is gone: nobody could stop it by hand any more."""
    last, missed = 0, 0
    async for _ in aticks(WATCH_S):
        beat = registers.holding[HEARTBEAT]
        missed = 0 if beat != last else missed + 1
        last = beat
        if last and missed > PANEL_LOST_TURNS and registers.holding[ENABLE]:
            say("the panel is lost: line stopped")
            ctx.board.set("control.line_enable", 0)
            await registers.put(ENABLE, [0])


async def run(ctx: Context) -> None:
    """The controller's server and its own polls."""
    registers = Registers(ctx, MEASURED, ASKED)
    await registers.start()
    await together(
        registers.follow(),
        _panel(ctx, registers),
        keep("conveyor", lambda: _conveyor(ctx)),
        keep("pump", lambda: _drive(ctx, "drive-pump", "plant.pump_hz", 0)),
        keep("inputs", lambda: _inputs(ctx)),
    )
