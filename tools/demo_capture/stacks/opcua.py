"""OPC UA of the plant, with asyncua: the SCADA server offers its tags, the historian and the MES use them.

OPC 10000-4 (services) and 10000-6 (UA-TCP binary), SecurityPolicy None.
"""

from __future__ import annotations

import asyncio
import math
from datetime import datetime

from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.methods import uamethod
from asyncua.server.server import Server
from pace import aattempt, aticks, choose

URL = "opc.tcp://10.20.3.10:4840/line1/"
SPACE = "urn:bottling.example:line1"


@uamethod
def _start_order(_parent: object, order: str, bottles: int) -> str:
    return f"{order} accepted: {bottles} bottles"


async def server(seconds: float) -> None:
    """The SCADA server's own OPC UA server."""
    host = Server()
    await host.init()
    host.set_endpoint("opc.tcp://0.0.0.0:4840/line1/")
    host.set_server_name("Line 1 SCADA OPC UA Server")
    host.product_uri = "urn:bottling.example:scada"
    host.manufacturer_name = "Bottling Example Systems"
    host.application_type = ua.ApplicationType.Server
    await host.set_application_uri("urn:scada.plant.example:line1:opcua")
    await host.set_build_info(
        "urn:bottling.example:scada",
        "Bottling Example Systems",
        "Line 1 SCADA",
        "4.2.1",
        "4217",
        datetime(2026, 5, 4),  # noqa: DTZ001 - asyncua takes naive UTC
    )
    host.set_security_policy([ua.SecurityPolicyType.NoSecurity])
    space = await host.register_namespace(SPACE)
    line = await host.nodes.objects.add_object(space, "Line1")
    level = await line.add_variable(space, "FillerLevel", 0.0)
    bottles = await line.add_variable(space, "Bottles", 0)
    speed = await line.add_variable(space, "LineSpeed", 180.0)
    await speed.set_writable()
    text, number = ua.NodeId(ua.Int32(12)), ua.NodeId(ua.Int32(8))  # OPC 10000-5: String, Int64
    await line.add_method(space, "StartOrder", _start_order, [text, number], [text])
    async with host:
        async for count in aticks(seconds, 0.5):
            await level.write_value(820 + 60 * math.sin(count / 9))
            await bottles.write_value(12_000 + 3 * count)


class _Sink:
    """The historian keeps nothing here; the notifications on the wire are what we want."""

    def datachange_notification(self, node: object, value: object, data: object) -> None:
        """Called for each value."""


async def historian(seconds: float) -> None:
    """Looks for servers, browses, subscribes."""
    await aattempt(Client(URL).connect_and_find_servers())
    await aattempt(Client(URL).connect_and_get_server_endpoints())
    client = Client(URL)
    client.name = "Line 1 Historian"
    client.description = "Line 1 Historian"
    client.application_uri = "urn:historian.plant.example:opcua"
    async with client:
        space = await client.get_namespace_index(SPACE)
        line = await client.nodes.objects.get_child([f"{space}:Line1"])
        nodes = await line.get_variables()
        for node in nodes:
            await aattempt(node.read_display_name())
        subscription = await client.create_subscription(500, _Sink())
        await subscription.subscribe_data_change(nodes)
        await asyncio.sleep(seconds)
        await subscription.delete()


async def mes(seconds: float) -> None:
    """From the office, through the firewall: reads counts, starts an order, sets the speed."""
    client = Client(URL)
    client.name = "MES connector"
    client.description = "MES connector"
    client.application_uri = "urn:mes.office.example:opcua"
    async with client:
        space = await client.get_namespace_index(SPACE)
        line = await client.nodes.objects.get_child([f"{space}:Line1"])
        bottles = await line.get_child([f"{space}:Bottles"])
        speed = await line.get_child([f"{space}:LineSpeed"])
        async for count in aticks(seconds, 2.0):
            await aattempt(bottles.read_value())
            if count == 3:
                await aattempt(line.call_method(f"{space}:StartOrder", "PO-4711", 12000))
            if count == 6:
                await aattempt(speed.write_value(185.0))


if __name__ == "__main__":
    choose({"server": server, "historian": historian, "mes": mes})
