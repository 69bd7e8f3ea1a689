"""PCs that people sit at: the engineering workstation and an office PC, with what they do on a usual day."""

from __future__ import annotations

import asyncio
import json
import threading

from linewarden.exercises.context import Context
from linewarden.exercises.devices import historian, mes
from linewarden.exercises.devices._http import fetch
from linewarden.exercises.devices._modbus import MODBUS_PORT, UNIT
from linewarden.exercises.devices._smb import Share
from linewarden.exercises.devices.capper import S7_PORT
from linewarden.exercises.pace import aticks, attempt, keep, ticks

ORDER = {"product": "lemonade", "bottles": 60000, "ml": 500, "speed": 180, "torque": 1.8, "label": "Anna & Ben, 4 July"}
"""A customised order: the label's text is the customer's."""


def _reports(ctx: Context) -> None:
    share = Share(ctx, "historian", historian.SHARE)
    share.files()
    share.read(historian.REPORTS[0])
    share.close()


async def _office(ctx: Context) -> None:
    """Looks at the MES, places one customised order, fetches a report now and then."""

    def fetch_reports() -> None:
        for _ in ticks(25.0):
            attempt(_reports, ctx)

    threading.Thread(target=fetch_reports, daemon=True).start()
    place, port = ctx.address("mes"), ctx.port(mes.HTTP_PORT)
    async for count in aticks(6.0):
        if count == 2:
            await fetch(place, port, "/orders", method="POST", body=json.dumps(ORDER).encode())
        await fetch(place, port, "/orders")


def _field_devices(ctx: Context) -> None:
    """Asks field devices who they are, as asset management does."""
    from pymodbus.client import ModbusTcpClient

    for name in ("io-filler", "drive-pump"):
        with ModbusTcpClient(ctx.address(name), port=ctx.port(MODBUS_PORT), timeout=3) as wire:
            wire.read_device_information(read_code=2, object_id=0, device_id=UNIT)


def _engineering(ctx: Context) -> None:
    """Goes online with the capper's controller now and then: identity and mode; changes nothing."""
    from snap7.client import Client

    for _ in ticks(20.0):
        attempt(_field_devices, ctx)
        plc = Client()
        if attempt(plc.connect, ctx.address("plc-capper"), 0, 2, ctx.port(S7_PORT)) is not None:
            for ask in (plc.get_order_code, plc.get_cpu_info):
                attempt(ask)
            attempt(plc.read_szl, 0x0424, 0)
            attempt(plc.disconnect)


def run(ctx: Context) -> None:
    """Plays the PC of that part."""
    if ctx.device.part == "engineering":
        _engineering(ctx)
    asyncio.run(keep("office", lambda: _office(ctx)))
