"""Modbus/TCP of the plant, with pymodbus: the filler's controller, a drive, and those who speak to them.

Modbus Application Protocol V1.1b3: function codes 1-6, 16, 23 and 43/14 (Read Device Identification).
"""

from __future__ import annotations

import math
import time

from pace import aattempt, aticks, attempt, choose, ticks
from pymodbus.client import ModbusTcpClient
from pymodbus.pdu.device import ModbusDeviceIdentification
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

FILLER, DRIVE = "10.20.1.11", "10.20.1.32"
SETPOINT_ML, SPEED, LEVEL_MM, BOTTLES = 10, 20, 0, 4


def _device(unit: int) -> SimDevice:
    coils = [SimData(0, values=[True, False] * 8, datatype=DataType.BITS)]
    inputs = [SimData(0, values=[False, True] * 8, datatype=DataType.BITS)]
    holding = [SimData(0, count=64, values=0, datatype=DataType.UINT16)]
    measured = [SimData(0, count=32, values=0, datatype=DataType.UINT16)]
    return SimDevice(unit, simdata=(coils, inputs, holding, measured))


async def _serve(seconds: float, unit: int, identity: dict[str, str]) -> None:
    """A server whose input registers follow a slow wave, as a tank's level does."""
    said = ModbusDeviceIdentification(info_name=identity)  # type: ignore[no-untyped-call]
    server = ModbusTcpServer(_device(unit), identity=said, address=("0.0.0.0", 502))
    await server.serve_forever(background=True)
    await server.async_setValues(unit, 16, SETPOINT_ML, [500, 180, 65])
    async for count in aticks(seconds, 0.5):
        level = int(820 + 60 * math.sin(count / 9))
        flow = int(340 + 12 * math.sin(count / 3))
        await aattempt(server.async_setValues(unit, 4, LEVEL_MM, [level, flow, 61, 1013, 0, 12000 + 2 * count]))
    await server.shutdown()  # type: ignore[no-untyped-call]


async def filler(seconds: float) -> None:
    """PLC-1."""
    names = {
        "VendorName": "Schneider Electric",
        "ProductCode": "BMX P34 2020",
        "MajorMinorRevision": "V3.60",
        "VendorUrl": "https://www.se.com",
        "ProductName": "Modicon M340",
        "ModelName": "BMXP342020",
        "UserApplicationName": "Filler line 1",
    }
    await _serve(seconds, 1, names)


async def drive(seconds: float) -> None:
    """The conveyor's frequency converter."""
    names = {
        "VendorName": "ABB",
        "ProductCode": "ACS880-01-02A4-3",
        "MajorMinorRevision": "3.45",
        "ProductName": "ACS880",
        "ModelName": "ACS880-01",
        "UserApplicationName": "Conveyor 1",
    }
    await _serve(seconds, 1, names)


def scada(seconds: float) -> None:
    """Polls the filler twice a second, writes now and then, asks once for a register that is not there."""
    with ModbusTcpClient(FILLER) as plc:
        attempt(plc.read_device_information, read_code=1, object_id=0, device_id=1)
        attempt(plc.read_device_information, read_code=2, object_id=0, device_id=1)
        for count in ticks(seconds, 0.4):
            attempt(plc.read_coils, 0, count=16, device_id=1)
            attempt(plc.read_discrete_inputs, 0, count=16, device_id=1)
            attempt(plc.read_holding_registers, 0, count=32, device_id=1)
            attempt(plc.read_input_registers, 0, count=8, device_id=1)
            if count % 15 == 5:
                attempt(plc.write_coil, 3, count % 30 == 5, device_id=1)
            if count % 20 == 8:
                attempt(plc.write_register, SPEED, 180 + count % 7, device_id=1)
            if count % 40 == 12:
                attempt(plc.write_registers, 30, [1, 2026, 11, 23], device_id=1)
            if count % 45 == 20:
                attempt(plc.read_holding_registers, 4000, count=2, device_id=1)


def engineering(seconds: float) -> None:
    """The second master: reads the set-points, and changes one."""
    time.sleep(seconds * 0.45)
    with ModbusTcpClient(FILLER) as plc:
        attempt(plc.read_device_information, read_code=1, object_id=0, device_id=1)
        attempt(plc.read_holding_registers, SETPOINT_ML, count=3, device_id=1)
        attempt(plc.write_register, SETPOINT_ML, 505, device_id=1)
        attempt(plc.read_holding_registers, SETPOINT_ML, count=3, device_id=1)


def filler_to_drive(seconds: float) -> None:
    """The filler's controller is itself a master: it drives the conveyor."""
    with ModbusTcpClient(DRIVE) as motor:
        for count in ticks(seconds, 0.6):
            attempt(motor.read_input_registers, 0, count=6, device_id=1)
            if count % 10 == 3:
                attempt(motor.write_register, 1, 1450 + count, device_id=1)
            if count % 25 == 7:
                attempt(
                    motor.readwrite_registers,
                    read_address=0,
                    read_count=4,
                    write_address=2,
                    values=[count],
                    device_id=1,
                )


def stranger(seconds: float) -> None:
    """A small computer that nobody listed, which reads the filler now and then."""
    for _ in ticks(seconds, 15.0):
        with ModbusTcpClient(FILLER) as plc:
            attempt(plc.read_holding_registers, 0, count=16, device_id=1)


if __name__ == "__main__":
    choose(
        {
            "filler": filler,
            "drive": drive,
            "scada": scada,
            "engineering": engineering,
            "filler-to-drive": filler_to_drive,
            "stranger": stranger,
        }
    )
