"""Steps that several scenarios share: what operators, planners and engineers do, and attackers borrow."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

from linewarden.exercises.context import Context
from linewarden.exercises.devices import hmi, mes
from linewarden.exercises.devices._http import basic, fetch
from linewarden.exercises.devices._modbus import MODBUS_PORT, UNIT
from linewarden.exercises.devices.capper import PROGRAM_DB, S7_PORT, program
from linewarden.exercises.pace import ticks


def operator(**values: int) -> Callable[[Context], str]:
    """Somebody at the panel sets values of the line: `enable`, `speed`, `fill_ml`."""

    def run(ctx: Context) -> str:
        body = "&".join(f"{name}={value}" for name, value in values.items()).encode()
        # At the panel itself: this request stays inside it. The panel's own Modbus client then writes to the filler.
        said = fetch(ctx.own, ctx.port(hmi.HTTP_PORT), "/set", method="POST", body=body, headers=basic(*hmi.LOGIN))
        status, text = asyncio.run(said)
        if status != 200:
            raise ConnectionError(f"the panel says {status}: {text}")
        time.sleep(1.0)  # the panel writes within its next cycle
        return "the panel wrote " + ", ".join(f"{name} = {value}" for name, value in values.items())

    return run


def order(**said: Any) -> Callable[[Context], str]:
    """The office gives the MES a customised order."""

    def run(ctx: Context) -> str:
        place, port = ctx.address("mes"), ctx.port(mes.HTTP_PORT)
        posted = fetch(place, port, "/orders", method="POST", body=json.dumps(said).encode())
        _, text = asyncio.run(posted)
        return f"the MES took order {json.loads(text)['number']}: {said['product']}"

    return run


def notice(text: str) -> Callable[[Context], str]:
    """Work that is announced: a notice in the MES, before it happens."""

    def run(ctx: Context) -> str:
        body = json.dumps({"kind": "maintenance", "text": text, "by": ctx.name}).encode()
        place, port = ctx.address("mes"), ctx.port(mes.HTTP_PORT)
        status, _ = asyncio.run(fetch(place, port, "/notices", method="POST", body=body))
        return f"announced in the MES ({status})"

    return run


def modbus_write(ctx: Context, name: str, address: int, values: list[int]) -> str:
    """Writes holding registers; says what the device answered."""
    from pymodbus.client import ModbusTcpClient

    with ModbusTcpClient(ctx.address(name), port=ctx.port(MODBUS_PORT), timeout=3) as plc:
        said = plc.write_registers(address, values, device_id=UNIT)
        return f"refused with exception {said.exception_code}" if said.isError() else f"accepted: {values}"


def modbus_read(ctx: Context, name: str, count: int, holding: bool = False) -> list[int]:
    """Reads registers from 0 on."""
    from pymodbus.client import ModbusTcpClient

    with ModbusTcpClient(ctx.address(name), port=ctx.port(MODBUS_PORT), timeout=3) as plc:
        read = plc.read_holding_registers if holding else plc.read_input_registers
        said = read(0, count=count, device_id=UNIT)
        if said.isError():
            raise ConnectionError(f"{name}: {said}")
        return list(said.registers)


def set_modbus(name: str, address: int, value: int) -> Callable[[Context], str]:
    """One register of a device is set."""
    return lambda ctx: f"{name} register {address}: {modbus_write(ctx, name, address, [value])}"


def capper(ctx: Context) -> Any:
    """A programming session with the capper's controller."""
    from snap7.client import Client

    plc = Client()
    plc.connect(ctx.address("plc-capper"), 0, 2, ctx.port(S7_PORT))
    return plc


def download(version: int, factor: float = 1.0) -> Callable[[Context], str]:
    """Stops the controller, loads a program into it, starts it again, as a programming tool does."""

    def run(ctx: Context) -> str:
        plc = capper(ctx)
        before = bytes(plc.upload(PROGRAM_DB))
        plc.plc_stop()
        time.sleep(1.0)
        loaded = program(version, factor)
        plc.download(bytearray(loaded), PROGRAM_DB)
        time.sleep(1.0)
        plc.plc_hot_start()
        after = bytes(plc.db_read(PROGRAM_DB, 0, len(loaded)))
        plc.disconnect()
        if after != loaded:
            raise ConnectionError("the controller does not hold what was loaded")
        return (
            f"program version {version} loaded, {len(loaded)} bytes; {'changed' if before != loaded else 'as before'}"
        )

    return run


def until(ctx: Context, signal: str, reached: Callable[[float], bool], seconds: float) -> bool:
    """Waits until a signal of the machine is where it is expected."""
    return any(reached(ctx.board.get(signal)) for _ in ticks(0.2, seconds))
