"""The historian: subscribes to the SCADA server (OPC UA) and to all edge nodes (Sparkplug B), shares reports."""

from __future__ import annotations

import asyncio
from typing import Any

from linewarden.exercises.context import Context
from linewarden.exercises.devices._opcua import SPACE, url
from linewarden.exercises.devices._smb import serve_share
from linewarden.exercises.devices._sparkplug import REBIRTH, decode, encode
from linewarden.exercises.devices.edge import GROUP, MQTT_PORT
from linewarden.exercises.pace import aticks, keep, say, together

SHARE = "REPORTS"
STORE, STORE_HEAD = "archive.csv", b"time,name,value\n"
REPORTS = ("shift-early.csv", "shift-late.csv", "shift-night.csv", "oee-week.csv")


class Archive:
    """A file to which values are added. When it cannot be read any more, the historian is down."""

    def __init__(self, ctx: Context) -> None:
        self._ctx, self._down = ctx, False
        self.folder = ctx.home() / "reports"
        self.folder.mkdir(exist_ok=True)
        self._file = self.folder / STORE
        self._file.write_bytes(STORE_HEAD)
        for name in REPORTS:
            (self.folder / name).write_text("hour,bottles,rejects\n" + "".join(f"{h},10800,12\n" for h in range(8)))

    @property
    def up(self) -> bool:
        """Whether the archive can be written."""
        up = self._file.exists() and self._file.read_bytes().startswith(STORE_HEAD)
        if up == self._down:
            say("archive readable again" if up else "archive damaged: nothing is stored any more")
        self._down = not up
        return up

    def add(self, name: str, value: object) -> None:
        """One value."""
        if self.up:
            with self._file.open("a") as file:
                file.write(f"{self._ctx.clock.now_ms()},{name},{value}\n")


class _Sink:
    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    def datachange_notification(self, node: Any, value: object, data: object) -> None:
        """Called for each value."""
        self._archive.add(str(node), value)


async def _scada(ctx: Context, archive: Archive) -> None:
    """Looks for servers, browses, subscribes; leaves when the archive is down."""
    from asyncua import Client, ua

    client = Client(url(ctx, "scada"))
    client.name = client.description = "Line 1 Historian"
    client.application_uri = "urn:historian.plant.example:opcua"
    await client.connect_and_get_server_endpoints()
    async with client:
        await client.get_node(ua.ObjectIds.Server_ServerStatus_BuildInfo).read_value()
        space = await client.get_namespace_index(SPACE)
        nodes = await (await client.nodes.objects.get_child([f"{space}:Line1"])).get_variables()
        for node in nodes:
            await node.read_display_name()
        subscription = await client.create_subscription(1000, _Sink(archive))
        await subscription.subscribe_data_change(nodes)
        async for _ in aticks(2.0):
            await client.check_connection()
            if not archive.up:
                return


async def _sparkplug(ctx: Context, archive: Archive) -> None:
    """A host application: subscribes, asks every node for its birth once, stores what comes."""
    import paho.mqtt.client as mqtt

    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id=ctx.name)

    def connected(link: Any, *_: object) -> None:
        link.subscribe("spBv1.0/#")
        for node in ("edge-vibration", "edge-energy"):
            link.publish(f"spBv1.0/{GROUP}/NCMD/{node}", encode(ctx.clock.now_ms(), None, {REBIRTH: True}))

    def heard(_link: object, _userdata: object, message: Any) -> None:
        if "/NCMD/" not in message.topic:
            for name, value in decode(message.payload)[1].items():
                archive.add(name, value)

    client.on_connect, client.on_message = connected, heard
    client.connect_async(ctx.address("mqtt-broker"), MQTT_PORT, keepalive=15)
    client.loop_start()
    while archive.up:
        await asyncio.sleep(1.0)
    client.disconnect()
    client.loop_stop()
    while not archive.up:
        await asyncio.sleep(2.0)


async def run(ctx: Context) -> None:
    """Both subscriptions and the share."""
    archive = Archive(ctx)
    serve_share(ctx, SHARE, archive.folder)
    await together(keep("scada", lambda: _scada(ctx, archive)), keep("sparkplug", lambda: _sparkplug(ctx, archive)))
