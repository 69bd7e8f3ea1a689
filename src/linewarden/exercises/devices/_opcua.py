"""OPC UA (IEC 62541) over signals of the terminal board, with asyncua."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from linewarden.exercises.context import Context
from linewarden.exercises.pace import aticks

OPCUA_PORT = 4840
SPACE = "urn:bottling.example:line1"


@dataclass(frozen=True)
class Variable:
    """`name` shows `signal` times `factor`. `writable`: what a client writes goes to the board."""

    name: str
    signal: str
    factor: float = 1.0
    whole: bool = False
    writable: bool = False

    def shown(self, value: float) -> float | int:
        """The value as clients see it."""
        return int(value * self.factor) if self.whole else float(value * self.factor)


def url(ctx: Context, name: str) -> str:
    """Endpoint of a device's server."""
    return f"opc.tcp://{ctx.address(name)}:{ctx.port(OPCUA_PORT)}/line1/"


async def _build(ctx: Context) -> Any:
    from asyncua import ua
    from asyncua.server.server import Server

    device = ctx.device
    host = Server()
    await host.init()
    host.set_endpoint(url(ctx, ctx.name))
    host.set_server_name(f"{device.vendor} {device.model}")
    uri = f"urn:{device.name}.plant.example:opcua"
    host.product_uri = uri
    host.manufacturer_name = device.vendor
    host.application_type = ua.ApplicationType.Server
    await host.set_application_uri(uri)
    built = datetime(2026, 5, 4)  # noqa: DTZ001 - asyncua takes naive UTC
    await host.set_build_info(uri, device.vendor, device.model, device.firmware, device.serial, built)
    host.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    return host


async def serve(
    ctx: Context,
    folder: str,
    variables: Sequence[Variable],
    more: Callable[[Any, int, Any], Awaitable[None]] | None = None,
) -> None:
    """A server with one object; `more` adds what is special. Stamps are plant time."""
    from asyncua import ua

    host = await _build(ctx)
    space = await host.register_namespace(SPACE)
    line = await host.nodes.objects.add_object(space, folder)
    nodes = {}
    for variable in variables:
        first = variable.shown(ctx.board.get(variable.signal))
        nodes[variable.name] = await line.add_variable(space, variable.name, first)
        if variable.writable:
            await nodes[variable.name].set_writable()
    if more is not None:
        await more(host, space, line)
    shown = {v.name: v.shown(ctx.board.get(v.signal)) for v in variables}
    async with host:
        async for _ in aticks(0.5):
            now = datetime.fromtimestamp(ctx.clock.now_ns() / 1e9, UTC).replace(tzinfo=None)
            for variable in variables:
                held = await nodes[variable.name].read_value()
                if variable.writable and held != shown[variable.name]:
                    ctx.board.set(variable.signal, held / variable.factor)
                shown[variable.name] = value = variable.shown(ctx.board.get(variable.signal))
                await nodes[variable.name].write_value(ua.DataValue(ua.Variant(value), SourceTimestamp=now))
