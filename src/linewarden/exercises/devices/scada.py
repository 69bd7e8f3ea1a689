"""The line's SCADA server: polls every controller in its own language, and serves OPC UA to historian and MES."""

from __future__ import annotations

import asyncio
import struct
import threading
from dataclasses import dataclass
from typing import Any

from linewarden.exercises.context import Context
from linewarden.exercises.devices import filler
from linewarden.exercises.devices._enip import DINT, read_tag, write_tag, write_text
from linewarden.exercises.devices._modbus import MODBUS_PORT, UNIT
from linewarden.exercises.devices._opcua import SPACE, Variable, serve, url
from linewarden.exercises.devices.capper import PROCESS_DB, S7_PORT, TORQUE_AT
from linewarden.exercises.devices.labeller import ENIP_PORT
from linewarden.exercises.pace import aticks, attempt, keep, say, ticks, together

POLLED = {"plc-filler": 11, "drive-conveyor": 5, "plc-utilities": 8, "safety-line1": 5}
"""Modbus device -> input registers that are read."""
VARIABLES = (
    Variable("FillerLevel", "plant.tank_mm"),
    Variable("Bottles", "plant.bottles", whole=True),
    Variable("OrderDone", "plant.order_done", whole=True),
    Variable("LineSpeed", "plant.conveyor_rpm", 1 / 8),
    Variable("Pressure", "plant.pressure_bar"),
    Variable("PasteuriserTemperature", "plant.pasteur_c"),
    Variable("PowerKw", "plant.power_kw"),
)


@dataclass(frozen=True)
class Recipe:
    """What an order of the MES asks of the line."""

    number: int
    bottles: int
    content_ml: int
    speed_bpm: int
    torque_nm: float
    label: str


class Scada:
    """The server's clients share its orders."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.for_filler: asyncio.Queue[Recipe] = asyncio.Queue()
        self.for_labeller: list[Recipe] = []
        self.for_capper: list[Recipe] = []

    def start(self, recipe: Recipe) -> None:
        """Hands an order to all controllers."""
        say(f"order {recipe}")
        self.ctx.board.set("control.order_bottles", recipe.bottles)
        self.for_filler.put_nowait(recipe)
        self.for_labeller.append(recipe)
        self.for_capper.append(recipe)

    async def modbus(self, name: str) -> None:
        """Polls one Modbus device; the filler also gets recipes."""
        from pymodbus.client import AsyncModbusTcpClient

        place, port = self.ctx.address(name), self.ctx.port(MODBUS_PORT)
        async with AsyncModbusTcpClient(place, port=port, retries=1, timeout=2) as plc:
            for level in (1, 2):  # basic and regular identification
                await plc.read_device_information(read_code=level, object_id=0, device_id=UNIT)
            async for _ in aticks(1.0):
                if (await plc.read_input_registers(0, count=POLLED[name], device_id=UNIT)).isError():
                    raise ConnectionError("refused")
                while name == "plc-filler" and not self.for_filler.empty():
                    recipe = self.for_filler.get_nowait()
                    values = [recipe.content_ml, recipe.speed_bpm]
                    await plc.write_registers(filler.FILL_ML, values, device_id=UNIT)
                    await plc.write_register(filler.NOMINAL_ML, recipe.content_ml, device_id=UNIT)
                    await plc.write_register(filler.ORDER_NUMBER, recipe.number, device_id=UNIT)

    def labeller(self) -> None:
        """Reads tags, writes the order's number."""
        from pycomm3 import CIPDriver

        driver = CIPDriver(f"{self.ctx.address('plc-labeller')}:{self.ctx.port(ENIP_PORT)}")
        if not driver.open():
            raise ConnectionError("the labeller does not answer")
        for count in ticks(1.0):
            if count % 30 == 0:
                attempt(CIPDriver.list_identity, self.ctx.address("plc-labeller"))
            read_tag(driver, "Labels_Applied")
            read_tag(driver, "Label_Speed")
            while self.for_labeller:
                recipe = self.for_labeller.pop(0)
                write_text(driver, "Label_Text", recipe.label)
                write_tag(driver, "Order_Number", DINT, recipe.number)

    def capper(self) -> None:
        """Reads the process block, writes the torque of an order."""
        from snap7.client import Client

        plc = Client()
        plc.connect(self.ctx.address("plc-capper"), 0, 2, self.ctx.port(S7_PORT))
        plc.get_order_code()
        for _ in ticks(1.0):
            plc.db_read(PROCESS_DB, 0, 24)
            while self.for_capper:
                plc.db_write(PROCESS_DB, TORQUE_AT, bytearray(struct.pack(">f", self.for_capper.pop(0).torque_nm)))

    async def packer(self) -> None:
        """Subscribes to the packer's variables."""
        from asyncua import Client, ua

        client = Client(url(self.ctx, "plc-packer"))
        client.name = client.description = self.ctx.device.model
        client.application_uri = "urn:scada.plant.example:opcua-client"
        async with client:
            space = await client.get_namespace_index(SPACE)
            await client.get_node(ua.ObjectIds.Server_ServerStatus_BuildInfo).read_value()
            nodes = await (await client.nodes.objects.get_child([f"{space}:Packer"])).get_variables()
            subscription = await client.create_subscription(500, Sink())
            await subscription.subscribe_data_change(nodes)
            async for _ in aticks(5.0):
                await client.check_connection()

    async def methods(self, host: Any, space: int, line: Any) -> None:
        """StartOrder, for the MES."""
        from asyncua import ua, uamethod

        @uamethod  # type: ignore[untyped-decorator]
        def start_order(
            _parent: object, number: int, bottles: int, ml: int, speed: int, torque: float, label: str
        ) -> bool:
            self.start(Recipe(number, bottles, ml, speed, torque, label))
            return True

        # OPC 10000-5: Int64, Double, String, Boolean
        whole, real, text, yes = (ua.NodeId(ua.Int32(number)) for number in (8, 11, 12, 1))
        await line.add_method(space, "StartOrder", start_order, [whole, whole, whole, whole, real, text], [yes])


class Sink:
    """Nothing is kept of what is notified: it is the talk on the wire that an exercise wants."""

    def datachange_notification(self, node: object, value: object, data: object) -> None:
        """Called for each value."""


def again(name: str, once: Any) -> None:
    """A blocking client in a thread, begun again whenever it fails."""

    def loop() -> None:
        for _ in ticks(3.0):
            attempt(once)

    threading.Thread(target=loop, daemon=True, name=name).start()


async def run(ctx: Context) -> None:
    """All of it side by side."""
    scada = Scada(ctx)
    again("labeller", scada.labeller)
    again("capper", scada.capper)
    polls = [keep(name, lambda name=name: scada.modbus(name)) for name in POLLED]  # type: ignore[misc]
    await together(serve(ctx, "Line1", VARIABLES, scada.methods), keep("packer", scada.packer), *polls)
