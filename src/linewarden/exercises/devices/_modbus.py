"""A Modbus/TCP server over signals of the terminal board, with pymodbus.

Modbus Application Protocol V1.1b3: function codes 1-6, 15, 16, 22, 23 and 43/14 (Read Device Identification).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from linewarden.exercises.context import Context
from linewarden.exercises.pace import aticks

MODBUS_PORT = 502
UNIT = 1
HOLDING, INPUT = 3, 4
WRITES = (6, 16, 22, 23)
DWORD = 65_536
WIDTH = 64
"""Registers of each kind that a device has; others are answered with exception 2, illegal data address."""


@dataclass(frozen=True)
class Point:
    """Register `address` holds `signal` times `factor`; `wide`: two registers, high word first."""

    address: int
    signal: str
    factor: float = 1.0
    wide: bool = False

    def words(self, value: float) -> list[int]:
        """The registers' content."""
        whole = max(0, round(value * self.factor))
        return [whole // DWORD % DWORD, whole % DWORD] if self.wide else [min(whole, DWORD - 1)]


Guard = Callable[[int, Sequence[int]], Awaitable[bool]]
"""Called with address and values before a write; False refuses it."""


class Registers:
    """`measured` are input registers; `asked` holding registers that write to the board."""

    def __init__(
        self, ctx: Context, measured: Sequence[Point], asked: Sequence[Point], guard: Guard | None = None
    ) -> None:
        self._ctx, self._measured, self._guard = ctx, measured, guard
        self._asked = {point.address: point for point in asked}
        self.firmware = ctx.device.firmware
        self.server: Any = None
        self.holding = [0] * WIDTH
        """The device's own copy of its holding registers."""

    async def _action(
        self, function: int, start: int, address: int, count: int, registers: list[int], values: Any
    ) -> Any:
        """Called by pymodbus at each access: a write goes to the board at once, or is refused."""
        from pymodbus.constants import ExcCodes

        if values is None or function not in WRITES:
            return None
        if self._guard is not None and not await self._guard(address, values):
            return ExcCodes.DEVICE_FAILURE
        for offset, value in enumerate(values[: max(0, WIDTH - address)]):
            self.holding[address + offset] = int(value)
            if point := self._asked.get(address + offset):
                self._ctx.board.set(point.signal, value / point.factor)
        return None

    async def start(self) -> None:
        """Opens the port with the identity of the device."""
        from pymodbus.pdu.device import ModbusDeviceIdentification
        from pymodbus.server import ModbusTcpServer
        from pymodbus.simulator import DataType, SimData, SimDevice

        device = self._ctx.device
        said = {
            "VendorName": device.vendor, "ProductCode": device.model, "MajorMinorRevision": self.firmware,
            "ProductName": device.model, "ModelName": device.model, "UserApplicationName": device.name,
        }  # fmt: skip
        for point in self._asked.values():
            self.holding[point.address] = point.words(self._ctx.board.get(point.signal))[0]
        bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
        held = [SimData(0, values=list(self.holding), datatype=DataType.UINT16)]
        measured = [SimData(0, count=WIDTH, values=0, datatype=DataType.UINT16)]
        space = SimDevice(UNIT, simdata=(bits, list(bits), held, measured), action=self._action)
        place = (self._ctx.own, self._ctx.port(MODBUS_PORT))
        self.server = ModbusTcpServer(space, identity=ModbusDeviceIdentification(info_name=said), address=place)
        await self.server.serve_forever(background=True)

    async def stop(self) -> None:
        """Closes the port and its connections, as a restart does."""
        await self.server.shutdown()
        self.server = None

    async def follow(self, period: float = 0.2) -> None:
        """Copies the board's measurements into the input registers."""
        async for _ in aticks(period):
            if self.server is None:
                continue
            for point in self._measured:
                words = point.words(self._ctx.board.get(point.signal))
                await self.server.async_setValues(UNIT, INPUT, point.address, words)

    async def put(self, address: int, values: list[int]) -> None:
        """Sets holding registers from the device's own program."""
        self.holding[address : address + len(values)] = values
        if self.server is not None:
            await self.server.async_setValues(UNIT, HOLDING, address, values)
