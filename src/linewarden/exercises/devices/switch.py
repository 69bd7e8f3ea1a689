"""The cell's switch: announces itself by LLDP.

IEEE 802.1AB-2016, 8 and 9: chassis id, port id, time to live, port description, system name, description, capabilities,
management address. Our own sender: lldpd wants several users, which an unprivileged namespace does not have.
"""

from __future__ import annotations

import socket
import struct
import time

from linewarden.exercises.context import Context
from linewarden.exercises.pace import say, ticks

ETHERTYPE, NEAREST_BRIDGE = 0x88CC, bytes.fromhex("0180c200000e")
INTERVAL_S, TIME_TO_LIVE_S = 10.0, 120
CAPABILITY_BRIDGE = 0x0004
IPV4 = 1


def _tlv(kind: int, value: bytes) -> bytes:
    return struct.pack(">H", kind << 9 | len(value)) + value


def lldp_frame(ctx: Context) -> bytes:
    """The announcement as an Ethernet frame."""
    device = ctx.device
    mac = bytes.fromhex(device.mac.replace(":", ""))
    described = f"{device.vendor} {device.model} {device.firmware}"
    management = struct.pack(">BB", 5, IPV4) + socket.inet_aton(ctx.own) + struct.pack(">BIB", 2, 1, 0)
    said = _tlv(1, b"\x04" + mac) + _tlv(2, b"\x05" + b"1/1") + _tlv(3, struct.pack(">H", TIME_TO_LIVE_S))
    said += _tlv(4, b"Module: 1 Port: 1") + _tlv(5, device.name.encode()) + _tlv(6, described.encode())
    said += _tlv(7, struct.pack(">HH", CAPABILITY_BRIDGE, CAPABILITY_BRIDGE)) + _tlv(8, management) + _tlv(0, b"")
    return (NEAREST_BRIDGE + mac + struct.pack(">H", ETHERTYPE) + said).ljust(60, b"\0")


def run(ctx: Context) -> None:
    """Announces itself until it is ended."""
    if not ctx.isolated:
        say("LLDP needs Ethernet of its own: left out on loopback")
        time.sleep(1e9)
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("eth0", 0))
        for _ in ticks(INTERVAL_S):
            wire.send(lldp_frame(ctx))
