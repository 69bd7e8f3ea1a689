"""A field device's web page for firmware: whoever reaches it may load another one, as on many couplers.

The device then restarts: its Modbus server goes away for some seconds and comes back with the version that was loaded.
"""

from __future__ import annotations

import asyncio

from linewarden.exercises.context import Context
from linewarden.exercises.devices._http import Answer, Request, serve_http
from linewarden.exercises.devices._modbus import Registers
from linewarden.exercises.pace import say

HTTP_PORT = 80
MAGIC = b"LWFW"
RESTART_S = 15.0
LARGEST = 1 << 20


def image(version: str, size: int = 24_000) -> bytes:
    """A firmware image of the exercise: a head with the version, then filling. No real device would take it."""
    head = MAGIC + version.encode().ljust(16, b"\0")
    return head + bytes((index * 31 + 7) & 0xFF for index in range(size))


async def serve_updates(ctx: Context, registers: Registers) -> None:
    """GET / tells model and version; POST /firmware loads another."""
    device = ctx.device

    async def restart(version: str) -> None:
        say(f"firmware {registers.firmware} -> {version}: restart")
        await registers.stop()
        await asyncio.sleep(RESTART_S)
        registers.firmware = version
        await registers.start()

    async def answer(request: Request) -> Answer:
        if request.method == "POST" and request.path == "/firmware":
            if not request.body.startswith(MAGIC):
                return Answer(400, "no firmware image")
            version = request.body[len(MAGIC) : len(MAGIC) + 16].rstrip(b"\0").decode("ascii", "replace")
            tasks.add(task := asyncio.get_running_loop().create_task(restart(version)))
            task.add_done_callback(tasks.discard)
            return Answer(202, f"loading {version}; the device restarts")
        return Answer(200, f"{device.vendor} {device.model} {registers.firmware}")

    tasks: set[asyncio.Task[None]] = set()
    await serve_http(ctx.own, ctx.port(HTTP_PORT), answer, banner=f"{device.vendor} webserver", largest=LARGEST)
