"""The capper's remote I/O (PROFINET): answers DCP. It sends no cyclic data, since no library plays the device."""

from __future__ import annotations

import time

from linewarden.exercises.context import Context
from linewarden.exercises.devices import _dcp
from linewarden.exercises.line import gateway
from linewarden.exercises.pace import say


def run(ctx: Context) -> None:
    """Answers Identify and Set requests."""
    if not ctx.isolated:
        say("PROFINET DCP needs Ethernet of its own: left out on loopback")
        time.sleep(1e9)
    station = _dcp.Station(
        ctx.name, ctx.device.model, 0x00B0, 0x0142, _dcp.IO_DEVICE, ctx.own, gateway(ctx.device.zone)
    )
    _dcp.respond(_dcp.Wire(), station)
