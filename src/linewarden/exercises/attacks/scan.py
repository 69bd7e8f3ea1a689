"""Finding hosts and services: ARP sweep, TCP connect scan, and asking every controller who it is."""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Sequence
from typing import Any

from linewarden.exercises.context import Context
from linewarden.exercises.devices import _dcp
from linewarden.exercises.devices._modbus import MODBUS_PORT, UNIT
from linewarden.exercises.line import DEVICES, ZONES
from linewarden.exercises.pace import attempt

OT_PORTS = (80, 102, 443, 445, 502, 1883, 4840, 20000, 44818)
ETH_P_ARP = 0x0806
ETHERNET_IPV4 = struct.pack(">HHBB", 1, 0x0800, 6, 4)  # RFC 826: hardware, protocol, and the lengths of both
REQUEST, REPLY = 1, 2


def arp_frame(operation: int, to: bytes, sender: tuple[bytes, str], target: tuple[bytes, str]) -> bytes:
    """One ARP frame (RFC 826); `sender` and `target` are MAC and IPv4 address."""
    body = ETHERNET_IPV4 + struct.pack(">H", operation) + sender[0] + socket.inet_aton(sender[1])
    body += target[0] + socket.inet_aton(target[1])
    return (to + sender[0] + struct.pack(">H", ETH_P_ARP) + body).ljust(60, b"\0")


def mac(name: str) -> bytes:
    """A device's MAC address."""
    return bytes.fromhex(DEVICES[name].mac.replace(":", ""))


def arp_sweep(ctx: Context, zone: str, pause: float = 0.01) -> list[str]:
    """Asks for every address of the zone that the attacker stands in; the addresses that answered."""
    ctx.require_attack_allowed()
    own, found = (mac(ctx.name), ctx.own), set()
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ARP)) as wire:
        wire.bind(("eth0", ETH_P_ARP))
        wire.settimeout(0.001)
        last = time.monotonic()
        for host in [*range(1, 255), *[0] * 30]:  # at the end, some turns of listening only
            if host:
                wire.send(arp_frame(REQUEST, b"\xff" * 6, own, (bytes(6), ZONES[zone].address(host))))
            while time.monotonic() < last + pause:
                try:
                    frame = wire.recv(128)
                except TimeoutError:
                    continue
                if frame[20:22] == struct.pack(">H", REPLY) and frame[0:6] == own[0]:
                    found.add(socket.inet_ntoa(frame[28:32]))
            last = time.monotonic()
    return sorted(found, key=socket.inet_aton)


def connect_scan(ctx: Context, hosts: Sequence[str], ports: Sequence[int] = OT_PORTS) -> dict[str, list[int]]:
    """Tries to connect to each port; address -> open ports."""
    ctx.require_attack_allowed()

    async def scan() -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for host in hosts:
            tried = await asyncio.gather(*(_opens(host, port) for port in ports))
            if is_open := [port for port, opened in zip(ports, tried, strict=True) if opened]:
                found[host] = is_open
        return found

    return asyncio.run(scan())


async def _opens(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, port), 0.5)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def modbus_identity(ctx: Context, host: str) -> str:
    """Read Device Identification."""
    ctx.require_attack_allowed()
    from pymodbus.client import ModbusTcpClient

    with ModbusTcpClient(host, port=MODBUS_PORT, timeout=2) as plc:
        said = plc.read_device_information(read_code=1, object_id=0, device_id=UNIT)
        return "" if said.isError() else " ".join(value.decode() for value in said.information.values())


def s7_identity(ctx: Context, host: str) -> str:
    """Order number and component identification (SZL W#16#0011 and W#16#001C)."""
    ctx.require_attack_allowed()
    from snap7.client import Client

    plc = Client()
    plc.connect(host, 0, 2)
    order, said = plc.get_order_code(), plc.get_cpu_info()
    plc.disconnect()
    return f"{order.OrderCode.decode().strip()} {said.ModuleTypeName.decode()}"


def enip_everybody(ctx: Context) -> list[str]:
    """ListIdentity to everyone in the zone (UDP broadcast); the addresses that answered."""
    ctx.require_attack_allowed()
    request = struct.pack("<HHII8sI", 0x0063, 0, 0, 0, b"scanning", 0)
    found = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        wire.settimeout(1.5)
        wire.sendto(request, (ZONES[ctx.device.zone].address(255), 44818))
        # Not every stack listens for broadcasts: each of the zone's controllers is asked by itself as well.
        for device in DEVICES.values():
            if device.zone == ctx.device.zone and 44818 in device.listens:
                wire.sendto(request, (device.address, 44818))
        while answer := attempt(wire.recvfrom, 1500):
            found.add(answer[1][0])
    return sorted(found)


def dcp_everybody(ctx: Context) -> list[str]:
    """DCP Identify All; the station names."""
    ctx.require_attack_allowed()
    return sorted(_dcp.ask(_dcp.Wire(), 0x5CA7, seconds=1.5))


def opcua_endpoints(ctx: Context, host: str) -> list[str]:
    """FindServers and GetEndpoints; the security policies that are offered."""
    ctx.require_attack_allowed()
    from asyncua import Client

    async def ask() -> list[Any]:
        client = Client(f"opc.tcp://{host}:4840/", timeout=4)
        await client.connect_and_find_servers()
        return list(await client.connect_and_get_server_endpoints())

    return sorted({str(e.SecurityPolicyUri).rpartition("#")[2] for e in asyncio.run(ask())})


def mqtt_listen(ctx: Context, host: str, seconds: float) -> list[str]:
    """Subscribes to every topic of a broker; the topics that were heard."""
    ctx.require_attack_allowed()
    import paho.mqtt.client as mqtt

    heard: set[str] = set()
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="mqtt-explorer")
    client.on_connect = lambda link, *_: link.subscribe("#")
    client.on_message = lambda _link, _data, message: heard.add(message.topic)
    client.connect(host, 1883)
    client.loop_start()
    time.sleep(seconds)
    client.loop_stop()
    client.disconnect()
    return sorted(heard)
