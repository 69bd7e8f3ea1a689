"""The line's panel, a panel PC: polls the filler (Modbus) and the capper (S7), has a web view and a share.

It cannot run without its project file, and the filler stops the line when the panel is gone.
"""

from __future__ import annotations

import asyncio
import threading
from urllib.parse import parse_qs

from linewarden.exercises.context import Context
from linewarden.exercises.devices import filler
from linewarden.exercises.devices._http import Answer, Request, serve_http
from linewarden.exercises.devices._modbus import MODBUS_PORT, UNIT
from linewarden.exercises.devices._smb import serve_share
from linewarden.exercises.devices.capper import PROCESS_DB, S7_PORT
from linewarden.exercises.pace import aticks, attempt, keep, say, ticks, together

HTTP_PORT = 80
LOGIN = ("operator", "operator1")
SHARE = "PROJECT"
PROJECT_FILE, PROJECT_HEAD = "line1.project", b"HMI-PROJECT line1\n"
RECIPES = {"lemonade.csv": b"product,ml,torque\nlemonade,500,1.8\n", "cola.csv": b"product,ml,torque\ncola,330,1.7\n"}
FIELDS = {"fill_ml": filler.FILL_ML, "speed": filler.SPEED, "enable": filler.ENABLE}


class Panel:
    """What the panel knows; `alive` while its project can be read."""

    def __init__(self, ctx: Context) -> None:
        self.ctx, self.alive = ctx, True
        self.values: list[int] = []
        self.orders: asyncio.Queue[tuple[int, int]] = asyncio.Queue()
        self.folder = ctx.home() / "project"
        self.folder.mkdir(exist_ok=True)
        (self.folder / PROJECT_FILE).write_bytes(PROJECT_HEAD + b"screens=12\ntags=148\n" * 40)
        for name, content in RECIPES.items():
            (self.folder / name).write_bytes(content)

    async def watch_project(self) -> None:
        """The runtime ends when its project is gone or is no project any more."""
        async for _ in aticks(1.0):
            file = self.folder / PROJECT_FILE
            alive = file.exists() and file.read_bytes().startswith(PROJECT_HEAD)
            if alive != self.alive:
                say("project readable again" if alive else "project damaged: the runtime ends")
            self.alive = alive

    async def poll(self) -> None:
        """Reads the filler, tells it that the panel lives, and writes what the operator asks."""
        from pymodbus.client import AsyncModbusTcpClient

        place, port = self.ctx.address("plc-filler"), self.ctx.port(MODBUS_PORT)
        async with AsyncModbusTcpClient(place, port=port, retries=1, timeout=2) as plc:
            async for beat in aticks(0.5):
                if not self.alive:
                    return
                measured = await plc.read_input_registers(0, count=11, device_id=UNIT)
                asked = await plc.read_holding_registers(0, count=7, device_id=UNIT)
                if measured.isError() or asked.isError():
                    raise ConnectionError("the filler refuses")
                self.values = [*measured.registers, *asked.registers]
                await plc.write_register(filler.HEARTBEAT, beat % 30_000 + 1, device_id=UNIT)
                while not self.orders.empty():
                    await plc.write_register(*self.orders.get_nowait(), device_id=UNIT)

    def poll_capper(self) -> None:
        """Reads torque, caps and rejects over S7."""
        from snap7.client import Client

        for _ in ticks(3.0):
            plc = Client()
            if attempt(plc.connect, self.ctx.address("plc-capper"), 0, 2, self.ctx.port(S7_PORT)) is None:
                continue
            for _ in ticks(0.8):
                if not self.alive or attempt(plc.db_read, PROCESS_DB, 0, 24) is None:
                    break
            attempt(plc.disconnect)

    async def page(self, request: Request) -> Answer:
        """The web view: values for who has the login, and a form that sets them."""
        if request.login() != LOGIN:
            return Answer(401, "login", headers={"WWW-Authenticate": 'Basic realm="Line 1"'})
        if not self.alive:
            return Answer(503, "runtime stopped: project damaged")
        if request.method == "POST" and request.path == "/set":
            said = parse_qs(request.body.decode())
            for name, register in FIELDS.items():
                if name in said:
                    self.orders.put_nowait((register, int(said[name][0])))
            return Answer(200, "accepted")
        return Answer(200, f"<html><title>HMI line 1</title>{self.values}</html>")


async def run(ctx: Context) -> None:
    """The panel's parts side by side."""
    panel = Panel(ctx)
    serve_share(ctx, SHARE, panel.folder)
    threading.Thread(target=panel.poll_capper, daemon=True).start()
    await together(
        panel.watch_project(),
        keep("filler", panel.poll),
        serve_http(ctx.own, ctx.port(HTTP_PORT), panel.page, "WinCC Unified"),
    )
